"""Files as they really come: encodings, delimiters, quotes, workbooks, JSON, and what is none."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.importing.csv_table import CsvTable
from runtime.importing.faults import FileFault
from runtime.importing.mending import fix_rows
from runtime.importing.tables import Reading, open_table

TEXT = "code,name\nA,杯子\nB,壶\n"


def table(tmp_path: Path, content: bytes, name: str = "rows.csv", **reading: str) -> list[object]:
    """Write a file and return its columns and its rows."""
    path = tmp_path / name
    path.write_bytes(content)
    found = open_table(path, Reading(**reading))
    return [found.columns, *((row.line, list(row.cells)) for row in found.rows())]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "gzip"])
def test_chinese_text_is_read_in_every_usual_encoding(tmp_path: Path, encoding: str) -> None:
    content = gzip.compress(TEXT.encode()) if encoding == "gzip" else TEXT.encode(encoding)
    assert table(tmp_path, content) == [("code", "name"), (2, ["A", "杯子"]), (3, ["B", "壶"])]


def test_western_accents_are_not_taken_for_chinese(tmp_path: Path) -> None:
    content = "code;name\nA;Café Müller, Ångström\nB;Señor £5\n".encode("latin-1")
    assert table(tmp_path, content)[1:] == [
        (2, ["A", "Café Müller, Ångström"]),
        (3, ["B", "Señor £5"]),
    ]


def test_an_accent_far_down_the_file_decides(tmp_path: Path) -> None:
    content = b"code,name\n" + b"A,plain\n" * 200_000 + "Z,Grüße\n".encode("latin-1")
    assert table(tmp_path, content)[-1] == (200_002, ["Z", "Grüße"])


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_out(tmp_path: Path, delimiter: str) -> None:
    content = delimiter.join(("code", "name")) + "\n" + delimiter.join(("A", "x. y")) + "\n"
    assert table(tmp_path, content.encode())[0] == ("code", "name")


def test_quotes_and_newlines_in_cells_keep_the_lines_right(tmp_path: Path) -> None:
    content = b'code,name\r\nA,"two\r\nlines, ""quoted"""\r\n\r\nB,b\r\n'
    assert table(tmp_path, content)[1:] == [
        (2, ["A", 'two\r\nlines, "quoted"']),
        (5, ["B", "b"]),
    ]


def test_empty_rows_are_passed_over_whatever_their_width(tmp_path: Path) -> None:
    content = b"a,b,c\n\n,,\n , ,,,\n  \n1,2,3\n"
    assert table(tmp_path, content)[1:] == [(6, ["1", "2", "3"])]


