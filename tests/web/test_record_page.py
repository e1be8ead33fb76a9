"""The page of a record: cards edited in place, what is said beside it, steps through the list."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest
from PIL import Image

from tests import databases
from tests.web.desk import HIDDEN, Browser, Desk, open_desk, statements, token, unescape

BOOKS = [{"title": "Dune", "price": "9.50"}, {"title": "Emma", "price": "3"}]
HTMX = {"HX-Request": "true"}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def desk(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("record")
    url = databases.sqlite_url(folder) if request.param == "sqlite" else databases.postgres_url()
    opened = open_desk(url, folder / "files")
    yield opened
    opened.runtime.engine.dispose()


@pytest.fixture
def holder(desk: Desk) -> str:
    code = f"H{desk.count('member')}"
    return desk.make("member", code=code, name=f"Holder {code}", email="h@x.example")


@pytest.fixture
def loan(desk: Desk, holder: str) -> str:
    return desk.make("loan", member=holder, books=BOOKS, note="First", tags=["red"])


def post(browser: Browser, address: str, page: str = "", **data: object):
    """Send a small form; its token is that of a page, as in a browser."""
    seen = browser.get(page or address.rpartition("/")[0])
    return browser.client.post(address, data={"csrf_token": token(seen), **data})


@pytest.mark.parametrize("tab", ["books", "history"])
def test_a_page_costs_the_same_whatever_stands_beside_the_record(
    desk: Desk, holder: str, loan: str, tab: str
) -> None:
    browser = desk.browser()
    page = f"/loan/{loan}?tab={tab}"
    browser.get(page)
    few = statements(desk, browser, page)
    for number in range(12):
        desk.make("loan", member=holder, books=BOOKS)
        post(browser, f"/loan/{loan}/comments", f"/loan/{loan}?tab=history", text=f"Say {number}")
    many = statements(desk, browser, page)
    assert len(few) == len(many) <= 14, [len(few), *many]


def test_a_time_below_the_title_says_which_one_it_is(desk: Desk, holder: str) -> None:
    due = desk.make("loan", member=holder, books=BOOKS, due_at="2026-12-01T10:00:00+00:00")
    facts = re.search(r'<p class="ph-s">.*?</p>', desk.browser().get(f"/loan/{due}").text, re.S)
    assert facts is not None
    assert '<span class="t3">Due </span><time ' in facts[0]
    assert '<span class="sr">Member: </span>' in facts[0]


def test_a_comment_is_text_with_links_and_its_writer_changes_it(desk: Desk, loan: str) -> None:
    browser, page = desk.browser(), f"/loan/{loan}?tab=history"
    said = "See <b>this</b> https://x.example/a?b=1&c=2. @ron"
    answer = post(browser, f"/loan/{loan}/comments", page, text=said)
    assert answer.status_code == 303
    shown = browser.get(answer.location).text
    assert "&lt;b&gt;this&lt;/b&gt;" in shown
    assert '<a href="https://x.example/a?b=1&amp;c=2" rel="noopener noreferrer nofollow"' in shown
    assert '<strong class="at">@ron</strong>' in shown
    part = re.search(r'id="c-([0-9a-f-]{36})"', shown)
    assert part is not None
    address = f"/loan/{loan}/comments/{part[1]}"
    assert post(desk.browser("ron"), address, page, text="x", version="1").status_code == 403
    assert post(browser, address, page, text="Changed words", version="1").status_code == 303
    shown = browser.get(page).text
    assert "Changed words" in shown
    assert "edited" in shown
    stale = browser.get(post(browser, address, page, text="Late", version="1").location).text
    assert "Somebody changed this record after you read it." in stale
    assert post(browser, address + "/delete", page).status_code == 303
    after = browser.get(page).text
    assert "Changed words" not in after
    assert "deleted a comment" in after


def test_a_comment_may_be_written_by_who_only_reads_and_no_empty_one(desk: Desk, loan: str) -> None:
    reader, page = desk.browser("ron"), f"/loan/{loan}?tab=history"
    assert post(reader, f"/loan/{loan}/comments", page, text="From a reader").status_code == 303
    refused = post(reader, f"/loan/{loan}/comments", page, text="   ")
    assert "Write something." in reader.get(refused.location).text


def test_the_timeline_shows_one_kind_when_asked(desk: Desk, loan: str) -> None:
    browser = desk.browser()
    post(browser, f"/loan/{loan}/comments", f"/loan/{loan}?tab=history", text="Only words")
    changes = browser.get(f"/loan/{loan}?tab=history&kind=changes").text
    comments = browser.get(f"/loan/{loan}?tab=history&kind=comments").text
    assert "Only words" not in changes
    assert "created this record" in changes
    assert "Only words" in comments
    assert "created this record" not in comments
    assert browser.get(f"/loan/{loan}?tab=history&kind=nonsense").status_code == 400


def test_people_are_offered_who_may_read_the_record(desk: Desk, loan: str) -> None:
    found = desk.browser().get(f"/loan/{loan}/people?q=r").json["items"]
    assert {"name": "ron", "label": found[0]["label"]} in found
    assert desk.browser("").get(f"/loan/{loan}/people?q=r").status_code == 302


def test_an_older_value_is_brought_back_through_the_same_rules(desk: Desk, loan: str) -> None:
    browser, page = desk.browser(), f"/loan/{loan}?tab=history"
    desk.change("loan", loan, 1, note="Second")
    shown = browser.get(page).text
    entry = re.search(
        r'name="entry" value="([^"]+)"><input type="hidden" name="field" value="note">', shown
    )
    assert entry is not None
    data = {"entry": entry[1], "field": "note"}
    old = post(browser, f"/loan/{loan}/revert", page, version="1", **data)
    assert "Somebody changed this record" in browser.get(old.location).text
    done = post(browser, f"/loan/{loan}/revert", page, version="2", **data)
    assert "Brought back: Note" in browser.get(done.location).text
    assert "First" in browser.get(f"/loan/{loan}").text
    unknown = {"entry": entry[1], "field": "number", "version": "3"}
    assert post(browser, f"/loan/{loan}/revert", page, **unknown).status_code == 404
    assert post(
        desk.browser("ron"), f"/loan/{loan}/revert", page, version="3", **data
    ).status_code in {
        403,
        404,
    }


def test_tags_are_added_and_removed_in_place(desk: Desk, loan: str) -> None:
    browser, page = desk.browser(), f"/loan/{loan}"
    assert (
        post(browser, f"{page}/tags", page, field="tags", add="blue, red，green").status_code == 303
    )
    shown = browser.get(page).text
    for tag in ("red", "blue", "green"):
        assert f"<span>{tag}</span>" in shown, tag
    post(browser, f"{page}/tags", page, field="tags", remove="red")
    assert "<span>red</span>" not in browser.get(page).text
    assert post(browser, f"{page}/tags", page, field="note", add="x").status_code == 404
    reader = desk.browser("ron")
    assert "tg-new" not in reader.get(page).text
    assert post(reader, f"{page}/tags", page, field="tags", add="x").status_code == 403


def card_form(browser: Browser, address: str) -> str:
    answer = browser.client.get(address, headers=HTMX)
    assert answer.status_code == 200, answer.text
    return answer.text


def hidden(text: str) -> dict[str, str]:
    return {name: unescape(value) for name, value in HIDDEN.findall(text)}


def test_one_card_is_edited_in_its_place(desk: Desk, holder: str) -> None:
    browser, address = desk.browser(), f"/member/{holder}/cards/details"
    shown = browser.get(f"/member/{holder}").text
    assert f'hx-get="{address}' in shown
    assert f'href="/member/{holder}/edit"' in shown, "without script it is the whole form"
    form = card_form(browser, address)
    assert "<html" not in form
    assert 'name="name"' in form
    data = {**hidden(form), "name": "Renamed", "email": "h@x.example", "active": "1"}
    answer = browser.client.post(address, data=data, headers=HTMX)
    assert answer.status_code == 200, answer.text
    assert answer.headers["HX-Retarget"] == "#main"
    assert "Renamed" in answer.text
    bad = {**hidden(card_form(browser, address)), "name": "", "email": "nonsense"}
    refused = browser.client.post(address, data=bad, headers=HTMX)
    assert refused.status_code == 422
    assert 'value="nonsense"' in refused.text
    assert "<html" not in refused.text


def test_a_stale_card_compares_and_keeps_what_was_typed(desk: Desk, holder: str) -> None:
    mine, other = desk.browser(), desk.browser()
    address = f"/member/{holder}/cards/details"
    form = card_form(mine, address)
    theirs = {**hidden(card_form(other, address)), "name": "Theirs", "active": "1"}
    assert other.client.post(address, data=theirs, headers=HTMX).status_code == 200
    asked = {**hidden(form), "name": "Mine", "email": "h@x.example", "active": "1"}
    stale = mine.client.post(address, data=asked, headers=HTMX)
    assert stale.status_code == 422
    assert "Theirs" in stale.text
    assert 'value="Mine"' in stale.text
    again = {**hidden(stale.text), "name": "Mine", "active": "1", "_merge-name": "mine"}
    assert mine.client.post(address, data=again, headers=HTMX).status_code == 200
    assert "Mine" in mine.get(f"/member/{holder}").text


def test_who_may_not_change_a_record_has_no_card_to_edit(desk: Desk, holder: str) -> None:
    reader, address = desk.browser("ron"), f"/member/{holder}/cards/details"
    assert "cards/details" not in reader.get(f"/member/{holder}").text
    assert reader.client.get(address, headers=HTMX).status_code == 403
    assert (
        desk.browser().client.get(f"/member/{holder}/cards/none", headers=HTMX).status_code == 404
    )


def picture() -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (30, 20), "red").save(held, "PNG")
    return held.getvalue()


def test_files_are_attached_shown_and_taken_away(desk: Desk, loan: str) -> None:
    browser, page = desk.browser(), f"/loan/{loan}"
    files = [
        (io.BytesIO(picture()), "red.png"),
        (io.BytesIO(b"%PDF-1.4"), "plan.pdf"),
        (io.BytesIO(b"<script>alert(1)</script>"), "bad.html"),
        (io.BytesIO(b"no picture"), "fake.png"),
    ]
    answer = post(browser, f"{page}/attachments", page, files=files)
    assert answer.status_code == 303
    shown = browser.get(answer.location).text
    assert "fake.png: This is not what its name says." in shown
    parts = re.findall(r'class="b b-g b-s b-i" href="([^"]+)" aria-label="Download ([^"]+)"', shown)
    assert sorted(name for _, name in parts) == ["bad.html", "plan.pdf", "red.png"]
    urls = {name: url for url, name in parts}
    small = browser.get(urls["red.png"] + "?size=small")
    assert (small.status_code, small.mimetype) == (200, "image/webp")
    paper = browser.get(urls["plan.pdf"] + "?show=1")
    assert paper.mimetype == "application/pdf"
    assert "attachment" not in paper.headers["Content-Disposition"]
    html = browser.get(urls["bad.html"] + "?show=1")
    assert html.mimetype == "application/octet-stream"
    assert "attachment" in html.headers["Content-Disposition"]
    assert "sandbox" in html.headers["Content-Security-Policy"]
    reader = desk.browser("ron")
    assert reader.get(urls["plan.pdf"]).status_code == 200
    assert "data-attach" not in reader.get(page).text
    gone = f"{urls['plan.pdf']}/delete"
    assert post(reader, gone, page).status_code == 403
    assert post(browser, gone, page).status_code == 303
    assert browser.get(urls["plan.pdf"]).status_code == 404
    assert "removed plan.pdf" in browser.get(f"{page}?tab=history&kind=files").text


def test_a_file_opens_only_through_the_record_it_is_attached_to(desk: Desk, loan: str) -> None:
    browser, page = desk.browser(), f"/loan/{loan}"
    post(browser, f"{page}/attachments", page, files=[(io.BytesIO(b"x"), "x.txt")])
    url = re.search(
        r'href="([^"]+/attachments/[^"]+)" aria-label="Download', browser.get(page).text
    )
    assert url is not None
    part = url[1].rpartition("/")[2]
    holder = desk.make("member", code=f"E{desk.count('member')}", name="Elsewhere")
    assert browser.get(f"/member/{holder}/attachments/{part}").status_code == 404


def test_following_is_a_switch(desk: Desk, loan: str) -> None:
    browser, page = desk.browser(), f"/loan/{loan}"
    assert post(browser, f"{page}/follow", page).status_code == 303
    shown = browser.get(page).text
    assert "You follow this record" in shown
    assert "Stop following" in shown
    post(browser, f"{page}/follow", page, stop="1")
    assert "You follow this record" not in browser.get(page).text


def test_the_steps_go_through_the_list_one_came_from(desk: Desk, holder: str) -> None:
    loans = [desk.make("loan", member=holder, books=BOOKS) for _ in range(3)]
    browser = desk.browser()
    listed = f"member%5Bin%5D={holder}&sort=-number"
    page = browser.get(
        f"/loan/{loans[1]}?list={listed.replace('%', '%25').replace('&', '%26')}"
    ).text
    before = re.search(r'rel="prev"[^>]* href="/loan/([^?"]+)\?list=([^"]+)"', page)
    after = re.search(r'rel="next"[^>]* href="/loan/([^?"]+)', page)
    assert before is not None
    assert after is not None
    assert (before[1], after[1]) == (loans[2], loans[0])
    last = browser.get(f"/loan/{loans[0]}?list={before[2].replace('&amp;', '&')}").text
    assert re.search(r'rel="next"[^>]* role="link" aria-disabled="true"', last)


def test_tabs_say_how_many_records_they_hold(desk: Desk, holder: str, loan: str) -> None:
    desk.make("loan", member=holder, books=BOOKS)
    page = desk.browser().get(f"/member/{holder}?tab=history").text
    assert re.search(r'id="tab-loan-member"[^>]*>Loans <span class="n">2</span>', page)


def test_every_word_beside_a_record_is_chinese(desk: Desk, loan: str) -> None:
    browser = desk.browser(locale="zh")
    page = browser.get(f"/loan/{loan}?tab=history").text
    for words in ("动态", "发表", "附件", "关注", "上一条", "添加标签", "复制链接"):
        assert words in page, words


def test_a_record_is_printed_in_both_languages_without_chrome(desk: Desk, loan: str) -> None:
    page = desk.browser().get(f"/loan/{loan}/print")
    assert page.status_code == 200
    for words in ("Dune", "12.50", "Member", 'lang="zh">会员', "First", "Printed", "by kim"):
        assert words in page.text, words
    assert 'class="side"' not in page.text
    assert 'data-theme="light"' in page.text
    chinese = desk.browser("ron", locale="zh").get(f"/loan/{loan}/print").text
    assert '会员 <span class="two-lang" lang="en">Member</span>' in chinese
    other = loan[:-1] + ("1" if loan.endswith("0") else "0")
    assert desk.browser().get(f"/loan/{other}/print").status_code == 404


def test_chosen_records_are_one_document_in_their_order(desk: Desk, holder: str) -> None:
    loans = [desk.make("loan", member=holder, books=BOOKS) for _ in range(3)]
    browser = desk.browser()
    ids = (loans[2], loans[0])
    page = browser.get("/loan/print?" + "&".join(f"id={one}" for one in ids)).text
    titles = re.findall(r"<h1>([^<]+)</h1>", page)
    assert len(titles) == 2
    assert titles == sorted(titles, reverse=True)
    few = statements(desk, browser, f"/loan/print?ids={','.join(loans[:2])}")
    many = statements(desk, browser, f"/loan/print?ids={','.join(loans)}")
    assert len(few) == len(many)
    assert browser.get("/loan/print?ids=nonsense").status_code == 404


def test_records_below_another_are_added_up_as_their_list_says(desk: Desk, holder: str) -> None:
    for _ in range(7):  # more than the tab shows
        desk.make("loan", member=holder, books=BOOKS)
    page = desk.browser().get(f"/member/{holder}?tab=loan.member").text
    foot = re.search(r"<tfoot>(.*?)</tfoot>", page, re.S)
    assert foot is not None
    assert "87.50" in foot[1]


def test_nothing_below_a_record_has_no_sum(desk: Desk, holder: str) -> None:
    assert "<tfoot>" not in desk.browser().get(f"/member/{holder}?tab=loan.member").text
