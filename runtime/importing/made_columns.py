"""Columns that a file does not have but an import map makes of those it has.

In: what the map says of them and the columns of a file. Out: rows with these columns at their end.
Another name for a column, a text made of several, or what the row says that lists this one: those
are gathered by reading the file once before, so that a part may stand above its whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from generator.model.importmap import ImportField, Listing
from runtime.importing.tables import Row, Table
from runtime.importing.values import NOTHING, CellFunction, cell_function, holes

ENTRY = "entry"
"""What a row lists of another one, beside the columns of the row that lists it."""


class MadeColumns:
    """The columns of one file and those made of them."""

    def __init__(self, made: Sequence[ImportField], columns: Sequence[str]) -> None:
        self.own = {column: place for place, column in enumerate(columns)}
        self.width = len(columns)
        self.index = dict(self.own)
        """The place of every column in a row that was widened."""
        self.made = made
        self._reads: list[tuple[ImportField, CellFunction, dict[str, int]]] = []
        for number, one in enumerate(made):
            before = dict(self.index)
            place = {ENTRY: self.width + number} if one.listed is not None else {}
            # a column of the same name is what it is made of
            self._reads.append((one, cell_function(one, {**before, **place}), before))
            self.index[one.path[0]] = self.width + number

    def origins(self, source: ImportField) -> tuple[str, ...]:
        """Return the columns of the file that a value comes from, the first choice first."""
        return tuple(dict.fromkeys(self._origins(source, self.made)))

    def _origins(self, source: ImportField, made: Sequence[ImportField]) -> Iterator[str]:
        for column in (*source.columns, *holes(source)):
            for number, inner in enumerate(made):
                if inner.path[0] == column:
                    # a column is made of those before it
                    yield from self._origins(inner, made[:number])
                    if inner.listed is not None and inner.listed.by in self.own:
                        yield inner.listed.by
            if column in self.own:
                yield column

    def over(self, table: Table) -> Callable[[Row], Row]:
        """Return what widens the rows of a table; it is read once when rows list each other."""
        if not self.made:
            return lambda row: row
        listings = self._listings(table) if any(one.listed for one in self.made) else {}

        def widened(row: Row) -> Row:
            cells = [*row.cells[: self.width]]
            for number, (one, read, index) in enumerate(self._reads):
                if one.listed is None:
                    cells.append(_said(read(cells)))
                else:
                    cells.append(listings[number].get(_named(one.listed, cells, index), ""))
            return Row(row.line, cells, row.torn)

        return widened

    def _listings(self, table: Table) -> dict[int, dict[str, str]]:
        """Return by column what each row says that is listed by another."""
        found: dict[int, dict[str, str]] = {
            number: {} for number, one in enumerate(self.made) if one.listed is not None
        }
        for row in table.rows():
            if row.torn:
                continue
            cells: list[Any] = [*row.cells[: self.width]]
            for number, (one, read, index) in enumerate(self._reads):
                if one.listed is None:
                    cells.append(_said(read(cells)))
                    continue
                for name, entry in _listed(one.listed, cells, index):
                    said = _said(read([*cells, entry]))
                    if name and said:
                        found[number].setdefault(name, said)
                # a column made of one that is not known yet says nothing of it
                cells.append("")
        return found


def names_of(made: Sequence[ImportField], column: str) -> set[str]:
    """Return every name under which a column of a file is read: its own, and those made of it."""
    names = {column}
    for one in made:
        if names & {*one.columns, *holes(one)}:
            names.add(one.path[0])
        elif one.path[0] == column:
            # another column stands in for it
            names.discard(column)
    return names


def available(made: Sequence[ImportField], columns: Collection[str]) -> list[str]:
    """Return which of the columns can be made of those of a file."""
    known = {*columns}
    found = []
    for one in made:
        if one.optional or not lacking(one, known):
            found.append(one.path[0])
            known.add(one.path[0])
    return found


def lacking(source: ImportField, known: Collection[str]) -> list[str]:
    """Return the columns that are not there and without which a source says nothing."""
    missing = [case.when.column for case in source.cases]
    if not any(column in known for column in source.columns):
        missing += holes(source) if source.template else source.columns[:1]
    if source.listed is not None:
        missing += [source.listed.column, source.listed.by]
        known = {*known, ENTRY}
    return [column for column in dict.fromkeys(missing) if column not in known]


def _listed(
    listing: Listing, cells: Sequence[Any], index: dict[str, int]
) -> Iterator[tuple[str, str]]:
    """Yield what a row lists: the name of each row and the entry about it."""
    place = index.get(listing.column)
    text = "" if place is None else str(cells[place]).strip()
    if not text:
        return
    naming = re.compile(listing.naming) if listing.naming else None
    for entry in text.split(listing.between) if listing.between else (text,):
        name = entry
        if naming is not None:
            found = naming.search(entry)
            name = "" if found is None else found[1] if naming.groups else found[0]
        yield name.strip(), entry.strip()


def _named(listing: Listing, cells: Sequence[Any], index: dict[str, int]) -> str:
    place = index.get(listing.by)
    return "" if place is None else str(cells[place]).strip()


def _said(value: Any) -> Any:
    return "" if value is NOTHING or value is None else value
