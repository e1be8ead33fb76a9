"""A list as people work with it: views, filters, columns, sums, groups; over HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest

from tests import databases
from tests.web.desk import Browser, Desk, open_desk, statements, unescape
from tests.web.test_screens import BOOKS, member


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def desk(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("lists")
    url = databases.sqlite_url(folder) if request.param == "sqlite" else databases.postgres_url()
    opened = open_desk(url, folder / "files")
    ann, bo = member(opened, "ANN", name="Ann"), member(opened, "BO", name="Bo")
    for holder, state in ((ann, "open"), (ann, "back"), (bo, "open")):
        opened.make("loan", member=holder, state=state, due_at="2026-11-20T10:00:00Z", books=BOOKS)
    yield opened
    opened.runtime.engine.dispose()


class Elements(HTMLParser):
    """Counts the elements of a page; what waits in a template is none yet."""

    def __init__(self) -> None:
        super().__init__()
        self.found = self.within = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.found += not self.within
        self.within += tag == "template"

    def handle_endtag(self, tag: str) -> None:
        self.within -= tag == "template"


def elements(text: str) -> int:
    counting = Elements()
    counting.feed(text)
    return counting.found


def tabs(text: str) -> dict[str, str]:
    """Return label → address of the tabs."""
    found = re.findall(r'<a href="([^"]+)" data-tab="[^"]*"[^>]*>(?:<svg.*?</svg>)?([^<]+) <', text)
    return {label.strip(): unescape(address) for address, label in found}


def shown(text: str) -> int:
    return text.count('<tr role="row" id="row-')


def test_a_page_costs_the_same_statements_however_much_is_kept(desk: Desk) -> None:
    browser = desk.browser()
    browser.get("/loan/")
    few = statements(desk, browser, "/loan/")
    page = browser.get("/loan/?state[in]=open")
    for number in range(3):
        browser.send(page, "/loan/views", action="save", name=f"View {number}")
    assert len(statements(desk, browser, "/loan/")) == len(few) == 5
    assert len(statements(desk, browser, "/loan/?sums=1")) == 6


def test_fifty_rows_make_fewer_than_two_thousand_elements(desk: Desk) -> None:
    page = desk.browser().get("/loan/").text
    row = re.search(r'<tr role="row" id="row-.*?</tr>', page, re.S)
    assert row is not None
    assert elements(page) + (50 - shown(page)) * elements(row[0]) < 2000
    assert elements(row[0]) <= 3 * row[0].count("<td")


def test_a_view_is_saved_shown_as_a_tab_renamed_and_deleted(desk: Desk) -> None:
    browser = desk.browser()
    page = browser.get("/loan/?state[in]=back&sort=-fee")
    assert "Save view" in page.text
    answer = browser.send(page, "/loan/views", action="save", name="  Came   back ")
    address = answer.headers["Location"]
    page = browser.get(address)
    assert tabs(page.text)["Came back"] == address.replace("state%5Bin%5D", "state%5Bin%5D")
    assert shown(page.text) == 1
    assert "Save view" not in page.text
    saved = address.rpartition("saved=")[2]
    changed = browser.get(address + "&fee[gte]=1")
    assert "Save view" in changed.text
    assert "Update “Came back”" in changed.text
    browser.send(changed, "/loan/views", action="update", saved=saved)
    assert "fee%5Bgte%5D=1" in tabs(browser.get("/loan/").text)["Came back"]
    browser.send(page, "/loan/views", action="rename", saved=saved, name="Back again")
    assert "Back again" in tabs(browser.get("/loan/").text)
    browser.send(page, "/loan/views", action="delete", saved=saved)
    assert "Back again" not in tabs(browser.get("/loan/").text)


def test_a_view_is_mine_until_it_is_shared_with_a_role(desk: Desk) -> None:
    kim, ron = desk.browser(), desk.browser("ron")
    page = kim.get("/loan/?state[in]=open")
    kim.send(page, "/loan/views", action="save", name="Mine alone")
    kim.send(page, "/loan/views", action="save", name="For readers", role="reader")
    kim.send(page, "/loan/views", action="save", name="For keepers", role="keeper")
    kim.send(page, "/loan/views", action="save", name="For all", role="*")
    seen = tabs(ron.get("/loan/").text)
    assert {"For readers", "For all"} <= set(seen)
    assert not {"Mine alone", "For keepers"} & set(seen)
    refused = ron.send(ron.get("/loan/"), "/loan/views", action="save", name="Ours", role="*")
    assert refused.status_code == 403
    saved = seen["For all"].rpartition("saved=")[2]
    gone = ron.send(ron.get("/loan/"), "/loan/views", action="delete", saved=saved)
    assert gone.status_code == 404
    assert "For all" in tabs(kim.get("/loan/").text)


def test_two_views_of_one_person_have_two_names(desk: Desk) -> None:
    browser = desk.browser()
    page = browser.get("/loan/?state[in]=open")
    browser.send(page, "/loan/views", action="save", name="Twice")
    browser.send(page, "/loan/views", action="save", name="Twice")
    again = browser.get("/loan/")
    assert "You have a view of that name" in again.text
    assert again.text.count("Twice <span") == 1


def test_tabs_count_what_they_hold_and_remember_it_for_a_minute(desk: Desk) -> None:
    browser = desk.browser("ron")
    assert 'data-counts="/loan/counts"' in browser.get("/loan/").text
    counts = browser.get("/loan/counts").json["counts"]
    assert (counts["all"], counts["open"]) == ("3", "2")
    page = browser.get("/loan/")
    assert "data-counts" not in page.text
    assert re.search(r'data-tab="open"[^>]*>Open <span class="n">2</span>', page.text)
    assert len(statements(desk, browser, "/loan/counts")) == 3


def test_the_list_opens_with_the_view_somebody_chose(desk: Desk) -> None:
    browser = desk.browser("ron")
    page = browser.get("/loan/?view=open")
    browser.send(page, "/loan/views", action="opens")
    assert browser.get("/loan/").headers["Location"] == "/loan/?view=open"
    page = browser.get("/loan/?view=open")
    assert tabs(page.text)["All"] != "/loan/"
    browser.send(page, "/loan/views", action="opens")
    assert browser.get("/loan/").status_code == 200


def test_columns_are_kept_for_a_person_and_may_be_set_for_everybody(desk: Desk) -> None:
    kim, ron = desk.browser(), desk.browser("ron")
    page = kim.get("/loan/?view=open")
    choose = {"action": "mine", "columns": ["number", "fee", "state"]}
    kim.send(page, "/loan/columns", **choose)
    assert heads(kim.get("/loan/?view=open").text) == ["number", "fee", "state"]
    assert "due_at" in heads(kim.get("/loan/").text)
    assert "due_at" in heads(ron.get("/loan/?view=open").text)
    kim.send(page, "/loan/columns", **{**choose, "action": "everybody"})
    assert heads(ron.get("/loan/?view=open").text) == ["number", "fee", "state"]
    kim.send(page, "/loan/columns", action="reset")
    assert heads(kim.get("/loan/?view=open").text) == ["number", "fee", "state"]
    refused = ron.send(ron.get("/loan/"), "/loan/columns", **{**choose, "action": "everybody"})
    assert refused.status_code == 403


def heads(text: str) -> list[str]:
    return re.findall(r'data-column="([^"]+)"', text)


def test_a_width_is_kept_as_a_class(desk: Desk) -> None:
    browser = desk.browser("ron")
    page = browser.get("/loan/")
    assert browser.send(page, "/loan/widths", column="state", width="147").status_code == 204
    assert re.search(r'class="[^"]*cw-140"[^>]* data-column="state"', browser.get("/loan/").text)
    browser.send(page, "/loan/widths", column="no_such", width="100")
    assert "cw-100" not in browser.get("/loan/").text


def test_sums_stand_under_their_columns(desk: Desk) -> None:
    page = desk.browser().get("/loan/?sums=1&state[in]=open")
    assert page.status_code == 200
    foot = page.text.partition("<tfoot")[2].partition("</tfoot>")[0]
    assert "Sum of all that match" in foot
    assert "25.00" in foot


def test_a_list_is_grouped_with_counts_and_sums_that_lead_to_the_records(desk: Desk) -> None:
    page = desk.browser().get("/loan/?group=member")
    body = page.text.partition('<table class="dt gt">')[2]
    assert re.search(r'href="(/loan/\?member%5Bin%5D=[^"]+)">Ann</a></td><td[^>]*>2</td>', body)
    assert "25.00" in body
    by_state = desk.browser().get("/loan/?group=state&member.name=Ann")
    assert "member.name=Ann&amp;state%5Bin%5D=open" in by_state.text


def test_a_list_is_grouped_by_day_month_and_year(desk: Desk) -> None:
    browser = desk.browser()
    menu = browser.get("/loan/").text
    assert "group=due_at%3Aday" in menu
    assert "group=due_at%3Ayear" in menu
    body = browser.get("/loan/?group=due_at:month").text.partition('<table class="dt gt">')[2]
    address = re.search(r'href="([^"]+)">November 2026</a></td><td[^>]*>3</td>', body)
    assert address is not None
    assert "due_at%5Bgte%5D=2026-11-01&due_at%5Blte%5D=2026-11-30" in unescape(address[1])
    assert shown(browser.get(unescape(address[1])).text) == 3
    assert ">Nov 20, 2026</a>" in browser.get("/loan/?group=due_at").text
    assert ">2026年</a>" in desk.browser(locale="zh").get("/loan/?group=due_at:year").text
    assert shown(browser.get("/loan/?group=due_at:week").text) == 3


def test_who_may_not_aggregate_sees_neither_sums_nor_groups(desk: Desk) -> None:
    page = desk.browser("ron").get("/loan/?group=state&sums=1")
    assert page.status_code == 200
    assert shown(page.text) == 3
    assert "<tfoot" not in page.text


def test_filters_in_groups_are_chips_that_say_how_they_belong_together(desk: Desk) -> None:
    page = desk.browser().get("/loan/?state[in]=open&member.name~1=Ann&fee[gte]~1=99")
    assert shown(page.text) == 1
    assert re.search(r'<span class="t3 join">or</span>', page.text)
    either = desk.browser().get("/loan/?match=any&state[in]=back&member.name=Bo")
    assert shown(either.text) == 2
    assert '<span class="t3 join">or</span>' in either.text


def test_a_period_is_a_chip_in_words(desk: Desk) -> None:
    page = desk.browser(locale="zh").get("/loan/?created_at[within]=today")
    assert "今天" in page.text
    assert shown(page.text) == 3
    assert shown(desk.browser().get("/loan/?due_at[within]=next_month").text) == 0


def test_the_drawer_tells_how_many_a_filter_finds(desk: Desk) -> None:
    browser = desk.browser()
    assert browser.get("/loan/count?state[in]=open").json == {"text": "Show 2 loans", "fits": True}
    wrong = browser.get("/loan/count?fee[gte]=much").json
    assert wrong["fits"] is False
    zh = desk.browser(locale="zh")
    assert zh.get("/loan/count").json["text"] == "显示 3 条借阅单"


def test_the_drawer_offers_what_may_be_read_over_references_too(desk: Desk) -> None:
    fields = {one["path"]: one for one in desk.browser().get("/loan/filter-fields").json["fields"]}
    assert {"state", "member", "member.name", "due_at", "tags"} <= set(fields)
    assert fields["member.name"]["label"] == "Member › Name"
    assert fields["due_at"]["operators"][0]["name"] == "within"
    assert "books" not in fields
    operators = {one["name"]: one["value"] for one in fields["member"]["operators"]}
    assert operators["in"] == "pickers"


def test_nobody_else_reaches_what_belongs_to_a_list(desk: Desk) -> None:
    stranger: Browser = desk.browser("")
    for address in ("/loan/counts", "/loan/count", "/loan/filter-fields"):
        assert stranger.get(address).status_code == 302


def edit_all(browser: Browser, address: str) -> str:
    """Freeze everything that matches for a change; return the address of the form."""
    page = browser.get(address)
    answer = browser.send(page, "/member/bulk", action="edit", all_matching="1")
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def numbers(text: str) -> list[str]:
    return re.findall(r"<dd>([^<]*)</dd>", text.partition('<dl class="sum">')[2])[:3]


@pytest.fixture
def crowd(desk: Desk) -> str:
    """A few members whose names share a word nobody else's has."""
    word = f"Crowd{desk.count('member')}x"
    for number in range(3):
        code = f"{word}{number}".upper()
        member(desk, code, name=f"{word} {number}", active=number != 1)
    return word


