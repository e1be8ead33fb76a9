"""Tables of text: comma, semicolon, tab or bar between cells, quotes and newlines in them."""

from __future__ import annotations

import codecs
import csv
import io
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from runtime.importing.encodings import TORN_UTF8, detect
from runtime.importing.faults import FileFault
from runtime.importing.tables import Reading, Row, Torn, checked_columns, open_bytes

DELIMITERS = (",", ";", "\t", "|")
SAID = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
"""The line with which Excel is told the delimiter."""
NO_TEXT = re.compile("[\udc80-\udcff]+")
"""Bytes that are no text, as a reader that goes on tells them."""
UNKNOWN = "\N{REPLACEMENT CHARACTER}"
LONGEST_CELL = 10_000_000
SAMPLE = 64_000


class CsvTable:
    """A table of delimited text; the first row names the columns."""

    whole = False
    hidden: frozenset[int] = frozenset()

    def __init__(self, path: Path, reading: Reading) -> None:
        self.path, self.name = path, path.name
        self.encoding = self._known(reading.encoding) if reading.encoding else self._encoding()
        self.is_torn = self.encoding == TORN_UTF8
        """Whether some of its bytes are no text: their rows are refused, the others come in."""
        if self.is_torn:
            self.encoding = "utf-8"
        said = SAID.match(self._sample())
        self.skipped = int(said is not None)
        """Lines above the header that are no rows."""
        self.delimiter = reading.delimiter or (said[1] if said else self._delimiter())
        with self._reader() as reader:
            first: list[Any] = next((row for row in reader if self._is_row(reader, row)), [])
            self.columns = checked_columns(self.name, [NO_TEXT.sub(UNKNOWN, one) for one in first])
            self.widest = len(first)
            """The cells of the header with the empty ones at its end, which rows may have too."""

    def rows(self) -> Iterator[Row]:
        """Yield the rows below the header; lines without any text are passed over."""
        return map(self._legible, self._rows()) if self.is_torn else self._rows()

    def _legible(self, row: Row) -> Row:
        """Return a row without bytes that are no text; one that has such is torn."""
        place = next((at for at, one in enumerate(row.cells) if NO_TEXT.search(one)), -1)
        if place < 0:
            return row
        cells = [NO_TEXT.sub(UNKNOWN, one) for one in row.cells]
        column = self.columns[place] if place < len(self.columns) else ""
        torn = Torn(len(cells), len(self.columns), cells[place], "no_text", column)
        return Row(row.line, cells, row.torn or torn)

    def _rows(self) -> Iterator[Row]:
        width, widest = len(self.columns), self.widest
        with self._reader() as reader:
            for row in reader:
                if self._is_row(reader, row):
                    break
            line = reader.line_num + 1
            for row in reader:
                if reader.line_num > line and self._swallows(row):
                    told = next((cell for cell in row if "\n" in cell), "")
                    torn = Torn(len(row), width, told.partition("\n")[0], "quote_open")
                    yield Row(line, row + [""] * (width - len(row)), torn)
                elif width <= len(row) <= widest:
                    if any(row):
                        yield Row(line, row)
                elif "".join(row).strip():
                    torn = Torn(len(row), width, next(filter(None, row[width:]), ""))
                    yield Row(line, row + [""] * (width - len(row)), torn)
                line = reader.line_num + 1

    def _counted(self, lines: Iterable[str]) -> Iterator[str]:
        """Yield the lines of the file; at its end it is known whether a quote is still open."""
        quotes, line = 0, ""
        for line in lines:
            if '"' in line:
                quotes += line.count('"')
            yield line
        self.is_open, self.ends = quotes % 2 == 1, line.endswith(("\n", "\r"))

    def _swallows(self, row: list[str]) -> bool:
        """Return whether the last row goes to the end of the file because its quote is open."""
        return self.is_open and (not self.ends or row[-1].endswith(("\n", "\r")))

    def _is_row(self, reader: Any, row: list[Any]) -> bool:
        return reader.line_num > self.skipped and any(row)

    @contextmanager
    def _reader(self) -> Iterator[Any]:
        """Open a reader; what the file cannot be read for is told as a fault."""
        csv.field_size_limit(LONGEST_CELL)
        try:
            with (
                open_bytes(self.path) as stream,
                io.TextIOWrapper(
                    stream,
                    encoding=self.encoding,
                    errors="surrogateescape" if self.is_torn else "strict",
                    newline="",
                ) as text,
            ):
                self.is_open = self.ends = False
                yield csv.reader(self._counted(text), delimiter=self.delimiter)
        except UnicodeError as error:
            raise FileFault(
                f"'{self.name}' is not text in {self.encoding}: {error}.",
                f"文件“{self.name}”不是 {self.encoding} 编码的文本：{error}。",
            ) from error
        except (csv.Error, TypeError) as error:
            raise FileFault(
                f"'{self.name}' is no table of cells: {error}.",
                f"文件“{self.name}”不是有效的表格：{error}。",
            ) from error
        except (OSError, EOFError, zlib.error) as error:
            raise FileFault(
                f"'{self.name}' cannot be read to its end: {error}.",
                f"文件“{self.name}”无法完整读取：{error}。",
            ) from error

    def _known(self, encoding: str) -> str:
        try:
            return codecs.lookup(encoding).name
        except LookupError as error:
            raise FileFault(
                f"'{encoding}' is no encoding; write one such as utf-8, gb18030 or latin-1.",
                f"没有编码“{encoding}”，可用例如 utf-8、gb18030 或 latin-1。",
            ) from error

    def _encoding(self) -> str:
        try:
            with open_bytes(self.path) as stream:
                return detect(stream)
        except (OSError, EOFError, zlib.error) as error:
            raise FileFault(
                f"'{self.name}' cannot be read: {error}.", f"无法读取文件“{self.name}”：{error}。"
            ) from error

    def _sample(self) -> str:
        with (
            open_bytes(self.path) as stream,
            io.TextIOWrapper(stream, encoding=self.encoding, errors="replace", newline="") as text,
        ):
            return text.read(SAMPLE)

    def _delimiter(self) -> str:
        """Return the one that cuts the first rows into the most columns, equally many in each."""
        sample = self._sample()
        best = (0, 0, ",")
        for place, delimiter in enumerate(DELIMITERS):
            widths = _widths(sample, delimiter)
            if widths and widths[0] > 1:
                same = sum(width == widths[0] for width in widths) / len(widths)
                best = max(best, (round(same * widths[0] * 100), -place, delimiter))
        return best[2]


def _widths(sample: str, delimiter: str) -> list[int]:
    csv.field_size_limit(LONGEST_CELL)
    try:
        rows = list(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter))
    except csv.Error:
        return []
    complete = rows[:-1] if len(rows) > 1 and len(sample) >= SAMPLE else rows
    return [len(row) for row in complete[:50] if row]
