"""What a caller sees of a cell: the value, a mask of it, or nothing, decided row by row.

A row comes with one more number for each entity on it whose rows differ in what they show: which
conditions of the grant hold there. The value is replaced before the row leaves the store, so that
nothing behind it, no page, no export and no log, ever held what is not to be seen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from generator.model.entity import Field
from rules.masks import HIDDEN, mask
from rules.permissions import Grant

Row = tuple[Any, ...]
REMEMBERED = 1 << 12


@dataclass(frozen=True)
class Veil:
    """A cell that not every row shows in clear."""

    place: int
    tests: int | None
    """Where the row says which conditions hold; None where all rows are masked alike."""
    field: Field
    grant: Grant
    decimals: int

    def function(self) -> Callable[[Row], Any]:
        """Return what the caller sees of the cell, from the whole row."""
        if self.tests is None:
            return self._same()
        return self._by_row(self.tests)

    def _same(self) -> Callable[[Row], Any]:
        place, decimals = self.place, self.decimals
        kind = self.grant.masked[self.field.name]
        return lambda row: mask(kind, row[place], decimals)

    def _by_row(self, tests: int) -> Callable[[Row], Any]:
        place, decimals, grant, name = self.place, self.decimals, self.grant, self.field.name
        known: dict[int, str] = {}

        def cell(row: Row) -> Any:
            bits = row[tests]
            if bits is None:  # there is no record behind the reference, or none to be seen
                return None
            sight = known.get(bits)
            if sight is None:
                if len(known) >= REMEMBERED:
                    known.clear()
                sight = known[bits] = grant.sight(name, grant.lines_open(bits))
            if sight == "clear":
                return row[place]
            return HIDDEN if sight == "hidden" else mask(sight, row[place], decimals)

        return cell


Seen = tuple[int, Callable[[Row], Any]]
"""A place in a row, and what the caller sees there."""


def veiled(rows: Sequence[Row], functions: Sequence[Seen], width: int) -> list[Row]:
    """Return rows as their caller may see them, without what only told how."""
    found = []
    for row in rows:
        cells = list(row[:width])
        for place, seen in functions:
            cells[place] = seen(row)
        found.append(tuple(cells))
    return found
