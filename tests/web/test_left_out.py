"""A field that is not asked of a record is not on its page: `visible:` where a record is read."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import databases
from tests.web.desk import DESK, Desk, open_desk, statements

BOOKS = [{"title": "Dune", "price": "9.50"}]
FIELDS = """fields:
  ended: {type: text, label: {en: Ended because, zh: 结束原因}, visible: "state == 'back'"}
  found: {type: reference, to: member, label: {en: Finder, zh: 拾得人}, visible: "state == 'back'"}
  dear: {type: text, label: {en: Dear because, zh: 昂贵原因}, visible: "fee > 5 and due_at is null"}
"""
SCREEN = """detail:
  sections:
    ending: {label: {en: How it ended, zh: 如何结束}, fields: [ended, found, found.email]}
    money: {label: {en: About its price, zh: 关于价格}, fields: [note, dear]}
  panels:
    told: {label: {en: Told, zh: 摘要}, fields: [ended, note]}
"""
LABEL = """print:
  labels:
    slip: {label: {en: Slip, zh: 标签}, size: 60x90, lines: [number, ended], qr: ended}
"""
PANEL = "<p>[{{ record.ended }}|{{ record.note }}]</p>"
ACCESS = """
access: desk
grants:
  keeper: {"*": all}
  reader:
    member: {allow: [view, list]}
    loan: {allow: [view, list, update, print], fields: {hidden: [fee, due_at]}}
    loan_book: {allow: [view, list], fields: {hidden: [price]}}
"""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def desk(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("left_out")
    shop = Path(shutil.copytree(DESK, folder / "shop"))
    loan = next(shop.rglob("loan.entity.yaml"))
    text = loan.read_text("utf-8").replace("fields:\n", FIELDS, 1)
    loan.write_text(text.replace("detail:\n", SCREEN, 1) + LABEL, "utf-8")
    next(shop.rglob("*.access.yaml")).write_text(ACCESS, "utf-8")
    panel = shop / "templates" / "panels" / "told.html"
    panel.parent.mkdir(parents=True)
    panel.write_text(PANEL, "utf-8")
    url = databases.sqlite_url(folder) if request.param == "sqlite" else databases.postgres_url()
    opened = open_desk(url, folder / "files", shop, templates=shop / "templates")
    yield opened
    opened.runtime.engine.dispose()


@pytest.fixture(scope="module")
def holder(desk: Desk) -> str:
    return desk.make("member", code="H1", name="Anna", email="anna@desk.example")


@pytest.fixture
def back(desk: Desk, holder: str) -> str:
    """A loan that ended."""
    told = {"ended": "It was found", "found": holder, "note": "Said"}
    return desk.make("loan", member=holder, state="back", books=BOOKS, **told)


@pytest.fixture
def kept(desk: Desk, back: str) -> str:
    """The same loan, open again by a hand in the database: its reason is still there."""
    table = desk.runtime.schema.tables["loan"]
    with desk.runtime.engine.begin() as connection:
        connection.execute(table.update().where(table.c.id == back).values(state="open"))
    return back


def test_a_page_shows_a_field_while_its_condition_holds(desk: Desk, back: str) -> None:
    page = desk.browser().get(f"/loan/{back}").text
    assert "How it ended" in page
    assert "Ended because" in page
    assert "It was found" in page
    assert "anna@desk.example" in page
    assert "[It was found|Said]" in page


def test_a_page_leaves_a_field_out_that_is_not_asked_and_a_card_that_is_empty(
    desk: Desk, kept: str
) -> None:
    page = desk.browser().get(f"/loan/{kept}").text
    assert "About its price" in page
    assert "How it ended" not in page
    assert "Ended because" not in page
    assert "It was found" not in page
    assert "anna@desk.example" not in page
    assert "[|Said]" in page


@pytest.mark.parametrize("locale", ["en", "zh"])
@pytest.mark.parametrize("rest", ["preview", "print", "print?label=slip"])
def test_what_stands_beside_a_list_or_on_paper_leaves_it_out_as_well(
    desk: Desk, back: str, rest: str, locale: str
) -> None:
    browser = desk.browser(locale=locale)
    page = browser.get(f"/loan/{back}/{rest}").text
    assert "It was found" in page
    assert ('class="lb-q"' in page) is rest.endswith("slip")
    table = desk.runtime.schema.tables["loan"]
    with desk.runtime.engine.begin() as connection:
        connection.execute(table.update().where(table.c.id == back).values(state="open"))
    page = browser.get(f"/loan/{back}/{rest}")
    assert page.status_code == 200
    assert "It was found" not in page.text
    assert 'class="lb-q"' not in page.text


def test_several_records_on_paper_each_leave_out_their_own(
    desk: Desk, holder: str, kept: str
) -> None:
    other = desk.make("loan", member=holder, state="back", books=BOOKS, ended="Lost for good")
    page = desk.browser().get(f"/loan/print?ids={kept},{other}").text
    assert "Lost for good" in page
    assert "It was found" not in page


def test_a_program_is_told_the_field_always(desk: Desk, kept: str) -> None:
    answer = desk.browser().get(f"/api/v1/loan/{kept}")
    assert answer.status_code == 200
    assert answer.json["data"]["ended"] == "It was found"
    assert not any("asked" in name for name in answer.json["data"])


def test_a_page_costs_the_same_whether_a_field_is_asked_or_not(
    desk: Desk, holder: str, kept: str
) -> None:
    browser = desk.browser()
    other = desk.make("loan", member=holder, state="back", books=BOOKS, ended="Lost")
    browser.get(f"/loan/{other}")
    shown = statements(desk, browser, f"/loan/{other}")
    left = statements(desk, browser, f"/loan/{kept}")
    assert len(shown) == len(left)


@pytest.mark.parametrize(("price", "asked"), [("81.37", True), ("1.37", False)])
def test_a_condition_over_what_the_reader_may_not_see_holds_as_on_the_form_and_shows_nothing(
    desk: Desk, holder: str, price: str, asked: bool
) -> None:
    books = [{"title": "Emma", "price": price}]
    loan = desk.make("loan", member=holder, books=books, dear="A first edition" if asked else None)
    browser = desk.browser("ron")
    page, form = browser.get(f"/loan/{loan}").text, browser.get(f"/loan/{loan}/edit").text
    assert ("A first edition" in page) is asked
    assert ("Dear because" in page) is asked
    control = re.search(r'<[^>]*data-when="dear"[^>]*>', form)
    assert control is not None
    assert (" hidden" not in control[0]) is asked
    assert price not in page
    assert price not in form
