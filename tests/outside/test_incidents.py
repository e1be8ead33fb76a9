"""What nobody can know is settled by people: again by one, done or failed by two."""

from __future__ import annotations

from typing import Any

import pytest

from runtime import approvals
from runtime.errors import Blocked, Forbidden, Invalid, NeedsApproval, NotFound, RequestError
from runtime.messages import Actor, Result
from runtime.operations._incidents import operable, waiting_for
from runtime.store.trail import Trail
from tests.outside.shop import CLERK, MANAGER, OTHER, Desk
from tests.outside.test_events import send, told

PEOPLE = {one.id: one for one in (CLERK, MANAGER, OTHER)}


def stuck(desk: Desk) -> str:
    """A payment of which nobody knows whether the bank captured it."""
    desk.bank.play("capture", "down")
    record = desk.pay()
    for _ in range(4):
        desk.work()
        desk.later(minutes=2)
    assert desk.incidents() == ["call_unknown"]
    return record


def say(desk: Desk, outcome: str, actor: Actor = MANAGER, **more: Any) -> Result | RequestError:
    incident = desk.stored("incident")[-1]["id"]
    values = {"incident": incident, "outcome": outcome, "reason": "asked the bank", **more}
    return desk.ask("settle_incident", "payment", values, actor=actor)


def decide(desk: Desk, answer: Any, actor: Actor, decision: str = "approve") -> Any:
    assert isinstance(answer, NeedsApproval), answer
    trail = Trail(desk.runtime, actor, "screen")
    approval = answer.params["approval"].id
    return approvals.decide(desk.runtime, trail, approval, decision, "", PEOPLE.get)


def test_an_operator_lets_a_call_be_tried_again_under_its_key(desk: Desk) -> None:
    record = stuck(desk)
    (call,) = desk.stored("call")
    answer = say(desk, "retry")
    assert isinstance(answer, Result)
    desk.later(minutes=2)
    # the simulator plays this key as it began: a person finds that out and says it
    assert desk.stored("call")[0]["status"] == "waiting"
    assert desk.incidents("closed") == ["call_unknown"]
    desk.work()
    assert {one["key"] for one in desk.bank.deeds()} == {call["key"]}
    assert desk.payment(record)["state"] == "capturing"


@pytest.mark.parametrize(("outcome", "state"), [("done", "captured"), ("failed", "failed")])
def test_what_became_of_it_is_said_by_two_people(desk: Desk, outcome: str, state: str) -> None:
    record = stuck(desk)
    more = {"output": {"reference": "r42"}} if outcome == "done" else {}
    answer = say(desk, outcome, **more)
    assert desk.payment(record)["state"] == "capturing"
    assert desk.incidents() == ["call_unknown"]
    with pytest.raises(Forbidden):
        decide(desk, answer, MANAGER)
    with pytest.raises(NotFound):
        decide(desk, answer, CLERK)
    decide(desk, answer, OTHER)
    found = desk.payment(record)
    assert found["state"] == state
    assert found["reference"] == ("r42" if outcome == "done" else None)
    assert desk.incidents() == []
    told_in = [one["operation"] for one in desk.stored("audit", entity="payment")]
    assert f"incident_{outcome}" in told_in
    assert "approval_approved" in told_in


def test_a_request_is_void_when_the_call_settled_itself_meanwhile(desk: Desk) -> None:
    record = stuck(desk)
    answer = say(desk, "failed")
    (call,) = desk.stored("call")
    send(desk, told("capture.made", key=call["key"], reference="r1"))
    desk.work()
    assert desk.payment(record)["state"] == "captured"
    assert desk.incidents() == []
    with pytest.raises(Blocked):
        decide(desk, answer, OTHER)
    assert desk.payment(record)["state"] == "captured"


def test_who_may_not_operate_sees_and_settles_nothing(desk: Desk) -> None:
    stuck(desk)
    assert isinstance(say(desk, "retry", CLERK), Forbidden)
    assert isinstance(desk.ask("incidents", "payment"), Forbidden)
    assert operable(desk.runtime, CLERK) == ()
    assert waiting_for(desk.runtime, CLERK) == ()


