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
    assert codes(blocked) == {"STATE_REMOVED": 1, "TIMERS_LOST": 1}
    with pytest.raises(PlanBlocked):
        apply(engine, desk(STATES, FINISH), blocked, now=NOW)
    new = desk(STATES, FINISH, "map: {lent: asked}")
    plan = make_plan(engine, new)
    assert codes(plan) == {"STATE_MAPPED": 1, "TIMERS_END": 1, "TIMERS_LOST": 1}
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
