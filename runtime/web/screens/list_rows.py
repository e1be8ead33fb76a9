"""Headers and rows of a list: cells in their places, also in the card of a phone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generator.field_types import Cell
from generator.model.entity import Entity
from runtime.messages import Result
from runtime.store.paths import Path
from runtime.web.screens import cells as drawing
from runtime.web.screens.cells import Column
from runtime.web.screens.form_state import form_fields
from runtime.web.screens.list_url import ListUrl
from runtime.web.screens.list_views import view_of
from runtime.web.screens.visit import Visit, record_url

IN_PLACE = {
    "text",
    "textarea",
    "number",
    "checkbox",
    "yesno",
    "date",
    "time",
    "datetime",
    "select",
    "email",
    "tel",
    "url",
    "duration",
    "tags",
}
"""Kinds of controls that fit into a cell."""


@dataclass(frozen=True, slots=True)
class Header:
    """A column's header."""

    label: str
    number: bool
    role: str
    """The class that tells what becomes of the cell on a phone: c1, cu, tot-c, stt or none."""
    url: str = ""
    """Where a click sorts; empty where it cannot be sorted."""
    direction: str = ""
    """ascending, descending or empty."""
    name: str = ""
    """The path, by which its width is kept."""
    width: str = ""
    """The class of its width; empty where it follows from its content."""


@dataclass(frozen=True, slots=True)
class ShownCell:
    """A cell in its place, and what stands beside it on a phone only."""

    cell: Cell
    role: str
    number: bool
    beside: tuple[Cell, ...] = ()
    edit: str = ""
    """The field it changes when it is edited in its place; empty where it is not."""
    width: str = ""


@dataclass(frozen=True, slots=True)
class ListRow:
    """A record of the list."""

    id: str
    title: str
    href: str
    cells: tuple[ShownCell, ...]
    archived: bool = False
    version: int = 0


def roles_of(shown: Sequence[Column]) -> tuple[str, ...]:
    """Return each column's part in the card of a phone: key, party, amount, states."""
    roles = [""] * len(shown)
    if roles:
        roles[0] = "c1"

    def give(role: str, fits: Any) -> None:
        for number, column in enumerate(shown):
            if not roles[number] and fits(column):
                roles[number] = role
                return

    give("cu", lambda column: column.reference or column.kind == "text")
    give("tot-c", lambda column: column.kind == "money")
    if "tot-c" not in roles:
        give("tot-c", lambda column: column.number)
    give("stt", lambda column: column.kind == "badge")
    if "stt" not in roles:
        give("stt", lambda column: column.kind == "flag")
    return tuple(roles)


def width_class(widths: Mapping[str, int], name: str) -> str:
    """Return the class of a column's width."""
    return f"cw-{widths[name]}" if name in widths else ""


def headers(
    visit: Visit,
    entity: Entity,
    url: ListUrl,
    shown: Sequence[Column],
    roles: Sequence[str],
    widths: Mapping[str, int],
) -> tuple[Header, ...]:
    view = view_of(entity, url)
    order = url.get("sort") or ",".join((view and view.sort) or entity.list.sort)
    first = order.split(",", 1)[0]
    found = []
    for column, role in zip(shown, roles, strict=True):
        direction = ""
        if first.removeprefix("-") == column.text:
            direction = "descending" if first.startswith("-") else "ascending"
        descending_first = column.number or column.kind in {"time", "date"}
        minus = direction == "ascending" or (descending_first and direction != "descending")
        target = url.to(sort=("-" if minus else "") + column.text).text if column.sortable else ""
        found.append(
            Header(
                column.label,
                column.number,
                role,
                target,
                direction,
                column.text,
                width_class(widths, column.text),
            )
        )
    return tuple(found)


def rows(
    visit: Visit,
    entity: Entity,
    url: ListUrl,
    columns: Sequence[Path],
    shown: Sequence[Column],
    roles: Sequence[str],
    result: Result,
    widths: Mapping[str, int],
) -> tuple[ListRow, ...]:
    """Return the rows of a page, each cell drawn and in its place."""
    paths = result.plan.paths
    places = {path.text: number for number, path in enumerate(paths)}
    named = drawing.title(visit, entity.name, paths)
    draws = [drawing.draw(visit, path, paths) for path in columns]
    opens = visit.may("read", entity.name)
    gone, version = places.get("archived_at"), places.get("version")
    edits = tuple(editable(visit, entity, path) for path in columns)
    classes = tuple(width_class(widths, path.text) for path in columns)
    found = []
    for row in result.rows:
        record_id = str(row[places["id"]])
        drawn = [draw(row) for draw in draws]
        found.append(
            ListRow(
                id=record_id,
                title=named(row) or record_id[:8],
                href=record_url(entity.name, record_id, **{"list": url.query}) if opens else "",
                cells=_shown(drawn, shown, roles, edits, classes),
                archived=gone is not None and row[gone] is not None,
                version=int(row[version]) if version is not None else 0,
            )
        )
    return tuple(found)


def editable(visit: Visit, entity: Entity, path: Path) -> str:
    """Return the field that a cell changes when it is edited in its place; empty for none."""
    found = form_fields(visit, entity, (path.steps[0].name,), changes=True)
    fits = bool(found) and not path.parents and not found[0].fixed and found[0].kind in IN_PLACE
    return path.field.name if fits else ""


def _shown(
    drawn: Sequence[Cell],
    shown: Sequence[Column],
    roles: Sequence[str],
    edits: Sequence[str],
    classes: Sequence[str],
) -> tuple[ShownCell, ...]:
    states = [
        cell
        for cell, column, role in zip(drawn, shown, roles, strict=True)
        if column.kind == "badge" and role != "stt"
    ]
    when = [
        cell
        for cell, column, role in zip(drawn, shown, roles, strict=True)
        if column.kind == "time" and role != "c1"
    ][:1]
    beside = {"stt": tuple(states), "cu": tuple(when)}
    return tuple(
        ShownCell(cell, role, column.number, beside.get(role, ()), edit, width)
        for cell, column, role, edit, width in zip(drawn, shown, roles, edits, classes, strict=True)
    )