def test_a_bulk_edit_shows_what_it_would_do_before_it_does_it(desk: Desk, crowd: str) -> None:
    browser = desk.browser()
    address = edit_all(browser, f"/member/?q={crowd}")
    form = browser.get(address)
    assert "Change 3 records" in form.text
    sent = {"_change": ["active"], "step": "preview"}
    preview = browser.send(form, address, **sent)
    assert numbers(preview.text) == ["2", "1", "0"]
    assert "1–2 of 2" in browser.get(f"/member/?q={crowd}&active=true").text
    done = browser.send(form, address, **{**sent, "step": "do"})
    assert numbers(done.text) == ["2", "1", "0"]
    assert "1–3 of 3" in browser.get(f"/member/?q={crowd}&active=false").text
    again = browser.send(form, address, **{**sent, "step": "do"})
    assert again.status_code == 404


def test_a_bulk_edit_is_undone_where_nobody_changed_a_record_since(desk: Desk, crowd: str) -> None:
    browser = desk.browser()
    address = edit_all(browser, f"/member/?q={crowd}")
    form = browser.get(address)
    done = browser.send(form, address, _change=["active"], step="do")
    assert "Undo" in done.text
    back = browser.send(
        done, "/member/undo", token=re.findall(r'name="token" value="([^"]+)"', done.text)[0]
    )
    page = browser.get(back.headers["Location"])
    assert "2 records are as before." in page.text
    assert "1–2 of 2" in browser.get(f"/member/?q={crowd}&active=true").text


