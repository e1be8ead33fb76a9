"""Tables in workbooks (.xlsx, .xls, .ods); a cell with a formula counts as its last result.

A cell that is merged with those below it counts for each of their rows. The table is the first
sheet people see that is not empty, unless another one is named.

A sheet keeps no empty cells, so no row can have too few; one with text to the right of the header's
last name has too many.
"""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from runtime.importing.faults import FileFault
from runtime.importing.scanned import Failed
from runtime.importing.tables import Reading, Row, Torn, checked_columns
from runtime.importing.workbook_scan import scan, scan_whole

MOST_EXACT = 1e15
"""Greater numbers have lost their last digits in the spreadsheet."""
WORKBOOKS = {"[Content_Types].xml", "content.xml", "mimetype"}
"""Parts that archives of workbooks have."""
LONGEST_MERGE = 10_000
"""Rows over which one merged cell counts."""


class SheetTable:
    """One sheet of a workbook; its first row that is not empty names the columns."""

    whole = False
    hidden: frozenset[int] = frozenset()

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
            for place in self.failed.get(line, {}):
                if place < width:
                    one = self.failed[line][place]
                    torn = Torn(last, width, one.said, one.code, self.columns[place])
                    break
            yield Row(line, cells + [""] * (width - len(cells)), torn)

    def _all(self) -> Iterator[tuple[int, list[str]]]:
        merged = self._merged()
        for number, row in enumerate(self.sheet.to_python(skip_empty_area=True), start=self.top):
            cells = [_text(cell) for cell in row]
            for place, cell in enumerate(row):
                if type(cell) is float and abs(cell) >= MOST_EXACT:
                    lost = Failed("digits_lost", cells[place])
                    self.failed.setdefault(number, {})[place] = lost
            for place, text in merged.get(number, ()):
                if place < len(cells) and not cells[place]:
                    cells[place] = text
            if any(cells):
                yield number, cells

    def _merged(self) -> dict[int, list[tuple[int, str]]]:
        """Return by line what cells say that are merged with one above: the same as that."""
        ranges = self.sheet.merged_cell_ranges or []
        areas = [((a[0] + 1, a[1] - self.left), (b[0] + 1, b[1] - self.left)) for a, b in ranges]
        wanted = {first for first, last in areas if last[0] > first[0]}
        if not wanted:
            return {}
        rows = enumerate(self.sheet.to_python(skip_empty_area=True), start=self.top)
        lines = {line for line, _ in wanted}
        said = {number: [_text(cell) for cell in row] for number, row in rows if number in lines}
        found: dict[int, list[tuple[int, str]]] = {}
        for (line, place), (end, _) in areas:
            if (line, place) in wanted and 0 <= place < len(said.get(line, ())):
                for other in range(line + 1, min(end, line + LONGEST_MERGE) + 1):
                    found.setdefault(other, []).append((place, said[line][place]))
        return found

    def _open(self, wanted: str) -> CalamineSheet:
        try:
            self.scanned = scan_whole(self.path)
            book = CalamineWorkbook.from_path(self.path)
            names = book.sheet_names
            self.sheets = tuple(names)
            if wanted and wanted not in names:
                raise FileFault(
                    f"'{self.name}' has no sheet '{wanted}'; it has {', '.join(names)}.",
                    f"文件“{self.name}”没有工作表“{wanted}”，现有：{'、'.join(names)}。",
                )
            return self._scanned(book, wanted) if wanted else self._first(book, names)
        except PasswordError as error:
            raise FileFault(
                f"'{self.name}' is protected by a password; save it without one.",
                f"文件“{self.name}”有密码保护，请取消密码后重新保存。",
            ) from error
        except (CalamineError, IndexError, OSError, zipfile.BadZipFile) as error:
            if _is_other_archive(self.path):
                raise FileFault(
                    f"'{self.name}' is an archive of other files; unpack it and send the table in "
                    "it. Pictures that rows name go into the field for a ZIP.",
                    f"“{self.name}”是其他文件的压缩包，请解压后上传其中的表格；"
                    "行中引用的图片请放到 ZIP 栏。",
                ) from error
            raise FileFault(
                f"'{self.name}' is no workbook that can be read ({error}); open it in a "
                "spreadsheet and save it as .xlsx or CSV.",
                f"文件“{self.name}”不是可读取的工作簿（{error}），请用电子表格软件打开后另存为 "
                ".xlsx 或 CSV。",
            ) from error

    def _first(self, book: CalamineWorkbook, names: Sequence[str]) -> CalamineSheet:
        """Return the first sheet people see that holds anything; else the first."""
        seen = [one.name for one in book.sheets_metadata if _is_seen(one)]
        for name in seen:
            sheet = self._scanned(book, name)
            if sheet.height:
                return sheet
        return self._scanned(book, names[0])

    def _scanned(self, book: CalamineWorkbook, name: str) -> CalamineSheet:
        failed, self.hidden = self.scanned.get(name) or scan(self.path, name)
        sheet = book.get_sheet_by_name(name)
        start = sheet.start or (0, 0)
        self.top, self.left = start[0] + 1, start[1]
        self.failed: dict[int, dict[int, Failed]] = {}
        for (line, place), one in sorted(failed.items()):
            self.failed.setdefault(line + 1, {})[place - self.left] = one
        return sheet


def _is_other_archive(path: Path) -> bool:
    """Return whether a file is a ZIP of which no part belongs to a workbook."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as book:
        names = book.namelist()
    return not any(one in WORKBOOKS for one in names)


def _is_seen(one: Any) -> bool:
    return bool(one.visible == SheetVisibleEnum.Visible and one.typ == SheetTypeEnum.WorkSheet)


def _text(cell: Any) -> str:
    """Return a cell as it would be typed."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < MOST_EXACT else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, (dt.date, dt.time)):
        return cell.isoformat()
    if isinstance(cell, dt.timedelta):
        return str(int(cell.total_seconds()))
    return str(cell)
