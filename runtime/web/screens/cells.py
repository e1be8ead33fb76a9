"""From rows to what people see: which paths a cell needs, and the function that draws it.

A reference shows the title of what it points at, as a link when the reader may open it. Money
whose currency is a field of the record brings that field along. Everything a page shows comes with
its one statement; nothing here asks the database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from generator.field_types import EMPTY, Cell
from generator.field_types.money import Money
from generator.model.entity import Field
from rules.masks import HIDDEN, Masked, is_veiled
from runtime.errors import BadRequest
from runtime.operations._columns import title_columns
from runtime.store.paths import (
    Path,
    currency_path,
    fill_title,
    title_currencies,
    title_paths,
)
from runtime.store.titles import in_title
from runtime.web.screens.visit import Visit, record_url

FILES = {"file", "image"}
Row = Sequence[Any]
Draw = Callable[[Row], Cell]
PLAIN = {"text", "code", "number"}
"""Kinds of cells that become a link when they stand for a referred record."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table, or a label beside a value."""

    text: str
    """The path."""
    label: str
    kind: str
    """The kind of its cells, from the field type: money, badge, time …"""
    number: bool = False
    sortable: bool = False
    reference: bool = False


def readable(visit: Visit, entity: str, texts: Iterable[str]) -> tuple[Path, ...]:
    """Return those paths that the person may read; the others are as if they were not there."""
    found = []
    for text in dict.fromkeys(texts):
        try:
            found.append(visit.reads.path(entity, text))
        except BadRequest:
            continue
    return tuple(found)


def column(visit: Visit, path: Path) -> Column:
    """Return what a path is as a column."""
    kind = visit.catalog[path.field.type]
    return Column(
        text=path.text,
        label=path_label(visit, path),
        kind=_kind(path.field, visit),
        number=kind.numeric and path.field.type != "duration",
        sortable=kind.sortable
        and not kind.relation
        and visit.reads.is_ordered(path)
        and (visit.reads.is_column(path) or path.field.computed is not None),
        reference=kind.relation == "reference" or bool(path.parents),
    )


def _kind(field: Field, visit: Visit) -> str:
    """Return the kind of cell a type draws, told by its type."""
    return {
        "money": "money",
        "choice": "badge",
        "state": "badge",
        "choices": "badges",
        "tags": "badges",
        "datetime": "time",
        "date": "date",
        "image": "image",
        "boolean": "flag",
    }.get(field.type, "number" if visit.catalog[field.type].numeric else "text")


def path_label(visit: Visit, path: Path) -> str:
    """Return the header of a path: `customer.name` is simply "Customer", it names the record."""
    if not path.parents:
        return visit.text(path.field.label)
    last = path.parents[-1]
    if path.field.name in visit.app.entities[last.target].title_paths:
        return visit.text(last.label)
    return f"{visit.text(last.label)} · {visit.text(path.field.label)}"


def needs(visit: Visit, entity: str, paths: Iterable[Path]) -> tuple[str, ...]:
    """Return every path to be selected so that these can be drawn."""
    found: dict[str, None] = {}
    for path in paths:
        relation = visit.catalog[path.field.type].relation
        if relation in {"children", "references"}:
            continue
        found[path.text] = None
        if relation == "reference":
            for inner in title_columns(path.field.target, visit.reads):
                found.update(dict.fromkeys(_if_readable(visit, entity, f"{path.text}.{inner}")))
        currency = currency_path(path)
        if currency:
            found.update(dict.fromkeys(_if_readable(visit, entity, currency)))
    return tuple(found)


def _if_readable(visit: Visit, entity: str, text: str) -> tuple[str, ...]:
    return tuple(path.text for path in readable(visit, entity, (text,)))


def title(
    visit: Visit, entity: str, paths: Sequence[Path], prefix: str = ""
) -> Callable[[Row], str]:
    """Return the function from a row to the title of the record itself, or of one it points at."""
    places = {path.text: number for number, path in enumerate(paths)}
    start = f"{prefix}." if prefix else ""
    currencies = title_currencies(visit.app, entity)
    drawn = [
        (
            inner,
            places[start + inner],
            paths[places[start + inner]].field,
            places.get(start + currencies[inner]) if inner in currencies else None,
        )
        for inner in title_paths(visit.app, entity)
        if start + inner in places
    ]

    def write(row: Row) -> str:
        texts = {
            inner: _text(visit, field, row[place], "" if code is None else row[code])
            for inner, place, field, code in drawn
        }
        return fill_title(visit.app, entity, texts)

    return write


def _text(visit: Visit, field: Field, value: Any, code: Any) -> str:
    """Return a value as it stands in a title; a masked one as its mask."""
    if is_veiled(value):
        return str(value)
    known = "" if code is None or is_veiled(code) else str(code)
    return in_title(visit.catalog[field.type], field, value, visit.viewer, known)