def test_all_that_match_is_frozen_before_the_change(desk: Desk, crowd: str) -> None:
    browser = desk.browser()
    address = edit_all(browser, f"/member/?q={crowd}")
    form = browser.get(address)
    late = member(desk, f"LATE{crowd}".upper(), name=f"{crowd} late")
    browser.send(form, address, _change=["active"], step="do")
    page = browser.get(f"/member/?q={crowd}&active=true")
    assert f"row-{late}" in page.text
    assert shown(page.text) == 1


def test_a_frozen_choice_belongs_to_who_made_it(desk: Desk, crowd: str) -> None:
    address = edit_all(desk.browser(), f"/member/?q={crowd}")
    assert desk.browser("ron").get(address).status_code in {403, 404}
    assert (
        desk.browser().get("/member/bulk/01930000-0000-7000-8000-00000000000a").status_code == 404
    )


def test_a_refused_record_of_a_bulk_edit_says_why(desk: Desk, crowd: str) -> None:
    browser = desk.browser()
    address = edit_all(browser, f"/member/?q={crowd}")
    form = browser.get(address)
    nothing = browser.send(form, address, step="preview")
    assert nothing.status_code == 422
    assert "Tick what shall be changed." in nothing.text
    wrong = browser.send(form, address, _change=["email"], email="no address", step="preview")
    assert wrong.status_code == 422


