"""What the sheets of an .xls hold, as `workbook_scan` tells it of an .xlsx.

An .xls is a little file system (a compound file), and in it a stream of records: a kind, a length,
and so many bytes. Its reader lays every sheet out as soon as it opens the file. In: the path. Out:
by sheet the cells that failed and the rows that people do not see, or a fault; nothing of a file
that is not as such files are, of which its reader tells what is wrong.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from runtime.importing.scanned import Failed, Place, Scanned, column_name, require_table

STREAMS = ("Workbook", "Book")
HEADER = 512
NO_SECTOR = 0xFFFFFFFA
"""Numbers from here on are no sectors."""
ENTRY = 128
BEGIN, END, SHEET, ROW = 0x0809, 0x000A, 0x0085, 0x0208
CELL_OF_ERROR, FORMULA = 0x0205, 0x0006
CELLS = {CELL_OF_ERROR, FORMULA, 0x0203, 0x027E, 0x00BD, 0x0204, 0x00FD, 0x00D6}
"""Kinds of records that are cells: row and column come first; several numbers count as one."""
IS_HIDDEN = 0x20
IS_WIDE = 0x01
"""Of a name: two bytes a letter."""
ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}


def scan(path: Path) -> dict[str, Scanned]:
    """Return what is to be known of each sheet.

    Raises:
        FileFault: something stands so far from everything else that nobody can read a sheet.

    """
    try:
        content = _stream(path.read_bytes())
        return {name: _scanned(content, at, path.name) for name, at in _sheets(content)}
    except (struct.error, IndexError, ValueError, OverflowError, StopIteration):
        return {}


def _scanned(content: bytes, start: int, name: str) -> Scanned:
    failed: dict[Place, Failed] = {}
    hidden: set[int] = set()
    depth = count = bottom = right = 0
    top = left = 1 << 16
    for kind, record in _records(content, start):
        if kind == BEGIN:
            depth += 1
        elif kind == END:
            depth -= 1
            if depth == 0:
                break
        elif kind == ROW and record[12] & IS_HIDDEN:
            hidden.add(_place(record)[0] + 1)
        elif kind in CELLS and depth == 1:
            row, column = _place(record)
            count += 1
            bottom, right = max(bottom, row + 1), max(right, column + 1)
            top, left = min(top, row), min(left, column)
            if kind == CELL_OF_ERROR and record[7]:
                failed[row, column] = _error(record[6])
            elif kind == FORMULA and record[6] == 2 and record[12:14] == b"\xff\xff":
                failed[row, column] = _error(record[8])
    if count:
        last = f"{column_name(right)}{bottom}"
        require_table(name, (bottom - top) * (right - left), count, last)
    return Scanned(failed, frozenset(hidden))


def _place(record: bytes) -> Place:
    row, column = struct.unpack_from("<HH", record)
    return row, column


def _error(code: int) -> Failed:
    return Failed("cell_error", ERRORS.get(code, "#?"))


def _sheets(content: bytes) -> Iterator[tuple[str, int]]:
    """Yield the name of each sheet and where its records begin."""
    for kind, record in _records(content, 0):
        if kind == SHEET:
            at = struct.unpack_from("<I", record)[0]
            length, text = record[6], record[7:]
            if len(text) == length:
                yield text.decode("latin-1"), at
            elif text[0] & IS_WIDE:
                yield text[1 : 1 + 2 * length].decode("utf-16-le"), at
            else:
                yield text[1 : 1 + length].decode("latin-1"), at
        elif kind == END:
            return


def _records(content: bytes, start: int) -> Iterator[tuple[int, bytes]]:
    place, end = start, len(content)
    while place + 4 <= end:
        kind, length = struct.unpack_from("<HH", content, place)
        yield kind, content[place + 4 : place + 4 + length]
        place += 4 + length


def _stream(data: bytes) -> bytes:
    """Return the stream of the workbook in a compound file."""
    size = 1 << struct.unpack_from("<H", data, 30)[0]
    small = 1 << struct.unpack_from("<H", data, 32)[0]
    _, first, _, least, first_small, _ = struct.unpack_from("<6I", data, 44)
    table = _table(data, size)
    whole = b"".join(_chain(data, table, first, size, HEADER))
    entries = [whole[at : at + ENTRY] for at in range(0, len(whole), ENTRY)]
    root = next(one for one in entries if one[66] == 5)
    for name in STREAMS:
        for one in entries:
            if one[66] == 2 and _name(one) == name:
                begin, length = struct.unpack_from("<II", one, 116)
                if length >= least:
                    return b"".join(_chain(data, table, begin, size, HEADER))[:length]
                inner = b"".join(
                    _chain(data, table, struct.unpack_from("<I", root, 116)[0], size, HEADER)
                )
                links = b"".join(_chain(data, table, first_small, size, HEADER))
                numbers = struct.unpack(f"<{len(links) // 4}I", links)
                return b"".join(_chain(inner, numbers, begin, small, 0))[:length]
    raise ValueError("no workbook")


def _name(entry: bytes) -> str:
    length = struct.unpack_from("<H", entry, 64)[0]
    return entry[: max(length - 2, 0)].decode("utf-16-le", "replace")


def _table(data: bytes, size: int) -> tuple[int, ...]:
    """Return which sector follows each."""
    numbers = [*struct.unpack_from("<109I", data, 76)]
    further, seen = struct.unpack_from("<I", data, 68)[0], 0
    while further < NO_SECTOR and seen < len(data) // size:
        more = struct.unpack_from(f"<{size // 4}I", data, HEADER + further * size)
        numbers += more[:-1]
        further, seen = more[-1], seen + 1
    found: list[int] = []
    for number in numbers:
        if number < NO_SECTOR:
            found += struct.unpack_from(f"<{size // 4}I", data, HEADER + number * size)
    return tuple(found)


def _chain(
    data: bytes, table: tuple[int, ...], first: int, size: int, start: int
) -> Iterator[bytes]:
    """Yield the sectors of a chain; one that leads in a circle ends."""
    here = first
    for _ in range(len(table)):
        if here >= NO_SECTOR:
            return
        yield data[start + here * size : start + (here + 1) * size]
        here = table[here]
