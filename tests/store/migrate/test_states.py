"""A state that goes: the plan counts what is in it, demands where to, and apply moves it with a row
in the log."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from generator.compile import Compiled
from runtime.store.migrate.apply import apply, create_all
from runtime.store.migrate.faults import PlanBlocked
from runtime.store.migrate.make import make_plan
from runtime.store.system_tables import own_tables
from tests.store.migrate.shop import NOW, codes, compiled, entity, insert, values_of, words

ROLES = {"roles.yaml": "roles: {clerk: {label: {en: Clerk, zh: 职员}}}\n"}
ACCESS = {"desk.access.yaml": "access: desk\ngrants: {clerk: {loan: all}}\n"}


def desk(states: str, transitions: str, more: str = "") -> Compiled:
    workflow = f"""
entity: loan
workflows:
  lending:
    field: status
    initial: asked
    {more}
    states: {{{states}}}
    transitions:
      {transitions}
"""
    return compiled(
        {
            **ROLES,
            **ACCESS,
            **entity("loan", "name: {type: text}"),
            "loan.workflow.yaml": workflow,
        }
    )


OLD = desk(
    "asked: {en: Asked, zh: 已申请}, lent: {en: Lent, zh: 已借}, back: {final: true}",
    """fetch: {from: asked, to: lent, roles: any}
      return: {from: lent, to: back, roles: any}""",
)
STATES = "asked: {en: Asked, zh: 已申请}, back: {final: true}"
FINISH = "finish: {from: asked, to: back, roles: any}"


def test_a_state_that_goes_stops_the_plan_until_it_says_where_its_records_go(
    engine: sa.Engine,
) -> None:
    create_all(engine, OLD, now=NOW)
    with engine.begin() as connection:
        lent = insert(connection, OLD, "loan", status="lent")
        insert(connection, OLD, "loan", status="asked")
        timer = own_tables().timer
        row = {
            "id": "t",
            "kind": "transition",
            "entity": "loan",
            "record_id": lent,
            "workflow": "lending",
            "state": "lent",
            "transition": "return",
            "entered": "e",
            "armed_at": NOW,
            "due_at": NOW,
            "next_at": NOW,
            "status": "armed",
        }
        connection.execute(timer.insert(), row)
    blocked = make_plan(engine, desk(STATES, FINISH))
    assert codes(blocked) == {"STATE_REMOVED": 1, "TIMERS_LOST": 1, "STATE_HELD": 1}
    with pytest.raises(PlanBlocked):
        apply(engine, desk(STATES, FINISH), blocked, now=NOW)
    new = desk(STATES, FINISH, "map: {lent: asked}")
    plan = make_plan(engine, new)
    told = {"STATE_MAPPED": 1, "TIMERS_END": 1, "TIMERS_LOST": 1, "STATE_HELD": 1}
    assert codes(plan) == told
    assert "moves every record of Loan with 'status' 'lent' to 'asked'" in words(plan)
    assert any("“lent”" in text for text in words(plan, "zh"))
    apply(engine, new, plan, now=NOW)
    assert sorted(values_of(engine, new, "loan", "status")) == ["asked", "asked"]
    with engine.connect() as connection:
        (log,) = connection.execute(sa.select(own_tables().workflow_log)).mappings().all()
        status = connection.execute(sa.select(timer.c.status)).scalar_one()
    assert (log["record_id"], log["from_state"], log["to_state"]) == (lent, "lent", "asked")
    assert (log["source"], log["digest"]) == ("migration", new.app.digest)
    assert len(log["id"]) == 36
    assert status == "cancelled"
    assert make_plan(engine, new).is_empty


TIMED = """fetch:
        {{from: asked, to: back, trigger: [user, timer], roles: any, timer: {{after: {after}}}}}
      {more}"""


def test_what_stands_in_a_state_that_stays_is_counted_where_its_ways_or_times_change(
    engine: sa.Engine,
) -> None:
    answered = "done: {from: asked, to: back, trigger: system}"
    old = desk(STATES, TIMED.format(after="1h", more=answered))
    create_all(engine, old, now=NOW)
    system = own_tables()
    about = {"entity": "loan", "workflow": "lending", "transition": "fetch"}
    asked = ["lending", "done"]
    call = {"log_id": "l", "operation": "bank.pay", "values": {}, "undo": "", "status": "waiting"}
    call |= {**about, "on_success": asked, "next_at": NOW, "created_at": NOW}
    payload = {"workflow": "lending", "transition": "fetch", "on_success": asked}
    event = {"topic": "workflow.call", "entity": "loan", "created_at": NOW, "next_at": NOW}
    with engine.begin() as connection:
        loans = [insert(connection, old, "loan", status="asked") for _ in range(3)]
        insert(connection, old, "loan", status="back")
        timer = {"kind": "transition", "state": "asked", "armed_at": NOW, "status": "armed"}
        timer |= {**about, "due_at": NOW, "next_at": NOW}
        for number, one in enumerate(loans[:2]):
            row = {**timer, "id": f"t{number}", "record_id": one, "entered": f"e{number}"}
            connection.execute(system.timer.insert(), row)
        connection.execute(system.call.insert(), {**call, "id": "c", "key": "k", "record_id": "r"})
        for number, other in enumerate((asked, ["lending", "fetch"])):
            told = {**payload, "on_success": other}
            row = {**event, "id": f"o{number}", "record_id": "r", "payload": told}
            connection.execute(system.outbox.insert(), row)
    assert make_plan(engine, old).is_empty
    plan = make_plan(engine, desk(STATES, TIMED.format(after="2h", more="")))
    assert codes(plan) == {"STATE_HELD": 3, "TIMERS_KEPT": 2, "CALLS_LOST": 2}
    assert not any(one.blocking for one in plan.findings)
    same = make_plan(engine, desk(STATES, TIMED.format(after="60m", more=answered)))
    assert codes(same) == {}
