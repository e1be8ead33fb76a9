"""A file of any known format → a table: named columns and rows with the line they stand on.

A table can be read as often as needed; it holds no rows. The format follows from the beginning of
the file, because names lie.
"""

from __future__ import annotations

import codecs
import gzip
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol, cast

from runtime.importing.encodings import unmarked
from runtime.importing.faults import FileFault

ZIP, GZIP = b"PK\x03\x04", b"\x1f\x8b"
OLD_EXCEL = b"\xd0\xcf\x11\xe0"
OBJECTS = re.compile(rb"\[?\s*\{")
"""How objects begin, alone or in a list."""
LONGEST_NAME = 200
MOST_COLUMNS = 1000
MOST_UNPACKED = 1_000_000_000
"""Bytes that a packed file may hold: a few kilobytes can unfold into more than a disk takes."""
MOST_IN_WORKBOOK = 200_000_000
"""Bytes of a workbook, which is read into memory as a whole."""
NO_TABLES = {b"%PDF": "PDF", b"\x89PNG": "PNG", b"\xff\xd8\xff": "JPEG", b"GIF8": "GIF"}
PAGES = (b"<html", b"<!doctype html", b"<table", b"<?xml")
"""How pages and XML begin that programs hand out as .xls."""
WIDE = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
"""Marks of encodings whose texts may hold zero bytes."""


class Torn(NamedTuple):
    """A row cannot be read: it has other cells than the header, or one that failed."""

    cells: int
    columns: int
    extra: str = ""
    """What the first cell says that has no column, or the one that failed."""
    code: str = ""
    """Why it failed, such as `cell_error`; see `loading.FAILED_CELLS`."""
    column: str = ""
    """The column of the cell that failed."""


class Row(NamedTuple):
    """One row and the line of the file where it begins, from 1."""

    line: int
    cells: Sequence[Any]
    """A cell for each column, and perhaps more; text, or the value where the format has types."""
    torn: Torn | None = None


class Table(Protocol):
    """Something with columns and rows."""

    name: str
    columns: tuple[str, ...]
    whole: bool
    """Whether all rows of one line are one record, as in JSON."""
    hidden: frozenset[int]
    """The lines that are not seen where the file comes from; they count like the others."""

    def rows(self) -> Iterator[Row]:
        """Yield the rows in the order of the file."""
        ...


def hidden_rows(table: Table) -> int:
    """Return how many rows of a table are not seen where it comes from."""
    return sum(row.line in table.hidden for row in table.rows()) if table.hidden else 0


@dataclass(frozen=True)
class Reading:
    """How a file is to be read; what is empty is found out."""

    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    nested: str = ""


def open_table(path: Path, reading: Reading) -> Table:
    """Return the table in a file.

    Raises:
        FileFault: it is empty, or of no format we know.

    """
    from runtime.importing.csv_table import CsvTable  # noqa: PLC0415 (they need this module)
    from runtime.importing.json_table import JsonTable  # noqa: PLC0415
    from runtime.importing.sheet_table import SheetTable  # noqa: PLC0415

    try:
        with open_bytes(path) as stream:
            start = stream.read(4096)
    except (OSError, EOFError, zlib.error) as error:
        raise FileFault(
            f"'{path.name}' cannot be read: {error}.", f"无法读取文件“{path.name}”：{error}。"
        ) from error
    _require_table(path.name, start)
    _require_size(path)
    if start.startswith((ZIP, OLD_EXCEL)):
        return SheetTable(path, reading)
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n")
    suffixes = {suffix.lower() for suffix in path.suffixes}
    if suffixes & {".json", ".jsonl", ".ndjson"} or OBJECTS.match(text):
        return JsonTable(path, reading)
    return CsvTable(path, reading)


def _require_table(name: str, start: bytes) -> None:
    """Refuse what cannot hold a table, before its bytes are read as text.

    Raises:
        FileFault: it is a picture, a document or a program.

    """
    kind = next((kind for mark, kind in NO_TABLES.items() if start.startswith(mark)), "")
    if start.lstrip(b"\xef\xbb\xbf \t\r\n")[:14].lower().startswith(PAGES):
        raise FileFault(
            f"'{name}' holds a web page or XML, whatever its name says; open it in a spreadsheet "
            "and save it as .xlsx or CSV.",
            f"“{name}”实际上是网页或 XML 文件，请用电子表格软件打开后另存为 .xlsx 或 CSV。",
        )
    is_binary = not start.startswith((ZIP, OLD_EXCEL, *WIDE)) and b"\x00" in start
    is_binary = is_binary and not _is_utf8(start) and not unmarked(start)
    if kind or is_binary:
        what, what_zh = (f"a {kind} file", f"{kind} 文件") if kind else ("no text", "非文本文件")
        raise FileFault(
            f"'{name}' is {what}; send a CSV, an Excel workbook or JSON lines.",
            f"“{name}”是{what_zh}，请使用 CSV、Excel 工作簿或 JSON Lines 文件。",
        )


def _is_utf8(start: bytes) -> bool:
    """Return whether bytes begin a text in UTF-8; a zero in it is the fault of its row."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return False
    return True


def _require_size(path: Path) -> None:
    """Refuse a packed file that unfolds into more than anybody's table.

    Raises:
        FileFault: it does.

    """
    size, most = 0, MOST_UNPACKED
    if zipfile.is_zipfile(path):
        try:
            with zipfile.ZipFile(path) as book:
                size, most = sum(one.file_size for one in book.infolist()), MOST_IN_WORKBOOK
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            raise FileFault(
                f"'{path.name}' is damaged: {error}.", f"文件“{path.name}”已损坏：{error}。"
            ) from error
    else:
        with path.open("rb") as stream:
            packed = stream.read(2) == GZIP
        if not packed:
            return
        try:
            with open_bytes(path) as stream:
                while size <= MOST_UNPACKED and (block := stream.read(1 << 20)):
                    size += len(block)
        except (OSError, EOFError, zlib.error) as error:
            raise FileFault(
                f"'{path.name}' is damaged: {error}.", f"文件“{path.name}”已损坏：{error}。"
            ) from error
    if size > most:
        most //= 1_000_000
        raise FileFault(
            f"'{path.name}' unfolds into more than {most:,} MB; cut it into several files.",
            f"文件“{path.name}”解压后超过 {most:,} MB，请拆分成多个文件。",
        )


def open_bytes(path: Path) -> BinaryIO:
    """Open a file, unpacked when it is gzipped."""
    with path.open("rb") as stream:
        packed = stream.read(2) == GZIP
    return cast("BinaryIO", gzip.open(path, "rb")) if packed else path.open("rb")


def checked_columns(name: str, columns: Sequence[Any]) -> tuple[str, ...]:
    """Return the names of the columns.

    Raises:
        FileFault: there are none, or two have the same name.

    """
    if len(columns) > MOST_COLUMNS:
        raise FileFault(
            f"'{name}' has {len(columns):,} columns; a table has at most {MOST_COLUMNS:,}.",
            f"文件“{name}”有 {len(columns):,} 列，最多 {MOST_COLUMNS:,} 列。",
        )
    names = [str(column or "").strip()[:LONGEST_NAME] for column in columns]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise FileFault(f"'{name}' is empty.", f"文件“{name}”是空的。")
    twice = sorted({one for one in names if one and names.count(one) > 1})
    if twice:
        raise FileFault(
            f"'{name}' has the column '{twice[0]}' twice; name each column once.",
            f"文件“{name}”中列“{twice[0]}”重复，请确保列名唯一。",
        )
    return tuple(names)
