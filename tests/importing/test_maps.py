"""Import maps: columns, words, formats, conditions, groups, records made on the way."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from generator.model.text import Label
from runtime.importing.faults import FileFault
from runtime.importing.report import Verdict, report_file
from tests.importing.conftest import Desk

SUPPLIER = """Bill;Article;Title;Kind;Price;Day;Gone
1;17.0;Cup;Big Glass;1.250,50;24.12.2025;Yes
2;pot;;Clay;2,00;n/a;No
1;17.0;Cup;Big Glass;3,00;;
;lid;Lid;Clay;x;24.13.2025;
3;nix;Nix;;1,00;;
"""


def test_one_file_becomes_goods_groups_and_bills(desk: Desk) -> None:
    desk.load("code\nA1\n", "shelf")
    done = desk.load(SUPPLIER, map_name="supplier")
    goods, bills = done.tallies
    assert (goods.rows, goods.skipped, goods.created, goods.rejected) == (5, 1, 3, 1)
    assert (bills.created, bills.rejected, bills.skipped) == (3, 0, 1)
    rows = desk.rows("good", "code,name,price,since,state,fragile,group.code")
    cup, pot, nix = ({**row, "group": (row["group"] or {}).get("code")} for row in rows)
    assert cup == {
        "code": "17",
        "name": {"en": "Cup"},
        "price": "1250.50",
        "since": "2025-12-24",
        "state": "sold",
        "fragile": False,
        "group": "big-glass",
    }
    assert (pot["name"], pot["since"], pot["state"]) == ({"en": "pot"}, None, "draft")
    assert nix["group"] is None
    (first, *_) = desk.rows("bill", "number,total", include="items")
    assert first["total"] == "1253.50"
    assert [item["what"] for item in first["items"]] == ["Cup / Big Glass"] * 2


def test_what_only_refused_rows_name_is_not_created(desk: Desk) -> None:
    desk.load("code\nA1\n", "shelf")
    desk.load(SUPPLIER.replace("Lid;Clay;x", "Lid;Tin;x"), "goods", map_name="supplier")
    assert [one["code"] for one in desk.rows("group", "code")] == ["big-glass", "clay"]
    assert len(desk.rows("good", "code")) == 3


def test_a_refused_row_of_a_map_names_the_files_own_column(desk: Desk) -> None:
    desk.load("code\nA1\n", "shelf")
    done = desk.load(SUPPLIER, map_name="supplier", mode="upsert")
    assert done.reasons == [
        (5, "Price", "x", "invalid"),
        (5, "Day", "24.13.2025", "invalid"),
    ]


def test_a_map_that_misses_its_columns_is_told_at_once(desk: Desk) -> None:
    with pytest.raises(FileFault, match=r"lacks the column 'Article'.*Did you mean 'Artikel'"):
        desk.load("Bill,Artikel,Title,Kind,Price,Day,Gone\n1,2,3,4,5,6,7\n", map_name="supplier")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "--entity NAME or --map NAME"),
        ({"entity": "god"}, "Did you mean 'good'"),
        ({"map_name": "suplier"}, "Did you mean 'supplier'"),
        ({"entity": "good", "key": ["cod"]}, "Did you mean 'code'"),
        ({"map_name": "supplier", "entity": "shelf"}, "There are: bills, goods"),
    ],
)
def test_a_wish_that_cannot_be_met_is_answered_with_what_there_is(
    desk: Desk, options: dict[str, str], told: str
) -> None:
    with pytest.raises(FileFault, match=told):
        desk.load("code\nA\n", **options)  # type: ignore[arg-type]


def test_one_part_of_a_map_can_be_imported_alone(desk: Desk) -> None:
    assert desk.load(SUPPLIER, "goods", map_name="supplier").tally.created == 3
    assert desk.shop.count("bill") == 0


def test_a_report_opens_in_a_spreadsheet_and_runs_no_formula(tmp_path: Path) -> None:
    path = tmp_path / "rejected.csv"

    message = Label({"en": "Write a number.", "zh": "请填写数字。"})
    with report_file(path) as note:
        for value in ("=cmd()", "-5", "@x", "plain"):
            note(Verdict("goods", "rows.csv", 2, "Price", value, "invalid", message))
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["value"] for row in rows] == ["'=cmd()", "-5", "'@x", "plain"]
    assert (rows[0]["line"], rows[0]["reason"], rows[0]["原因"]) == (
        "2",
        "Write a number.",
        "请填写数字。",
    )


def test_a_file_that_was_saved_again_with_another_delimiter_fits_its_map(desk: Desk) -> None:
    desk.load("code\nA1\n", "shelf")
    again = "\n".join(line.replace(";", "\t") for line in SUPPLIER.splitlines())
    assert desk.load(again, "goods", map_name="supplier").tally.created == 3
