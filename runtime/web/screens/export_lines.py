"""The lines of a CSV, most of their cells written by the database: what `export_page.rows` says,
byte for byte, many times as fast.

In: the columns and the answer of an export that a job makes. Out: lines, some thousands at once; or
nothing where the database cannot do it, and the rows are to be read as ever. A column is the
database's when its cell is only its value: a text, a number, a date, a moment, one of a few words.
References, which are named by a title, and what some row masks are written here, cell by cell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any

from generator.build.tables import has_column
from generator.field_types._locales import zone
from generator.field_types._options import given_options
from generator.field_types._scaled import Scaled
from generator.field_types.money import USUAL_PLACES, Money
from runtime.messages import Result
from runtime.operations.export import Pages
from runtime.store.paths import Path
from runtime.store.written import Day, Moment, Number, Plain, Shape, Style, Words
from runtime.web.screens.export_columns import needs
from runtime.web.screens.export_page import maker
from runtime.web.screens.visit import Visit
from runtime.web.spreadsheets import Value, csv_cell

TEXTS = {"text", "long_text", "code", "sequence", "email", "phone", "url"}
FEW = 200
"""Options that one statement writes out; a field with more is drawn here."""
END = "\r\n"


def lines(
    visit: Visit, entity: str, columns: Sequence[Path], result: Result
) -> Iterator[Sequence[str]] | None:
    """Return the lines of a file, or None where they are to be made of its rows."""
    pages = result.pages
    # a line of one empty cell is written as a quoted nothing
    if not isinstance(pages, Pages) or len(columns) == 1:
        return None
    places = {found.text: number for number, found in enumerate(result.plan.paths)}
    styles = [None if one.text in pages.veiled else _style(visit, one) for one in columns]
    if not any(styles):
        return None
    zones = {one.zone for one in styles if isinstance(one, Moment)}
    if not pages.are_writable(zones):
        return None
    runs = [
        (ours, list(some))
        for ours, some in groupby(
            zip(columns, styles, strict=True), key=lambda pair: pair[1] is not None
        )
    ]
    pieces = tuple(
        tuple((places[path.text], style) for path, style in some if style is not None)
        for ours, some in runs
        if ours
    )
    drawn = [path for ours, some in runs if not ours for path, _ in some]
    if not drawn:
        return pages.texts(Shape(pieces, frozenset(), END))
    raw = frozenset(places[text] for text in needs(visit, entity, drawn) if text in places)
    writers: list[Callable[[Any], str]] = []
    count = iter(range(len(result.plan.paths), len(result.plan.paths) + len(pieces)))
    for ours, some in runs:
        if ours:
            writers.append(_piece(next(count)))
        else:
            writers += [_drawn(maker(visit, path, result.plan.paths)) for path, _ in some]
    return _joined(pages.texts(Shape(pieces, raw)), writers)


def _joined(
    pages: Iterator[Sequence[Any]], writers: Sequence[Callable[[Any], str]]
) -> Iterator[Sequence[str]]:
    for page in pages:
        yield [",".join([write(row) for write in writers]) + END for row in page]


def _piece(place: int) -> Callable[[Any], str]:
    return lambda row: str(row[place])


def _drawn(make: Callable[[Any], Value]) -> Callable[[Any], str]:
    return lambda row: csv_cell(make(row))


def _style(visit: Visit, path: Path) -> Style | None:
    """Return how the database writes a column; None where it cannot."""
    field, kind = path.field, visit.catalog[path.field.type]
    if not has_column(field, visit.catalog):
        return None
    if field.type in TEXTS and kind.dump(field) is None:
        return Plain()
    if isinstance(kind, Scaled):
        return Number(kind.places(field), USUAL_PLACES if isinstance(kind, Money) else None)
    if field.type == "datetime":
        return Moment(zone(visit.actor.time_zone).key)
    simple: dict[str, Style] = {"integer": Number(), "date": Day()}
    return simple.get(field.type) or _words(visit, path)


def _words(visit: Visit, path: Path) -> Style | None:
    """Return the few values of a column, each as the file says it."""
    field = path.field
    if field.type == "boolean":
        values: list[Any] = [True, False]
    elif field.type in {"choice", "state"}:
        values = list(given_options(field))
    else:
        return None
    if len(values) > FEW:
        return None
    # drawn as every cell is, of a row that has nothing else
    make = maker(visit, path, (path,))
    return Words(tuple((value, csv_cell(make((value,)))) for value in values))
