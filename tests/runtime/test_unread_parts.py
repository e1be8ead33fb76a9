"""A change reads the parts of a record only where it concerns them; nothing is judged by half."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import databases
from tests.shop import Shop, open_shop, write_folder

APP = "app: stall\nlabel: {en: Stall, zh: 小摊}\n"
ROLES = "roles: {clerk: {label: {en: Clerk, zh: 职员}}}\n"
ACCESS = 'access: stall\ngrants: {clerk: {"*": all}}\n'
LINE = """
entity: line
label: {en: Line, zh: 明细}
child_of: bill
fields:
  amount: {type: integer, label: {en: Amount, zh: 金额}, required: true}
"""
BILL = """
entity: bill
label: {en: Bill, zh: 账单}
title: "{note}"
fields:
  note: {type: text, label: {en: Note, zh: 备注}}
  factor: {type: integer, label: {en: Factor, zh: 系数}, default: 1}
  lines: {type: children, of: line, label: {en: Lines, zh: 明细}}
  total:
    type: integer
    label: {en: Total, zh: 合计}
    stored: true
    computed: "sum(lines.amount) * factor"
"""
CHECK = """
checks:
  - {that: "lines.count < 3", code: TOO_MANY, message: {en: Too many., zh: 太多。}}
"""


@pytest.fixture(params=["", CHECK], ids=["free", "checked"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Shop:
    files = {
        "app.yaml": APP,
        "roles.yaml": ROLES,
        "stall/stall.access.yaml": ACCESS,
        "stall/line.entity.yaml": LINE,
        "stall/bill.entity.yaml": BILL + request.param,
    }
    folder = write_folder(tmp_path / "stall", files)
    return open_shop(databases.sqlite_url(tmp_path), folder)


def read(shop: Shop, record: str) -> dict[str, Any]:
    return shop.row(shop.done("read", "bill", record=record))


def bill(shop: Shop, **values: Any) -> str:
    return str(shop.done("create", "bill", values).row[0])


def test_a_change_that_is_not_about_the_parts_reads_them_only_where_a_check_does(
    shop: Shop, request: pytest.FixtureRequest
) -> None:
    record = bill(shop, note="One", lines=[{"amount": 2}, {"amount": 5}])
    with databases.statements(shop.runtime.engine) as asked:
        answer = shop.done("update", "bill", {"note": "Two"}, record=record, version=1)
    about_parts = [one for one in asked if "FROM line" in one]
    assert bool(about_parts) == ("checked" in request.node.name)
    assert "lines" not in answer.included
    assert (read(shop, record)["note"], read(shop, record)["total"]) == ("Two", 7)


def test_a_formula_over_the_parts_follows_what_else_it_reads(shop: Shop) -> None:
    record = bill(shop, lines=[{"amount": 2}, {"amount": 5}])
    shop.done("update", "bill", {"factor": 3}, record=record, version=1)
    assert read(shop, record)["total"] == 21
    answer = shop.done("update", "bill", {"lines": [{"amount": 4}]}, record=record, version=2)
    assert len(answer.included["lines"][record]) == 1
    assert read(shop, record)["total"] == 12