def test_a_row_of_other_cells_than_the_header_says_so(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("a,b,c\n1\n1,2,3,4\n1,2,3,\n1,2,3\n")
    rows = open_table(path, Reading()).rows()
    found = [(row.line, row.torn and row.torn[:3]) for row in rows]
    assert found == [(2, (1, 3, "")), (3, (4, 3, "4")), (4, (4, 3, "")), (5, None)]


def test_columns_without_a_name_at_the_end_may_be_there_or_not(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("a,b,,\n1,2\n1,2,,\n1,2,,,\n")
    found = [row.torn and row.torn[:3] for row in open_table(path, Reading()).rows()]
    assert found == [None, None, (5, 2, "")]


def test_text_beside_the_columns_of_a_sheet_says_so(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for cells in (["code", "name"], ["A"], ["B", "b", None, "beside"], ["C", "c"]):
        sheet.append(cells)
    book.save(tmp_path / "rows.xlsx")
    found = open_table(tmp_path / "rows.xlsx", Reading()).rows()
    told = [(row.line, row.torn and row.torn[:3]) for row in found]
    assert told == [(2, None), (3, (4, 2, "beside")), (4, None)]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b" "])
def test_an_empty_file_is_told(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(FileFault, match="empty"):
        table(tmp_path, content)


def test_two_columns_of_one_name_are_told(tmp_path: Path) -> None:
    with pytest.raises(FileFault, match="'code' twice"):
        table(tmp_path, b"code,name,code\nA,a,B\n")


def test_a_wrong_encoding_is_told_with_the_file(tmp_path: Path) -> None:
    with pytest.raises(FileFault, match=r"rows.csv.*ascii"):
        table(tmp_path, TEXT.encode(), encoding="ascii")
    with pytest.raises(FileFault, match="klingon"):
        table(tmp_path, TEXT.encode(), encoding="klingon")


ZH, TW, JP = "编号,姓名\n甲1,张伟民\n", "編號,姓名\n甲1,張偉民\n", "code,name\nA,ありがとう\n"


@pytest.mark.parametrize(
    ("text", "encoding", "named"),
    [
        (ZH, "utf-16", "utf-16"),
        (ZH, "utf-16-le", "utf-16-le"),
        (ZH, "utf-16-be", "utf-16-be"),
        ("code,name\nA,Ann\n", "utf-16-le", "utf-16-le"),
        (ZH, "gb18030", "gb18030"),
        (TW, "big5", "big5"),
        (JP, "shift_jis", "shift_jis"),
        ("code,name\nA,서울특별시 종로구에 있는 상점\n", "euc_kr", "euc_kr"),
        ("code,name\nA,Café – €\n", "cp1252", "cp1252"),
        ("code,name\nA,Café\n", "latin-1", "latin-1"),
    ],
)
def test_the_encoding_is_found_out(tmp_path: Path, text: str, encoding: str, named: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(text.encode(encoding))
    table = open_table(path, Reading())
    assert isinstance(table, CsvTable)
    assert table.encoding == named
    rows = list(csv.reader(io.StringIO(text)))
    assert [list(table.columns), *(row.cells for row in table.rows())] == rows


def test_a_line_that_says_the_delimiter_is_no_header(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("sep=;\r\ncode;name\r\nA;a, b\r\n")
    table = open_table(path, Reading())
    assert table.columns == ("code", "name")
    assert [(row.line, row.cells) for row in table.rows()] == [(3, ["A", "a, b"])]


def test_a_quotation_mark_that_is_never_closed_is_told_where_it_begins(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text('code,name\nA,5" pipe\nB,"two\nlines"\n')
    assert [row.torn for row in open_table(path, Reading()).rows()] == [None, None]
    path.write_text('code,name\nB,"two\nlines"\nC,"Ann\nD,d\nE,e\n')
    found = [(row.line, row.torn and row.torn.code) for row in open_table(path, Reading()).rows()]
    assert found == [(2, None), (4, "quote_open")]


def written_book(path: Path, *sheets: dict[str, Any]) -> Path:
    """Write a workbook; a sheet is its cells by name, `merge` what is merged, `state`."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for number, cells in enumerate(sheets):
        sheet = book.create_sheet(f"S{number}")
        sheet.sheet_state = cells.get("state", "visible")
        for name, value in cells.items():
            if name not in ("merge", "state"):
                sheet[name] = value
            if isinstance(value, str) and value.startswith("#"):
                sheet[name].data_type = "e"
        for area in cells.get("merge", ()):
            sheet.merge_cells(area)
    book.save(path)
    return path


def test_a_cell_far_from_its_table_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    path = written_book(tmp_path / "rows.xlsx", {"A1": "code", "A2": "A", "XFD1048576": "x"})
    with pytest.raises(FileFault, match=r"far away from its table \(XFD1048576\)"):
        open_table(path, Reading())


def test_cells_of_a_sheet_that_hold_no_value_are_told_by_row_and_column(tmp_path: Path) -> None:
    cells = {"B2": "code", "C2": "name", "B3": "A", "C3": "#N/A", "B4": "B", "C4": "=1+1"}
    cells |= {"B5": 6901234567890123456, "C5": "c", "B6": 12.5, "C6": "d"}  # type: ignore[dict-item]
    table = open_table(written_book(tmp_path / "rows.xlsx", cells), Reading())
    found = {row.line: row.torn and (row.torn.code, row.torn.column) for row in table.rows()}
    assert found == {
        3: ("cell_error", "name"),
        4: ("formula_without_result", "name"),
        5: ("digits_lost", "code"),
        6: None,
    }


def test_merged_cells_count_for_each_row_and_empty_or_hidden_sheets_for_none(
    tmp_path: Path,
) -> None:
    table = {"A1": "code", "B1": "name", "A2": "A", "B2": "Ann", "A3": "B", "A4": "C", "B4": "Cy"}
    hidden = {"A1": "secret", "state": "hidden"}
    path = written_book(tmp_path / "rows.xlsx", {}, hidden, {**table, "merge": ["B2:B3"]})
    rows = [row.cells for row in open_table(path, Reading()).rows()]
    assert rows == [["A", "Ann"], ["B", "Ann"], ["C", "Cy"]]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("page.xls", "<html><table><tr><td>code</td></tr></table></html>", "holds a web page"),
        ("wide.csv", ",".join(f"c{n}" for n in range(2000)), "has 2,000 columns"),
    ],
)
def test_what_is_no_table_of_a_shop_is_refused(
    tmp_path: Path, name: str, content: str, said: str
) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(FileFault, match=said):
        open_table(path, Reading())


def test_a_torn_gzip_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileFault, match="cannot be read"):
        table(tmp_path, gzip.compress(TEXT.encode() * 100)[:-20], "rows.csv.gz")


def workbook(path: Path) -> Path:
    """Write a workbook with numbers, days, truth and a formula whose result was never saved."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["code", "price", "since", "ok", "sum"])
    sheet.append(["A", 12.5, None, True, "=B2*2"])
    sheet.append(["B", 7, None, False, None])
    other = book.create_sheet("Other")
    other.append(["x"])
    other.append(["y"])
    book.save(path)
    return path


def test_a_workbook_is_read_by_what_its_cells_show(tmp_path: Path) -> None:
    path = workbook(tmp_path / "rows.xlsx")
    found = open_table(path, Reading())
    assert found.columns == ("code", "price", "since", "ok", "sum")
    rows = [(row.line, list(row.cells)[:4]) for row in found.rows()]
    assert rows == [(2, ["A", "12.5", "", "true"]), (3, ["B", "7", "", "false"])]
    assert open_table(path, Reading(sheet="Other")).columns == ("x",)
    with pytest.raises(FileFault, match="no sheet 'Third'"):
        open_table(path, Reading(sheet="Third"))


def test_what_only_looks_like_a_workbook_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileFault, match="no workbook"):
        table(tmp_path, b"PK\x03\x04 and nothing more", "rows.xlsx")


def test_objects_a_line_and_lists_of_objects_are_tables(tmp_path: Path) -> None:
    lines = b'{"a": 1, "b": {"c": "x"}}\n\n{"a": 2, "d": null}\n'
    expected = [("a", "b.c", "d"), (1, [1, "x", ""]), (3, [2, "", ""])]
    assert table(tmp_path, lines, "rows.jsonl") == expected
    whole = b'[{"a": 1, "b": [{"c": 1}, {"c": 2}]}]'
    assert table(tmp_path, whole, "rows.json") == [("a", "b.c"), (1, [1, 1]), (1, ["", 2])]


def test_nodes_below_nodes_know_their_parents(tmp_path: Path) -> None:
    tree = b'[{"code": "1", "in": [{"code": "11", "in": [{"code": "111"}]}]}]'
    assert table(tmp_path, tree, "tree.json", nested="in") == [
        ("code", "depth", "parent.code"),
        (1, ["1", 0, ""]),
        (2, ["11", 1, "1"]),
        (3, ["111", 2, "11"]),
    ]


@pytest.mark.parametrize(
    "content",
    [
        '{\n  "a": 1,\n  "b": {"c": 2}\n}\n',
        '[\n  {\n    "a": 1,\n    "b": {"c": 2}\n  }\n]\n',
        '\ufeff{\r\n"a": 1, "b":\r\n{"c": 2}}',
    ],
)
@pytest.mark.parametrize("name", ["rows.json", "rows.txt"])
def test_json_may_go_over_several_lines(tmp_path: Path, content: str, name: str) -> None:
    assert table(tmp_path, content.encode(), name) == [("a", "b.c"), (1, [1, 2])]


def test_objects_over_several_lines_may_follow_each_other(tmp_path: Path) -> None:
    several = b'{\n "a": 1\n}\n{"a": 2}\n{\n"a": 3}'
    found = table(tmp_path, several, "rows.json")
    assert found == [("a",), (1, [1]), (2, [2]), (3, [3])]


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b'{"products": [{"a": 1}, {"a": 2}]}', [("a",), (1, [1]), (2, [2])]),
        (b'{\n "products": [\n  {"a": 1},\n  {"a": 2}\n ]\n}\n', [("a",), (1, [1]), (2, [2])]),
        # what says something of its own is a record with parts
        (b'{"n": 7, "parts": [{"a": 1}, {"a": 2}]}', [("n", "parts.a"), (1, [7, 1]), (1, ["", 2])]),
        (b'{"p": [{"a": 1}]}\n{"p": [{"a": 2}]}', [("p.a",), (1, [1]), (2, [2])]),
    ],
)
def test_an_object_that_is_only_a_list_of_objects_is_that_list(
    tmp_path: Path, content: bytes, rows: list[Any]
) -> None:
    assert table(tmp_path, content, "rows.json") == rows


@pytest.mark.parametrize("content", [b'{"a": [1]}', b'{"a": []}'])
def test_an_object_with_a_list_of_no_objects_is_one_record(tmp_path: Path, content: bytes) -> None:
    columns, *rows = table(tmp_path, content, "rows.json")
    assert (columns, len(rows)) == (("a",), 1)


@pytest.mark.parametrize("content", [b"[1, 2]", b'{"a": }', b"[{}, 7]", b"1\n{}\n"])
def test_json_that_is_no_table_is_told(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(FileFault):
        table(tmp_path, content, "rows.json")


def test_a_line_that_is_no_object_is_refused_by_itself(tmp_path: Path) -> None:
    lines = b'{"a": 1}\n{"a": \n[2]\n{"a": 3}\n'
    path = tmp_path / "rows.jsonl"
    path.write_bytes(lines)
    rows = list(open_table(path, Reading()).rows())
    assert [(row.line, row.torn and row.torn.code) for row in rows] == [
        (1, None),
        (2, "no_json"),
        (3, "no_json"),
        (4, None),
    ]
    assert [row.cells for row in rows] == [[1], [""], [""], [3]]
    fixed = b"".join(fix_rows(open_table(path, Reading()), {2: ["no"], 4: ["why"]}, "en"))
    assert fixed == b'{"a":\n{"a":3,"Why refused":"why"}\n'


def test_bytes_that_are_no_text_refuse_their_row_alone(tmp_path: Path) -> None:
    good = "A,Zoë Müller, Café Noël\n" * 3 + "B,上海家化,护手霜\n" * 3
    content = b"code,name,more\n" + good.encode() + b"C,Caf\xe9,x\n" + good.encode()
    path = tmp_path / "rows.csv"
    path.write_bytes(content)
    rows = list(open_table(path, Reading()).rows())
    torn = [(row.line, row.cells[1], row.torn.code) for row in rows if row.torn]
    assert torn == [(8, "Caf\ufffd", "no_text")]
    assert rows[0].cells[1] == "Zoë Müller"
    assert len(rows) == 13
    # a text of an older encoding is not taken for it
    path.write_bytes(("code,name\n" + "A,Größe für Straße\n" * 4).encode("cp1252"))
    assert next(iter(open_table(path, Reading()).rows())).cells == ["A", "Größe für Straße"]
    path.write_bytes(("code,name\n" + "A,上海家化联合股份有限公司\n" * 4).encode("gb18030"))
    assert next(iter(open_table(path, Reading()).rows())).cells == ["A", "上海家化联合股份有限公司"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("rows.csv.gz", b"\x1f\x8b\x08\x00garbage" * 10, "cannot be read"),
        ("rows.zip", None, "archive of other files; unpack it"),
        ("letter.xls", b"\xd0\xcf\x11\xe0" + b"x" * 3000, "save it as .xlsx or CSV"),
    ],
)
def test_what_to_do_with_a_file_that_cannot_be_read_is_said(
    tmp_path: Path, name: str, content: bytes | None, said: str
) -> None:
    path = tmp_path / name
    if content is None:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("rows.csv", TEXT)
    else:
        path.write_bytes(content)
    with pytest.raises(FileFault, match=said):
        open_table(path, Reading())


@given(st.binary(max_size=600), st.sampled_from(["x.csv", "x.json", "x.xlsx", "x.csv.gz"]))
def test_no_bytes_whatever_bring_the_reader_down(content: bytes, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(FileFault):
        table(Path(folder), content, name)
