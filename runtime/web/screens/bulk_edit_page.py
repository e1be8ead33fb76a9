"""Changing chosen fields of many records: the form, what it would do, what it did, and back again.

The records are frozen under a token first. The preview tries every change in a transaction that is
undone, so it tells exactly what will happen: the same validation and rights as the form of one
record. What is needed to undo is kept as the values were, and used only on a record that nobody
has changed since.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from generator.model.entity import Entity
from runtime.errors import Invalid, NotFound, RequestError
from runtime.messages import EMPTY, Outcome
from runtime.operations._bulk_lists import LISTS, WORDS
from runtime.store import selections
from runtime.store.engine import read, write
from runtime.store.rows import json_function
from runtime.web.screens import doors, form_state
from runtime.web.screens.bulk_page import SHOWN, Failed, failures
from runtime.web.screens.form_controls import control
from runtime.web.screens.form_drawing import Drawing
from runtime.web.screens.form_model import Control
from runtime.web.screens.form_state import FormField, State, form_fields
from runtime.web.screens.numbers import number
from runtime.web.screens.visit import Visit, plural

UNFIT = {"grid", "file", "image"}
CHUNK = 200
LARGE = 200
"""More records than this are changed by a job: nobody waits for them before a page."""
ACTION, UNDO = "action", "undo"


@dataclass(frozen=True, slots=True)
class BulkField:
    """A field that may be changed, and whether it shall be."""

    control: Control
    chosen: bool
    how: str = ""
    """Of a list: set, add or remove; empty for everything else."""


@dataclass(frozen=True, slots=True)
class BulkEditPage:
    """Everything `bulk_edit.html` draws."""

    title: str
    entity: str
    token: str
    count: str
    fields: tuple[BulkField, ...]
    query: str
    back: str
    previewed: bool = False
    done: bool = False
    changing: str = ""
    unchanged: str = ""
    refused: str = ""
    failed: tuple[Failed, ...] = ()
    more_failed: int = 0
    undo: str = ""
    """The token that undoes what was done."""
    problem: str = ""
    may_go: bool = False


def editable(visit: Visit, entity: Entity) -> tuple[FormField, ...]:
    """Return the fields marked `bulk_edit` that this person may set."""
    if not visit.may("bulk", entity.name) or not visit.may("update", entity.name):
        return ()
    names = [name for name, field in entity.fields.items() if field.bulk_edit]
    found = form_fields(visit, entity, names, changes=True)
    return tuple(one for one in found if not one.fixed and one.kind not in UNFIT)


def freeze(visit: Visit, entity: Entity, body: Mapping[str, Any]) -> tuple[str, int]:
    """Name the records once; return the token and their number.

    Raises:
        RequestError: not permitted, a filter that means nothing, or too many records.

    """
    result = doors.ask(visit, "freeze", entity.name, values=dict(body))
    return str(result.row[0]), int(result.total or 0)


def frozen(visit: Visit, entity: Entity, token: str, purpose: str = ACTION) -> Any:
    """Return what a token stands for.

    Raises:
        NotFound: it is not theirs, used, or older than an hour.

    """
    with read(visit.runtime.engine) as connection:
        found = selections.find(
            connection,
            visit.runtime.system.selection,
            token,
            user_id=visit.actor.id,
            entity=entity.name,
            purpose=purpose,
            now=visit.runtime.clock(),
        )
    if found is None:
        raise NotFound()
    return found


def page(
    visit: Visit,
    entity: Entity,
    token: str,
    state: State,
    chosen: Sequence[str],
    query: str,
    how: Mapping[str, str] = EMPTY,
) -> BulkEditPage:
    """Return the form."""
    ids = frozen(visit, entity, token)
    fields = editable(visit, entity)
    wanted = {one.field.target: state.get(one.field.name, ()) for one in fields if one.field.target}
    drawing = Drawing(visit, state, doors.titles_of(visit, wanted), {})
    made = tuple(
        BulkField(
            control(drawing, one),
            one.field.name in chosen or len(fields) == 1,
            how.get(one.field.name, "set") if one.field.type in LISTS else "",
        )
        for one in fields
    )
    return BulkEditPage(
        title=plural(visit, entity),
        entity=entity.name,
        token=token,
        count=number(visit, len(ids)),
        fields=made,
        query=query,
        back=f"/{entity.name}/" + (f"?{query}" if query else ""),
    )


def values_of(
    visit: Visit,
    entity: Entity,
    state: State,
    chosen: Sequence[str],
    how: Mapping[str, str],
) -> Mapping[str, Any]:
    """Return what is to be set, in API form; `how` says whether lists are set or added to."""
    fields = [one for one in editable(visit, entity) if one.field.name in chosen]
    found = dict(form_state.values_of(visit, fields, state, changes=True))
    for one in fields:
        word = how.get(one.field.name)
        if one.field.type in LISTS and word in WORDS and found.get(one.field.name):
            found[one.field.name] = {word: found[one.field.name]}
    return found


def tried(
    visit: Visit, entity: Entity, shown: BulkEditPage, values: Mapping[str, Any]
) -> BulkEditPage:
    """Return the form with what the change would do."""
    ids = frozen(visit, entity, shown.token)
    try:
        outcomes = _ask(visit, entity, ids, values, preview=True)
    except Invalid as refusal:
        return replace(shown, problem=said(visit, refusal))
    told = _told(visit, entity, shown, outcomes)
    return replace(told, previewed=True, may_go=told.changing != number(visit, 0))


def done(
    visit: Visit, entity: Entity, shown: BulkEditPage, values: Mapping[str, Any]
) -> BulkEditPage:
    """Change the records; return what became of them."""
    ids = frozen(visit, entity, shown.token)
    before = _before(visit, entity, ids, tuple(values))
    try:
        outcomes = _ask(visit, entity, ids, values, preview=False)
    except Invalid as refusal:
        return replace(shown, problem=said(visit, refusal))
    token = _keep(visit, entity, shown.token, before, outcomes)
    return replace(_told(visit, entity, shown, outcomes), done=True, undo=token)


def is_large(visit: Visit, entity: Entity, token: str) -> bool:
    """Return whether so many records are frozen that a job changes them."""
    return len(frozen(visit, entity, token)) > LARGE


def later(visit: Visit, entity: Entity, token: str, body: Mapping[str, Any]) -> str:
    """Have a job do it to what is frozen; return the job's run.

    Raises:
        RequestError: not permitted, or what shall be set is wrong.

    """
    ids = list(frozen(visit, entity, token))
    return str(
        doors.ask(visit, "bulk", entity.name, values={**body, "ids": ids, "background": True}).row
    )


def undone(visit: Visit, entity: Entity, token: str) -> tuple[int, int]:
    """Give records the values they had; return how many were changed back and how many not."""
    items = frozen(visit, entity, token, UNDO)
    with write(visit.runtime.engine) as connection:
        selections.drop(connection, visit.runtime.system.selection, token)
    back = 0
    for record_id, version, values in items:
        try:
            doors.ask(visit, "update", entity.name, record_id, values=values, version=version)
        except RequestError:
            continue
        back += 1
    return back, len(items) - back


def _ask(
    visit: Visit, entity: Entity, ids: Sequence[str], values: Mapping[str, Any], *, preview: bool
) -> tuple[Outcome, ...]:
    body: dict[str, Any] = {"operation": "update", "ids": list(ids), "values": dict(values)}
    if preview:
        body["preview"] = True
    return doors.ask(visit, "bulk", entity.name, values=body).outcomes


def _told(
    visit: Visit, entity: Entity, shown: BulkEditPage, outcomes: Sequence[Outcome]
) -> BulkEditPage:
    bad = [one for one in outcomes if one.status != "ok"]
    same = sum(one.status == "ok" and not one.changed for one in outcomes)
    return replace(
        shown,
        changing=number(visit, len(outcomes) - len(bad) - same),
        unchanged=number(visit, same),
        refused=number(visit, len(bad)),
        failed=failures(visit, entity, bad),
        more_failed=max(0, len(bad) - SHOWN),
    )


def said(visit: Visit, refusal: RequestError) -> str:
    """Return why something was refused, each reason once."""
    texts = [visit.text(error.message) for error in refusal.errors] or [visit.text(refusal.message)]
    return " ".join(dict.fromkeys(texts))


def _before(
    visit: Visit, entity: Entity, ids: Sequence[str], names: Sequence[str]
) -> Mapping[str, tuple[int, dict[str, Any]]]:
    """Return version and values of the records as they are, in API form."""
    linked = [n for n in names if visit.catalog[entity.fields[n].type].relation == "references"]
    if linked or not visit.may("list", entity.name):
        return {}
    found: dict[str, tuple[int, dict[str, Any]]] = {}
    fields = (",".join(("id", "version", *names)),)
    for start in range(0, len(ids), CHUNK):
        part = ",".join(ids[start : start + CHUNK])
        query = {"ids": (part,), "fields": fields, "limit": (str(CHUNK),)}
        result = doors.ask(visit, "list", entity.name, query=query)
        make = json_function(result.plan.shown, visit.catalog)
        for row in map(make, result.rows):
            found[row["id"]] = (row["version"], {name: _plain(row.get(name)) for name in names})
    return found


def _plain(value: Any) -> Any:
    """Return a value as a payload holds it: a reference is its id."""
    return value.get("id") if isinstance(value, dict) and set(value) <= {"id"} else value


def _keep(
    visit: Visit,
    entity: Entity,
    used: str,
    before: Mapping[str, tuple[int, dict[str, Any]]],
    outcomes: Sequence[Outcome],
) -> str:
    """Keep what undoes the change: the records it changed and nobody else did in between."""
    items = [
        (one.record_id, one.version, before[one.record_id][1])
        for one in outcomes
        if one.version is not None and before.get(one.record_id, (0, {}))[0] == one.version - 1
    ]
    table, token = visit.runtime.system.selection, visit.runtime.make_id()
    with write(visit.runtime.engine) as connection:
        selections.drop(connection, table, used)
        if items:
            selections.keep(
                connection,
                table,
                token,
                user_id=visit.actor.id,
                entity=entity.name,
                purpose=UNDO,
                content=items,
                now=visit.runtime.clock(),
            )
    return token if items else ""
