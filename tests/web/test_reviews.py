"""A review of rights: a snapshot, what looks odd in it, keeping and revoking, and the report."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
import sqlalchemy as sa

from runtime.store.engine import read
from tests.web.desk import Browser, Desk
from tests.web.test_access_requests import BEGAN, asked, decided, desk, may, opened, program

assert opened
assert desk


@pytest.fixture
def keeper(desk: Desk) -> Browser:
    return desk.browser("kim")


def begun(browser: Browser) -> str:
    sent = browser.send(browser.get("/reviews/"), "/reviews/")
    assert sent.status_code == 303
    return str(sent.headers["Location"])


def cards(browser: Browser, address: str) -> dict[str, str]:
    """Return the id of each line by its heading."""
    page = browser.get(address + "?show=all").text
    found = re.findall(r'id="line-([0-9a-f-]{36})-title">([^<]+)<', page)
    return {heading: number for number, heading in found}


def decide(browser: Browser, address: str, line: str, decision: str) -> Any:
    page = browser.get(address)
    return browser.send(page, f"{address}/lines/{line}", decision=decision, said="seen")


def test_an_empty_list_says_what_a_review_is(keeper: Browser) -> None:
    assert "No reviews yet" in keeper.get("/reviews/").text


def test_every_role_is_a_line_and_a_revoked_one_is_gone_at_once(
    desk: Desk,
    keeper: Browser,
) -> None:
    wish = asked(desk, "ron", "cashier").json["data"]
    decided(desk, "kim", wish["id"], "grant")
    address = begun(keeper)
    lines = cards(keeper, address)
    expected = {
        "kim · Keeper", "ron · Reader", "ron · Cashier", "lea · Lender", "cas · Cashier"
    }  # fmt: skip
    assert set(lines) == expected
    assert may(desk, "lea", "member")
    assert decide(keeper, address, lines["lea · Lender"], "revoke").status_code == 303
    assert not may(desk, "lea", "member")
    assert decide(keeper, address, lines["ron · Cashier"], "revoke").status_code == 303
    assert program(desk, "ron").get("/api/v1/security/me").json["data"]["roles"] == ["reader"]
    assert decide(keeper, address, lines["cas · Cashier"], "keep").status_code == 303
    assert may(desk, "cas", "member")
    page = keeper.get(address).text
    assert "lea · Lender" not in page
    audit = desk.runtime.system.audit
    mine = audit.c.entity == "@review", audit.c.id > BEGAN["audit"]
    rows = sa.select(audit.c.operation).where(*mine).order_by(audit.c.id)
    with read(desk.runtime.engine) as connection:
        told = list(connection.execute(rows).scalars())
    assert told == ["review_began", "review_revoked", "review_revoked", "review_kept"]


def test_nobody_reviews_themselves_and_a_line_is_decided_once(
    desk: Desk,
    keeper: Browser,
) -> None:
    address = begun(keeper)
    lines = cards(keeper, address)
    decide(keeper, address, lines["kim · Keeper"], "revoke")
    assert may(desk, "kim", "loan")
    assert "somebody else decides" in keeper.get(address).text
    decide(keeper, address, lines["ron · Reader"], "keep")
    decide(keeper, address, lines["ron · Reader"], "revoke")
    assert may(desk, "ron", "loan")
    for name in ("ron", "lea", ""):
        refused = desk.browser(name).get(address)
        assert refused.status_code in {302, 403}


def test_what_looks_odd_is_said_and_the_report_holds_it(
    desk: Desk,
    keeper: Browser,
) -> None:
    keeper.send(
        keeper.get(f"/users/{desk.people['lea']}"),
        f"/users/{desk.people['lea']}",
        username="lea", first_name="Lea", email="lea@x.example",
        roles=["lender", "cashier"], groups=[],
    )  # fmt: skip
    desk.make("member", code="R1", name="Rita")
    address = begun(keeper)
    page = keeper.get(address).text
    assert "Whoever lends does not count the till." in page
    assert "Never signed in" in page
    assert re.search(r"Changed nothing in 90 days: [^<]*Loans", page)
    decide(keeper, address, cards(keeper, address)["lea · Cashier"], "keep")
    answer = keeper.get(f"{address}/report?format=csv")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="review-')
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert len({len(row) for row in rows}) == 1
    mine = [row for row in rows if row[:2] == ["lea", "Cashier"]]
    assert mine
    assert all(row[-4:-2] == ["Kept", "kim"] for row in mine)
    assert keeper.get(f"{address}/report").data.startswith(b"PK")
    assert keeper.get(f"{address}/report?format=exe").status_code == 404


def test_a_closed_review_changes_nothing_any_more(
    desk: Desk,
    keeper: Browser,
) -> None:
    address = begun(keeper)
    lines = cards(keeper, address)
    keeper.send(keeper.get(address), f"{address}/close")
    decide(keeper, address, lines["ron · Reader"], "revoke")
    assert may(desk, "ron", "loan")
    assert "Close the review" not in keeper.get(address).text
    chinese = desk.browser("kim", "zh").get(address).text
    assert "未处理" in chinese or "结束于" in chinese