def draw(
    visit: Visit,
    path: Path,
    paths: Sequence[Path],
    fixed: Mapping[str, str] | None = None,
) -> Draw:
    """Return the function that draws one path of a row; `fixed` holds values from outside it.

    A masked cell is its mask and a hidden one says so, whatever the type.
    """
    places = {found.text: number for number, found in enumerate(paths)}
    place = places.get(path.text)
    if place is None:
        return lambda row: EMPTY
    clear, at = _clear(visit, path, paths, fixed, places, place), place

    def write(row: Row) -> Cell:
        value = row[at]
        if value.__class__ is Masked:
            return Cell(value.text, "masked", title=visit.t("Masked for you", "value"))
        return Cell(visit.t("Not visible to you"), "hidden") if value is HIDDEN else clear(row)

    return write


def _clear(
    visit: Visit,
    path: Path,
    paths: Sequence[Path],
    fixed: Mapping[str, str] | None,
    places: Mapping[str, int],
    place: int,
) -> Draw:
    field, kind = path.field, visit.catalog[path.field.type]
    if kind.relation == "reference":
        return _reference(visit, path, paths, place)
    if field.type == "user":
        return lambda row: person(visit, row[place])
    if field.type in FILES:
        return _file(visit, path, places, place)
    if isinstance(kind, Money):
        return _money(visit, path, places, place, fixed or {})
    plain = _plain(visit, field, place)
    if path.parents:
        return _linked(visit, path, places, plain)
    return plain


def _file(visit: Visit, path: Path, places: Mapping[str, int], place: int) -> Draw:
    """Draw a file by the address of the record that holds it, which decides who may open it."""
    parents = ".".join(step.name for step in path.parents)
    owner = places.get(f"{parents}.id" if parents else "id", places.get(parents))
    entity, kind = path.field.entity, path.field.type

    def write(row: Row) -> Cell:
        if row[place] is None or owner is None:
            return EMPTY
        href = record_url(entity, str(row[owner]), f"files/{path.field.name}")
        return Cell(visit.text(path.field.label), kind, href=href)

    return write


def _plain(visit: Visit, field: Field, place: int) -> Draw:
    kind, viewer = visit.catalog[field.type], visit.viewer
    return lambda row: EMPTY if row[place] is None else kind.cell(row[place], field, viewer)


def _linked(visit: Visit, path: Path, places: Mapping[str, int], plain: Draw) -> Draw:
    """Draw a value behind a reference as a link to the record that holds it."""
    parent = path.parents[-1]
    owner = places.get(".".join(step.name for step in path.parents))
    if owner is None or not visit.may("read", parent.target):
        return plain

    def write(row: Row) -> Cell:
        cell = plain(row)
        if cell.kind not in PLAIN or not cell.text or row[owner] is None:
            return cell
        return replace(cell, href=record_url(parent.target, str(row[owner])))

    return write


def _reference(visit: Visit, path: Path, paths: Sequence[Path], place: int) -> Draw:
    target = path.field.target
    named = title(visit, target, paths, path.text)
    opens = visit.may("read", target)

    def write(row: Row) -> Cell:
        if row[place] is None:
            return EMPTY
        text = named(row)
        if not text:
            return Cell(visit.t("Not visible to you", "record"), "hidden")
        href = record_url(target, str(row[place])) if opens else ""
        return Cell(text, "link", href=href)

    return write


def _money(
    visit: Visit, path: Path, places: Mapping[str, int], place: int, fixed: Mapping[str, str]
) -> Draw:
    field, kind = path.field, visit.catalog[path.field.type]
    assert isinstance(kind, Money)
    written = currency_path(path)
    currency = places.get(written)
    outside = fixed.get(written, "")

    def write(row: Row) -> Cell:
        code = str(row[currency] or "") if currency is not None else outside
        return kind.cell(row[place], field, visit.viewer, code)

    return write


def person(visit: Visit, number: Any) -> Cell:
    """Return the name of an account; 0 is the system itself."""
    if number is None:
        return EMPTY
    if number == 0:
        return Cell(visit.t("System", "person"), "user")
    return Cell(visit.people.get(number, f"#{number}"), "user")


def people_of(paths: Sequence[Path], rows: Iterable[Row]) -> frozenset[int]:
    """Return the accounts that rows name, so that all names are looked up at once."""
    places = [number for number, path in enumerate(paths) if path.field.type == "user"]
    return frozenset(row[place] for row in rows for place in places if _is_number(row[place]))


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and value != 0


def filled(cell: Cell) -> bool:
    """Return whether there is anything to see."""
    return bool(cell.text or cell.html or cell.items)