def test_a_cell_is_edited_in_its_place_and_the_row_comes_back(desk: Desk, crowd: str) -> None:
    browser = desk.browser()
    text = browser.get(f"/member/?q={crowd}").text
    assert 'data-cell="name"' in text
    assert 'data-cell="code"' not in text
    record = re.findall(r'id="row-([^"]+)"', text)[0]
    form = browser.get(f"/member/{record}/cell/name?query=q%3D{crowd}")
    assert 'name="_version" value="1"' in form.text
    address = f"/member/{record}/cell/name"
    row = browser.send(form, address, name="  Renamed  ")
    assert row.status_code == 200
    assert ">Renamed</a>" in row.text
    assert 'data-version="2"' in row.text
    stale = browser.send(form, address, name="Mine")
    assert stale.status_code == 409
    assert "Somebody else changed this to: Renamed" in stale.text
    assert 'name="_version" value="2"' in stale.text
    kept = browser.send(stale, address, name="Mine")
    assert ">Mine</a>" in kept.text
    empty = browser.send(browser.get(address), address, name="")
    assert empty.status_code == 422
    assert browser.get(f"/member/{record}/cell/code").status_code == 404
    assert desk.browser("ron").get(address).status_code == 404


def test_an_export_holds_the_chosen_columns_of_what_matches(desk: Desk, crowd: str) -> None:
    browser = desk.browser()
    page = browser.get(f"/member/export?q={crowd}&columns=name,code")
    assert "All 3 that match" in page.text
    sent = {"columns": ["name", "active"], "format": "csv", "what": "all"}
    file = browser.send(page, "/member/export", **sent)
    lines = file.data.decode("utf-8-sig").splitlines()
    assert lines[0] == "Name,Active"
    assert sorted(lines[1:]) == [f"{crowd} 0,Yes", f"{crowd} 1,No", f"{crowd} 2,Yes"]
    assert "attachment" in file.headers["Content-Disposition"]
    ids = re.findall(r'id="row-([^"]+)"', browser.get(f"/member/?q={crowd}").text)[:1]
    chosen = browser.send(page, "/member/export", **{**sent, "what": "chosen", "id": ids})
    assert len(chosen.data.decode("utf-8-sig").splitlines()) == 2
    assert browser.get("/member/export?nonsense=1").status_code == 400


