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
from rules.masks import HIDDEN, masker
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

    def seen(self, bits: int | None) -> Callable[[Any], Any] | None:
        """Return what becomes of the cell where these conditions hold; None where it is clear."""
        name = self.field.name
        if self.tests is None:
            return masker(self.grant.masked[name], self.decimals)
        if bits is None:  # there is no record behind the reference, or none to be seen
            return _nothing
        sight = self.grant.sight(name, self.grant.lines_open(bits))
        if sight == "clear":
            return None
        return _hidden if sight == "hidden" else masker(sight, self.decimals)


def _nothing(value: Any) -> None:
    return None


def _hidden(value: Any) -> Any:
    return HIDDEN


Change = tuple[int, Callable[[Any], Any]]
"""A place in a row, and what becomes of the value there."""


class Eyes:
    """What a caller sees of the rows of one statement.

    Rows of which the same conditions hold are seen alike, so what becomes of their cells is worked
    out once for each set of conditions and not for each row.
    """

    def __init__(self, veils: Sequence[Veil], width: int) -> None:
        self._veils, self._width = veils, width
        self._tests = tuple(dict.fromkeys(one.tests for one in veils if one.tests is not None))
        self._known: dict[Any, list[Change]] = {}

    def see(self, rows: Sequence[Row]) -> list[Row]:
        """Return rows as their caller may see them, without what only told how."""
        width, tests, known, found = self._width, self._tests, self._known, []
        only = tests[0] if len(tests) == 1 else None
        for row in rows:
            key = row[only] if only is not None else tuple([row[one] for one in tests])
            changes = known.get(key)
            if changes is None:
                changes = self._changes(row, key)
            if changes:
                cells = list(row[:width])
                for place, become in changes:
                    cells[place] = become(cells[place])
                found.append(tuple(cells))
            else:
                found.append(row[:width])
        return found

    def _changes(self, row: Row, key: Any) -> list[Change]:
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        made = [
            (veil.place, veil.seen(None if veil.tests is None else row[veil.tests]))
            for veil in self._veils
        ]
        changes = [(place, become) for place, become in made if become is not None]
        self._known[key] = changes
        return changes
