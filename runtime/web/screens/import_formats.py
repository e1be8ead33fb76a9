"""How numbers and days of an upload are written, as the page of its columns tells and asks it.

In: who imports, what columns fill, the table. Out: the format found out, the choices in words, and
one cell of the file as it would be read, so that a wrong choice is seen before anything is tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from generator.model.entity import Entity
from runtime.importing import formats
from runtime.importing.asked import Asked
from runtime.importing.formats import AMOUNTS, MOMENTS, Formats
from runtime.importing.tables import Table
from runtime.importing.written import DAYS, DIGITS, NUMBERS, in_order, with_comma
from runtime.web.screens.import_columns import Target
from runtime.web.screens.visit import Visit

LOOKS = ("1,234.56", "1.234,56", "1 234,56")
"""How each format of numbers looks; it is the same in every language."""


def numbers(visit: Visit, entity: Entity, known: Sequence[Target]) -> Sequence[tuple[str, str]]:
    """Return the formats of numbers and how they look; none where no column fills a number."""
    is_any = any(_type(visit, entity, one.path) in AMOUNTS for one in known)
    return tuple(zip(NUMBERS, LOOKS, strict=True)) if is_any else ()


def days(visit: Visit, entity: Entity, known: Sequence[Target]) -> Sequence[tuple[str, str]]:
    """Return the orders of days and how they look; none where no column fills a day."""
    if not any(_type(visit, entity, one.path) in MOMENTS for one in known):
        return ()
    first = visit.t("{sample} (day first)", sample="31.01.2026")
    second = visit.t("{sample} (month first)", sample="01/31/2026")
    return tuple(zip(DAYS, ("2026-01-31", first, second), strict=True))


def found_out(visit: Visit, entity: Entity, columns: Mapping[str, str], table: Table) -> Formats:
    """Return how the numbers and days of a file are written, by what its columns fill."""
    kinds = _kinds(visit, entity, columns)
    amounts = [name for name, kind in kinds.items() if kind in AMOUNTS]
    moments = [name for name, kind in kinds.items() if kind in MOMENTS]
    return formats.found_out(table, amounts, moments)


def sample_number(visit: Visit, entity: Entity, asked: Asked, table: Table) -> str:
    """Return in words how a number of the file is read; empty where it has none."""
    read = with_comma if asked.numbers in ("comma", "space") else _as_it_is
    return _sample(visit, _cells(visit, entity, asked, table, AMOUNTS), read)


def sample_day(visit: Visit, entity: Entity, asked: Asked, table: Table) -> str:
    """Return in words how a day of the file is read; empty where it has none."""
    order = asked.days if asked.days in ("dmy", "mdy") else ""
    read = (lambda text: in_order(text, order)) if order else _as_it_is
    return _sample(visit, _cells(visit, entity, asked, table, MOMENTS), read)


def _as_it_is(text: str) -> str:
    return text


def _sample(visit: Visit, cells: Iterator[str], read: Callable[[str], Any]) -> str:
    """Return what becomes of the longest of some cells: it tells most of how they are written."""
    longest = max(cells, key=len, default="")
    if not longest or not DIGITS.search(longest):
        return ""
    return visit.t("“{written}” is read as {read}.", written=longest, read=read(longest))


def _cells(
    visit: Visit, entity: Entity, asked: Asked, table: Table, kinds: frozenset[str]
) -> Iterator[str]:
    told = _kinds(visit, entity, asked.columns)
    places = [at for at, name in enumerate(table.columns) if told.get(name) in kinds]
    for row in islice(table.rows(), formats.LOOKED_AT) if places else ():
        for at in places:
            if isinstance(row.cells[at], str) and row.cells[at].strip():
                yield row.cells[at].strip()[:40]


def _kinds(visit: Visit, entity: Entity, columns: Mapping[str, str]) -> Mapping[str, str]:
    """Return by column the type of the field it fills."""
    return {name: _type(visit, entity, path) for name, path in columns.items()}


def _type(visit: Visit, entity: Entity, path: str) -> str:
    return formats.type_of(tuple(path.split(".")), entity.name, visit.app, visit.catalog)