def test_who_may_not_export_sees_no_button_and_gets_no_file(desk: Desk) -> None:
    ron = desk.browser("ron")
    page = ron.get("/loan/")
    assert "/loan/export" not in page.text
    assert ron.get("/loan/export").status_code == 403
    sent = {"columns": ["number"], "format": "csv", "what": "all"}
    assert ron.send(page, "/loan/export", **sent).status_code == 403


def test_a_moment_is_exported_in_the_zone_that_the_heading_names(desk: Desk) -> None:
    browser = desk.browser()
    browser.client.set_cookie("time_zone", "Asia/Shanghai")
    page = browser.get("/loan/export")
    sent = {"columns": ["due_at", "fee", "member.name"], "format": "csv", "what": "all"}
    lines = browser.send(page, "/loan/export", **sent).data.decode("utf-8-sig").splitlines()
    # as on the page, but for what tells a field of a referred record from the record
    assert lines[0] == "Due (Asia/Shanghai),Fee,Member · Name"
    assert "2026-11-20 18:00:00,12.50,Ann" in lines


def test_a_board_has_a_column_for_each_option_and_a_card_moves_by_an_ordinary_save(
    desk: Desk,
) -> None:
    browser = desk.browser()
    page = browser.get("/loan/?layout=board&member.name=Ann")
    columns = re.findall(
        r'<section class="lo-col" data-value="([a-z]+)".*?</section>', page.text, re.S
    )
    assert columns == ["open", "back"]
    open_column = page.text.partition('data-value="open"')[2].partition("</section>")[0]
    card = re.findall(r'id="row-([^"]+)" data-version="(\d+)" draggable', open_column)
    assert len(card) == 1
    assert len(statements(desk, browser, "/loan/?layout=board")) <= 12
    moved = browser.send(page, f"/loan/{card[0][0]}/cell/state", state="back", _version=card[0][1])
    assert moved.status_code == 200
    assert 'data-version="2"' in moved.text
    browser.send(page, f"/loan/{card[0][0]}/cell/state", state="open", _version="2")
    assert "data-board" not in desk.browser("ron").get("/loan/?layout=board").text


def test_a_calendar_shows_a_month_in_the_zone_of_the_reader(desk: Desk) -> None:
    browser = desk.browser()
    page = browser.get("/loan/?layout=calendar&month=2026-11&member.name=Ann")
    day = page.text.partition('datetime="2026-11-20"')[2].partition("</td>")[0]
    assert day.count('id="row-') == 2
    assert "November 2026" in page.text
    assert "month=2026-12" in page.text
    browser.client.set_cookie("time_zone", "Pacific/Kiritimati")
    there = browser.get("/loan/?layout=calendar&month=2026-11&member.name=Ann").text
    assert 'id="row-' in there.partition('datetime="2026-11-21"')[2].partition("</td>")[0]
    assert browser.get("/loan/?layout=calendar&month=nonsense").status_code == 200


def test_cards_and_pictures_keep_filters_and_pages(desk: Desk) -> None:
    browser = desk.browser()
    page = browser.get("/member/?layout=gallery&name=Ann")
    assert page.text.count('<div class="lo-pic">') == 1
    assert 'aria-current="true"' in page.text.partition('class="ly"')[2].partition("</nav>")[0]
    cards = browser.get("/member/?layout=cards&q=nobody-at-all")
    assert "Nothing here" in cards.text
    unknown = browser.get("/member/?layout=board")
    assert '<table class="dt"' in unknown.text


def test_a_record_can_be_looked_at_beside_its_list(desk: Desk) -> None:
    browser = desk.browser("ron")
    record = re.findall(r'id="row-([^"]+)"', browser.get("/loan/").text)[0]
    glance = browser.get(f"/loan/{record}/preview?list=state%5Bin%5D%3Dopen")
    assert glance.status_code == 200
    assert "<html" not in glance.text
    assert "12.50" in glance.text
    assert "list=state%255Bin%255D%3Dopen" in glance.text
    assert "/edit" not in glance.text
    assert desk.browser("").get(f"/loan/{record}/preview").status_code == 302
