"""Undo of a save: the form as it was before is saved once more, by the same rules as any save.

What the form showed when it was opened is kept for an hour under a token nobody can guess. It is
used at the version the save made: a record that somebody changed since is left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from generator.model.entity import Entity
from runtime.errors import NotFound
from runtime.messages import Result
from runtime.store import selections
from runtime.store.engine import read, write
from runtime.web.screens import merge, saving
from runtime.web.screens.form_opening import Opened, open_stored
from runtime.web.screens.visit import Visit, record_url

PURPOSE = "undo form"


def keep(visit: Visit, opened: Opened, result: Result) -> Mapping[str, Any]:
    """Keep what undoes a save; return the button that does it, or nothing for a new record."""
    version = _version(result)
    if not opened.record_id or opened.version is None or version != opened.version + 1:
        return {}
    runtime, entity = visit.runtime, opened.layout.entity.name
    token = runtime.make_id()
    with write(runtime.engine) as connection:
        selections.keep(
            connection,
            runtime.system.selection,
            token,
            user_id=visit.actor.id,
            entity=entity,
            purpose=PURPOSE,
            content=[opened.record_id, version, merge.packed(opened.stored)],
            now=runtime.clock(),
        )
    return button(visit, record_url(entity, opened.record_id, "undo"), {"token": token})


def button(visit: Visit, url: str, fields: Mapping[str, str]) -> Mapping[str, Any]:
    """Return an Undo that stands beside a message; see `runtime/web/frame.py`."""
    return {"label": visit.t("Undo"), "url": url, "fields": dict(fields)}


def told(text: str, action: Mapping[str, Any]) -> Any:
    """Return a message with a button, as `flash` keeps it; Flask's stub knows only plain texts."""
    return {"text": text, "action": dict(action)}


def undo(visit: Visit, entity: Entity, record_id: str, token: str) -> Result:
    """Save the form as it was.

    Raises:
        NotFound: there is nothing to undo, or not for this person.
        RequestError: the record changed since, or may not be so any more.

    """
    runtime = visit.runtime
    table = runtime.system.selection
    with read(runtime.engine) as connection:
        kept = selections.find(
            connection,
            table,
            token,
            user_id=visit.actor.id,
            entity=entity.name,
            purpose=PURPOSE,
            now=runtime.clock(),
        )
    if not kept or kept[0] != record_id:
        raise NotFound
    _, version, packed = kept
    now = open_stored(visit, entity, record_id)
    before = merge.restored(now.layout.fields, merge.unpacked(packed), now.state)
    result = saving.save(visit, replace(now, version=int(version), base=now.state), before, [])
    with write(runtime.engine) as connection:
        selections.drop(connection, table, token)
    return result


def _version(result: Result) -> int | None:
    if result.plan is None:
        return None
    names = [path.text for path in result.plan.paths]
    return int(result.row[names.index("version")]) if "version" in names else None
