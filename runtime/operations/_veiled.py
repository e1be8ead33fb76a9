"""What a refusal may tell: a reason names no value that its reader could not read by themselves.

Comes in: why a transition or a post cannot be, with the values that its author's words name. Goes
out: the same reasons; where the reader may not see such a value in clear, in this very record, the
words stand without it. Who is refused learns that a condition does not hold, as its author wrote
it, and never by how much. What the system does by itself tells nobody any value: whoever reads of
it later in an incident or a log is somebody else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from generator.model.entity import Entity
from rules.blockers import Blocker, without
from rules.workflow.asking import Refused
from runtime.errors import RequestError
from runtime.messages import Actor
from runtime.operations import _rights
from runtime.operations._held import Held
from runtime.operations._unfired import unfired
from runtime.operations._work import Work


def refusal_for(work: Work, held: Held, refused: Refused, field: str = "") -> RequestError:
    """Return the refusal of a transition, as whoever asked may read it.

    `field` is that of the workflow: whoever does not see it is not told where the record is.
    """
    told = replace(refused, reasons=veiled(work, held, refused.reasons))
    if field and told.current:
        told = replace(told, current=state_told(work, held, field))
    return unfired(told)


def state_told(work: Work, held: Held, field: str) -> str:
    """Return the state of a record for whoever asked: our own machines go by it."""
    actor = work.incoming.actor
    is_machine = actor is None or actor.kind == "system"
    is_told = is_machine or shows(work, held, (field,))
    return str(held.facts.get(field)) if is_told else ""


def veiled(
    work: Work, held: Held, reasons: Sequence[Blocker], *, is_read: bool = False
) -> tuple[Blocker, ...]:
    """Return reasons without the values that whoever asked may not read.

    `is_read`: the record is known to be one that they may read.
    """
    return tuple(
        without(
            one,
            [
                name
                for name, paths in one.reads.items()
                if not all(shows(work, held, path, is_read=is_read) for path in paths)
            ],
        )
        for one in reasons
    )


def shows(work: Work, held: Held, path: Sequence[str], *, is_read: bool = False) -> bool:
    """Return whether whoever asked reads what a path leads to, in clear, wherever it leads."""
    actor = work.incoming.actor
    if actor is None or actor.kind == "system":
        return False
    entity, name = held.draft.entity, path[0]
    grant = work.runtime.matrix.grant(actor.roles, entity.name, "read")
    if is_read and len(path) == 1 and grant is not None and name in grant.open:
        return True
    return _reads(work, actor, entity, (held.facts,), tuple(path))


def _reads(
    work: Work, actor: Actor, entity: Entity, rows: Sequence[Any], path: tuple[str, ...]
) -> bool:
    """Return whether somebody reads a field of records, and what lies behind it."""
    name, *rest = path
    if not _clear(work, actor, entity, rows, name):
        return False
    if not rest:
        return True
    behind: list[Any] = []
    for row in rows:
        there = row.get(name)
        behind += there if isinstance(there, (list, tuple)) else [there] if there else []
    found = [one for one in behind if isinstance(one, Mapping)]
    if len(found) < len(behind):
        return False
    target = work.runtime.app.entities[entity.fields[name].target]
    return not found or _reads(work, actor, target, found, tuple(rest))


def _clear(work: Work, actor: Actor, entity: Entity, rows: Sequence[Any], name: str) -> bool:
    """Return whether somebody sees one field in clear in every one of some records."""
    grant = work.runtime.matrix.grant(actor.roles, entity.name, "read")
    if grant is None:
        return False
    if grant.is_wide and name in grant.open:
        return True
    ids = sorted({str(row["id"]) for row in rows if row.get("id")})
    lines = _rights.opening(work, entity, ids, grant) if ids else {}
    return bool(ids) and all(
        one in lines and grant.sight(name, lines[one]) == "clear" for one in ids
    )
