"""What is told of a transition that broke: a note in the audit and an incident, apart from it.

Comes in: a refusal that undid its transaction. Goes out: the same refusal with the id of an
incident, for whoever asked and for the operator. Both are written in a transaction of their own;
the incident of one record and kind is opened once, however often somebody tries.
"""

from __future__ import annotations

from typing import Any

from runtime.errors import Broken
from runtime.messages import Incoming
from runtime.outside import incidents
from runtime.runtime import Runtime
from runtime.store.engine import write
from runtime.store.trail import Note, Trail


def place(refusal: Broken, entity: str, record_id: str, workflow: str, transition: str) -> None:
    """Say which record and step broke; the innermost place is the one that is kept."""
    refusal.params.setdefault("broke", (entity, record_id, workflow, transition))


def note(runtime: Runtime, incoming: Incoming, refusal: Broken) -> None:
    """Tell what was tried and undone, and put the incident's id into the refusal."""
    broke = refusal.params.get("broke", (incoming.entity, incoming.record_id, "", ""))
    entity, record_id, workflow, transition = broke
    told: dict[str, Any] = {
        "workflow": workflow,
        "transition": transition,
        "code": refusal.code,
        "errors": [f"{one.field}: {one.code}" for one in refusal.errors][:20],
    }
    facts = {
        "workflow": workflow,
        "transition": transition,
        "state": refusal.params.get("current") or "",
        "why": ", ".join(told["errors"])[:300],
    }
    trail = Trail(runtime, incoming.actor, incoming.source, incoming.request_id, incoming.address)
    with write(runtime.engine) as connection:
        trail.write(connection, Note("transition_failed", entity, record_id, after=told))
        refusal.params["incident"] = incidents.open_incident(
            connection,
            runtime,
            refusal.code,
            (incidents.RECORD, record_id or incoming.request_id[:36]),
            (entity, record_id),
            {name: value for name, value in facts.items() if value},
        )
