"""How numbers and days of a file are written: found out from its cells, or said by somebody.

`1,234.56` and `2026-01-31` are understood by every field and need no format. In: a table, or what
was said. Out: the format its cells are most likely in, and a target that reads by it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice

from generator.field_types import FieldType
from generator.kinds import Catalog
from generator.model.app import App
from generator.model.importmap import ImportTarget
from generator.resolve.importmaps import LostPath, follow
from runtime.importing.tables import Table
from runtime.importing.written import days_of, numbers_of

LOOKED_AT = 1000
"""Rows that say how numbers and days are written."""
AMOUNTS = frozenset({"integer", "decimal", "money", "quantity", "percent"})
MOMENTS = frozenset({"date", "datetime"})


@dataclass(frozen=True)
class Formats:
    """How the cells of a file are written; empty for what every field understands."""

    numbers: str = ""
    days: str = ""


AS_ALWAYS = Formats()


def formatted(
    target: ImportTarget, formats: Formats, app: App, catalog: Catalog[FieldType]
) -> ImportTarget:
    """Return a target that reads numbers and days as they are written."""
    if not formats.numbers and not formats.days:
        return target
    found = []
    for source in target.fields:
        kind = type_of(source.path, target.entity, app, catalog)
        if kind in AMOUNTS and formats.numbers in ("comma", "space"):
            source = replace(source, decimal=",")
        if kind in MOMENTS and formats.days in ("dmy", "mdy"):
            source = replace(source, date=formats.days)
        found.append(source)
    return replace(target, fields=tuple(found))


def type_of(path: tuple[str, ...], entity: str, app: App, catalog: Catalog[FieldType]) -> str:
    """Return the type of the field at the end of a path; empty where there is none."""
    steps = follow(path, entity, app.entities, catalog)
    last = None if isinstance(steps, LostPath) or not steps else steps[-1].field
    return last.type if last is not None else ""


def found_out(table: Table, amounts: Iterable[str], moments: Iterable[str]) -> Formats:
    """Return how the columns of amounts and of moments are written, by the first rows."""
    places = {name: place for place, name in enumerate(table.columns)}
    by_kind = [[places[one] for one in some if one in places] for some in (amounts, moments)]
    if not any(by_kind):
        return Formats()
    numbers: list[str] = []
    days: list[str] = []
    for row in islice(table.rows(), LOOKED_AT):
        for texts, some in zip((numbers, days), by_kind, strict=True):
            cells = (row.cells[place] for place in some)
            texts += [one.strip() for one in cells if isinstance(one, str) and one.strip()]
    return Formats(numbers_of(numbers), days_of(days))