def test_incidents_are_listed_open_and_closed_and_by_record(desk: Desk) -> None:
    record = stuck(desk)

    def listed(**query: str) -> list[str]:
        found = desk.done("incidents", "payment", actor=MANAGER, query=query)
        return [one.kind for one in found.rows]

    assert listed() == ["call_unknown"]
    assert listed(record=record) == ["call_unknown"]
    assert listed(record="00000000-0000-0000-0000-000000000000") == []
    assert listed(state="closed") == []
    assert [one.kind for one in waiting_for(desk.runtime, MANAGER)] == ["call_unknown"]
    say(desk, "retry")
    assert (listed(), listed(state="closed")) == ([], ["call_unknown"])
    answer = desk.ask("incidents", "payment", actor=MANAGER, query={"state": "old"})
    assert isinstance(answer, RequestError)


def test_an_incident_is_settled_once(desk: Desk) -> None:
    stuck(desk)
    assert isinstance(say(desk, "retry"), Result)
    assert isinstance(say(desk, "retry"), Blocked)


@pytest.mark.parametrize(
    "values",
    [
        {"outcome": "perhaps"},
        {"outcome": "done", "reason": ""},
        {"outcome": "done", "output": "r"},
        {"outcome": "done", "more": 1},
    ],
)
def test_what_is_not_asked_is_refused(desk: Desk, values: dict[str, Any]) -> None:
    stuck(desk)
    incident = desk.stored("incident")[0]["id"]
    given = {"incident": incident, "reason": "asked the bank", **values}
    answer = desk.ask("settle_incident", "payment", given, actor=MANAGER)
    assert isinstance(answer, Invalid)
    assert desk.incidents() == ["call_unknown"]


def test_nobody_settles_what_is_not_there(desk: Desk) -> None:
    given = {"incident": "x", "outcome": "retry"}
    assert isinstance(desk.ask("settle_incident", "payment", given, actor=MANAGER), NotFound)


def test_what_is_missing_can_be_entered_and_the_call_made_again(desk: Desk) -> None:
    reached = desk.runtime.outside
    desk.runtime.outside = type(reached)(reached.box)
    record = desk.pay()
    desk.work()
    assert desk.incidents() == ["call_not_ready"]
    desk.runtime.outside = reached
    assert isinstance(say(desk, "retry"), Result)
    desk.work()
    assert desk.payment(record)["state"] == "captured"


def test_a_taking_back_that_a_person_did_is_said_by_two(desk: Desk) -> None:
    record = desk.pay("stranger 1")
    desk.work()
    desk.bank.play("void", "decline")
    desk.move(record, "ship")
    desk.work()
    assert desk.incidents() == ["undo_failed"]
    decide(desk, say(desk, "done"), OTHER)
    desk.work()
    assert desk.statuses()[1:] == [("bank.capture", "undone"), ("bank.book", "failed")]
    assert all(one["is_settled"] for one in desk.stored("call"))
    assert desk.incidents() == []


def test_an_event_that_was_given_up_is_handled_again_or_let_be(desk: Desk) -> None:
    send(desk, told("payment.noticed", name="late", reference="r"))
    for _ in range(7):
        desk.work()
        desk.later(hours=3)
    assert desk.incidents() == ["event_refused"]
    record = desk.make("late")
    assert isinstance(say(desk, "retry"), Result)
    desk.work()
    assert desk.payment(record)["state"] == "refunded"
    assert [one["status"] for one in desk.stored("event")] == ["handled"]


def test_a_result_that_was_refused_is_placed_when_the_record_is_ready(desk: Desk) -> None:
    record = desk.pay()
    desk.relay()
    table = desk.runtime.schema.tables["payment"]

    def put(state: str) -> None:
        with desk.runtime.engine.begin() as connection:
            connection.execute(table.update().values(state=state))

    put("refunded")
    desk.work()
    assert desk.incidents() == ["answer_refused"]
    assert isinstance(say(desk, "retry"), Result)
    assert desk.incidents() == ["answer_refused"], "it fits no better than before"
    put("capturing")
    assert isinstance(say(desk, "retry"), Result)
    found = desk.payment(record)
    assert (found["state"], found["reference"][:4]) == ("captured", "sim_")
    assert desk.incidents() == []
    assert [one["tries"] for one in desk.bank.deeds()] == [1]


def test_a_taking_back_that_failed_is_tried_again(desk: Desk) -> None:
    record = desk.pay("stranger 1")
    desk.work()
    desk.bank.play("void", "down", times=1)
    desk.move(record, "ship")
    for _ in range(4):
        desk.work()
        desk.later(minutes=2)
    assert desk.incidents() == ["undo_failed"]
    assert isinstance(say(desk, "retry"), Result)
    assert desk.stored("call")[1]["status"] == "done"
    desk.work()
    assert desk.bank.deeds("void")[0]["tries"] == 4
