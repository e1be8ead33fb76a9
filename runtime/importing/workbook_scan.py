"""What the sheet of an .xlsx holds, told before the reader of workbooks is let near it.

That reader lays a sheet out as one rectangle and says nothing of a cell that failed: a letter in
the last corner of a sheet would ask for half a terabyte, and `#N/A` would read as an empty cell.
In: the path and the name of a sheet. Out: the cells that failed, by row and column, and the rows
that people do not see; or a fault.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from runtime.importing.faults import FileFault

MOST_CELLS = 20_000_000
"""Cells of the rectangle around everything in a sheet."""
SPARSE = 50
"""A rectangle of that many times the cells that are filled is no table."""
SMALL = 500_000
"""Cells of a rectangle that costs nothing, however empty it is."""
BLOCK = 4_000_000
CELL = re.compile(rb'<(?:\w+:)?c\s(?:[^>]*?\s)?r="([A-Z]{1,3})([0-9]{1,7})"')
FAILED = re.compile(
    rb'<(?:\w+:)?c\s(?=[^>]*\st="e")(?:[^>]*?\s)?r="([A-Z]{1,3})([0-9]{1,7})"[^>]*>'
    rb"(?:(?!</(?:\w+:)?c>).)*?<(?:\w+:)?v>([^<]*)<",
    re.DOTALL,
)
UNCOUNTED = re.compile(
    rb'<(?:\w+:)?c\s(?:[^>]*?\s)?r="([A-Z]{1,3})([0-9]{1,7})"[^>]*>\s*'
    rb"<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
HIDDEN = re.compile(
    rb'<(?:\w+:)?row\s(?=[^>]*\bhidden="(?:1|true)")(?:[^>]*?\s)?r="([0-9]{1,7})"[^>]*>'
)
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


class Failed(NamedTuple):
    """A cell without a value."""

    code: str
    """`cell_error` or `formula_without_result`."""
    said: str
    """What the spreadsheet shows there; empty for a formula."""


Place = tuple[int, int]
"""Row and column, from 0."""


class Scanned(NamedTuple):
    """What the reader of workbooks does not say of a sheet."""

    failed: dict[Place, Failed]
    """The cells that hold no value although they are not empty."""
    hidden: frozenset[int]
    """Rows that were hidden or filtered away, from 1."""


UNSEEN = Scanned({}, frozenset())


def scan(path: Path, sheet: str) -> Scanned:
    """Return what is to be known of a sheet.

    Raises:
        FileFault: something stands so far from everything else that nobody can read the sheet, or
            the workbook is of a binary kind.

    """
    if not zipfile.is_zipfile(path):
        return UNSEEN
    with zipfile.ZipFile(path) as book:
        names = set(book.namelist())
        if "xl/workbook.bin" in names:
            raise FileFault(
                f"'{path.name}' is a binary workbook; save it as .xlsx.",
                f"“{path.name}”是二进制工作簿，请另存为 .xlsx。",
            )
        part = _part(book, sheet) if "xl/workbook.xml" in names else ""
        if part not in names:
            return UNSEEN
        return _scanned(book, part, path.name)


def _part(book: zipfile.ZipFile, sheet: str) -> str:
    """Return the name of the part that holds a sheet; empty when it cannot be told."""
    try:
        tree = ElementTree.fromstring(book.read("xl/workbook.xml"))
        links = ElementTree.fromstring(book.read("xl/_rels/workbook.xml.rels"))
    except (ElementTree.ParseError, KeyError, ValueError):
        return ""
    marks = [one.get(RELATION) for one in tree.iter() if one.get("name") == sheet]
    for one in links:
        if marks and one.get("Id") == marks[0]:
            target = one.get("Target", "")
            return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return ""


def _scanned(book: zipfile.ZipFile, part: str, name: str) -> Scanned:
    failed: dict[Place, Failed] = {}
    hidden: set[int] = set()
    count = bottom = right = 0
    top = left = 1 << 30
    last = ""
    for piece in _pieces(book, part):
        for cell in CELL.finditer(piece):
            row, column = int(cell[2]), _number(cell[1])
            count += 1
            if row > bottom or column > right:
                last = f"{cell[1].decode()}{row}"
            bottom, right = max(bottom, row), max(right, column)
            top, left = min(top, row), min(left, column)
        if b"hidden=" in piece:
            hidden.update(int(row[1]) for row in HIDDEN.finditer(piece))
        if b't="e"' in piece:
            for cell in FAILED.finditer(piece):
                said = cell[3].decode("utf-8", "replace").strip()
                failed[int(cell[2]) - 1, _number(cell[1]) - 1] = Failed("cell_error", said)
        if b"<f" in piece or b":f" in piece:
            for cell in UNCOUNTED.finditer(piece):
                place = int(cell[2]) - 1, _number(cell[1]) - 1
                failed[place] = Failed("formula_without_result", "")
    area = (bottom - top + 1) * (right - left + 1) if count else 0
    if area > MOST_CELLS or area > max(SMALL, SPARSE * count):
        raise FileFault(
            f"'{name}' has a cell far away from its table ({last}); delete the empty rows and "
            "columns in between, or copy the table into a new workbook.",
            f"“{name}”在远离表格的位置（{last}）有内容，请删除多余的空行和空列，"
            "或将表格复制到新的工作簿。",
        )
    return Scanned(failed, frozenset(hidden))


def _pieces(book: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """Yield a part in pieces that end with a row."""
    rest = b""
    with book.open(part) as stream:
        while block := stream.read(BLOCK):
            rest += block
            end = rest.rfind(b"row>") + 4
            if end > 4:
                yield rest[:end]
                rest = rest[end:]
    yield rest


def _number(letters: bytes) -> int:
    """Return the number of a column, from 1."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
