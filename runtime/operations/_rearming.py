"""Timers that wait for a date of the record follow it when somebody changes it.

Comes in: a record that was written, as it was and as it is. Goes out: the timers of the states it
stands in, armed anew for the new date, armed for the first time where there was none, or cancelled
where the date was taken away. Costs nothing where no such date was changed. A workflow that took a
step in the same write is left out: that step armed its timers for the dates as they are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa

from generator.model.entity import Entity
from generator.model.workflow import Transition, Workflow
from rules.workflow.timers import due_of, is_dated, start_of
from runtime.operations._entries import Entries
from runtime.operations._work import Work
from runtime.store.workflow_tables import ARMED, CANCELLED, TRANSITION


def rearm(
    work: Work,
    entity: Entity,
    before: Mapping[str, Any],
    facts: Mapping[str, Any],
    stepped: Collection[str] = (),
) -> None:
    """Let the timers of a record follow its dates; `stepped` are workflows that took a step."""
    machines = work.runtime.machines.get(entity.name)
    if machines is None:
        return
    for workflow in machines.workflows.values():
        moved = moved_by(workflow, before, facts) if workflow.name not in stepped else []
        if moved:
            _follow(work, entity, workflow, str(facts.get(workflow.field)), moved, facts)


def moved_by(
    workflow: Workflow, before: Mapping[str, Any], facts: Mapping[str, Any]
) -> list[Transition]:
    """Return the transitions from the state of a record whose timers wait for a changed date."""
    return [
        edge
        for edge in workflow.leaving(str(facts.get(workflow.field)))
        if edge.timer is not None
        and is_dated(edge)
        and before.get(edge.timer.start) != facts.get(edge.timer.start)
    ]


def _follow(
    work: Work,
    entity: Entity,
    workflow: Workflow,
    state: str,
    edges: list[Transition],
    facts: Mapping[str, Any],
) -> None:
    record_id = str(facts["id"])
    entered = entry_of(work, entity.name, record_id, workflow.name)
    entries = Entries(work, entity, record_id, facts)
    table = work.runtime.system.timer
    for edge in edges:
        mine = sa.and_(
            table.c.entered == entered,
            table.c.kind == TRANSITION,
            table.c.transition == edge.name,
        )
        start = start_of(edge, facts, work.now)
        if start is None or edge.timer is None:
            over = {"status": CANCELLED, "ended_at": work.now}
            still = table.c.status == ARMED
            work.connection.execute(table.update().where(mine, still).values(over))
            continue
        due = due_of(edge.timer, start)
        again = {"due_at": due, "next_at": due, "status": ARMED, "attempts": 0, "ended_at": None}
        changed = table.update().where(mine).values(again).returning(table.c.id)
        if work.connection.execute(changed).first() is None:
            entries.arm(TRANSITION, workflow.name, state, edge.name, entered, due)
    if entries.timers:
        entries.write(int(facts["version"]))


def entry_of(work: Work, entity: str, record_id: str, workflow: str) -> str:
    """Return what names the last entry of a record into a state: a log row, or the record."""
    table = work.runtime.system.workflow_log
    last = (
        sa.select(table.c.id)
        .where(
            table.c.entity == entity,
            table.c.record_id == record_id,
            table.c.workflow == workflow,
            table.c.outcome == "fired",
        )
        .order_by(table.c.id.desc())
        .limit(1)
    )
    return str(work.connection.execute(last).scalar() or record_id)
