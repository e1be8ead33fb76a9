"""A transition through the pipeline: what it does, what it refuses, and what it leaves behind."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from rules.permissions import transition_actions
from rules.role_names import narrowed
from runtime import approvals
from runtime.errors import (
    Blocked,
    ConfirmationRequired,
    Forbidden,
    GuardBlocked,
    InvalidInput,
    KeyReused,
    NeedsApproval,
    NotFound,
    NotInFromState,
    NotYourRole,
    SamePerson,
    UnknownStoredState,
    UnknownTransition,
    VersionConflict,
    VersionRequired,
    Vetoed,
    WrongTrigger,
)
from runtime.store.engine import read
from runtime.store.formula_drift import drifted
from runtime.store.trail import Trail
from tests.databases import postgres_url, sqlite_url
from tests.flow import BOSS, CLERK, LINE, OTHER, SYSTEM, Flow, open_flow, proved
from tests.shop import NOON, person

NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(params=["sqlite", "postgresql"])
def flow(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flow]:
    url = sqlite_url(tmp_path) if request.param == "sqlite" else postgres_url()
    opened = open_flow(url)
    yield opened
    opened.runtime.engine.dispose()


def test_a_transition_moves_the_state_sets_fields_and_tells_the_log_and_the_audit(
    flow: Flow,
) -> None:
    order = flow.order()
    done = flow.fired(order, "confirm", version=1)
    row = flow.row(done)
    assert (row["status"], row["version"]) == ("confirmed", 2)
    assert row["confirmed_at"].startswith("2026-11-22T12:00")
    (step,) = done.steps
    assert (step["from"], step["to"]) == ("new", "confirmed")
    (log,) = flow.stored("workflow_log")
    assert log["id"] == step["log"]
    assert (log["transition"], log["from_state"], log["to_state"]) == (
        "confirm",
        "new",
        "confirmed",
    )
    assert (log["actor_id"], log["source"], log["record_version"]) == (1, "user", 2)
    assert log["read"] == {"lines": 1, "total": 1000}
    assert log["roles"] == ["clerk"]
    audit = flow.stored("audit", operation="transition")
    assert audit[0]["after"]["status"] == "confirmed"
    topics = [row["topic"] for row in flow.stored("outbox")]
    assert topics[-1] == "order.transition"


def test_every_refusal_has_its_own_code_and_changes_nothing(flow: Flow) -> None:
    order = flow.order()
    empty = flow.order(lines=[])
    assert isinstance(flow.blocked(order, "fly"), UnknownTransition)
    assert isinstance(flow.blocked(order, "expire"), WrongTrigger)
    wrong = flow.blocked(order, "hold", {"reason": 7, "more": 1})
    assert isinstance(wrong, InvalidInput)
    assert {error.field for error in wrong.errors} == {"reason", "more"}
    assert isinstance(flow.blocked(order, "hold"), InvalidInput)
    elsewhere = flow.blocked(order, "resume")
    assert isinstance(elsewhere, NotInFromState)
    assert elsewhere.params["current"] == "new"
    assert set(elsewhere.params["allowed"]) == {"confirm", "submit", "hold", "cancel", "write_off"}
    assert isinstance(flow.blocked(order, "confirm", version=9), VersionConflict)
    guard = flow.blocked(empty, "confirm")
    assert isinstance(guard, GuardBlocked)
    assert [one.code for one in guard.params["reasons"]] == ["EMPTY"]
    assert isinstance(flow.blocked(NOBODY, "confirm"), NotFound)
    assert isinstance(flow.blocked(order, "confirm", actor=person("guest")), NotFound)
    assert flow.stored("workflow_log") == []
    assert {row["version"] for row in flow.stored("order")} == {1}


def test_a_role_that_reads_and_may_not_fire_is_told_so(flow: Flow) -> None:
    order = flow.order(note="open")
    assert isinstance(flow.blocked(order, "confirm", actor=person("guest")), NotYourRole)


def test_whoever_made_or_submitted_it_does_not_approve_it(flow: Flow) -> None:
    order = flow.row(flow.done("create", "order", {"name": "B", "address": "x"}, actor=BOSS))["id"]
    flow.fired(order, "submit", actor=CLERK)
    assert isinstance(flow.blocked(order, "approve", actor=BOSS), SamePerson)
    someone = person("manager", number=1)
    assert isinstance(flow.blocked(order, "approve", actor=someone), SamePerson)
    flow.done("update", "order", {"note": "x"}, record=order, version=2, actor=OTHER)
    assert isinstance(flow.blocked(order, "approve", actor=person("manager", number=2)), SamePerson)
    behind = replace(person("manager", number=8), real_id=2, real_name="Person 2")
    assert isinstance(flow.blocked(order, "approve", actor=behind), SamePerson)
    assert flow.row(flow.fired(order, "approve", actor=person("manager", number=9)))["version"] == 4


def test_confirmation_is_asked_for_by_its_level_and_with_the_version(flow: Flow) -> None:
    order = flow.order()
    assert isinstance(flow.blocked(order, "cancel"), VersionRequired)
    asked = flow.blocked(order, "cancel", version=1)
    assert isinstance(asked, ConfirmationRequired)
    assert asked.params["needs"] == "type_value"
    flow.fired(order, "cancel", version=1, actor=proved(CLERK, "A"))
    other = flow.order(name="C")
    flow.fired(other, "confirm")
    asked = flow.blocked(other, "refund", {"amount": "5"}, version=2, actor=BOSS)
    assert asked.params["needs"] == "reauth"
    flow.fired(other, "refund", {"amount": "5"}, version=2, actor=proved(BOSS))


def test_a_veto_stops_it_with_its_reason(flow: Flow) -> None:
    order = flow.order(payments=[{"amount": "10"}])
    payment = flow.stored("payment")[0]["id"]
    flow.fired(payment, "money.capture", entity="payment")
    asked = flow.blocked(order, "cancel", version=2, actor=proved(CLERK, "A"))
    assert isinstance(asked, Vetoed)
    assert [one.code for one in asked.params["reasons"]] == ["PAID"]


def test_a_part_moves_under_the_lock_of_its_whole_and_what_is_derived_follows(flow: Flow) -> None:
    order = flow.order(payments=[{"amount": "4"}, {"amount": "6"}])
    first, second = (row["id"] for row in flow.stored("payment"))
    done = flow.fired(first, "money.capture", entity="payment", version=1)
    assert (flow.row(done)["state"], flow.row(done)["version"]) == ("captured", 2)
    whole = flow.read(order)
    assert (whole["payment_status"], whole["paid"], whole["version"]) == ("part", "4.00", 2)
    flow.fired(second, "money.capture", entity="payment", source="event", actor=SYSTEM, cause="e1")
    assert flow.read(order)["payment_status"] == "paid"
    assert flow.stored("payment")[0]["version"] == 2


def test_the_same_outside_event_is_applied_once(flow: Flow) -> None:
    order = flow.order(payments=[{"amount": "4"}])
    payment = flow.stored("payment")[0]["id"]
    told = {"entity": "payment", "source": "event", "actor": SYSTEM, "cause": "bank/7"}
    assert not flow.fired(payment, "money.capture", **told).repeated
    assert flow.fired(payment, "money.capture", **told).repeated
    other = flow.blocked(payment, "money.capture", **{**told, "cause": "bank/8"})
    assert isinstance(other, NotInFromState)
    assert len(flow.stored("workflow_log")) == 1
    assert flow.read(order)["version"] == 2


def test_timers_tasks_and_outside_calls_are_rows_of_the_same_transaction(flow: Flow) -> None:
    order = flow.order()
    (timer,) = flow.stored("timer")
    assert (timer["transition"], timer["status"], timer["entered"]) == ("expire", "armed", order)
    assert timer["due_at"] == NOON + timedelta(minutes=30)
    flow.fired(order, "hold", {"reason": "why"})
    assert flow.stored("timer")[0]["status"] == "cancelled"
    (task,) = flow.stored("task")
    assert (task["name"], task["roles"], task["closed_at"]) == ("look", ["manager"], None)
    flow.fired(order, "resume")
    assert flow.read(order)["status"] == "new"
    assert flow.stored("task")[0]["closed_at"] == NOON
    assert [row["status"] for row in flow.stored("timer")] == ["cancelled", "armed"]
    flow.fired(order, "confirm")
    flow.fired(order, "hold", {"reason": "again"})
    flow.fired(order, "resume")
    done = flow.fired(order, "refund", {"amount": "10"}, version=6, actor=proved(BOSS))
    log = done.steps[0]["log"]
    call = flow.stored("outbox", topic="workflow.call")[0]["payload"]
    assert call["operation"] == "bank.refund"
    assert call["key"] == f"fulfilment:{log}:bank.refund"
    assert call["values"] == {"amount": 10000}  # the connector keeps three decimals
    assert call["on_success"] == ["fulfilment", "refund_done"]
    (told,) = flow.stored("outbox", topic="workflow.notify")
    assert told["payload"]["log"] == log
    watch = flow.stored("timer", kind="watchdog", status="armed")
    assert [row["due_at"] for row in watch] == [NOON + timedelta(minutes=15)]
    flow.fired(order, "refund_done", source="system", actor=SYSTEM)
    assert flow.stored("timer", status="armed") == []
    assert flow.read(order)["refunded"] == "10.00"


def test_an_effect_makes_a_record_in_the_same_transaction_or_nothing_happens(flow: Flow) -> None:
    order = flow.order()
    flow.fired(order, "confirm")
    flow.fired(order, "give_out")
    (parcel,) = flow.stored("parcel")
    assert (parcel["code"], parcel["order"]) == ("A", order)
    before = len(flow.stored("workflow_log")), len(flow.stored("outbox"))
    again = flow.blocked(order, "give_out")
    assert (again.status, again.code) == (500, "effect_failed")
    assert flow.stored("audit", operation="transition_failed")[0]["after"]["code"] == again.code
    assert flow.read(order)["version"] == 3
    assert (len(flow.stored("workflow_log")), len(flow.stored("outbox"))) == before
    flow.fired(order, "finish")
    assert [row["text"] for row in flow.stored("note")] == ["A"]


def test_what_is_automatic_fires_after_entry_and_when_what_it_reads_is_written(flow: Flow) -> None:
    order = flow.order(risk=90)
    done = flow.fired(order, "submit")
    assert [step["transition"] for step in done.steps] == ["submit", "reject"]
    assert flow.row(done)["status"] == "cancelled"
    rows = flow.stored("workflow_log")
    assert [row["source"] for row in rows] == ["user", "auto"]
    assert rows[1]["cause_log_id"] == rows[0]["id"]
    other = flow.order(name="B")
    flow.fired(other, "submit")
    changed = flow.done("update", "order", {"risk": 81}, record=other, version=2)
    assert flow.row(changed)["status"] == "cancelled"


def test_a_state_wants_its_fields_filled_in(flow: Flow) -> None:
    order = flow.order(address=None)
    wrong = flow.blocked(order, "confirm")
    assert isinstance(wrong, InvalidInput)
    assert [error.field for error in wrong.errors] == ["address"]


def test_the_same_key_fires_once_and_is_answered_alike(flow: Flow) -> None:
    order = flow.order()
    first = flow.fired(order, "confirm", key="k")
    again = flow.fired(order, "confirm", key="k")
    assert again.replayed
    assert [dict(one) for one in again.steps] == [dict(one) for one in first.steps]
    assert len(flow.stored("workflow_log")) == 1
    assert isinstance(flow.blocked(order, "hold", {"reason": "x"}, key="k"), KeyReused)


def test_a_state_that_nobody_defined_is_an_explicit_error(flow: Flow) -> None:
    order = flow.order()
    table = flow.runtime.schema.tables["order"]
    with flow.runtime.engine.begin() as connection:
        connection.execute(table.update().values(status="lost"))
    assert isinstance(flow.blocked(order, "confirm"), UnknownStoredState)
    assert len(flow.rows(flow.done("list", "order"))) == 1
    asked = flow.refused("transitions", "order", record=order)
    assert isinstance(asked, UnknownStoredState)


def test_what_can_be_done_is_told_with_reasons_and_writes_nothing(flow: Flow) -> None:
    order = flow.order(lines=[], note="open")
    flow.order(lines=[{**LINE, "amount": "5000"}])
    standing = flow.done("transitions", "order", record=order).row
    assert standing.states == {"fulfilment": "new", "payment": "unpaid"}
    names = {one.name: one for one in standing.offered}
    assert list(names) == ["confirm", "submit", "hold", "cancel", "write_off"]
    assert not names["confirm"].allowed
    assert [one.code for one in names["confirm"].reasons] == ["EMPTY"]
    assert names["hold"].allowed
    assert list(names["hold"].questions) == ["reason"]
    assert standing.version == 1
    only = flow.done("transitions", "order", record=order, query={"id": "fulfilment.hold"}).row
    assert [one.id for one in only.offered] == ["fulfilment.hold"]
    guest = flow.done("transitions", "order", record=order, actor=person("guest")).row
    assert guest.offered == ()
    limited = flow.order(lines=[{**LINE, "amount": "5000"}])
    reason = flow.done("transitions", "order", record=limited).row.offered[0].reasons[0]
    assert str(reason.message) == "More than 1000."
    unknown = flow.refused("transitions", "order", record=order, query={"id": "fulfilment.fly"})
    assert isinstance(unknown, UnknownTransition)


def test_a_state_is_written_by_nobody_else(flow: Flow) -> None:
    order = flow.order()
    refusal = flow.refused("update", "order", {"status": "done"}, record=order, version=1)
    assert [one.field for one in refusal.errors] == ["status"]
    refusal = flow.refused("create", "order", {"name": "B", "status": "done"})
    assert [one.field for one in refusal.errors] == ["status"]


def test_a_machine_that_is_no_person_is_not_asked_for_a_role(flow: Flow) -> None:
    order = flow.order()
    flow.fired(order, "expire", source="timer", actor=SYSTEM)
    assert flow.read(order)["status"] == "cancelled"
    assert isinstance(
        flow.blocked(order, "refund_done", source="timer", actor=SYSTEM), WrongTrigger
    )
    # a person does not become a machine by saying so
    other = flow.order(name="B")
    assert isinstance(flow.blocked(other, "expire", source="timer"), WrongTrigger | Forbidden)
    with flow.runtime.engine.connect() as connection:
        log = flow.runtime.system.workflow_log
        rows = connection.execute(sa.select(log.c.source, log.c.actor_kind)).all()
    assert [tuple(row) for row in rows] == [("timer", "system")]


def test_a_state_says_which_fields_may_still_be_changed(flow: Flow) -> None:
    order = flow.order()
    flow.fired(order, "confirm")
    refusal = flow.refused("update", "order", {"name": "Z"}, record=order, version=2)
    assert [(one.field, one.code) for one in refusal.errors] == [("name", "read_only")]
    assert "已确认" in refusal.errors[0].message.text("zh")
    lines = [{"item": "Hat", "amount": "1"}]
    refusal = flow.refused("update", "order", {"lines": lines}, record=order, version=2)
    assert {one.field for one in refusal.errors} == {"lines"}
    flow.done("update", "order", {"note": "x", "name": "A"}, record=order, version=2)
    body = {"operation": "update", "ids": [order], "values": {"risk": 3}}
    (outcome,) = flow.done("bulk", "order", body).outcomes
    assert (outcome.status, outcome.errors[0].field) == ("invalid", "risk")


def test_a_line_of_the_access_file_narrows_where_a_role_fires(flow: Flow) -> None:
    boss = person("manager", number=9)
    risky, calm = flow.order(risk=60), flow.order()
    for order in (risky, calm):
        flow.fired(order, "submit")
    assert isinstance(flow.blocked(risky, "approve", actor=boss), Forbidden)
    offered = flow.done("transitions", "order", record=risky, actor=boss).row.offered
    assert [one.name for one in offered] == []
    offered = flow.done("transitions", "order", record=calm, actor=boss).row.offered
    assert [one.name for one in offered] == ["approve"]
    flow.fired(calm, "approve", actor=boss)
    actions = transition_actions(flow.runtime.app, "order")
    matrix = flow.runtime.matrix
    given = [one for one in actions if matrix.grant(frozenset({"clerk"}), "order", one)]
    assert "transition:fulfilment.confirm" in given
    assert "transition:fulfilment.approve" not in given
    token = narrowed(frozenset({"clerk"}), ("read:order",))
    assert matrix.grant(token, "order", "transition:fulfilment.confirm") is None
    token = narrowed(frozenset({"clerk"}), ("read:order", "transition:order"))
    assert matrix.grant(token, "order", "transition:fulfilment.confirm") is not None


def test_a_second_person_approves_and_then_it_fires_as_its_requester(flow: Flow) -> None:
    order, risky = flow.order(), flow.order(risk=95)
    asked = {"amount": "5"}
    assert isinstance(flow.blocked(risky, "write_off", asked, version=1), GuardBlocked)
    assert isinstance(flow.blocked(order, "write_off", asked), VersionRequired)
    waits = flow.blocked(order, "write_off", asked, version=1)
    assert isinstance(waits, NeedsApproval)
    one = waits.params["approval"]
    assert (one.after, one.reason) == ({"status": "done"}, "Amount: 5.00")
    assert flow.read(order)["status"] == "new"
    trail = Trail(flow.runtime, BOSS)
    assert [each.id for each in approvals.waiting_for(flow.runtime, BOSS)] == [one.id]
    decided = approvals.decide(flow.runtime, trail, one.id, "approve", "", lambda _: CLERK)
    assert decided.state == "approved"
    row = flow.read(order)
    assert (row["status"], row["refunded"]) == ("done", "5.00")
    (log,) = flow.stored("workflow_log", record_id=order)
    assert (log["actor_id"], log["approval_id"], log["source"]) == (1, one.id, "user")


def test_what_was_changed_meanwhile_is_not_approved(flow: Flow) -> None:
    order = flow.order()
    waits = flow.blocked(order, "write_off", {"amount": "5"}, version=1)
    flow.done("update", "order", {"note": "x"}, record=order, version=1)
    one = waits.params["approval"]
    trail = Trail(flow.runtime, BOSS)
    with pytest.raises(Blocked):
        approvals.decide(flow.runtime, trail, one.id, "approve", "", lambda _: CLERK)
    assert flow.read(order)["status"] == "new"


def test_what_is_derived_and_was_written_past_us_is_found_and_left_alone(flow: Flow) -> None:
    order = flow.order(payments=[{"amount": "10"}])
    other = flow.order()
    engine, schema = flow.runtime.engine, flow.runtime.schema
    with read(engine) as connection:
        assert list(drifted(connection, schema)) == []
    table = schema.tables["order"]
    with engine.begin() as connection:
        connection.execute(
            table.update().where(table.c.id == order).values(payment_status="paid", paid=1000)
        )
    with read(engine) as connection:
        found = {one.field: one for one in drifted(connection, schema)}
    assert {"paid", "payment_status"} >= set(found)
    assert found["paid"].ids == (order,)
    assert flow.read(order)["paid"] == "10.00"
    assert flow.read(other)["paid"] == "0.00"
