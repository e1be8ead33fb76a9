"""A form is opened: what is stored, copied or given as a default becomes its state."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from generator.model.entity import Entity
from runtime.errors import NotFound, RequestError
from runtime.messages import Result
from runtime.operations._columns import title_columns
from runtime.web.screens import cells as drawing
from runtime.web.screens import form_state
from runtime.web.screens.doors import ask
from runtime.web.screens.form_layout import FormLayout, form_layout
from runtime.web.screens.form_state import FILES, FormField, State
from runtime.web.screens.visit import Visit

MOST_ROWS = 300
"""Rows of a grid that a form shows; a longer one is changed over the API or by an import."""
MOST_IDS = 200
"""Records that one list may ask for."""
Query = dict[str, tuple[str, ...]]
BATCH = 5
"""Includes that one read may ask for."""


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
    stored: State = field(default_factory=dict)
    """What the record itself holds now; nothing for a new one."""
    in_drawer: bool = False
    """The form lies over another one, which waits for the record it makes."""


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
        stored=state,
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
