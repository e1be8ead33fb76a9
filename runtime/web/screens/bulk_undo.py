"""Undo of archiving many records at once: what went is remembered for an hour, and comes back.

A record that somebody brought back or changed in between stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from generator.model.entity import Entity
from runtime.messages import Outcome
from runtime.store import selections
from runtime.store.engine import read, write
from runtime.web.screens import doors, form_undo
from runtime.web.screens.visit import Visit, record_url

PURPOSE = "undo archive"


def keep(
    visit: Visit, entity: Entity, outcomes: Sequence[Outcome], listed: str
) -> Mapping[str, Any]:
    """Keep what was archived; return the button that brings it back, or nothing."""
    gone = [one.record_id for one in outcomes if one.status == "ok"]
    if not (gone and entity.archive and visit.may("restore", entity.name)):
        return {}
    runtime, token = visit.runtime, visit.runtime.make_id()
    with write(runtime.engine) as connection:
        selections.keep(
            connection,
            runtime.system.selection,
            token,
            user_id=visit.actor.id,
            entity=entity.name,
            purpose=PURPOSE,
            content=gone,
            now=runtime.clock(),
        )
    url = record_url(entity.name) + "undo"
    return form_undo.button(visit, url, {"token": token, "query": listed})


def undone(visit: Visit, entity: Entity, token: str) -> tuple[int, int] | None:
    """Bring records back; return how many came and how many not, None for a token of other use."""
    runtime = visit.runtime
    table = runtime.system.selection
    with read(runtime.engine) as connection:
        gone = selections.find(
            connection,
            table,
            token,
            user_id=visit.actor.id,
            entity=entity.name,
            purpose=PURPOSE,
            now=runtime.clock(),
        )
    if gone is None:
        return None
    body = {"operation": "restore", "ids": list(gone)}
    outcomes = doors.ask(visit, "bulk", entity.name, values=body).outcomes
    with write(runtime.engine) as connection:
        selections.drop(connection, table, token)
    back = sum(one.status == "ok" for one in outcomes)
    return back, len(outcomes) - back
