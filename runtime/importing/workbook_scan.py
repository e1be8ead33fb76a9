"""What the sheet of a workbook holds, told before the reader of workbooks is let near it.

That reader lays a sheet out as one rectangle and says nothing of a cell that failed: a letter in
the last corner of a sheet would ask for half a terabyte, and `#N/A` would read as an empty cell.
In: the path and the name of a sheet. Out: the cells that failed, by row and column, and the rows
that people do not see; or a fault.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.etree import ElementTree

from runtime.importing import ods_scan, xls_scan
from runtime.importing.faults import FileFault
from runtime.importing.scanned import UNSEEN, Failed, Place, Scanned, require_table

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


def scan_whole(path: Path) -> Mapping[str, Scanned]:
    """Return what is to be known of each sheet of a workbook that is read as a whole.

    Raises:
        FileFault: something stands so far from everything else that nobody can read a sheet.

    """
    if not zipfile.is_zipfile(path):
        return xls_scan.scan(path)
    with zipfile.ZipFile(path) as book:
        return ods_scan.scan(book, path.name) if ods_scan.CONTENT in book.namelist() else {}


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
    require_table(name, area, count, last)
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
