"""Timers under a release that times them otherwise: dates, beats, reminders, and states that are
timed for the first time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from generator.compile import Compiled
from runtime.store.clock import database_clock
from runtime.store.migrate.apply import apply, create_all
from runtime.store.migrate.clocks import Retiming
from runtime.store.migrate.make import make_plan
from runtime.store.system_tables import own_tables
from tests.store.migrate.shop import NOW, compiled, entity, insert
from tests.store.migrate.test_states import ACCESS, ROLES

HOUR = timedelta(hours=1)


def desk(fields: str, state: str, timers: str) -> Compiled:
    workflow = f"""
entity: loan
workflows:
  lending:
    field: status
    initial: asked
    states:
      asked: {{label: {{en: Asked, zh: 已申请}}, {state}}}
      back: {{final: true}}
    transitions:
      fetch: {{from: asked, to: back, roles: any}}
      {timers}
"""
    files = {**ROLES, **ACCESS, **entity("loan", fields), "loan.workflow.yaml": workflow}
    return compiled(files)


LAPSE = "lapse: {{from: asked, to: back, trigger: timer, timer: {{after: {after}, from: {date}}}}}"
BEAT = """
      look: {{from: asked, to: asked, trigger: timer, timer: {{after: P9D, every: {every}}}}}"""
REMIND = "reminders: {{remind: nudge, for: clerk, after: PT2H, every: {every}}}"


def timer_of(**values: Any) -> dict[str, Any]:
    about = {"entity": "loan", "workflow": "lending", "state": "asked", "status": "armed"}
    return {**about, "attempts": 0, **values, "next_at": values.get("next_at", values["due_at"])}


def test_dates_beats_and_reminders_are_timed_anew(engine: sa.Engine) -> None:
    fields = "name: {type: text}\nends: {type: datetime}"
    times = LAPSE.format(after="P9D", date="ends") + BEAT.format(every="PT4H")
    old = desk(fields, REMIND.format(every="PT8H"), times)
    create_all(engine, old, now=NOW)
    timer, log = own_tables().timer, own_tables().workflow_log
    with engine.begin() as connection:
        now = database_clock(connection)
        loan = insert(connection, old, "loan", status="asked", ends=now - 30 * HOUR)
        undated = insert(connection, old, "loan", status="asked")
        row = {"entity": "loan", "workflow": "lending", "record_id": loan, "at": now - HOUR}
        row |= {"from_state": "asked", "to_state": "asked", "outcome": "fired", "digest": "d"}
        row |= {"actor_kind": "timer", "record_version": 2, "transition": "look", "id": "l"}
        connection.execute(log.insert(), {**row, "actor_name": "system", "source": "timer"})
        mine = {"record_id": loan, "entered": "l", "armed_at": now - HOUR}
        for values in (
            {"id": "lapse", "kind": "transition", "transition": "lapse", "due_at": now + 9 * HOUR},
            {"id": "look", "kind": "transition", "transition": "look", "due_at": now + 3 * HOUR},
            {
                "id": "nudge",
                "kind": "reminder",
                "transition": "nudge",
                "due_at": now,
                "next_at": now + 7 * HOUR,
                "attempts": 1,
            },
        ):
            connection.execute(timer.insert(), timer_of(**mine, **values))
        other = {"id": "none", "kind": "transition", "transition": "lapse", "due_at": now + HOUR}
        own = {**mine, **other, "record_id": undated, "entered": undated}
        connection.execute(timer.insert(), timer_of(**own))
    assert make_plan(engine, old).is_empty
    times = LAPSE.format(after="P1D", date="closes") + BEAT.format(every="PT6H")
    renamed = "name: {type: text}\ncloses: {type: datetime, renamed_from: ends}"
    new = desk(renamed, REMIND.format(every="PT3H"), times)
    plan = make_plan(engine, new)
    assert {one.clock.name: (one.armed, one.at_once) for one in plan.timers} == {
        "lapse": (2, 1),
        "look": (1, 0),
        "nudge": (1, 0),
    }
    assert [one.count for one in plan.findings if one.code == "TIMERS_KEPT"] == [2, 1, 1]
    apply(engine, new, plan, now=NOW, timers=Retiming("recompute"))
    with engine.connect() as connection:
        found = connection.execute(sa.select(timer.c.id, timer.c.due_at, timer.c.next_at)).all()
    told = {row.id: (hours(row.due_at, now), hours(row.next_at, now)) for row in found}
    assert told == {"lapse": (-6, -6), "look": (5, 5), "nudge": (1, 4), "none": (1, 1)}


def test_a_state_that_is_timed_for_the_first_time_arms_those_who_stand_in_it(
    engine: sa.Engine,
) -> None:
    fields = "name: {type: text}"
    old = desk(fields, "tone: info", "close: {from: asked, to: back, roles: any}")
    create_all(engine, old, now=NOW)
    timer = own_tables().timer
    with engine.begin() as connection:
        now = database_clock(connection)
        loans = {"created_at": now - HOUR, "status": "asked"}
        insert(connection, old, "loan", **loans)
        late = insert(connection, old, "loan", **{**loans, "created_at": now - 9 * HOUR})
        insert(connection, old, "loan", **loans, archived_at=now)
        insert(connection, old, "loan", **{**loans, "status": "back"})
    timed = "close: {from: asked, to: back, roles: any, trigger: [user, timer],"
    new = desk(fields, "watchdog: P1D", f"{timed} timer: {{after: PT4H}}}}")
    plan = make_plan(engine, new)
    counts = {one.clock.kind: (one.armed, one.at_once, one.clock.is_new) for one in plan.timers}
    assert counts == {"transition": (2, 1, True), "watchdog": (2, 0, True)}
    apply(engine, new, plan, now=NOW, timers=Retiming("stagger", 7200))
    with engine.connect() as connection:
        found = connection.execute(sa.select(timer)).mappings().all()
    armed = {(row["kind"], row["record_id"] == late): row for row in found}
    assert {key: hours(row["due_at"], now) for key, row in armed.items()} == {
        ("transition", True): 2,
        ("transition", False): 3,
        ("watchdog", True): 15,
        ("watchdog", False): 23,
    }
    assert {row["entered"] for row in found} == {row["record_id"] for row in found}
    again = desk(fields, "watchdog: P2D", f"{timed} timer: {{after: PT5H}}}}")
    assert [one.armed for one in make_plan(engine, again).timers] == [2, 2]


def hours(at: datetime, now: datetime) -> int:
    """Return a moment as hours from now, to the next whole one."""
    return round((at - now) / HOUR)
