"""The state of a form: what its controls hold, as the browser would send it.

There is one shape, name → texts, for a new record (its defaults), a stored one, and one that was
sent and refused. So the form is drawn, read and compared by the same few functions, and what
somebody typed survives a refusal untouched, also where it is no number at all. A row of a grid is
`lines-2-quantity`, a part of an address `address-city`; no field has a hyphen in its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generator.field_types._numbers import currency_places
from generator.field_types.address import PARTS
from generator.field_types.duration import CLOCK
from generator.model.entity import Entity, Field
from runtime.messages import Result
from runtime.operations._reading import context
from runtime.web.screens.visit import Visit

State = Mapping[str, tuple[str, ...]]
ROW = re.compile(r"([a-z][a-z0-9_]*)-([0-9]{1,5})-([a-z_][a-z0-9_]*(?:-[A-Za-z0-9_]+)?)")
MOST_ROWS = 1000
FILES = {"file", "image"}


@dataclass(frozen=True)
class FormField:
    """A field of the form, and for children the fields of a row."""

    field: Field
    kind: str
    """The kind of its control."""
    rows: tuple[FormField, ...] = ()
    fixed: bool = False
    """Shown but not to be changed any more."""


def form_fields(
    visit: Visit, entity: Entity, names: Iterable[str], *, changes: bool
) -> tuple[FormField, ...]:
    """Return those fields that the person may set, in the order given."""
    grant = visit.runtime.matrix.grant(
        visit.actor.roles, entity.name, "update" if changes else "create"
    )
    if grant is None:
        return ()
    reading = visit.runtime.matrix.grant(visit.actor.roles, entity.name, "read")
    # what somebody sees masked would be saved masked: it is not on their form
    masked = reading.veiled if changes and reading is not None else frozenset()
    found = []
    for name in dict.fromkeys(names):
        field = entity.fields.get(name)
        if field is None or name not in grant.write or not _is_set_by_people(visit, field):
            continue
        if name in masked:
            continue
        fixed = changes and field.immutable
        if fixed and name not in grant.read:
            continue
        if field.type == "children":
            child = visit.app.entities[field.target]
            inner = form_fields(visit, child, row_names(visit, child), changes=changes)
            found.append(FormField(field, "grid", inner, fixed))
        else:
            found.append(FormField(field, control_kind(visit, field), fixed=fixed))
    return tuple(found)


def _is_set_by_people(visit: Visit, field: Field) -> bool:
    return not field.readonly and field.computed is None and not visit.catalog[field.type].generated


def row_names(visit: Visit, child: Entity) -> tuple[str, ...]:
    """Return the fields of a grid's row: those of the child's own form, else all of them."""
    named = [name for group in child.form.groups for name in group.fields] + [*child.form.side]
    return tuple(
        name
        for name in dict.fromkeys(named)
        if name != child.child_of and child.fields[name].type != "children"
    )


def control_kind(visit: Visit, field: Field) -> str:
    """Return which control edits a field; a yes or no that may be unknown needs three answers."""
    if field.type == "boolean" and not field.required and field.default is None:
        return "yesno"
    return visit.catalog[field.type].input(field).kind


def state_of_record(
    visit: Visit, fields: Sequence[FormField], result: Result
) -> dict[str, tuple[str, ...]]:
    """Return the state of a stored record."""
    state: dict[str, tuple[str, ...]] = {}
    places = {path.text: number for number, path in enumerate(result.plan.paths)}
    record_id = str(result.row[places["id"]])
    currencies = {
        text: str(result.row[place] or "") for text, place in places.items() if "." not in text
    }
    for one in fields:
        name = one.field.name
        if one.kind == "grid" or one.kind == "pickers":
            include = next((i for i in result.plan.includes if i.name == name), None)
            if include is None:
                continue
            rows = result.included.get(name, {}).get(record_id, ())
            inner = {path.text: number for number, path in enumerate(include.plan.paths)}
            if one.kind == "pickers":
                state[name] = tuple(str(row[inner["id"]]) for row in rows)
                continue
            for number, row in enumerate(rows):
                prefix = f"{name}-{number}-"
                state[prefix + "id"] = (str(row[inner["id"]]),)
                for part in one.rows:
                    if part.field.name in inner:
                        value = row[inner[part.field.name]]
                        code = _currency(part.field, currencies)
                        state |= field_state(visit, part, value, prefix, code)
        elif name in places:
            code = _currency(one.field, currencies)
            state |= field_state(visit, one, result.row[places[name]], "", code)
    return state


def _currency(field: Field, known: Mapping[str, str]) -> str:
    """Return the currency of a money field: fixed, or what the record says."""
    if field.type != "money":
        return ""
    name = str(field.args.get("currency") or "")
    return name if name.isupper() else known.get(name.rpartition(".")[2], "")


def field_state(
    visit: Visit, one: FormField, value: Any, prefix: str = "", currency: str = ""
) -> dict[str, tuple[str, ...]]:
    """Return the state of one field that holds a stored value."""
    field, name = one.field, prefix + one.field.name
    kind = visit.catalog[field.type]
    if one.kind == "checkbox":
        return {name: ("1",)} if value else {}
    if one.kind in {"multiselect"}:
        return {name: tuple(value or ())}
    if one.kind == "address":
        return {f"{name}-{part}": (str(value[part]),) for part in PARTS if (value or {}).get(part)}
    if one.kind == "translated":
        return {f"{name}-{locale}": (str(text),) for locale, text in (value or {}).items()}
    text = kind.form_text(value, field, visit.viewer)
    if one.kind == "datetime":
        text = text[:19].removesuffix(":00")
    if one.kind == "duration":
        text = _spoken(text)
    if field.type == "money" and currency and "." in text:
        text = _short(text, currency_places(currency))
    return {name: (text,)} if text else {}


def _spoken(text: str) -> str:
    """Return a length of time as people write it: `1:30` instead of `PT1H30M`, where it can."""
    if not text.startswith("PT"):
        return text
    hours, _, rest = text[2:].rpartition("H")
    minutes, _, seconds = rest.rpartition("M")
    clock = f"{int(hours or 0)}:{int(minutes or 0):02}"
    if seconds.removesuffix("S"):
        clock += f":{int(seconds.removesuffix('S')):02}"
    return clock if CLOCK.fullmatch(clock) else text


def _short(text: str, places: int) -> str:
    """Return an amount without the zeros that its currency does not have."""
    whole, _, rest = text.partition(".")
    rest = rest[:places] + rest[places:].rstrip("0")
    return f"{whole}.{rest}" if rest else whole


def state_of_new(visit: Visit, fields: Sequence[FormField]) -> dict[str, tuple[str, ...]]:
    """Return the state of an empty form: the defaults an author wrote."""
    state: dict[str, tuple[str, ...]] = {}
    for one in fields:
        state |= default_state(visit, one)
    return state


def default_state(visit: Visit, one: FormField, prefix: str = "") -> dict[str, tuple[str, ...]]:
    """Return the state of a field's default; a default that is computed stays for the server."""
    computed = one.field.default_expression
    if computed is not None and not computed.paths and one.kind not in {"grid", "pickers"}:
        known = computed.function({}, context(visit.runtime, visit.actor))
        return field_state(visit, one, known, prefix, _currency(one.field, {}))
    if one.field.default is None or one.kind in {"grid"}:
        return {}
    value = visit.catalog[one.field.type].schema(one.field).deserialize(one.field.default)
    if one.kind == "pickers":
        return {prefix + one.field.name: tuple(value or ())}
    code = _currency(one.field, {})
    return field_state(visit, one, value, prefix, code)


