"""What the reader of workbooks does not say of a sheet: `Scanned`, whatever its format."""

from __future__ import annotations

from typing import NamedTuple

from runtime.importing.faults import FileFault

MOST_CELLS = 20_000_000
"""Cells of the rectangle around everything in a sheet."""
SPARSE = 50
"""A rectangle of that many times the cells that are filled is no table."""
SMALL = 500_000
"""Cells of a rectangle that costs nothing, however empty it is."""


class Failed(NamedTuple):
    """A cell without a value."""

    code: str
    """`cell_error` or `formula_without_result`."""
    said: str
    """What the spreadsheet shows there; empty for a formula."""


Place = tuple[int, int]
"""Row and column, from 0."""


class Scanned(NamedTuple):
    """What is to be known of a sheet."""

    failed: dict[Place, Failed]
    """The cells that hold no value although they are not empty."""
    hidden: frozenset[int]
    """Rows that were hidden or filtered away, from 1."""


UNSEEN = Scanned({}, frozenset())


def require_table(name: str, area: int, count: int, last: str) -> None:
    """Refuse a sheet of which something stands far from everything else.

    Args:
        name: of the file.
        area: cells of the rectangle around all that is filled.
        count: cells that are written.
        last: where the farthest stands.

    Raises:
        FileFault: nobody can read it.

    """
    if area > MOST_CELLS or area > max(SMALL, SPARSE * count):
        raise FileFault(
            f"'{name}' has a cell far away from its table ({last}); delete the empty rows and "
            "columns in between, or copy the table into a new workbook.",
            f"“{name}”在远离表格的位置（{last}）有内容，请删除多余的空行和空列，"
            "或将表格复制到新的工作簿。",
        )


def column_name(column: int) -> str:
    """Return what a spreadsheet calls a column, from 1."""
    found = ""
    while column:
        column, rest = divmod(column - 1, 26)
        found = chr(ord("A") + rest) + found
    return found
