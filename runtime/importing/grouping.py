"""Rows → documents: the payload of one record, with the lines of the file it is made from.

Rows of one record usually follow each other and are joined as they come. Where they lie apart
(`gather`) they are first written to a file on disk and read back in the order of the records, so
memory does not grow with the file.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import orjson

from runtime.importing.recipe import Recipe
from runtime.importing.tables import Row, Table, Torn


@dataclass
class Counts:
    """What was read."""

    rows: int = 0
    skipped: int = 0


@dataclass
class Document:
    """One record to be, and where it comes from."""

    values: dict[str, Any]
    rows: list[Row]
    children: dict[str, list[Row]] = field(default_factory=dict)
    """By children field: the row of each child."""
    files: dict[str, str] = field(default_factory=dict)
    """By children field: the file its rows stand in, when it is another one."""
    torn: list[tuple[Row, str]] = field(default_factory=list)
    """The rows whose cells are not those of the header, each with its file if another."""
    headless: bool = False
    """No row of it tells the record itself."""

    @property
    def line(self) -> int:
        """The line where it begins."""
        return self.rows[0].line

    def row_at(self, place: str) -> tuple[Row, str]:
        """Return the row behind a place such as `lines.2.quantity`, and its file if another."""
        name, _, rest = place.partition(".")
        number = rest.partition(".")[0]
        if name in self.children and number.isdigit() and int(number) < len(self.children[name]):
            return self.children[name][int(number)], self.files.get(name, "")
        return self.rows[0], ""


def documents(table: Table, recipe: Recipe, counts: Counts) -> Iterator[Document]:
    """Yield the documents of a table, in the order in which they begin in it."""
    rows = _counted(table, recipe, counts)
    if recipe.target.gather and recipe.target.group_by:
        rows = _gathered(rows, recipe)
    if recipe.target.group_by:
        for _, group in groupby(rows, key=lambda row: recipe.group(row.cells)):
            yield document(recipe, list(group))
    elif table.whole:
        for _, group in groupby(rows, key=lambda row: row.line):
            yield document(recipe, list(group))
    else:
        for row in rows:
            yield document(recipe, [row])


def document(recipe: Recipe, rows: list[Row]) -> Document:
    """Return the document of rows that belong together; its head tells the record itself."""
    head = next((row for row in rows if recipe.is_head(row.cells)), None)
    first = head or rows[0]
    in_order = [first, *(row for row in rows if row is not first)]
    values = recipe.root.build(first.cells)
    torn = [(row, "") for row in rows if row.torn]
    made = Document(values, in_order, torn=torn, headless=head is None)
    for name, children in recipe.children.items():
        found, places = [], []
        for row in rows:
            for child in children.all_of(row.cells):
                found.append(child)
                places.append(row)
        values[name] = found
        made.children[name] = places
    return made


def _counted(table: Table, recipe: Recipe, counts: Counts) -> Iterator[Row]:
    """Yield the rows that say something for this target."""
    seen: set[int] = set()
    widened = recipe.columns_made.over(table)
    for read in table.rows():
        counts.rows += 1
        row = widened(read)
        if row.torn:
            # which cell is which is not known, so nothing may be decided by them
            yield row
            continue
        if any(holds(row.cells) for holds in recipe.skip):
            counts.skipped += 1
            continue
        once = recipe.once(row.cells)
        if once is not None:
            mark = hash(once)
            if mark in seen or not any(once):
                counts.skipped += 1
                continue
            seen.add(mark)
        yield row


def _gathered(rows: Iterable[Row], recipe: Recipe) -> Iterator[Row]:
    """Yield rows so that those of one record follow each other, where its first one stands."""
    with tempfile.NamedTemporaryFile(suffix=".rows") as file:
        store = sqlite3.connect(file.name)
        try:
            store.execute("PRAGMA journal_mode = OFF")
            store.execute("PRAGMA synchronous = OFF")
            store.execute("CREATE TABLE rows (first INT, line INT, cells BLOB)")
            firsts: dict[int, int] = {}
            store.executemany(
                "INSERT INTO rows VALUES (?, ?, ?)",
                (
                    (
                        firsts.setdefault(hash(recipe.group(row.cells)), number),
                        row.line,
                        orjson.dumps([row.cells, row.torn and list(row.torn)]),
                    )
                    for number, row in enumerate(rows)
                ),
            )
            for line, packed in store.execute("SELECT line, cells FROM rows ORDER BY first, rowid"):
                cells, torn = orjson.loads(packed)
                yield Row(line, cells, Torn(*torn) if torn else None)
        finally:
            store.close()


class Parts:
    """Children that stand in a file of their own, kept by the key of their record."""

    def __init__(self, name: str, table: Table, recipe: Recipe) -> None:
        self.field, self.table, self.recipe = name, table, recipe
        self.by_key: dict[tuple[str, ...], list[Row]] = {}
        for row in table.rows():
            key = recipe.group(row.cells)
            assert key is not None
            self.by_key.setdefault(key, []).append(row)

    def put_into(self, made: Document, key: tuple[str, ...]) -> None:
        """Give a document its children."""
        rows = self.by_key.pop(key, [])
        maker = self.recipe.children[self.field]
        found = [(row, maker.of(row.cells)) for row in rows]
        made.values[self.field] = [child for _, child in found if child is not None]
        made.children[self.field] = [row for row, child in found if child is not None]
        made.files[self.field] = self.table.name
        made.torn += [(row, self.table.name) for row in rows if row.torn]

    def left(self) -> Iterator[Row]:
        """Yield the rows that no record has taken."""
        for rows in self.by_key.values():
            yield from rows