def state_of_post(
    visit: Visit, fields: Sequence[FormField], posted: Mapping[str, Sequence[str]]
) -> dict[str, tuple[str, ...]]:
    """Return what was sent, only what the form has a control for; empty rows are dropped."""
    return numbered_state(visit, fields, posted)[0]


def numbered_state(
    visit: Visit, fields: Sequence[FormField], posted: Mapping[str, Sequence[str]]
) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[int, ...]]]:
    """Return what was sent, and by grid the numbers that its rows had when they were sent."""
    state: dict[str, tuple[str, ...]] = {}
    numbers: dict[str, tuple[int, ...]] = {}
    for one in fields:
        name = one.field.name
        if one.kind == "grid":
            rows, numbers[name] = _rows_of_post(visit, one, posted)
            state |= rows
        else:
            state |= _part_of_post(one, posted, "", name)
    return state, numbers


def _part_of_post(
    one: FormField, posted: Mapping[str, Sequence[str]], prefix: str, name: str
) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    start = f"{prefix}{name}-"
    if one.kind in {"address", "translated"}:
        for key, texts in posted.items():
            if key.startswith(start) and texts and texts[-1].strip():
                found[key] = (texts[-1],)
        return found
    texts = tuple(text for text in posted.get(prefix + name, ()) if text != "")
    if not texts:
        return {}
    many = one.kind in {"pickers", "multiselect"}
    return {prefix + name: texts if many else texts[-1:]}


