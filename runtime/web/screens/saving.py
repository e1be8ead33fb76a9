"""The work of a form: read what is there, save what was sent, keep all of it when refused."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from generator.field_types._ids import WRITTEN
from generator.model.entity import Entity
from runtime.errors import FieldError, Invalid, NotFound, RequestError, Stale
from runtime.files import FileStore
from runtime.messages import Result
from runtime.operations._reading import title_columns
from runtime.web.screens import cells as drawing
from runtime.web.screens import form_state, merge, uploads
from runtime.web.screens.doors import ask, titles_of
from runtime.web.screens.form_page import (
    Drawing,
    FormLayout,
    FormPage,
    MergeLine,
    control,
    error_lines,
    form_cards,
    form_layout,
    form_title,
    has_files,
    messages_of,
    wanted_titles,
)
from runtime.web.screens.form_state import FILES, FormField, State
from runtime.web.screens.uploads import Upload
from runtime.web.screens.visit import Visit, new_url, record_url

MOST_ROWS = 300
"""Rows of a grid that a form shows; a longer one is changed over the API or by an import."""
MOST_IDS = 200
"""Records that one list may ask for."""
Query = dict[str, tuple[str, ...]]
BATCH = 5
"""Includes that one read may ask for."""


@dataclass(frozen=True)
class Sent:
    """What a browser sent: texts by control name, files by control name."""

    texts: Mapping[str, Sequence[str]]
    files: Mapping[str, Upload]

    def one(self, name: str) -> str:
        """Return the last text of a name."""
        texts = self.texts.get(name, ())
        return texts[-1] if texts else ""


@dataclass(frozen=True)
class Opened:
    """A form before it is drawn."""

    layout: FormLayout
    state: State
    record_id: str = ""
    version: int | None = None
    title: str = ""
    base: State | None = None
    """What the form showed when it was opened."""
    key: str = ""
    listed: str = ""
    left_out: tuple[str, ...] = ()
    """Labels of what is too long for a form."""


def open_new(
    visit: Visit, entity: Entity, preset: Mapping[str, Sequence[str]], copy: str
) -> Opened:
    """Open an empty form: defaults, then a copied record, then what the address says.

    Raises:
        RequestError: the person may not create, or not read what is to be copied.

    """
    if not visit.may("create", entity.name) or entity.child_of:
        raise NotFound if not visit.may("list", entity.name) else _forbidden(visit, entity)
    layout = form_layout(visit, entity, changes=False)
    state = form_state.state_of_new(visit, layout.fields)
    if copy:
        state |= _copied(visit, layout, copy)
    state |= form_state.state_of_post(visit, layout.fields, preset)
    return Opened(layout, state, key=str(uuid.uuid4()))


def _forbidden(visit: Visit, entity: Entity) -> RequestError:
    """Return the refusal that the pipeline itself gives."""
    try:
        ask(visit, "create", entity.name, values={})
    except RequestError as refusal:
        return refusal
    return NotFound()


def _copied(visit: Visit, layout: FormLayout, record_id: str) -> dict[str, tuple[str, ...]]:
    """Return the state of another record without what must be its own: keys, files, row ids."""
    fields = tuple(
        one
        for one in layout.fields
        if not one.field.unique
        and one.field.type not in FILES
        and one.field.name not in layout.entity.key
    )
    result, _ = stored(visit, layout.entity, fields, record_id)
    linked, _ = links_of_rows(visit, fields, result)
    state = form_state.state_of_record(visit, fields, result) | linked
    single = {inner.field.name for one in fields for inner in one.rows if inner.field.unique}
    files = {inner.field.name for one in fields for inner in one.rows if inner.field.type in FILES}
    dropped = {"id", *single, *files}
    return {
        name: texts
        for name, texts in state.items()
        if not ((row := form_state.ROW.fullmatch(name)) and row[3] in dropped)
    }


def open_stored(visit: Visit, entity: Entity, record_id: str) -> Opened:
    """Open the form of a stored record.

    Raises:
        RequestError: it is not there, or not to be changed by this person.

    """
    layout = form_layout(visit, entity, changes=True)
    if not visit.may("update", entity.name):
        ask(visit, "update", entity.name, record_id, values={}, version=0)
    result, readable = stored(visit, entity, layout.fields, record_id)
    long = too_long(layout.fields, result)
    layout = layout.only([name for name in readable if name not in long])
    linked, unknown = links_of_rows(visit, layout.fields, result)
    layout = layout.without(unknown)
    state = form_state.state_of_record(visit, layout.fields, result) | linked
    places = [path.text for path in result.plan.paths]
    named = drawing.title(visit, entity.name, result.plan.paths)(result.row)
    return Opened(
        layout,
        state,
        record_id,
        int(result.row[places.index("version")]),
        named or record_id[:8],
        state,
        str(uuid.uuid4()),
        left_out=tuple(visit.text(entity.fields[name].label) for name in long),
    )


def stored(
    visit: Visit, entity: Entity, fields: Sequence[FormField], record_id: str
) -> tuple[Result, tuple[str, ...]]:
    """Read what a form holds; return it with the names of the fields that could be read."""
    grant = visit.runtime.matrix.grant(visit.actor.roles, entity.name, "read")
    readable = grant.read if grant is not None else frozenset()
    many = [
        one.field.name
        for one in fields
        if one.kind in {"grid", "pickers"}
        and one.field.name in readable
        and visit.may("read", one.field.target)
    ]
    single = [
        one.field.name
        for one in fields
        if one.kind not in {"grid", "pickers"} and one.field.name in readable
    ]
    paths = drawing.readable(visit, entity.name, single)
    titles = title_columns(entity.name, visit.reads)
    currencies = drawing.readable(visit, entity.name, drawing_currencies(visit, entity))
    asked = ("id", *(path.text for path in (*paths, *currencies)), *titles)
    query: Query = {"fields": (",".join(dict.fromkeys(asked)),)}
    result = ask(visit, "read", entity.name, record_id, _including(query, many[:BATCH]))
    for start in range(BATCH, len(many), BATCH):
        more = ask(
            visit, "read", entity.name, record_id, _including(query, many[start : start + BATCH])
        )
        plan = replace(result.plan, includes=(*result.plan.includes, *more.plan.includes))
        result = replace(result, plan=plan, included={**result.included, **more.included})
    return result, (*many, *(path.text for path in paths))


def too_long(fields: Sequence[FormField], result: Result) -> tuple[str, ...]:
    """Return the grids with more rows than a form holds: sent back cut, they would lose rows."""
    return tuple(
        one.field.name
        for one in fields
        if one.kind == "grid"
        and any(len(rows) > MOST_ROWS for rows in result.included.get(one.field.name, {}).values())
    )


def links_of_rows(
    visit: Visit, fields: Sequence[FormField], result: Result
) -> tuple[dict[str, tuple[str, ...]], frozenset[str]]:
    """Return the state of many-to-many fields inside a grid's rows, which no include brings.

    Also returns the fields, as `lines.options`, that this person may not read: a form that does not
    know them must not send them, or it would empty them.
    """
    state: dict[str, tuple[str, ...]] = {}
    unknown: set[str] = set()
    for grid in fields:
        inner = [part.field.name for part in grid.rows if part.kind == "pickers"]
        include = next((one for one in result.plan.includes if one.name == grid.field.name), None)
        if not inner or include is None:
            continue
        at = [path.text for path in include.plan.paths].index("id")
        rows = next(iter(result.included.get(grid.field.name, {}).values()), ())
        ids = [str(row[at]) for row in rows]
        try:
            links = _links(visit, grid.field.target, inner, ids)
        except RequestError:
            unknown |= {f"{grid.field.name}.{name}" for name in inner}
            continue
        for (row_id, name), targets in links.items():
            state[f"{grid.field.name}-{ids.index(row_id)}-{name}"] = targets
    return state, frozenset(unknown)


def _links(
    visit: Visit, entity: str, names: list[str], ids: list[str]
) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return what many-to-many fields of records hold, by record and field."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for start in range(0, len(ids), MOST_IDS):
        some = ids[start : start + MOST_IDS]
        query = {
            "ids": (",".join(some),),
            "fields": ("id",),
            "include": (",".join(names),),
            "archived": ("all",),
            "limit": (str(MOST_IDS),),
        }
        result = ask(visit, "list", entity, query=query)
        for include in result.plan.includes:
            at = [path.text for path in include.plan.paths].index("id")
            for row_id, rows in result.included.get(include.name, {}).items():
                found[row_id, include.name] = tuple(str(row[at]) for row in rows)
    return found


def _including(query: Query, names: list[str]) -> Query:
    return {**query, "include": (",".join(names),)} if names else query


def drawing_currencies(visit: Visit, entity: Entity) -> tuple[str, ...]:
    """Return the fields of a record that name the currency of its amounts."""
    children = [
        visit.app.entities[field.target]
        for field in entity.fields.values()
        if field.type == "children"
    ]
    texts = [
        str(field.args.get("currency") or "")
        for model in (entity, *children)
        for field in model.fields.values()
        if field.type == "money"
    ]
    names = [text.rpartition(".")[2] for text in texts if text and not text.isupper()]
    return tuple(name for name in dict.fromkeys(names) if name in entity.fields)


def take_files(
    visit: Visit, files: FileStore, opened: Opened, sent: Sent
) -> tuple[dict[str, Sequence[str]], list[FieldError]]:
    """Keep the uploads of a form and return what was sent with their ids in place.

    An id that the form holds already counts only when the record holds it too, or when this person
    uploaded it: nobody reaches a stranger's file by writing down its id.
    """
    texts: dict[str, Sequence[str]] = dict(sent.texts)
    errors: list[FieldError] = []
    held = {text for found in (opened.base or {}).values() for text in found}
    for name, one, place in _file_controls(opened.layout.fields, texts, sent.files):
        if sent.one(f"{name}-remove"):
            texts[name] = ()
        for file_id in tuple(texts.get(name, ())):
            if file_id and file_id not in held and not _is_own(visit, files, file_id):
                texts[name] = ()
        upload = sent.files.get(f"{name}-upload")
        if upload is None or not upload.name:
            continue
        try:
            kept = uploads.keep(files, upload, one.field, visit.actor.id)
        except Invalid as refusal:
            errors += [replace(error, field=place) for error in refusal.errors]
        else:
            texts[name] = (kept.id,)
    return texts, errors


def _is_own(visit: Visit, files: FileStore, file_id: str) -> bool:
    if not WRITTEN.fullmatch(file_id):
        return False
    return uploads.uploaded_by(files, file_id) == visit.actor.id


def _file_controls(
    fields: Sequence[FormField],
    texts: Mapping[str, Sequence[str]],
    sent: Mapping[str, Upload],
) -> list[tuple[str, FormField, str]]:
    """Return every file control that was sent: its name, its field, its path in the payload."""
    found: list[tuple[str, FormField, str]] = []
    for one in fields:
        if one.kind in FILES:
            found.append((one.field.name, one, one.field.name))
        for inner in one.rows:
            if inner.kind not in FILES:
                continue
            for key in dict.fromkeys((*texts, *sent)):
                row = form_state.ROW.fullmatch(key)
                if (
                    row
                    and row[1] == one.field.name
                    and row[3].partition("-")[0] == inner.field.name
                ):
                    name = f"{row[1]}-{row[2]}-{inner.field.name}"
                    found.append((name, inner, f"{row[1]}.{row[2]}.{inner.field.name}"))
    return list({entry[0]: entry for entry in found}.values())


def save(visit: Visit, opened: Opened, state: State, errors: list[FieldError]) -> Result:
    """Save what a form says.

    Raises:
        RequestError: it is refused; nothing is written.

    """
    if errors:
        raise Invalid(errors[0].message, tuple(errors))
    changes = bool(opened.record_id)
    values: dict[str, Any] = form_state.values_of(
        visit, opened.layout.fields, state, changes=changes
    )
    if changes and opened.base is not None:
        values = only_changed(opened.layout.fields, opened.base, state, values)
    return ask(
        visit,
        "update" if changes else "create",
        opened.layout.entity.name,
        opened.record_id,
        values=values,
        version=opened.version,
        idempotency_key=opened.key,
    )


def only_changed(
    fields: Sequence[FormField], base: State, state: State, values: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the payload without what is as the form showed it.

    A form shows less than a record holds: a moment without its microseconds, links without those
    to archived records. What nobody touched is not sent, so it stays as it is.
    """
    kept: dict[str, Any] = {}
    for one in fields:
        name = one.field.name
        if name not in values:
            continue
        if one.kind == "grid":
            kept[name] = _changed_rows(one, base, state, values[name])
        elif not merge.same(base, state, one):
            kept[name] = values[name]
    return kept


