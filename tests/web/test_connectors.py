"""The page of connectors: how each is used, write-only settings, and a call that tries it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from runtime.outside import settings
from runtime.outside.box import Outside
from runtime.outside.incidents import open_incident
from runtime.store.engine import read, write
from tests.outside.provider import BOX, SHOP, Provider, provider
from tests.web.desk import Desk, open_desk_with, unescape
from tests.web.test_workflow_pages import ACCESS, FLOW, REPAIR

BANK = (SHOP / "desk" / "bank.connector.yaml").read_text("utf-8")
OUTPUT = """
      reference: {type: text, label: {en: Bank's number, zh: 银行流水号}}
      taken: {type: datetime, label: {en: Taken, zh: 扣款时间}}
      amount: {type: money, label: {en: Taken amount, zh: 实扣金额}}"""
ANSWERED = BANK.replace(
    """
    output: {reference: {type: text}}
    body: {value""",
    f"""
    output: {OUTPUT}
    body: {{value""",
)
FILES = {"bank__connector": ANSWERED, "repair__entity": REPAIR, "repair__workflow": FLOW}
RIGHTS = ACCESS.replace("[all, extend]", "[all, extend, operate]")
PAGE, SECRET = "/connectors/", "sk_live_very_secret"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, Provider]]:
    folder = tmp_path_factory.mktemp("connectors")
    desk = open_desk_with("sqlite", folder, RIGHTS, **FILES)
    with provider(desk.runtime.app) as bank:
        desk.runtime.outside = Outside(BOX, bank.url, allowed=("127.0.0.1",))
        yield desk, bank
    desk.runtime.engine.dispose()


def test_only_an_administrator_sees_and_changes_connectors(opened: tuple[Desk, Provider]) -> None:
    desk, _ = opened
    ron, kim = desk.browser("ron"), desk.browser()
    assert ron.get(PAGE).status_code in (403, 404)
    assert PAGE not in ron.get("/member/").text
    assert PAGE in kim.get("/member/").text
    for place in ("mode", "settings", "test"):
        sent = ron.send(ron.get("/preferences"), f"{PAGE}bank/{place}", mode="off")
        assert sent.status_code in (403, 404)
    assert kim.send(kim.get(PAGE), f"{PAGE}nobody/test").status_code == 404
    assert kim.send(kim.get(PAGE), f"{PAGE}bank/mode", mode="loud").status_code == 404


def test_a_test_call_tells_who_answers_and_moves_nothing(opened: tuple[Desk, Provider]) -> None:
    desk, bank = opened
    kim = desk.browser()
    page = kim.get(PAGE)
    assert "Our simulator" in page.text
    kim.send(page, f"{PAGE}bank/test")
    assert "Bank answers and takes our credentials." in kim.get(PAGE).text
    assert bank.deeds("capture") == []


def test_what_is_entered_is_never_shown_and_what_it_does_is_told(
    opened: tuple[Desk, Provider],
) -> None:
    desk, bank = opened
    kim = desk.browser()
    kim.send(kim.get(PAGE), f"{PAGE}bank/mode", mode="live")
    page = kim.get(PAGE)
    assert "Not entered: Base URL, Token, Signing secret" in page.text
    wrong = kim.send(page, f"{PAGE}bank/settings", mode="live", base_url="ftp://bank", token="")
    assert wrong.status_code == 422
    assert "This cannot be kept" in wrong.text
    entered = {"base_url": f"{bank.url}/bank", "token": SECRET, "signing": "s"}
    kim.send(page, f"{PAGE}bank/settings", mode="live", **entered)
    shown = kim.get(PAGE)
    assert SECRET not in shown.text
    assert bank.url not in shown.text
    assert "what is written here replaces it" in shown.text
    kim.send(shown, f"{PAGE}bank/test")
    assert "Bank does not answer as it should: " in kim.get(PAGE).text
    right = settings.simulated(desk.runtime, desk.runtime.app.connectors["bank"])["token"]
    kim.send(shown, f"{PAGE}bank/settings", mode="live", token=right)
    kim.send(shown, f"{PAGE}bank/test")
    assert "Bank answers and takes our credentials." in kim.get(PAGE).text
    removal = {"mode": "live", "token.remove": "1"}
    kim.send(shown, f"{PAGE}bank/settings", **removal)
    assert "银行" in desk.browser(locale="zh").get(PAGE).text
    assert "未填写：令牌" in desk.browser(locale="zh").get(PAGE).text
    system = desk.runtime.system
    with read(desk.runtime.engine) as connection:
        rows = connection.execute(sa.select(system.audit)).mappings().all()
        kept = connection.execute(sa.select(system.connector_setting)).all()
    assert SECRET not in repr(rows) + repr(kept)
    done = {row["operation"] for row in rows if row["entity"] == "@connector"}
    assert done == {
        "connector_mode",
        "connector_setting",
        "connector_setting_removed",
        "connector_tested",
    }


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("en", {"Bank's number": "cap_7", "Taken": "Nov 22, 2026, 5:30 PM", "amount": "1,234.50"}),
        ("zh", {"银行流水号": "cap_7", "扣款时间": "2026年11月22日 17:30", "实扣金额": "1,234.50"}),
    ],
)
def test_an_incident_tells_what_the_other_system_answered_as_pages_write_it(
    opened: tuple[Desk, Provider], locale: str, words: dict[str, str]
) -> None:
    desk, _ = opened
    record = desk.make("repair", code=f"R-{locale}")
    call, now = desk.runtime.make_id(), desk.runtime.clock()
    values = {"key": call, "entity": "repair", "record_id": record, "log_id": call, "id": call}
    values |= {"workflow": "w", "transition": "t", "operation": "bank.capture", "values": {}}
    values |= {"undo": "", "status": "unknown", "next_at": now, "created_at": now}
    answer = {"reference": "cap_7", "taken": "2026-11-22T09:30:00Z", "amount": "1234.50"}
    with write(desk.runtime.engine) as connection:
        connection.execute(desk.runtime.system.call.insert(), {**values, "output": answer})
        about = ("call", call)
        open_incident(
            connection, desk.runtime, "call_unknown", about, ("repair", record), {"code": "lost"}
        )
    page = desk.browser(locale=locale).get("/incidents/").text
    card = page.partition(f'href="/repair/{record}"')[2].partition("</section>")[0]
    for label, text in words.items():
        assert label in unescape(card)
        assert text in unescape(card)
