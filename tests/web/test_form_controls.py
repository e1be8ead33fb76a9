"""The controls of every field type over HTTP: what they hold, take, refuse and show again."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator

import pytest
from PIL import Image

from tests import databases
from tests.web.desk import KINDS, Desk, open_desk, token


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("controls")
    url = databases.sqlite_url(folder) if request.param == "sqlite" else databases.postgres_url()
    opened = open_desk(url, folder / "files", KINDS)
    yield opened
    opened.runtime.engine.dispose()


def picture(width: int, height: int) -> io.BytesIO:
    held = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(held, "PNG")
    held.seek(0)
    return held


def test_a_person_is_picked_by_name_and_never_shown_as_a_number(shop: Desk) -> None:
    thing = shop.make("thing", name="Clock", keeper=shop.people["ron"])
    browser = shop.browser()
    page = browser.get(f"/thing/{thing}/edit")
    assert f'<option value="{shop.people["ron"]}" selected>Ron</option>' in page.text
    assert 'data-picker-url="/thing/people?for=keeper"' in page.text
    assert ">Ron<" in browser.get(f"/thing/{thing}").text


def test_people_are_found_by_any_word_of_their_name(shop: Desk) -> None:
    answer = shop.browser().get("/thing/people?for=keeper&q=ro")
    assert answer.json == {
        "items": [{"id": str(shop.people["ron"]), "label": "Ron", "note": "ron"}]
    }
    everybody = shop.browser().get("/thing/people?for=keeper").json
    assert everybody is not None
    assert {item["label"] for item in everybody["items"]} == {"Kim", "Ron"}
    assert shop.browser().get("/thing/people?for=keeper&q=%25").json == {"items": []}


def test_names_of_people_are_told_only_to_who_may_use_the_field(shop: Desk) -> None:
    assert shop.browser("ron").get("/thing/people?for=keeper").status_code == 404
    assert shop.browser().get("/thing/people?for=name").status_code == 404
    assert shop.browser("").get("/thing/people?for=keeper").status_code == 302


def test_formatted_text_is_cleaned_shown_formatted_and_plain_in_a_list(shop: Desk) -> None:
    browser = shop.browser()
    page = browser.get("/thing/new")
    text = '<p onclick="x()">Soft <b>linen</b><script>steal()</script></p>'
    answer = browser.send(page, "/thing/new", name="Cloth", text=text)
    assert answer.status_code == 303, answer.text
    detail = browser.get(answer.location)
    assert '<div class="rich"><p>Soft <b>linen</b></p></div>' in detail.text
    listed = browser.get("/thing/?q=Cloth").text
    assert "Soft linen" in listed
    assert "<b>linen" not in listed


def test_json_is_shown_indented_and_a_mistake_is_named_by_its_line(shop: Desk) -> None:
    thing = shop.make("thing", name="Box", extra={"a": [1]})
    browser = shop.browser()
    page = browser.get(f"/thing/{thing}/edit")
    assert '{\n  "a": [\n    1\n  ]\n}' in html.unescape(page.text)
    wrong = browser.send(page, f"/thing/{thing}/edit", name="Box", extra='{\n  "a": 1,\n  b\n}')
    assert wrong.status_code == 422
    assert "This is no JSON: line 3, column 3." in wrong.text
    assert '"a": 1,\n  b' in html.unescape(wrong.text)
    chinese = shop.browser(locale="zh")
    page = chinese.get(f"/thing/{thing}/edit")
    wrong = chinese.send(page, f"/thing/{thing}/edit", name="Box", extra="{")
    assert "JSON 格式不正确：第 1 行第 2 列。" in wrong.text


def test_opening_and_saving_a_form_untouched_changes_nothing(shop: Desk) -> None:
    thing = shop.make("thing", name="Still", extra={"b": 1}, text="<p>a</p>", takes="PT1H30M")
    browser = shop.browser()
    page = browser.get(f"/thing/{thing}/edit")
    browser.send(
        page,
        f"/thing/{thing}/edit",
        name="Still",
        active="1",
        state="new",
        extra='{\n  "b": 1\n}',
        text="<p>a</p>",
        takes="1:30",
    )
    assert 'name="_version" value="1"' in browser.get(f"/thing/{thing}/edit").text


def test_a_picture_is_cut_to_the_proportions_of_its_field(shop: Desk) -> None:
    thing = shop.make("thing", name="Wide")
    browser = shop.browser()
    page = browser.get(f"/thing/{thing}/edit")
    assert 'data-aspect="1:1"' in page.text
    answer = browser.client.post(
        f"/thing/{thing}/edit",
        data={
            "csrf_token": token(page),
            "_version": "1",
            "name": "Wide",
            "active": "1",
            "state": "new",
            "picture-upload": (picture(300, 100), "wide.png"),
        },
    )
    assert answer.status_code == 303, answer.text
    shown = browser.get(f"/thing/{thing}/files/picture?show=1")
    with Image.open(io.BytesIO(shown.data)) as found:
        assert found.size == (100, 100)
    page = browser.get(f"/thing/{thing}/edit")
    assert "wide.webp" in page.text
    assert f'src="/thing/{thing}/files/picture?size=small"' in page.text


def test_a_kept_upload_is_named_with_its_size_after_a_refusal_and_not_to_a_stranger(
    shop: Desk,
) -> None:
    browser = shop.browser()
    page = browser.get("/thing/new")
    answer = browser.client.post(
        "/thing/new",
        data={
            "csrf_token": token(page),
            "name": "",
            "paper-upload": (io.BytesIO(b"words " * 200), "letter.txt"),
        },
    )
    assert answer.status_code == 422
    assert "letter.txt" in answer.text
    assert "1.2 KB" in answer.text
    kept = answer.text.split('name="paper" value="')[1][:36]
    assert "letter.txt" in browser.get(f"/thing/new?paper={kept}").text
    with shop.runtime.engine.begin() as connection:
        table = shop.runtime.system.file
        connection.execute(table.update().values(created_by=shop.people["ron"]))
    assert "letter.txt" not in browser.get(f"/thing/new?paper={kept}").text


def test_a_code_is_marked_as_scanned_and_few_choices_are_boxes(shop: Desk) -> None:
    page = shop.browser().get("/thing/new").text
    assert 'name="serial" value="" autocomplete="off" maxlength="64"' in page
    assert page.count("data-scan") == 2
    assert '<input type="checkbox" class="ck" name="uses" value="home">' in page


def test_a_list_is_filtered_by_a_person_and_says_their_name(shop: Desk) -> None:
    shop.make("thing", name="Of Ron", keeper=shop.people["ron"])
    shop.make("thing", name="Of Kim", keeper=shop.people["kim"])
    page = shop.browser().get(f"/thing/?keeper[in]={shop.people['ron']}")
    assert "Of Ron" in page.text
    assert "Of Kim" not in page.text
    assert re.search(r'class="k">Keeper:?</span> <span class="strong">Ron<', page.text)
    assert 'data-picker-url="/thing/people?for=keeper"' in page.text
