"""Looking records up by what one sees masked: who may, how often, and what the log keeps of it.

The right is the action `match`. A look-up compares the column itself, inside the plan of its
reader: the values stand in clear in the table of the record, so a second column of HMACs beside
them would hide nothing from whoever reads the database and would have to be kept true. What must
be keyed is what is copied elsewhere: the log has the mark of what was asked, never the value.

A look-up is counted and logged in one transaction before its rows are answered; whoever asked too
often gets none. The rows stay masked, as their reader sees them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model.text import Label
from rules.permissions import Grant
from runtime.errors import BadRequest
from runtime.messages import Actor, Incoming
from runtime.operations import _hourly, _reading
from runtime.runtime import Runtime
from runtime.store.engine import write
from runtime.store.plan import QueryPlan
from runtime.store.sealed import SEALED, sought
from runtime.store.trail import Note, Trail

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MATCH = "match"
"""The action, what its limit is called, and the operation that the log names."""
AN_HOUR = 60
"""Look-ups of one person in an hour, where no line says how many."""


def right(runtime: Runtime, actor: Actor, entity: str) -> Grant | None:
    """Return what somebody may look up by masked values; with somebody else's eyes nothing."""
    return None if actor.real_id else runtime.matrix.grant(actor.roles, entity, MATCH)


def asks(runtime: Runtime, actor: Actor, entity: str, query: Mapping[str, tuple[str, ...]]) -> bool:
    """Return whether a query of a list asks for masked values; one that is wrong does not."""
    grant, looking = (
        runtime.matrix.grant(actor.roles, entity, "list"),
        right(runtime, actor, entity),
    )
    if grant is None or looking is None:
        return False
    incoming = Incoming("list", entity, actor, query=query)
    try:
        call = _reading.parse_read(incoming, grant, runtime, looking)
    except BadRequest:
        return False
    return bool(call.looked) or any(one.through is not None for one in call.clauses)


def note(runtime: Runtime, incoming: Incoming, plan: QueryPlan, rows: int) -> None:
    """Count and log the look-ups of a page that was read.

    Raises:
        TooMany: the person looked up enough for an hour; nothing may be answered.

    """
    actor, asked = incoming.actor, plan.look_ups
    if not asked or actor is None:
        return
    most = min(
        (one.through.limits.get(MATCH, AN_HOUR) for one in asked if one.through is not None),
        default=AN_HOUR,
    )
    trail = Trail(runtime, actor, incoming.source, incoming.request_id, incoming.address)
    with write(runtime.engine) as connection:
        _hourly.hold(connection, runtime, actor.id, MATCH, most, _enough(most))
        trail.write(connection, *_notes(runtime, plan, rows))


def _notes(runtime: Runtime, plan: QueryPlan, rows: int) -> Iterable[Note]:
    for one in plan.look_ups:
        name = one.path.field.name
        mark = sought(runtime, plan.entity, name, one.values[0])
        after = {"field": name, "sought": {SEALED: mark}, "rows": rows}
        yield Note(MATCH, plan.entity.name, after=after)


def _enough(most: int) -> Label:
    return Label(
        {
            "en": f"You looked records up by masked values {most} times in the last hour. "
            "Go on later.",
            "zh": f"您在过去一小时内已按脱敏内容查找 {most} 次，请稍后再试。",
        }
    )