def _changed_rows(
    grid: FormField, base: State, state: State, rows: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return the rows without untouched links and moments; the rest of a row is always whole."""
    name = grid.field.name
    shown = {
        base.get(f"{name}-{number}-id", ("",))[-1]: number
        for number in form_state.row_numbers(base, name)
    }
    loose = [
        part.field.name
        for part in grid.rows
        if part.kind in {"pickers", "datetime"} and not part.field.required
    ]
    found = []
    for number, row in zip(form_state.row_numbers(state, name), rows, strict=True):
        earlier = shown.get(str(row.get("id", "")))
        untouched = {
            inner
            for inner in loose
            if earlier is not None
            and base.get(f"{name}-{earlier}-{inner}") == state.get(f"{name}-{number}-{inner}")
        }
        found.append({key: value for key, value in row.items() if key not in untouched})
    return found


def merge_lines(visit: Visit, opened: Opened, mine: State, theirs: Opened) -> tuple[MergeLine, ...]:
    """Return the comparison after a stale save."""
    fields = opened.layout.fields
    wanted = wanted_titles(fields, mine)
    for target, ids in wanted_titles(fields, theirs.state).items():
        wanted[target] = (*wanted.get(target, ()), *ids)
    titles = titles_of(visit, wanted)
    return merge.lines(visit, fields, opened.base or {}, mine, theirs.state, titles)


def form_page(
    visit: Visit,
    opened: Opened,
    state: State,
    refusal: RequestError | None = None,
    lines: tuple[MergeLine, ...] = (),
    problem: str = "",
) -> FormPage:
    """Return the page of a form in a state, with what was refused."""
    layout, entity = opened.layout, opened.layout.entity
    titles = titles_of(visit, wanted_titles(layout.fields, state))
    url = record_url(entity.name, opened.record_id) if opened.record_id else ""
    made = Drawing(visit, state, titles, messages_of(visit, refusal), url)
    errors = error_lines(visit, layout, refusal, state)
    told = problem
    if refusal is not None and not errors and not isinstance(refusal, Stale):
        told = visit.text(refusal.message) or visit.text(refusal.title)
    if opened.left_out and not told:
        told = visit.t(
            "Too many rows to edit here: {names}. They stay as they are.",
            names=", ".join(opened.left_out),
        )
    hidden = [("_key", opened.key), ("list", opened.listed)]
    if opened.version is not None:
        hidden += [("_version", str(opened.version)), ("_was", merge.packed(opened.base or {}))]
    listed = {"list": opened.listed}
    return FormPage(
        entity=entity.name,
        title=form_title(visit, entity, opened.title),
        action=f"{url}/edit" if url else new_url(entity.name),
        cards=form_cards(made, layout),
        side=tuple(control(made, one) for one in layout.side),
        hidden=tuple((name, value) for name, value in hidden if value),
        back=record_url(entity.name, opened.record_id, **listed)
        if url
        else record_url(entity.name) + (f"?{opened.listed}" if opened.listed else ""),
        errors=errors,
        problem=told,
        merge=lines,
        dirty=bool(refusal or problem or lines),
        is_new=not opened.record_id,
        has_files=has_files(layout.fields),
    )
