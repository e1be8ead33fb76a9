"""Tables in workbooks (.xlsx, .xls, .ods); a cell with a formula counts as its last result.

A sheet keeps no empty cells, so no row can have too few; one with text to the right of the header's
last name has too many.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from runtime.importing.faults import FileFault
from runtime.importing.tables import Reading, Row, Torn, checked_columns


class SheetTable:
    """One sheet of a workbook; its first row that is not empty names the columns."""

    whole = False

    def __init__(self, path: Path, reading: Reading) -> None:
        self.path, self.name = path, path.name
        self.sheets: tuple[str, ...] = ()
        """The names of all sheets."""
        self.sheet = self._open(reading.sheet)
        self.columns: tuple[str, ...] = ()
        for _, cells in self._all():
            self.columns = checked_columns(self.name, cells)
            break
        if not self.columns:
            raise FileFault(f"'{self.name}' is empty.", f"文件“{self.name}”是空的。")

    def rows(self) -> Iterator[Row]:
        """Yield the rows below the header."""
        width = len(self.columns)
        rows = self._all()
        next(rows, None)
        for line, cells in rows:
            last = next(place for place in range(len(cells), 0, -1) if cells[place - 1])
            torn = Torn(last, width, next(filter(None, cells[width:]))) if last > width else None
            yield Row(line, cells + [""] * (width - len(cells)), torn)

    def _all(self) -> Iterator[tuple[int, list[str]]]:
        start = (self.sheet.start or (0, 0))[0]
        for number, row in enumerate(self.sheet.to_python(skip_empty_area=True), start=start + 1):
            cells = [_text(cell) for cell in row]
            if any(cells):
                yield number, cells

    def _open(self, wanted: str) -> CalamineSheet:
        try:
            book = CalamineWorkbook.from_path(self.path)
            names = book.sheet_names
            self.sheets = tuple(names)
            if wanted and wanted not in names:
                raise FileFault(
                    f"'{self.name}' has no sheet '{wanted}'; it has {', '.join(names)}.",
                    f"文件“{self.name}”没有工作表“{wanted}”，现有：{'、'.join(names)}。",
                )
            return book.get_sheet_by_name(wanted or names[0])
        except (CalamineError, IndexError) as error:
            raise FileFault(
                f"'{self.name}' is no workbook that can be read: {error}.",
                f"文件“{self.name}”不是可读取的工作簿：{error}。",
            ) from error


def _text(cell: Any) -> str:
    """Return a cell as it would be typed."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, (dt.date, dt.time)):
        return cell.isoformat()
    if isinstance(cell, dt.timedelta):
        return str(int(cell.total_seconds()))
    return str(cell)
