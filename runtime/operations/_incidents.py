"""Whose incidents are whose: an operator sees those of records within their right to operate."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from runtime.messages import Actor
from runtime.operations._talk import record_plan
from runtime.outside import incidents
from runtime.outside.incidents import Incident
from runtime.runtime import Runtime
from runtime.store import fetch
from runtime.store.engine import read

ACTION = "operate"


def operable(runtime: Runtime, actor: Actor) -> tuple[str, ...]:
    """Return the entities whose incidents somebody may settle; asks no database."""
    return tuple(
        name
        for name in runtime.app.entities
        if runtime.matrix.grant(actor.roles, name, ACTION) is not None
    )


def counted(runtime: Runtime, actor: Actor) -> sa.Select[int]:
    """Return what counts the open incidents of what somebody operates and that runs by states."""
    named = [name for name in operable(runtime, actor) if name in runtime.app.workflows]
    return incidents.counted(runtime, named)


def waiting_for(runtime: Runtime, actor: Actor) -> Sequence[Incident]:
    """Return every open incident that somebody may settle, the oldest first."""
    entities = operable(runtime, actor)
    return reachable(runtime, actor, incidents.listed(runtime, entities)) if entities else ()


def reachable(runtime: Runtime, actor: Actor, found: Sequence[Incident]) -> Sequence[Incident]:
    """Return those of which somebody may reach the record.

    Costs a statement an incident only where the right depends on the record.
    """
    kept = []
    with read(runtime.engine) as connection:
        for one in found:
            grant = runtime.matrix.grant(actor.roles, one.entity, ACTION)
            if grant is None:
                continue
            if one.record_id and not grant.is_wide:
                entity = runtime.app.entities[one.entity]
                plan = record_plan(entity, one.record_id, actor, grant, runtime)
                if not fetch.page(connection, runtime.statements, plan).rows:
                    continue
            kept.append(one)
    return kept
