"""The pieces a record's page is made of, and how a value of the record is found in a result."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from generator.field_types import Cell
from generator.model.entity import Field
from runtime.messages import Result
from runtime.operations._asked import left_out
from runtime.store.paths import Path
from runtime.store.plan import Include
from runtime.web.screens.visit import Visit

WIDE = {"long_text", "rich_text", "json", "rule", "address", "references", "image"}


@dataclass(frozen=True, slots=True)
class TagBox:
    """Tags that can be changed where they are shown."""

    field: str
    url: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """A label and its value."""

    label: str
    cell: Cell
    wide: bool = False
    tags: TagBox | None = None
    """Set where tags are added and taken away in place."""
    name: str = ""
    """The path, for a template that the shop has for it."""
    reveal_url: str = ""
    """Where a masked value is shown; empty where it is clear, or may not be shown."""


@dataclass(frozen=True, slots=True)
class CardBox:
    """A card of values."""

    id: str
    title: str
    items: tuple[Item, ...]
    card_url: str = ""
    """Where its small form comes from; empty when nothing in it may be changed."""
    edit_url: str = ""
    """The whole form, for those without script."""


@dataclass(frozen=True, slots=True)
class TabLink:
    """A tab; it is a link, so it works without script."""

    id: str
    label: str
    url: str
    current: bool
    count: str = ""
    """Such as 12 or 1000+; empty when it is not known."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of a small table."""

    cells: tuple[Cell, ...]
    href: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """The header of a small table's column."""

    label: str
    number: bool


@dataclass(frozen=True, slots=True)
class Table:
    """The content of a tab: children or records that point here."""

    headings: tuple[Heading, ...]
    rows: tuple[TableRow, ...]
    totals: tuple[Cell, ...] = ()
    """One a column, `EMPTY` where there is nothing to add up; empty without totals."""
    more_url: str = ""
    more_text: str = ""
    create_url: str = ""
    create_text: str = ""


def record_facts(result: Result, name: str) -> Any:
    """Return one stored value of the record."""
    for place, path in enumerate(result.plan.paths):
        if path.text == name:
            return result.row[place]
    return None


def asked_only(paths: Iterable[Path], result: Result) -> tuple[Path, ...]:
    """Return the paths without those that begin at a field which is not asked of the record."""
    absent = left_out(result.plan.paths, result.row)
    return tuple(path for path in paths if path.steps[0].name not in absent)


def include_of(result: Result, name: str) -> Include | None:
    found: Iterable[Include] = result.plan.includes
    return next((include for include in found if include.name == name), None)


def relates(visit: Visit, model: Field, relation: str) -> bool:
    return visit.catalog[model.type].relation == relation
