"""A review of rights: a snapshot, what looks odd in it, keeping and revoking, and the report."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from openpyxl import load_workbook

from app import main
from runtime.settings import DEVELOPMENT_SECRET
from runtime.store.engine import read, write
from runtime.web.people import review_rhythm
from runtime.web.people.holding import link, role_ids, tables
from tests.web.desk import Browser, Desk
from tests.web.test_access_requests import (
    BEGAN,
    asked,
    decided,
    desk,
    later,
    may,
    opened,
    program,
    told,
)

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


def _is_proved(report: bytes, address: str, folder: Path) -> None:
    """Say by the command whether a file is unchanged; every other byte is another file."""
    path, run = folder / "report", CliRunner()
    path.write_bytes(report)
    said = run.invoke(main, ["audit", "verify-report", str(path)])
    assert said.exit_code == 0, said.output
    assert f"the review {address.rpartition('/')[2]} begun" in said.output
    assert "taken out by kim at" in said.output
    chinese = run.invoke(main, ["audit", "verify-report", str(path), "--locale", "zh"])
    assert "由 kim 于" in chinese.output
    for place in range(0, len(report), max(1, len(report) // 40)):
        path.write_bytes(report[:place] + bytes([report[place] ^ 1]) + report[place + 1 :])
        assert run.invoke(main, ["audit", "verify-report", str(path)]).exit_code == 1
    for other in (report[:-1], report + b"\n", b"", b"PK", report + report):
        path.write_bytes(other)
        assert run.invoke(main, ["audit", "verify-report", str(path)]).exit_code == 1
    path.write_bytes(report)
    key = {"SHOPWRIGHT_SECRET_KEY": "another" * 9}
    assert run.invoke(main, ["audit", "verify-report", str(path)], env=key).exit_code == 1
    old = {**key, "SHOPWRIGHT_OLD_SECRET_KEYS": DEVELOPMENT_SECRET}
    assert run.invoke(main, ["audit", "verify-report", str(path)], env=old).exit_code == 0


def test_what_looks_odd_is_said_and_the_report_holds_it(
    desk: Desk,
    keeper: Browser,
    tmp_path: Path,
) -> None:
    refused = keeper.send(
        keeper.get(f"/users/{desk.people['lea']}"),
        f"/users/{desk.people['lea']}",
        username="lea", first_name="Lea", email="lea@x.example",
        roles=["lender", "cashier"], groups=[],
    )  # fmt: skip
    assert "Whoever lends does not count the till." in refused.text
    with write(desk.runtime.engine) as connection:  # as a directory would say it
        ids = role_ids(connection, ["cashier"])
        link(connection, tables()["ab_user_role"], "user_id", desk.people["lea"], "role_id", ids)
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
    book = keeper.get(f"{address}/report").data
    assert book.startswith(b"PK")
    assert load_workbook(io.BytesIO(book)).active.max_row > 1
    for form in ("csv", "xlsx", "jsonl"):
        _is_proved(keeper.get(f"{address}/report?format={form}").data, address, tmp_path)
    assert keeper.get(f"{address}/report?format=parquet").status_code == 404
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


def test_a_review_begins_by_itself_and_what_nobody_answered_is_suspended(desk: Desk) -> None:
    secret = program(desk, "lea").post(
        "/api/v1/security/tokens", json={"name": "till", "days": 200}
    )
    by_token = desk.app.test_client()
    by_token.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret.json['data']['token']}"
    later(desk, 91)
    assert review_rhythm.tidy(desk.runtime) == 1
    assert review_rhythm.tidy(desk.runtime) == 0
    assert told(desk, "kim") == ["review_began"]
    keeper = desk.browser("kim")
    (address,) = set(re.findall(r"/reviews/[0-9a-f-]{36}", keeper.get("/reviews/").text))
    page = keeper.get(address).text
    assert "Older than 90 days" in page
    assert "is suspended." in page
    lines = cards(keeper, address)
    token = next(heading for heading in lines if heading.startswith("lea · Token till"))
    decide(keeper, address, lines["cas · Cashier"], "keep")
    later(desk, 13)
    assert review_rhythm.tidy(desk.runtime) == 0
    assert by_token.get("/api/v1/member").status_code == 200
    later(desk, 1)
    assert review_rhythm.tidy(desk.runtime) > 0
    assert not may(desk, "lea", "member")
    assert by_token.get("/api/v1/member").status_code == 401
    assert may(desk, "cas", "member")
    assert may(desk, "kim", "member")  # nobody else administers
    assert told(desk, "lea") == ["role_suspended", "role_suspended"]
    for heading in ("lea · Lender", token):
        assert decide(keeper, address, lines[heading], "restore").status_code == 303
        decide(keeper, address, lines[heading], "restore")
    assert may(desk, "lea", "member")
    assert by_token.get("/api/v1/member").status_code == 200
    assert told(desk, "lea")[2:] == ["role_restored", "role_restored"]


def test_an_old_tokens_line_is_revoked_and_emergencies_are_counted(desk: Desk) -> None:
    secret = program(desk, "ron").post("/api/v1/security/tokens", json={"name": "old", "days": 200})
    by_token = desk.app.test_client()
    by_token.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret.json['data']['token']}"
    later(desk, 90)
    keeper = desk.browser("kim")
    address = begun(keeper)
    lines = cards(keeper, address)
    (mine,) = [number for heading, number in lines.items() if "Token old" in heading]
    assert by_token.get("/api/v1/loan").status_code == 200
    decide(keeper, address, mine, "revoke")
    assert by_token.get("/api/v1/loan").status_code == 401
    assert "Token old" in keeper.get(f"{address}/report?format=csv").text
