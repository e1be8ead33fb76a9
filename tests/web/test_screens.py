"""Screens as people meet them: pages opened and forms sent over HTTP, without script."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from PIL import Image

from tests import databases
from tests.web.desk import Desk, open_desk, statements, token, unescape

BOOKS = [{"title": "Dune", "price": "9.50"}, {"title": "Emma", "price": "3"}]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def desk(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("screens")
    url = databases.sqlite_url(folder) if request.param == "sqlite" else databases.postgres_url()
    opened = open_desk(url, folder / "files")
    yield opened
    opened.runtime.engine.dispose()


def member(desk: Desk, code: str, **more: object) -> str:
    return desk.make("member", code=code, **{"name": f"Member {code}", **more})


def test_a_list_costs_the_principal_what_is_kept_the_page_and_the_count_however_long_it_is(
    desk: Desk,
) -> None:
    holder = member(desk, "S1")
    desk.make("loan", member=holder, books=BOOKS)
    browser = desk.browser()
    browser.get("/loan/")
    few = statements(desk, browser, "/loan/")
    for _ in range(20):
        desk.make("loan", member=holder, books=BOOKS)
    many = statements(desk, browser, "/loan/")
    assert len(few) == len(many) == 5, many


def test_a_hidden_column_is_not_queried(desk: Desk) -> None:
    browser = desk.browser()
    assert "fee" in statements(desk, browser, "/loan/")[3]
    assert "fee" not in statements(desk, browser, "/loan/?columns=number&columns=state")[3]


def test_a_reference_in_a_list_is_a_link_to_the_record_it_names(desk: Desk) -> None:
    holder = member(desk, "L1")
    desk.make("loan", member=holder, books=BOOKS)
    page = desk.browser().get("/loan/?q=Member+L1")
    assert f'<a href="/member/{holder}">Member L1</a>' in page.text
    assert '12.50<span class="cur">EUR' in page.text


def test_filters_stand_in_the_address_and_each_chip_removes_its_own(desk: Desk) -> None:
    holder = member(desk, "F1")
    desk.make("loan", member=holder, state="back", books=BOOKS)
    page = desk.browser().get(f"/loan/?state[in]=back&member[in]={holder}&fee[gte]=1")
    assert page.status_code == 200
    for words in ("Returned", "Member F1", "1 or more"):
        assert re.search(
            rf'class="k-v"><span class="k">[^<]*</span> <span class="strong">{words}', page.text
        ), words
    assert "1–1 of 1" in page.text
    assert f"member%5Bin%5D={holder}" in page.text


def test_a_filter_that_means_nothing_is_named_and_never_ignored(desk: Desk) -> None:
    page = desk.browser().get("/loan/?fee[gte]=much&nonsense=1")
    assert page.status_code == 400
    assert "This filter cannot be used." in page.text
    assert 'class="ol' not in page.text


def test_a_day_filters_in_the_zone_of_the_reader(desk: Desk) -> None:
    holder = member(desk, "Z1")
    desk.make("loan", member=holder, due_at="2026-03-01T20:00:00Z", books=BOOKS)
    browser = desk.browser()
    there = browser.get(f"/loan/?member[in]={holder}&due_at[gte]=2026-03-02&due_at[lte]=2026-03-02")
    assert "1–1 of 1" in there.text
    browser.client.set_cookie("time_zone", "Europe/Berlin")
    gone = browser.get(f"/loan/?member[in]={holder}&due_at[gte]=2026-03-02")
    assert "Nothing matches" in gone.text
    assert "from 2026-03-02" in gone.text


def test_the_three_ways_of_being_empty_are_told_apart(desk: Desk) -> None:
    browser = desk.browser()
    assert "Nothing matches" in browser.get("/member/?q=nobody-at-all").text
    assert "Nothing is archived" in browser.get("/member/?archived=only").text
    assert browser.get("/nothing/").status_code == 404


def test_pages_follow_each_other_and_say_where_they_are(desk: Desk) -> None:
    holder = member(desk, "P1")
    for _ in range(30):
        desk.make("loan", member=holder, books=BOOKS)
    browser = desk.browser()
    first = browser.get(f"/loan/?member[in]={holder}&limit=25")
    assert "1–25 of 30" in first.text
    following = re.search(r'rel="next" href="([^"]+)"', first.text)
    assert following is not None
    second = browser.get(following[1].replace("&amp;", "&"))
    assert "26–30 of 30" in second.text
    back = re.search(r'rel="prev" href="([^"]+)"', second.text)
    assert back is not None
    assert "1–25 of 30" in browser.get(back[1].replace("&amp;", "&")).text


def test_a_record_is_created_with_its_rows_and_without_script(desk: Desk) -> None:
    holder = member(desk, "C1")
    browser = desk.browser()
    page = browser.get("/loan/new")
    answer = browser.send(
        page,
        "/loan/new",
        member=holder,
        state="open",
        due_at="2026-12-01T09:30",
        tags="red, blue",
        **{
            "books-0-title": "Dune",
            "books-0-price": "9.50",
            "books-2-title": "Emma",
            "books-2-price": "1,000",
        },
    )
    assert answer.status_code == 422
    assert 'href="#f-books"' in answer.text or "A loan costs less than 1000." in answer.text
    assert 'value="1,000"' in answer.text
    page = answer
    answer = browser.send(
        page,
        "/loan/new",
        member=holder,
        state="open",
        due_at="2026-12-01T09:30",
        tags="red, blue",
        **{
            "books-0-title": "Dune",
            "books-0-price": "9.50",
            "books-2-title": "Emma",
            "books-2-price": "3",
        },
    )
    assert answer.status_code == 303, answer.text
    shown = browser.get(answer.location).text
    assert "Created." in shown
    for words in ("Dune", "Emma", "12.50", "Dec 1, 2026, 9:30 AM", "red"):
        assert words in shown, words


def test_what_was_typed_is_kept_and_every_error_leads_to_its_field(desk: Desk) -> None:
    browser = desk.browser()
    page = browser.get("/loan/new")
    answer = browser.send(
        page,
        "/loan/new",
        note="Keep <me> & mine",
        state="open",
        due_at="tomorrow",
        **{"books-0-title": "Dune", "books-0-price": "cheap", "books-1-price": "2"},
    )
    assert answer.status_code == 422
    for place in ("f-member", "f-due_at", "f-books-0-price", "f-books-1-title"):
        assert f'href="#{place}"' in answer.text, place
        assert f'id="{place}-error"' in answer.text, place
    for text in ("Keep &lt;me&gt; &amp; mine", 'value="tomorrow"', 'value="cheap"', 'value="Dune"'):
        assert text in answer.text, text


def test_a_form_sent_twice_makes_one_record(desk: Desk) -> None:
    browser = desk.browser()
    page = browser.get("/member/new")
    before = desk.count("member")
    for _ in range(2):
        answer = browser.send(page, "/member/new", code="TWICE", name="Once")
        assert answer.status_code == 303, answer.text
    assert desk.count("member") == before + 1


def test_a_used_key_does_not_lose_what_is_typed(desk: Desk) -> None:
    browser = desk.browser()
    page = browser.get("/member/new")
    assert browser.send(page, "/member/new", code="KEY1", name="First").status_code == 303
    again = browser.send(page, "/member/new", code="KEY2", name="Second")
    assert again.status_code == 422
    assert 'value="KEY2"' in again.text
    assert browser.send(again, "/member/new", code="KEY2", name="Second").status_code == 303


def test_a_stale_save_compares_field_by_field_and_keeps_mine(desk: Desk) -> None:
    holder = member(desk, "M1", email="old@x.example")
    mine, other = desk.browser(), desk.browser()
    address = f"/member/{holder}/edit"
    page = mine.get(address)
    theirs = other.send(
        other.get(address), address, name="Theirs", email="new@x.example", active="1"
    )
    assert theirs.status_code == 303
    answer = mine.send(page, address, name="Mine", email="old@x.example", active="1")
    assert answer.status_code == 409
    assert "Somebody changed this record while you were editing it." in answer.text
    assert 'name="_merge-name" value="mine" checked' in answer.text
    assert 'name="_merge-email"' not in answer.text
    assert 'value="Mine"' in answer.text
    assert 'value="new@x.example"' in answer.text
    saved = mine.send(
        answer, address, name="Mine", email="new@x.example", active="1", **{"_merge-name": "mine"}
    )
    assert saved.status_code == 303, saved.text
    shown = mine.get(f"/member/{holder}").text
    assert "Mine" in shown
    assert "new@x.example" in shown


def test_their_value_stands_when_it_is_chosen(desk: Desk) -> None:
    holder = member(desk, "M2")
    mine, other = desk.browser(), desk.browser()
    address = f"/member/{holder}/edit"
    page = mine.get(address)
    other.send(other.get(address), address, name="Theirs", active="1")
    answer = mine.send(page, address, name="Mine", active="1")
    done = mine.send(answer, address, name="Mine", active="1", **{"_merge-name": "theirs"})
    assert done.status_code == 303
    assert "<h1>Theirs</h1>" in mine.get(f"/member/{holder}").text


def test_rows_are_changed_added_and_removed_in_the_form(desk: Desk) -> None:
    loan = desk.make("loan", member=member(desk, "G1"), books=BOOKS)
    browser = desk.browser()
    address = f"/loan/{loan}/edit"
    page = browser.get(address)
    ids = re.findall(r'name="books-\d-id" value="([^"]+)"', page.text)
    answer = browser.send(
        page,
        address,
        member=re.search(r'<option value="([0-9a-f-]{36})" selected>Member G1', page.text)[1],
        state="open",
        **{
            "books-0-id": ids[0],
            "books-0-title": "Dune",
            "books-0-price": "10",
            "books-1-id": ids[1],
            "books-1-_delete": "1",
            "books-1-title": "Emma",
            "books-2-title": "Kim",
            "books-2-price": "2",
        },
    )
    assert answer.status_code == 303, answer.text
    shown = browser.get(f"/loan/{loan}").text
    assert "Kim" in shown
    assert "Emma" not in shown
    history = browser.get(f"/loan/{loan}?tab=history").text
    assert "Books: row removed (Title Emma" in history
    assert "Books: row added (Title Kim" in history
    assert "9.50 EUR" in history
    assert "10.00 EUR" in history


def test_a_picker_offers_only_what_the_field_may_pick(desk: Desk) -> None:
    member(desk, "A1", name="Pickable Pat")
    member(desk, "A2", name="Pickable Pia", active=False)
    browser = desk.browser()
    found = browser.get("/member/choices?for=loan.member&q=Pickable").json["items"]
    assert [(item["label"], item["note"]) for item in found] == [("Pickable Pat", "A1")]
    every = browser.get("/member/choices?q=Pickable").json["items"]
    assert len(every) == 2
    assert browser.get("/member/choices?for=loan.number&q=x").status_code == 400


def test_deleting_says_who_points_at_the_record_and_refuses(desk: Desk) -> None:
    holder = member(desk, "D1")
    desk.make("loan", member=holder, books=BOOKS)
    browser = desk.browser()
    address = f"/member/{holder}/delete"
    page = browser.get(address)
    assert "Loan points at it" in page.text
    assert f"/loan/?member[in]={holder}" in page.text
    assert browser.send(page, address).status_code == 409


def test_an_unknown_field_is_named_and_nothing_is_written(desk: Desk) -> None:
    browser = desk.browser()
    before = desk.count("member")
    answer = browser.send(browser.get("/member/new"), "/member/new", code="U1", name="U", shoe="44")
    assert answer.status_code == 422
    assert "There is no field &#39;shoe&#39; here." in answer.text
    assert 'value="U1"' in answer.text
    assert desk.count("member") == before


@pytest.mark.parametrize("version", ["", "x", "-1", "1.0", "٣"])
def test_nothing_is_deleted_without_saying_which_version(desk: Desk, version: str) -> None:
    holder = member(desk, f"V{version}")
    browser = desk.browser()
    address = f"/member/{holder}/delete"
    answer = browser.send(browser.get(address), address, version=version)
    assert answer.status_code == 428
    assert "Archived on" not in browser.get(f"/member/{holder}").text


def test_an_archived_record_can_be_restored(desk: Desk) -> None:
    holder = member(desk, "D2")
    browser = desk.browser()
    address = f"/member/{holder}/delete"
    answer = browser.send(browser.get(address), address, reason="moved away")
    assert answer.status_code == 303
    shown = browser.get(f"/member/{holder}")
    assert "Archived on" in shown.text
    back = browser.send(shown, f"/member/{holder}/restore")
    assert back.status_code == 303
    assert "moved away" in browser.get(f"/member/{holder}?tab=history").text


def test_a_reader_sees_no_button_they_may_not_press(desk: Desk) -> None:
    holder = member(desk, "R1")
    browser = desk.browser("ron")
    page = browser.get(f"/member/{holder}")
    assert page.status_code == 200
    assert f"/member/{holder}/edit" not in page.text
    assert f"/member/{holder}/delete" not in page.text
    assert "/member/new" not in browser.get("/member/").text
    assert browser.get("/member/new").status_code == 403
    assert browser.get(f"/member/{holder}/edit").status_code == 403
    assert browser.get(f"/member/{holder}/delete").status_code == 403


def test_who_is_not_signed_in_comes_back_to_where_they_wanted(desk: Desk) -> None:
    answer = desk.browser("").get("/loan/?state[in]=open")
    assert answer.status_code == 302
    assert answer.location.startswith("/login/?next=/loan/%3Fstate")


def test_a_form_sent_after_the_session_ended_is_kept_until_signing_in(desk: Desk) -> None:
    browser = desk.browser()
    page = browser.get("/member/new")
    browser.client.delete_cookie("session")
    ended = browser.send(page, "/member/new", code="KEPT", name="Kept over")
    assert ended.status_code == 401
    assert 'name="name" value="Kept over"' in ended.text
    again = desk.browser()
    renewed = again.client.post(
        "/member/new", data={"csrf_token": "old", "code": "KEPT", "name": "Kept over"}
    )
    assert renewed.status_code == 400
    assert 'value="Kept over"' in renewed.text
    saved = again.send(renewed, "/member/new", code="KEPT", name="Kept over")
    assert saved.status_code == 303


def test_a_script_learns_whether_somebody_is_signed_in_and_with_which_token(desk: Desk) -> None:
    browser = desk.browser()
    here = browser.get("/me/session")
    assert (here.json["id"], here.json["name"]) == (desk.people["kim"], "Kim")
    assert here.headers["Cache-Control"] == "no-store"
    made = browser.client.post(
        "/member/new", data={"csrf_token": here.json["csrf"], "code": "TOK", "name": "With token"}
    )
    assert made.status_code == 303
    assert desk.browser("").get("/me/session").status_code == 401


def picture() -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (400, 300), "teal").save(held, "JPEG", exif=b"Exif\x00\x00secret-place")
    return held.getvalue()


def test_a_picture_is_written_anew_and_opens_only_through_its_record(desk: Desk) -> None:
    browser = desk.browser()
    page = browser.get("/member/new")
    data = {
        "csrf_token": token(page),
        "code": "PIC",
        "name": "Pictured",
        "active": "1",
        "picture-upload": (io.BytesIO(picture()), "../../me.jpg"),
    }
    answer = browser.client.post("/member/new", data=data, content_type="multipart/form-data")
    assert answer.status_code == 303, answer.text
    address = answer.location.partition("?")[0] + "/files/picture"
    found = browser.get(address)
    assert found.status_code == 200
    assert b"secret-place" not in found.data
    assert found.headers["Content-Disposition"].startswith("attachment; filename=me.jpg")
    small = browser.get(address + "?size=small")
    assert small.mimetype == "image/webp"
    assert desk.browser("").get(address).status_code == 302


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("paper.exe", b"MZ", "This type of file is not taken here."),
        ("paper.pdf", b"%PDF" + b"x" * 3000, "The file is larger than 0.002 MB."),
    ],
)
def test_a_file_that_a_field_does_not_take_is_refused_there(
    desk: Desk, name: str, content: bytes, words: str
) -> None:
    browser = desk.browser()
    page = browser.get("/member/new")
    data = {
        "csrf_token": token(page),
        "code": "FILE",
        "name": "Filed",
        "paper-upload": (io.BytesIO(content), name),
    }
    answer = browser.client.post("/member/new", data=data, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert words in answer.text
    assert 'id="f-paper-error"' in answer.text
    assert 'value="Filed"' in answer.text


def test_a_strangers_file_cannot_be_taken_by_its_id(desk: Desk) -> None:
    kim = desk.browser()
    page = kim.get("/member/new")
    data = {
        "csrf_token": token(page),
        "code": "OWN",
        "name": "Owner",
        "active": "1",
        "picture-upload": (io.BytesIO(picture()), "me.jpg"),
    }
    assert (
        kim.client.post("/member/new", data=data, content_type="multipart/form-data").status_code
        == 303
    )
    with desk.runtime.engine.begin() as connection:
        file_table = desk.runtime.system.file
        file_id = connection.execute(sa.select(file_table.c.id)).scalars().first()
        connection.execute(file_table.update().values(created_by=999))
    page = kim.get("/member/new")
    answer = kim.send(page, "/member/new", code="THIEF", name="Thief", picture=str(file_id))
    assert answer.status_code == 303
    assert kim.get(answer.location.partition("?")[0] + "/files/picture").status_code == 404


def test_every_page_speaks_chinese(desk: Desk) -> None:
    loan = desk.make("loan", member=member(desk, "ZH1"), books=BOOKS)
    browser = desk.browser(locale="zh")
    for address, words in (
        ("/", "待办"),
        ("/loan/", "添加筛选"),
        (f"/loan/{loan}", "概要"),
        (f"/loan/{loan}?tab=history", "新建了此记录"),
        (f"/loan/{loan}/edit", "添加一行"),
        (f"/loan/{loan}/delete", "操作影响"),
        ("/search?q=ZH1", "会员"),
        ("/preferences", "时区"),
    ):
        page = browser.get(address)
        assert page.status_code == 200, address
        assert '<html lang="zh-CN"' in page.text
        assert words in page.text, address


def test_preferences_are_kept_and_rendered_by_the_server(desk: Desk) -> None:
    browser = desk.browser()
    page = browser.get("/preferences")
    answer = browser.send(
        page, "/preferences", theme="dark", locale="zh", time_zone="Asia/Tokyo", density="compact"
    )
    assert answer.status_code == 303
    shown = browser.get("/loan/").text
    assert 'data-bs-theme="dark"' in shown
    assert 'lang="zh-CN"' in shown
    assert 'class="compact"' in shown
    elsewhere = desk.browser()
    elsewhere.get("/")
    assert elsewhere.client.get_cookie("time_zone").value == "Asia/Tokyo"
    browser.send(
        browser.get("/preferences"),
        "/preferences",
        theme="light",
        locale="en",
        time_zone="Asia/Shanghai",
        density="normal",
    )


def test_a_search_finds_records_of_every_kind(desk: Desk) -> None:
    desk.make("loan", member=member(desk, "Q1", name="Quentin"), books=BOOKS)
    page = desk.browser().get("/search?q=Quentin")
    assert "Members" in page.text
    assert "Loans" in page.text


def test_related_records_are_asked_for_when_their_tab_is_opened(desk: Desk) -> None:
    holder = member(desk, "T1")
    desk.make("loan", member=holder, books=BOOKS)
    browser = desk.browser()
    page = browser.get(f"/member/{holder}")
    assert "See all 1" in page.text
    assert f"/loan/new?member={holder}" in page.text
    new = browser.get(f"/loan/new?member={holder}")
    assert f'<option value="{holder}" selected>Member T1</option>' in new.text


def test_a_copy_takes_everything_but_what_must_be_its_own(desk: Desk) -> None:
    loan = desk.make("loan", member=member(desk, "K1"), note="Fragile", books=BOOKS)
    page = desk.browser().get(f"/loan/new?copy={loan}")
    for words in ("Fragile", "Member K1", 'value="Dune"', 'value="9.50"'):
        assert words in page.text, words
    assert 'name="books-0-id"' not in page.text


def test_links_inside_a_row_survive_a_save_of_the_form(desk: Desk) -> None:
    holder = member(desk, "W1", name="Helper")
    books = [{"title": "Dune", "price": "1", "donors": [holder]}]
    loan = desk.make("loan", member=holder, books=books)
    browser = desk.browser()
    address = f"/loan/{loan}/edit"
    page = browser.get(address)
    shown = re.search(
        r'name="books-0-donors"[^>]*multiple[^>]*><option value="([^"]+)" selected', page.text
    )
    assert shown is not None
    assert shown[1] == holder


@pytest.mark.parametrize(
    "address",
    [
        "/loan/abc",
        "/loan/abc/edit",
        "/loan/abc/delete",
        "/loan/abc/history",
        "/loan/abc?tab=history",
        "/loan/%00",
        "/loan/01a20000-0000-7000-8000-000000000000",
        "/loan/01a20000-0000-7000-8000-000000000000/edit",
        "/loan/01a20000-0000-7000-8000-000000000000/files/number",
        "/member/abc/files/picture",
        "/loan/?after=garbage",
        "/loan/?before=%ff%fe",
        "/loan/?limit=99999",
        "/loan/?limit=-1&at=99999999999999999999",
        "/loan/?q=%00",
        "/loan/?q=" + "x" * 500,
        "/loan/?view=none",
        "/loan/?columns=junk,,books,member.home",
        "/loan/?sort=junk",
        "/loan/?sort=books",
        "/loan/?archived=maybe",
        "/loan/?member[in]=not-an-id",
        "/loan/?member[in]=" + "0" * 36,
        "/loan/?fee[gte]=NaN",
        "/loan/?fee[between]=1,2,3",
        "/loan/?fee[gte]=99999999999999999999999999",
        "/loan/?due_at[gte]=0001-01-01",
        "/loan/?due_at[lte]=9999-12-31",
        "/loan/?state[in]=%F0%9F%92%A9",
        "/loan/?member.name[contains]=%00",
        "/loan/?__class__=1",
        "/loan/?[]=1",
        "/loan/new?copy=abc",
        "/loan/new?member=abc",
        "/loan/new?list=%00%01",
        "/loan/?tab=x&list=" + "%26" * 400,
        "/member/choices?q=%00",
        "/member/choices?for=..&q=x",
        "/member/choices?for=loan.books",
        "/search?q=%00",
        "/search?q=" + "%F0%9F%92%A9" * 300,
    ],
)
def test_no_address_breaks_a_page(desk: Desk, address: str) -> None:
    answer = desk.browser().get(address)
    assert answer.status_code < 500, answer.text


HOSTILE = [
    "\x00",
    "a\x07b",
    "x" * 300_000,
    "١٢٣",
    "NaN",
    "1e400",
    "9" * 400,
    "-0",
    "<script>alert(1)</script>",
    "' OR 1=1 --",
    "{{ 7*7 }}",
    "\ud83d\ude00",
    "0001-01-01T00:00",
    "9999-99-99",
    "null",
    '{"a": [' * 50,
]


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("/access/", "reason"),
        ("/tokens", "name"),
        ("/member/views", "name"),
        ("/groups/new", "name"),
        ("/preferences", "locale"),
        ("/me/sessions/end", "session"),
    ],
)
def test_no_form_takes_what_no_database_keeps(desk: Desk, address: str, name: str) -> None:
    browser = desk.browser()
    answer = browser.send(browser.get("/preferences"), address, **{name: "a\x00b"})
    assert answer.status_code == 422


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_no_input_breaks_a_form_and_nothing_is_written(desk: Desk, number: int) -> None:
    text = HOSTILE[number].encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    browser = desk.browser()
    before = desk.count("loan")
    page = browser.get("/loan/new")
    names = ("member", "state", "due_at", "note", "tags", "books-0-title", "books-0-price")
    names += ("books-0-donors", "books-0-id", "books-0-_position", "_version", "_was", "list")
    answer = browser.send(page, "/loan/new", **dict.fromkeys(names, text))
    assert 400 <= answer.status_code < 500, answer.status_code
    assert desk.count("loan") == before
    assert "<script>alert(1)" not in answer.text


def test_a_grid_with_absurd_names_or_numbers_is_only_refused(desk: Desk) -> None:
    browser = desk.browser()
    page = browser.get("/loan/new")
    odd = {"books-99999-title": "x", "books-0-nothing": "x", "books--1-title": "x", "books-0-": "x"}
    odd |= {f"books-{number}-title": "row" for number in range(1200)}
    answer = browser.send(page, "/loan/new", **odd)
    assert answer.status_code == 422


def test_many_records_are_archived_at_once_and_each_refusal_is_told(desk: Desk) -> None:
    free = [member(desk, f"B{number}", name=f"Bulk {number}") for number in range(3)]
    used = member(desk, "B9", name="Bulk used")
    desk.make("loan", member=used, books=BOOKS)
    browser = desk.browser()
    page = browser.get("/member/?q=Bulk")
    answer = browser.send(page, "/member/bulk", action="delete", id=free[:1])
    assert answer.status_code == 303
    told = browser.get("/member/?q=Bulk").text
    assert "1 record archived." in told
    assert f'id="row-{free[0]}"' not in told
    undo = unescape(re.search(r'name="token" value="([^"]+)"', told)[1])
    ron = desk.browser("ron")
    assert ron.send(ron.get("/member/"), "/member/undo", token=undo).status_code == 404
    assert browser.send(page, "/member/undo", token=undo, query="q=Bulk").status_code == 303
    assert f'id="row-{free[0]}"' in browser.get("/member/?q=Bulk").text
    assert browser.send(page, "/member/undo", token=undo).status_code == 404
    assert browser.send(page, "/member/bulk", action="delete", id=free[:1]).status_code == 303
    rest = browser.send(page, "/member/bulk", action="delete", all_matching="1", query="q=Bulk")
    assert rest.status_code == 200
    assert "<dt>done</dt><dd>2</dd>" in rest.text
    assert f'<a href="/member/{used}">Bulk used</a>' in rest.text
    assert "Other records still point at this one" in rest.text
    assert browser.send(page, "/member/bulk", action="nonsense", id=free).status_code == 422
    assert desk.browser("ron").get("/member/").text.count("data-bulk") == 0


def test_a_grid_too_long_for_a_form_keeps_every_row(desk: Desk) -> None:
    books = [{"title": f"Book {number}", "price": "0.10"} for number in range(310)]
    loan = desk.make("loan", member=member(desk, "LONG"), books=books)
    browser = desk.browser()
    address = f"/loan/{loan}/edit"
    page = browser.get(address)
    assert "Too many rows to edit here: Books." in page.text
    chosen = re.search(r'<option value="([0-9a-f-]{36})" selected>Member LONG', page.text)
    assert chosen is not None
    answer = browser.send(page, address, member=chosen[1], state="back")
    assert answer.status_code == 303, answer.text
    assert 'Books <span class="n">310</span>' in browser.get(f"/loan/{loan}").text


def test_what_nobody_touched_stays_exactly_as_it_is(desk: Desk) -> None:
    donor = member(desk, "GONE", name="Gone")
    books = [{"title": "Dune", "price": "1", "donors": [donor]}]
    exact = "2026-05-01T08:30:15.123456Z"
    loan = desk.make("loan", member=member(desk, "EXACT"), due_at=exact, books=books)
    browser = desk.browser()
    gone = f"/member/{donor}/delete"
    assert browser.send(browser.get(gone), gone).status_code == 303
    address = f"/loan/{loan}/edit"
    page = browser.get(address)
    chosen = re.search(r'<option value="([0-9a-f-]{36})" selected>Member EXACT', page.text)
    row = re.search(r'name="books-0-id" value="([^"]+)"', page.text)
    shown = re.search(r'name="due_at" value="([^"]+)"', page.text)
    assert chosen is not None
    assert row is not None
    assert shown is not None
    answer = browser.send(
        page,
        address,
        member=chosen[1],
        state="back",
        due_at=shown[1],
        books__0__id=row[1],
        books__0__title="Dune",
        books__0__price="1",
        books__0__donors=donor,
    )
    assert answer.status_code == 303, answer.text
    with desk.runtime.engine.connect() as connection:
        tables = desk.runtime.schema.tables
        links = (
            connection.execute(
                sa.select(tables["loan_book.donors"].c.target_id).where(
                    tables["loan_book.donors"].c.source_id == row[1]
                )
            )
            .scalars()
            .all()
        )
        loans = tables["loan"]
        due = connection.execute(sa.select(loans.c.due_at).where(loans.c.id == loan)).scalar_one()
    assert links == [donor]
    assert due.microsecond == 123456
