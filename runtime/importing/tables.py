"""A file of any known format → a table: named columns and rows with the line they stand on.

A table can be read as often as needed; it holds no rows. The format follows from the beginning of
the file, because names lie.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol, cast

from runtime.importing.faults import FileFault

ZIP, GZIP = b"PK\x03\x04", b"\x1f\x8b"
OLD_EXCEL = b"\xd0\xcf\x11\xe0"
LONGEST_NAME = 200


class Torn(NamedTuple):
    """A row has other cells than the header, so which is which is not known."""

    cells: int
    columns: int


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

    def rows(self) -> Iterator[Row]:
        """Yield the rows in the order of the file."""
        ...


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
    except (OSError, EOFError) as error:
        raise FileFault(
            f"'{path.name}' cannot be read: {error}.", f"无法读取文件“{path.name}”：{error}。"
        ) from error
    if start.startswith((ZIP, OLD_EXCEL)):
        return SheetTable(path, reading)
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n")
    suffixes = {suffix.lower() for suffix in path.suffixes}
    if suffixes & {".json", ".jsonl", ".ndjson"} or text.startswith((b"{", b"[{")):
        return JsonTable(path, reading)
    return CsvTable(path, reading)


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
