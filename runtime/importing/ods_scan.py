"""What the sheets of an .ods hold, as `workbook_scan` tells it of an .xlsx.

Rows and cells that are alike stand there once with a number of times, so a few bytes may mean more
cells than any machine holds; its reader lays every sheet out as soon as it opens the file. In: the
open archive. Out: by sheet the cells that failed and the rows that people do not see; or a fault.
"""

from __future__ import annotations

import zipfile
from typing import Any
from xml.parsers import expat

from runtime.importing.faults import FileFault
from runtime.importing.scanned import Failed, Place, Scanned, column_name, require_table

CONTENT = "content.xml"
UNSEEN_ROWS = {"collapse", "filter"}
TABLE, ROW = "table:table", "table:table-row"
CELLS = {"table:table-cell", "table:covered-table-cell"}
BLOCK = 1 << 20
LONGEST_ERROR = 40


def scan(book: zipfile.ZipFile, name: str) -> dict[str, Scanned]:
    """Return what is to be known of each sheet.

    Raises:
        FileFault: something stands so far from everything else that nobody can read a sheet.

    """
    reader = _Reader(name)
    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = reader.begin, reader.end
    parser.CharacterDataHandler = reader.text
    parser.EntityDeclHandler = reader.entity
    parser.buffer_text = True
    try:
        with book.open(CONTENT) as stream:
            while block := stream.read(BLOCK):
                parser.Parse(block, False)
    except expat.ExpatError as error:
        raise FileFault(
            f"'{name}' is no workbook that can be read: {error}.",
            f"文件“{name}”不是可读取的工作簿：{error}。",
        ) from error
    return reader.found


class _Reader:
    """Hears of elements as they come."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.found: dict[str, Scanned] = {}
        self.depth = 0
        """Tables around what is heard; one in a cell is no sheet."""
        self.failed: dict[Place, Failed] = {}
        self.hidden: set[int] = set()
        self.line = self.times = self.column = 0
        self.is_hidden = self.is_failed = False
        self.filled: list[tuple[int, int]] = []
        """Of the row: place and number of the cells that hold something."""
        self.cell: tuple[int, int] | None = None
        self.said = ""
        self.count = self.bottom = self.right = 0

    def begin(self, tag: str, given: dict[str, str]) -> None:
        """Hear that an element begins."""
        if tag == TABLE:
            self.depth += 1
            if self.depth == 1:
                self.sheet = given.get("table:name", "")
                self.failed, self.hidden = {}, set()
                self.line = self.count = self.bottom = self.right = 0
        elif self.depth != 1:
            return
        elif tag == ROW:
            self.times = _number(given.get("table:number-rows-repeated"))
            self.is_hidden = given.get("table:visibility") in UNSEEN_ROWS
            self.column, self.filled = 0, []
        elif tag in CELLS:
            times = _number(given.get("table:number-columns-repeated"))
            self.cell, self.said = (self.column, times), ""
            self.is_failed = given.get("calcext:value-type") == "error"
            if "office:value-type" in given:
                self.filled.append(self.cell)
            self.column += times

    def text(self, said: str) -> None:
        """Hear what stands in an element."""
        if self.cell is not None and len(self.said) < LONGEST_ERROR:
            self.said += said

    def end(self, tag: str) -> None:
        """Hear that an element ends."""
        if tag == TABLE:
            self.depth -= 1
            if self.depth == 0:
                self.found[self.sheet] = Scanned(self.failed, frozenset(self.hidden))
        elif self.depth != 1:
            return
        elif tag in CELLS and self.cell is not None:
            if self.said.strip() and self.cell not in self.filled:
                self.filled.append(self.cell)
            if self.is_failed:
                self.failed[self.line, self.cell[0]] = Failed("cell_error", self.said.strip())
            self.cell = None
        elif tag == ROW:
            self._row()

    def entity(self, *given: Any) -> None:
        """Refuse a document that would grow by its own names."""
        raise FileFault(
            f"'{self.name}' is no workbook that can be read: it declares entities.",
            f"文件“{self.name}”不是可读取的工作簿：包含实体声明。",
        )

    def _row(self) -> None:
        if self.filled:
            last = max(column + times for column, times in self.filled)
            self.count += self.times * sum(times for _, times in self.filled)
            self.bottom, self.right = self.line + self.times, max(self.right, last)
            where = f"{column_name(last)}{self.bottom}"
            require_table(self.name, self.bottom * self.right, self.count, where)
            if self.is_hidden:
                self.hidden.update(range(self.line + 1, self.line + self.times + 1))
        self.line += self.times


def _number(written: str | None) -> int:
    return int(written) if written and written.isdigit() and len(written) < 10 else 1
