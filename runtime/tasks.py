"""Tasks: what workflows ask people of some roles to do about a record, as long as it stays there.

A task is opened and closed by the firing algorithm alone; here is who is asked. What somebody may
not read is not shown to them: the page asks for the titles through their own rights.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from generator.model.app import App
from generator.model.text import Label, plain
from generator.model.workflow import Effect, Workflow
from generator.resolve.fields import humanize
from rules.role_names import closure
from runtime.messages import Actor
from runtime.operations._passages import Task, as_task
from runtime.runtime import Runtime
from runtime.store.engine import read

MOST = 200
"""Tasks of one page; of more the oldest come first."""
WORD = "task"


def concern(runtime: Runtime, actor: Actor) -> bool:
    """Return whether any workflow ever asks somebody for something: asks no database."""
    asked = runtime.remembered.get(("tasks",), lambda: _asked(runtime.app))
    return bool(asked & _roles(runtime, actor))


def counted(runtime: Runtime, actor: Actor) -> sa.Select[int]:
    """Return what counts about how many tasks wait for somebody, `MOST` at most."""
    found = _open(runtime, actor, sa.literal(1)).limit(MOST).subquery()
    return sa.select(sa.func.count()).select_from(found)


def waiting_for(runtime: Runtime, actor: Actor) -> Sequence[Task]:
    """Return the open tasks of somebody's roles, the oldest first."""
    task = runtime.system.task
    found = _open(runtime, actor, task).order_by(task.c.id).limit(MOST)
    with read(runtime.engine) as connection:
        return [as_task(row) for row in connection.execute(found)]


def label_of(app: App, one: Task) -> Label:
    """Return what a task is called; its name where the definition has no label for it."""
    machine = app.workflows.get(one.entity, {}).get(one.workflow)
    given = (
        effect.given.get("label")
        for effect in (_effects(machine) if machine is not None else ())
        if effect.word == WORD and effect.given["name"] == one.name
    )
    return next((label for label in given if label is not None), plain(humanize(one.name)))


def _open(runtime: Runtime, actor: Actor, *columns: Any) -> sa.Select[Any]:
    task = runtime.system.task
    # roles are a list of short names, and no name holds a quotation mark
    written = sa.cast(task.c.roles, sa.Text)
    mine = [
        written.contains(f'"{role}"', autoescape=True) for role in sorted(_roles(runtime, actor))
    ]
    readable = [
        name
        for name in runtime.app.workflows
        if runtime.matrix.grant(actor.roles, name, "read") is not None
    ]
    return sa.select(*columns).where(
        task.c.closed_at.is_(None), task.c.entity.in_(readable), sa.or_(sa.false(), *mine)
    )


def _roles(runtime: Runtime, actor: Actor) -> frozenset[str]:
    known = runtime.app.roles
    return frozenset().union(*(closure(role, known) for role in actor.roles))


def _asked(app: App) -> frozenset[str]:
    """Return the roles that some workflow asks for something."""
    machines = [one for of_entity in app.workflows.values() for one in of_entity.values()]
    return frozenset(
        str(role)
        for machine in machines
        for effect in _effects(machine)
        if effect.word == WORD
        for role in effect.given["roles"]
    )


def _effects(machine: Workflow) -> Iterator[Effect]:
    for state in machine.states.values():
        yield from (*state.enter, *state.leave)
    for edge in machine.transitions:
        yield from edge.effects
