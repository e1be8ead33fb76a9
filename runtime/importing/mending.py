"""The fix file: the refused rows of an import as they came, each with why, to be mended.

In: the table and the reasons by line. Out: pieces of bytes that read back as the table did: a CSV
with its delimiter and encoding, or an object a line where the table was JSON. The column of reasons
is nobody's field, so a mended file is imported as it is.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from runtime.harmless import harmless
from runtime.importing.csv_table import CsvTable
from runtime.importing.json_table import Broken, JsonTable
from runtime.importing.tables import Row, Table

WHY = {"en": "Why refused", "zh": "未导入原因"}
"""What the column of reasons is called."""
Reasons = Mapping[int, Sequence[str]]
"""By line: why it was refused, in the reader's language."""
PIECE = 64 * 1024
ENDINGS = {"csv": "text/csv", "jsonl": "application/jsonl"}


def fix_name(name: str, table: Table) -> str:
    """Return what the fix file of a file is called."""
    stem = name.partition(".")[0] or "rows"
    return f"{stem}-fix.{'jsonl' if _is_json(table) else 'csv'}"


def media_type(table: Table) -> str:
    """Return the type of the fix file of a table."""
    return ENDINGS["jsonl" if _is_json(table) else "csv"]


def fix_rows(table: Table, reasons: Reasons, locale: str) -> Iterator[bytes]:
    """Yield the pieces of the fix file."""
    why = WHY["zh" if locale.startswith("zh") else "en"]
    if isinstance(table, JsonTable) and _is_json(table):
        for line, one in table.objects():
            if line not in reasons:
                continue
            if isinstance(one, Broken):
                # a line that nobody can read is mended as it stands; the page tells why
                yield one + b"\n"
            else:
                yield orjson.dumps({**one, why: "; ".join(reasons[line])}) + b"\n"
        return
    yield from _cells(table, reasons, why)


def _cells(table: Table, reasons: Reasons, why: str) -> Iterator[bytes]:
    delimiter, encoding = ",", "utf-8-sig"
    if isinstance(table, CsvTable):
        delimiter = table.delimiter
        encoding = "utf-8-sig" if table.encoding == "utf-8" else table.encoding
    columns = [one for one in table.columns if one not in WHY.values()]
    places = [place for place, one in enumerate(table.columns) if one not in WHY.values()]
    buffer = io.StringIO()
    lines = csv.writer(buffer, delimiter=delimiter, lineterminator="\r\n")
    lines.writerow([*columns, why])
    first = True
    for row in table.rows():
        if row.line in reasons:
            lines.writerow([*_shown(row, places), "; ".join(reasons[row.line])])
        if buffer.tell() >= PIECE:
            yield _emptied(buffer, encoding, first=first)
            first = False
    yield _emptied(buffer, encoding, first=first)


def _shown(row: Row, places: Sequence[int]) -> list[Any]:
    """Return the cells of a row; one with too many keeps them all, for its author to mend."""
    if row.torn is not None and row.torn.cells > row.torn.columns:
        return [harmless(str(cell)) for cell in row.cells]
    return [harmless(str(row.cells[place])) for place in places]


def _emptied(buffer: io.StringIO, encoding: str, *, first: bool) -> bytes:
    # the mark of an encoding stands once, before everything
    codec = encoding if first else {"utf-8-sig": "utf-8", "utf-16": "utf-16-le"}.get(encoding)
    piece = buffer.getvalue().encode(codec or encoding, "replace")
    buffer.seek(0)
    buffer.truncate()
    return piece


def _is_json(table: Table) -> bool:
    """Return whether lines of a table are objects; a tree of nodes has no objects of its own."""
    return isinstance(table, JsonTable) and not table.nested
