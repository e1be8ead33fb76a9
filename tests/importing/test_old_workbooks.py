"""Sheets of .xls and .ods: hidden rows and failed cells are told, and none fills the memory."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import pytest

from runtime.importing import xls_scan
from runtime.importing.faults import FileFault
from runtime.importing.tables import Reading, hidden_rows, open_table

DATA = Path(__file__).parent / "data"
SPACES = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{short}:1.0"'
    for short in ("office", "table", "text")
)
CALC = 'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
SECTOR = 512
FREE, END = 0xFFFFFFFF, 0xFFFFFFFE


def ods(path: Path, rows: str, before: str = "") -> Path:
    """Write an .ods with one sheet, as LibreOffice lays it out."""
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?>{before}<office:document-content {SPACES} {CALC}>'
        f'<office:body><office:spreadsheet><table:table table:name="Sheet &amp; 1">{rows}'
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        '<manifest:file-entry manifest:full-path="/" manifest:media-type="x"/></manifest:manifest>'
    )
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        book.writestr("content.xml", content)
        book.writestr("META-INF/manifest.xml", manifest)
    return path


def row(*texts: str, more: str = "") -> str:
    """Return a row of an .ods; an empty text is an empty cell."""
    cells = (
        f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
        if text
        else "<table:table-cell/>"
        for text in texts
    )
    return f"<table:table-row{more}>{''.join(cells)}</table:table-row>"


def compound(path: Path, stream: bytes) -> Path:
    """Write a compound file with a stream of less than 4096 bytes, in sectors of 64."""
    small = [stream[at : at + 64].ljust(64, b"\0") for at in range(0, len(stream), 64)]
    inner = b"".join(small)
    large = -(-len(inner) // SECTOR)
    follows = [0xFFFFFFFD, END, END, *range(4, 3 + large), END]
    links = [*range(1, len(small)), END]

    def sector(numbers: list[int]) -> bytes:
        return struct.pack(f"<{len(numbers)}I", *numbers).ljust(SECTOR, b"\xff")

    def entry(name: str, kind: int, start: int, size: int) -> bytes:
        text = name.encode("utf-16-le").ljust(64, b"\0")
        told = struct.pack("<HBB3I", len(name) * 2 + 2, kind, 1, FREE, FREE, 1)
        return text + told + b"\0" * 36 + struct.pack("<IQ", start, size)

    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16
    header += struct.pack("<5H6x", 62, 3, 0xFFFE, 9, 6)
    header += struct.pack("<9I", 0, 1, 1, 0, 4096, 2, 1, END, 0)
    header += struct.pack("<109I", 0, *[FREE] * 108)
    directory = entry("Root Entry", 5, 3, len(inner)) + entry("Workbook", 2, 0, len(stream))
    parts = (header, sector(follows), directory.ljust(SECTOR, b"\0"), sector(links), inner)
    path.write_bytes(b"".join(parts))
    return path


def records(*given: tuple[int, bytes]) -> bytes:
    return b"".join(struct.pack("<HH", kind, len(body)) + body for kind, body in given)


def small_xls(path: Path, *given: tuple[int, bytes]) -> Path:
    """Write an .xls with one sheet `S` of these records."""
    begin = (xls_scan.BEGIN, b"\0\x06\x05\0" + b"\0" * 12)
    name = b"\0\0\x01\0S"
    first = records(begin, (xls_scan.SHEET, b"\0" * 4 + name), (xls_scan.END, b""))
    where = struct.pack("<I", len(first))
    first = records(begin, (xls_scan.SHEET, where + name), (xls_scan.END, b""))
    return compound(path, first + records(begin, *given, (xls_scan.END, b"")))


def test_an_xls_tells_hidden_rows_and_cells_that_failed() -> None:
    table = open_table(DATA / "hidden.xls", Reading())
    rows = list(table.rows())
    assert [one.cells[0] for one in rows] == ["A", "B", "C", "D"]
    assert hidden_rows(table) == 2, "a hidden row without a cell is none"
    torn = rows[3].torn
    assert torn is not None
    assert (torn.code, torn.extra) == ("cell_error", "#N/A")
    assert hidden_rows(open_table(DATA / "hidden.xls", Reading(sheet="notes"))) == 0


def test_an_ods_tells_hidden_rows_and_cells_that_failed(tmp_path: Path) -> None:
    failed = (
        '<table:table-row><table:table-cell office:value-type="string"><text:p>E</text:p>'
        '</table:table-cell><table:table-cell table:formula="of:=1/0" office:value-type="string" '
        'office:string-value="" calcext:value-type="error"><text:p>#DIV/0!</text:p>'
        "</table:table-cell></table:table-row>"
    )
    rows = (
        row("code", "name")
        + row("A", "Ann")
        + row("B", "Bob", more=' table:visibility="collapse"')
        + row("C", "Cy", more=' table:visibility="filter" table:number-rows-repeated="2"')
        + failed
        + row("", "", more=' table:visibility="collapse" table:number-rows-repeated="1048000"')
    )
    table = open_table(ods(tmp_path / "rows.ods", rows), Reading())
    found = list(table.rows())
    assert [one.cells[0] for one in found] == ["A", "B", "C", "C", "E"]
    assert hidden_rows(table) == 3
    torn = found[4].torn
    assert torn is not None
    assert (torn.code, torn.extra, torn.column) == ("cell_error", "#DIV/0!", "name")


def test_alike_cells_beyond_number_are_refused_before_they_are_laid_out(tmp_path: Path) -> None:
    wide = '<table:table-cell table:number-columns-repeated="16000" office:value-type="string">'
    rows = (
        f'<table:table-row table:number-rows-repeated="1000000">{wide}<text:p>x</text:p>'
        "</table:table-cell></table:table-row>"
    )
    with pytest.raises(FileFault, match="far away from its table"):
        open_table(ods(tmp_path / "bomb.ods", row("code") + rows), Reading())


def test_an_ods_that_grows_by_its_own_names_is_refused(tmp_path: Path) -> None:
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    with pytest.raises(FileFault, match="declares entities"):
        open_table(ods(tmp_path / "laughs.ods", row("&b;"), laughs), Reading())


def test_a_cell_in_the_last_corner_of_an_xls_is_refused(tmp_path: Path) -> None:
    number = struct.pack("<d", 1.0)
    cells = [(0x0203, struct.pack("<3H", *place, 0) + number) for place in ((0, 0), (65535, 255))]
    with pytest.raises(FileFault, match=r"far away from its table \(IV65536\)"):
        open_table(small_xls(tmp_path / "far.xls", *cells), Reading())


def test_a_small_xls_is_scanned_too(tmp_path: Path) -> None:
    hidden = (xls_scan.ROW, struct.pack("<6HI", 4, 0, 1, 255, 0, 0, xls_scan.IS_HIDDEN))
    seen = (xls_scan.ROW, struct.pack("<6HI", 5, 0, 1, 255, 0, 0, 0))
    error = (xls_scan.CELL_OF_ERROR, struct.pack("<3HBB", 4, 2, 0, 0x17, 1))
    truth = (xls_scan.CELL_OF_ERROR, struct.pack("<3HBB", 4, 3, 0, 1, 0))
    found = xls_scan.scan(small_xls(tmp_path / "small.xls", hidden, seen, error, truth))
    assert found["S"].hidden == {5}
    assert found["S"].failed == {(4, 2): ("cell_error", "#REF!")}


@pytest.mark.parametrize("end", [8, 100, 600, 1100, 3000])
def test_a_torn_xls_is_told_by_its_reader(tmp_path: Path, end: int) -> None:
    path = tmp_path / "torn.xls"
    path.write_bytes((DATA / "hidden.xls").read_bytes()[:end])
    with pytest.raises(FileFault, match="no workbook that can be read"):
        open_table(path, Reading())
