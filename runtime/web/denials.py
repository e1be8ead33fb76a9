"""Which refusals the audit tells: whoever asks for what they may not have leaves a row.

Comes in: a refusal that an operation made. Goes out: a row of `sw_audit`, or none. What is simply
wrong (a misspelt filter, a missing value) leaves none. A record that is hidden and one that never
was leave the same row at the same cost: nothing but the table knows which it was, and so the time
of an answer does not tell it either. Of a flood only the first are written (`runtime/flood.py`).
"""

from __future__ import annotations

from runtime import alarms
from runtime.errors import Forbidden, NotFound, RequestError
from runtime.messages import Actor, Incoming
from runtime.runtime import Runtime
from runtime.store.trail import DENIED, Note, Trail

OF_FIELDS = frozenset({"unknown_field", "read_only"})
"""Codes of a field that the caller may not use, or that is not there: the answer does not say."""


def note_denial(runtime: Runtime, refusal: RequestError, actor: Actor | None, address: str) -> None:
    """Tell in the audit of a refused operation, where a right was missing."""
    incoming = refusal.incoming
    if actor is None or not isinstance(incoming, Incoming):
        return
    why = _missing_right(runtime, refusal, incoming)
    if not why:
        return
    alarms.count_denials(runtime, actor)
    key = (actor.id, actor.real_id, incoming.entity, incoming.operation, why["why"])
    before = runtime.denials.take(key, runtime.clock())
    if before is None:
        return
    told = {"action": incoming.operation, "code": refusal.code, **why}
    if before:
        told["more"] = before
    note = Note(DENIED, incoming.entity, incoming.record_id, after=told, reason=incoming.reason)
    Trail(runtime, actor, incoming.source, incoming.request_id, address).alone(note)


def _missing_right(
    runtime: Runtime, refusal: RequestError, incoming: Incoming
) -> dict[str, object]:
    """Return what the caller lacked; empty when what they asked for is not there at all."""
    entity = runtime.app.entities.get(incoming.entity)
    if entity is None:
        return {}
    if isinstance(refusal, Forbidden):
        return {"why": "no_right"}
    if isinstance(refusal, NotFound):
        actor = incoming.actor
        if actor is not None and not runtime.matrix.actions(actor.roles, entity.name):
            return {"why": "no_right"}
        written = incoming.record_id.strip("0-")
        return {"why": "not_found"} if written else {}
    fields = [
        error.field
        for error in refusal.errors
        if error.code in OF_FIELDS and error.field.strip("-").split(".")[0] in entity.fields
    ]
    return {"why": "field", "fields": fields[:20]} if fields else {}
