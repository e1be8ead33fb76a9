"""Transitions of other records that a transition fires, in its own transaction.

Comes in: what the algorithm asked for (`FireOther`), after the record that asks is written. The
records at the end of its path are found, what must be locked is locked in one order (by entity,
then by id; a part by its whole), and each is fired as the system. A refusal is one of the whole,
but for an optional one: that is undone alone and leaves a row of the log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
import sqlalchemy.exc

from generator.model.entity import Entity
from generator.model.workflow import Effect, Transition, Workflow
from rules.blockers import Blocker
from rules.commands import FireOther
from rules.workflow.asking import Refused, Step
from rules.workflow.firing import MOST_CASCADES, TOO_MANY
from runtime.errors import Busy, RecordBusy, RequestError
from runtime.operations import _renewing
from runtime.operations._entries import SKIPPED, SYSTEM_ACTOR, Entries, write_all
from runtime.operations._unfired import busy, unfired
from runtime.operations._work import Work
from runtime.store import inserts
from runtime.store.guard import system

NO_LOCK = "55P03"
SOURCE = "system"


@dataclass(frozen=True)
class Asked:
    """A transition of other records, and the row of the log of what asked for it."""

    command: FireOther
    log_id: str


Fire = Callable[[str, str, Asked], object]
"""Fires the transition of one record: its entity, its id, and what asked for it."""


def fire_others(
    work: Work, entity: Entity, record_id: str, several: Sequence[Asked], fire: Fire
) -> None:
    """Fire what a record asked for, in its order.

    Raises:
        RequestError: one is refused, or they go deeper than `MOST_CASCADES`.

    """
    inserts.leave_now(work.connection)
    fire_these(
        work,
        [
            (asked, one)
            for asked in several
            for one in _reached(work, entity, asked.command.path, record_id)
        ],
        fire,
    )


def fire_these(work: Work, found: Sequence[tuple[Asked, str]], fire: Fire) -> None:
    """Fire transitions of records that are known, in this order.

    Raises:
        RequestError: one is refused, or they go deeper than `MOST_CASCADES`.

    """
    inserts.leave_now(work.connection)
    lock(work, ((asked.command.entity, one) for asked, one in found))
    # what waits to be settled is settled after all of them, whatever becomes of each
    waiting, work.written = work.written, []
    work.depth += 1
    try:
        for asked, one in found:
            if asked.command.optional:
                _try(work, one, asked, fire)
            else:
                _deeper(work, one, asked, fire)
    finally:
        work.depth -= 1
        work.written = [*waiting, *work.written]


def lock_ahead(
    work: Work,
    entity: Entity,
    record_id: str,
    workflow: Workflow,
    edges: Iterable[Transition],
    more: Sequence[tuple[str, str]] = (),
) -> None:
    """Lock the records that a transition leads to by reference, before its own: they come first.

    `more` are others that it leads to, by entity and id.
    """
    paths = {
        (effect.given["entity"], effect.given["of"])
        for edge in edges
        for effect in _effects(workflow, edge)
        if effect.word == "fire" and "of" in effect.given
    }
    if paths or more:
        inserts.leave_now(work.connection)
        reached = [
            (other, one)
            for other, path in sorted(paths)
            for one in _reached(work, entity, path, record_id)
        ]
        lock(work, (*reached, *more))


def _effects(workflow: Workflow, edge: Transition) -> Iterator[Effect]:
    yield from edge.effects
    for name in edge.sources:
        yield from workflow.states[name].leave
    for name in edge.targets:
        yield from workflow.states[name].enter


def _reached(work: Work, entity: Entity, path: Sequence[str], record_id: str) -> list[str]:
    """Return the ids at the end of a path, those of a list in its order."""
    app, tables = work.runtime.app, work.runtime.schema.tables
    ids = [record_id]
    for name in path:
        field = entity.fields[name]
        if field.type == "children":
            part = app.entities[field.target]
            table = tables[part.name]
            order = [table.c.position] if "position" in table.c else []
            asked = (
                sa.select(table.c.id)
                .where(table.c[part.child_of].in_(ids))
                .order_by(*order, table.c.id)
            )
        else:
            table = tables[entity.name]
            column = table.c[name]
            asked = (
                sa.select(column).where(table.c.id.in_(ids), column.is_not(None)).order_by(column)
            )
        rows = work.connection.execute(system(asked, "whose transition is fired"))
        ids = list(dict.fromkeys(str(row[0]) for row in rows))
        entity = app.entities[field.target]
    return ids


def lock(work: Work, targets: Iterable[tuple[str, str]]) -> None:
    """Lock the wholes of records, by entity and id, in an order that everybody keeps.

    Raises:
        RecordBusy: somebody holds one for longer than one waits.

    """
    roots: dict[str, set[str]] = {}
    for name, record_id in targets:
        root, ids = _renewing.wholes(work, work.runtime.app.entities[name], (record_id,))
        roots.setdefault(root.name, set()).update(ids)
    for name in sorted(roots):
        table = work.runtime.schema.tables[name]
        asked = sa.select(table.c.id).where(table.c.id.in_(sorted(roots[name])))
        asked = asked.order_by(table.c.id).with_for_update(key_share=True)
        try:
            work.connection.execute(system(asked, "whose transition is fired")).all()
        except sqlalchemy.exc.OperationalError as error:
            if getattr(error.orig, "sqlstate", "") == NO_LOCK:
                raise busy() from error
            raise


def _deeper(work: Work, record_id: str, asked: Asked, fire: Fire) -> None:
    if work.depth > MOST_CASCADES:
        raise unfired(Refused("auto_loop", (Blocker("AUTO_LOOP", TOO_MANY),)))
    fire(asked.command.entity, record_id, asked)


def _try(work: Work, record_id: str, asked: Asked, fire: Fire) -> None:
    """Fire an optional transition; one that is refused is undone alone, and noted."""
    inserts.leave_now(work.connection)
    savepoint = work.connection.begin_nested()
    written, depth, told, saved = list(work.written), work.depth, dict(work.told), work.saved
    try:
        _deeper(work, record_id, asked, fire)
        inserts.leave_now(work.connection)
    except (Busy, RecordBusy):
        # somebody is at it now: that is no answer of the record, so all is tried again
        raise
    except RequestError as refusal:
        inserts.forget(work.connection)
        savepoint.rollback()
        work.written, work.depth, work.told, work.saved = written, depth, told, saved
        work.errors.clear()
        _note_skipped(work, record_id, asked, refusal.code)
    else:
        savepoint.commit()


def _note_skipped(work: Work, record_id: str, asked: Asked, code: str) -> None:
    """Write into the log of a record that it was asked and did not move."""
    command, app = asked.command, work.runtime.app
    entity = app.entities[command.entity]
    table = work.runtime.schema.tables[entity.name]
    column = table.c[app.workflows[entity.name][command.workflow].field]
    asked_for = sa.select(column, table.c.version).where(table.c.id == record_id)
    row = work.connection.execute(system(asked_for, "whose transition is fired")).first()
    state, version = (str(row[0]), row[1]) if row is not None else ("", None)
    entries = Entries(work, entity, record_id, {})
    told = {
        "source": SOURCE,
        "reason": code,
        "cause_log_id": asked.log_id,
        "record_version": version,
        **SYSTEM_ACTOR,
    }
    entries.note(Step(command.workflow, command.transition, state, state), SKIPPED, told)
    write_all(work, (entries,))
