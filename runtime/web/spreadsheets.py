"""Rows → a file: CSV in UTF-8 with its mark or XLSX for a spreadsheet, JSON lines or Parquet for a
program; sent as it is made.

In: a heading, and rows of texts, whole numbers and `Decimal`s. Out: pieces of bytes. A text that a
spreadsheet would run as a formula is made harmless: in CSV by an apostrophe, in XLSX by its type.
An XLSX is written to a temporary file first, because its table of contents stands at its end; rows
beyond what a sheet holds go on in another. In JSON lines a number with decimals is a text, as in
the API, because a reader of JSON would make a float of it.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson

from runtime.harmless import harmless
from runtime.web import parquet

Value = str | int | Decimal | None
FORMATS = ("csv", "xlsx", "jsonl", "parquet")
MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "jsonl": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
}
MARK = "\ufeff"
PIECE = 64 * 1024
SHEET = 1_000_000
"""Rows of one sheet."""
LONGEST_CELL = 32_767
"""Characters that Excel takes."""

_QUOTED = re.compile(r'[",\r\n]')
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def write(
    format_: str,
    heading: Sequence[str],
    rows: Iterable[Sequence[Value]],
    mark: str = "",
    kinds: Sequence[str] = (),
) -> Iterator[bytes]:
    """Return the pieces of a file of one of `FORMATS`.

    `mark` says who took it out and when. A workbook carries it in its properties and at the foot of
    every printed page; the others have no place for it, so there it is only the name of the file.
    `kinds` are the types of a Parquet file's columns; texts where they are missing.

    Raises:
        Invalid: the library for this format is not installed.

    """
    if format_ == "parquet":
        parquet.require()
        return parquet.write(heading, rows, kinds or ("VARCHAR",) * len(heading))
    if format_ == "jsonl":
        return write_lines(heading, rows)
    return write_csv(heading, rows) if format_ == "csv" else write_xlsx(heading, rows, mark)


def write_lines(heading: Sequence[str], rows: Iterable[Sequence[Value]]) -> Iterator[bytes]:
    """Yield an object a line."""
    names = [str(name) for name in heading]
    buffer = bytearray()
    for row in rows:
        buffer += orjson.dumps(dict(zip(names, row, strict=True)), default=_exact) + b"\n"
        if len(buffer) >= PIECE:
            yield bytes(buffer)
            buffer.clear()
    yield bytes(buffer)


def _exact(value: Any) -> Any:
    """Return a number as JSON holds it: whole ones as such, the others as texts."""
    whole = isinstance(value, Decimal) and value.as_tuple().exponent == 0
    return int(value) if whole else str(value)


def marked(actor_name: str, at: datetime, request_id: str) -> str:
    """Return what a file says about who took it out."""
    return f"{actor_name} {at:%Y-%m-%d %H:%M} UTC {request_id}".strip()


def file_name(stem: str, actor_name: str, at: datetime, form: str) -> str:
    """Return the name of a file that leaves: what it holds, who took it out, and when."""
    who = re.sub(r"[^A-Za-z0-9._-]+", "-", actor_name).strip("-.")[:40]
    return f"{stem}-{who or 'somebody'}-{at:%Y%m%dT%H%M}.{form}"


def write_csv(heading: Sequence[str], rows: Iterable[Sequence[Value]]) -> Iterator[bytes]:
    """Yield a CSV as RFC 4180 wants it, with the mark by which Excel knows UTF-8."""
    buffer = io.StringIO()
    buffer.write(MARK)
    lines = csv.writer(buffer, lineterminator="\r\n")
    lines.writerow([harmless(text) for text in heading])
    for row in rows:
        lines.writerow([harmless(one) if isinstance(one, str) else one for one in row])
        if buffer.tell() >= PIECE:
            yield _emptied(buffer)
    yield _emptied(buffer)


def write_csv_lines(heading: Sequence[str], lines: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """Yield a CSV whose lines are written already, some at once."""
    yield from write_csv(heading, ())
    for some in lines:
        yield "".join(some).encode()


def csv_cell(value: Value) -> str:
    """Return a value as `write_csv` writes it beside others."""
    if not isinstance(value, str):
        return "" if value is None else str(value)
    text = harmless(value)
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text


def _emptied(buffer: io.StringIO) -> bytes:
    piece = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return piece


def write_xlsx(
    heading: Sequence[str], rows: Iterable[Sequence[Value]], mark: str = ""
) -> Iterator[bytes]:
    """Yield a workbook; its rows are on the disk, not in memory."""
    from openpyxl import Workbook  # noqa: PLC0415 (18 MB of memory that no CSV needs)

    book = Workbook(write_only=True)
    if mark:
        book.properties.creator = book.properties.description = mark
    sheet: Any = None
    for number, row in enumerate(rows):
        if number % SHEET == 0:
            sheet = _sheet(book, heading, mark)
        sheet.append([_cell(sheet, one) for one in row])
    if sheet is None:
        _sheet(book, heading, mark)
    with tempfile.TemporaryFile() as file:
        book.save(file)
        file.seek(0)
        while piece := file.read(PIECE):
            yield piece


def _sheet(book: Any, heading: Sequence[str], mark: str) -> Any:
    sheet: Any = book.create_sheet()
    if mark:
        # an ampersand begins a code of the foot
        sheet.oddFooter.left.text = mark.replace("&", "&&")
    sheet.freeze_panes = "A2"
    sheet.append([_cell(sheet, text) for text in heading])
    return sheet


def _cell(sheet: Any, value: Value) -> Any:
    if not isinstance(value, str):
        return value
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415 (as above)

    cell = WriteOnlyCell(sheet, value=_CONTROL.sub("", value)[:LONGEST_CELL])
    cell.data_type = "s"
    return cell
