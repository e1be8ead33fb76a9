"""Amounts in titles, telephone numbers as people say them, labels with codes: a kiosk."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from runtime.notifications import Notice, notify
from tests import databases
from tests.web.desk import SHOPS, Desk, open_desk

EAN = "6901234567892"


@pytest.fixture(scope="module")
def kiosk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("kiosk")
    opened = open_desk(databases.sqlite_url(folder), folder / "files", SHOPS / "kiosk")
    yield opened
    opened.runtime.engine.dispose()


@pytest.fixture(scope="module")
def paid(kiosk: Desk) -> str:
    """Return a payment of ¥1,890, a currency without decimals."""
    bill = kiosk.make(
        "bill", number="B1", currency="JPY", payments=[{"method": "cash", "amount": "1890"}]
    )
    table = kiosk.runtime.schema.tables["payment"]
    with kiosk.runtime.engine.connect() as connection:
        found = connection.execute(sa.select(table.c.id).where(table.c.bill == bill)).scalar_one()
    return str(found)


@pytest.fixture(scope="module")
def refund(kiosk: Desk, paid: str) -> str:
    """Return a refund of it."""
    table = kiosk.runtime.schema.tables["payment"]
    with kiosk.runtime.engine.connect() as connection:
        bill = connection.execute(sa.select(table.c.bill).where(table.c.id == paid)).scalar_one()
    return kiosk.make("refund", bill=str(bill), of=paid, currency="JPY", amount="90")


def test_a_title_says_an_amount_in_its_own_currency(kiosk: Desk, paid: str, refund: str) -> None:
    browser, chinese = kiosk.browser(), kiosk.browser(locale="zh")
    assert "<title>Cash 1,890 JPY" in browser.get(f"/payment/{paid}").text
    assert "<title>现金 1,890 JPY" in chinese.get(f"/payment/{paid}").text
    assert "<title>B1 90 JPY" in browser.get(f"/refund/{refund}").text
    assert ">Cash 1,890 JPY<" in browser.get("/refund/").text, "what a row points at"
    chosen = browser.client.get("/payment/choices", query_string={"for": "refund.of"})
    assert [one["label"] for one in chosen.json["items"]] == ["Cash 1,890 JPY"]
    groups = browser.client.get("/search/palette", query_string={"q": "B1"}).json["groups"]
    assert "Cash 1,890 JPY" in [line["label"] for one in groups for line in one["lines"]]


def test_the_audit_and_the_bell_name_an_amount_with_its_currency(
    kiosk: Desk, paid: str, refund: str
) -> None:
    audit = kiosk.runtime.system.audit
    asked = sa.select(audit.c.record_title).where(audit.c.record_id == refund)
    with kiosk.runtime.engine.begin() as connection:
        assert connection.execute(asked).scalars().first() == "B1 90 JPY"
        notice = Notice(kiosk.people["kim"], "comment", "payment", paid, params={"text": "So?"})
        notify(connection, kiosk.runtime, [notice], kiosk.runtime.clock())
    assert "Cash 1,890 JPY" in kiosk.browser().get("/me/notifications").text
    assert "B1 90 JPY" in kiosk.browser().get("/audit/?entity=refund").text


def test_a_number_without_country_is_of_the_shop_s_own_country(kiosk: Desk) -> None:
    kiosk.make("guest", name="Mei", phone="13000777777")
    browser = kiosk.browser()
    for said in ("13000777777", "+8613000777777", "130 0077 7777", "0077"):
        groups = browser.client.get("/search/palette", query_string={"q": said}).json["groups"]
        assert "Mei" in [line["label"] for one in groups for line in one["lines"]], said
    kiosk.make("guest", name="Mr Otherwise")
    for said in ("130 0077-7777", "+86 130 0077 7777", "0077 7777", "mei"):
        found = browser.client.get("/guest/", query_string={"q": said}).text
        assert ("Mei" in found, "Otherwise" in found) == (True, False), said


def test_a_list_is_narrowed_to_a_month_by_its_name(kiosk: Desk) -> None:
    kiosk.make("guest", name="Noa")
    address = "/guest/?created_at[within]="
    month = f"{kiosk.runtime.clock():%Y-%m}"
    assert "Noa" in kiosk.browser().get(address + month).text
    before = kiosk.browser().get(address + "2025-01").text
    assert "January 2025" in before
    assert "Noa" not in before
    assert "2025年1月" in kiosk.browser(locale="zh").get(address + "2025-01").text
    assert "cannot be used" in kiosk.browser().get(address + "2025-13").text


def labels(page: str) -> list[str]:
    return re.findall(r'<article class="lb">(.*?)</article>', page, re.DOTALL)


def test_labels_of_chosen_records_stand_on_sheets_of_their_size(kiosk: Desk) -> None:
    guests = [kiosk.make("guest", name=f"Guest {code}", code=code) for code in (EAN, "A-7")]
    browser = kiosk.browser()
    listed = browser.get("/guest/")
    answer = browser.client.post(
        "/guest/print",
        data={
            "id": guests,
            "csrf_token": re.search(r'name="csrf_token" value="([^"]+)', listed.text)[1],
        },
    )
    document = browser.get(answer.headers["Location"]).text
    assert document.count('class="p-doc') == 2
    address = re.search(r'href="([^"]+label=badge)"', document)
    assert address is not None
    page = browser.get(address[1].replace("&amp;", "&")).text
    first, second = labels(page)
    assert "Guest 6901234567892" in first
    assert first.count("<svg") == 1
    # 95 modules between two quiet zones: EAN-13; Code 128 of three signs has 68
    assert 'viewBox="0 0 115 40"' in first
    assert 'viewBox="0 0 88 40"' in second
    assert " style=" not in page
    sheet = browser.get(re.search(r'href="(/sheets/[^"]+)"', page)[1])
    assert sheet.mimetype == "text/css"
    assert "@page{size:90mm 60mm;margin:0}" in sheet.text
    assert browser.get("/sheets/900x20.css").status_code == 404


def test_a_label_draws_no_code_of_what_its_reader_sees_masked(kiosk: Desk) -> None:
    guest = kiosk.make("guest", name="Lin", phone="13000888888", code="B-9")
    clear = labels(kiosk.browser(locale="zh").get(f"/guest/{guest}/print?label=badge").text)[0]
    masked = labels(kiosk.browser("ron").get(f"/guest/{guest}/print?label=badge").text)[0]
    assert clear.count("<svg") == 2
    assert '电话 <span class="two-lang" lang="en">Phone</span>' in clear
    assert masked.count("<svg") == 1
    assert "13000888888" not in masked