def _rows_of_post(
    visit: Visit, grid: FormField, posted: Mapping[str, Sequence[str]]
) -> tuple[dict[str, tuple[str, ...]], tuple[int, ...]]:
    """Return the rows of a grid, renumbered in the person's order, and their former numbers."""
    name = grid.field.name
    rows: dict[int, dict[str, Sequence[str]]] = {}
    for key, texts in posted.items():
        written = ROW.fullmatch(key)
        if written is not None and written[1] == name and len(rows) < MOST_ROWS * 2:
            rows.setdefault(int(written[2]), {})[written[3]] = texts
    state: dict[str, tuple[str, ...]] = {}
    kept: list[int] = []
    for was, row in sorted(rows.items(), key=lambda pair: _order(pair[0], pair[1])):
        if _last(row, "_delete"):
            continue
        cells: dict[str, tuple[str, ...]] = {}
        for part in grid.rows:
            cells |= _part_of_post(part, row, "", part.field.name)
        row_id = _last(row, "id")
        if not row_id and _is_blank(visit, grid, cells):
            continue
        prefix = f"{name}-{len(kept)}-"
        state |= {prefix + key: value for key, value in cells.items()}
        if row_id:
            state[prefix + "id"] = (row_id,)
        kept.append(was)
    return state, tuple(kept)


def _order(number: int, row: Mapping[str, Sequence[str]]) -> tuple[int, int]:
    place = _last(row, "_position")
    return (
        int(place) if place.isascii() and place.isdigit() and len(place) < 6 else number,
        number,
    )


def _last(row: Mapping[str, Sequence[str]], name: str) -> str:
    texts = row.get(name, ())
    return texts[-1] if texts else ""


def _is_blank(visit: Visit, grid: FormField, texts: State) -> bool:
    """Return whether a row holds nothing but what an empty row holds."""
    blank: dict[str, tuple[str, ...]] = {}
    for part in grid.rows:
        blank |= default_state(visit, part)
    return all(blank.get(name) == value for name, value in texts.items())


def row_numbers(state: State, name: str) -> tuple[int, ...]:
    """Return the numbers of a grid's rows in a state, in order."""
    found = set()
    for key in state:
        written = ROW.fullmatch(key)
        if written is not None and written[1] == name:
            found.add(int(written[2]))
    return tuple(sorted(found))


def values_of(
    visit: Visit, fields: Sequence[FormField], state: State, *, changes: bool
) -> dict[str, Any]:
    """Return the payload a state means, in API form; the schema judges it, not we."""
    values: dict[str, Any] = {}
    for one in fields:
        if one.fixed:
            continue
        name = one.field.name
        if one.kind == "grid":
            values[name] = [_row_value(visit, one, state, n) for n in row_numbers(state, name)]
            continue
        value = _value(visit, one, state, "")
        if value is None and not changes and _server_knows(one.field):
            continue
        values[name] = value
    return values


def _row_value(visit: Visit, grid: FormField, state: State, number: int) -> dict[str, Any]:
    prefix = f"{grid.field.name}-{number}-"
    row_id = state.get(prefix + "id", ("",))[-1]
    row: dict[str, Any] = {"id": row_id} if row_id else {}
    for part in grid.rows:
        if part.fixed and row_id:
            continue
        value = _value(visit, part, state, prefix)
        if value is None and not row_id and _server_knows(part.field):
            continue
        row[part.field.name] = value
    return row


def _server_knows(field: Field) -> bool:
    """Return whether an empty control of a new record leaves the value to the server."""
    return field.default_expression is not None or (field.required and field.default is not None)


def _value(visit: Visit, one: FormField, state: State, prefix: str) -> Any:
    field, name = one.field, prefix + one.field.name
    kind = visit.catalog[field.type]
    texts = state.get(name, ())
    match one.kind:
        case "checkbox":
            return bool(texts)
        case "pickers":
            return list(texts)
        case "multiselect":
            return list(texts) or None
        case "address":
            parts = {part: state.get(f"{name}-{part}", ("",))[-1] for part in PARTS}
            given = {part: text for part, text in parts.items() if text}
            return given or None
        case "translated":
            start = f"{name}-"
            return {
                key.removeprefix(start): value[-1]
                for key, value in state.items()
                if key.startswith(start)
            } or None
    text = texts[-1] if texts else ""
    if one.kind in {"textarea", "rich"}:
        text = text.replace("\r\n", "\n")
    return kind.from_text(text, field, visit.viewer)
