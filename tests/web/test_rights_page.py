"""The matrix on screen: roles by kinds of records, two roles beside each other, and why not."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import pytest

from generator.shapes.access import ACTIONS
from runtime.web.people.rights_page import ACTION_TEXTS
from tests import databases
from tests.web.desk import Desk, open_desk


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("rights")
    opened = open_desk(databases.sqlite_url(folder), folder / "files")
    yield opened
    opened.runtime.engine.dispose()


def text(desk: Desk, address: str) -> str:
    page = desk.browser().get(address)
    assert page.status_code == 200
    body = re.sub(r"<(script|svg)\b.*?</\1>", "", page.text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def test_every_kind_of_record_and_role_has_a_cell(desk: Desk) -> None:
    page = desk.browser().get("/permissions/").text
    for entity in desk.runtime.app.entities.values():
        if not entity.child_of:
            for role in desk.runtime.app.roles:
                assert f'href="/permissions/{entity.name}?role={role}"' in page


def test_every_action_has_a_name_in_both_languages() -> None:
    assert set(ACTION_TEXTS) == set(ACTIONS)


def test_two_roles_are_compared(desk: Desk) -> None:
    page = text(desk, "/permissions/?role=keeper&with=reader")
    assert "differs" in page
    assert "differs" not in text(desk, "/permissions/?role=keeper&with=keeper")


def test_who_can_do_something_is_answered_with_the_rows(desk: Desk) -> None:
    page = text(desk, "/permissions/?action=delete")
    keeper = desk.runtime.app.roles["keeper"].label.text("en")
    assert f"Can delete: {keeper}" in page
    assert "all records" in page


def test_what_a_person_may_do_is_what_their_roles_give(desk: Desk) -> None:
    page = desk.browser().get(f"/permissions/?person={desk.people['ron']}").text
    assert 'href="/permissions/loan?role=reader"' in page
    assert 'href="/permissions/loan?role=keeper"' not in page
    assert desk.browser().get("/permissions/?person=999999").status_code == 404
    assert desk.browser().get("/permissions/?person=x").status_code == 404


def test_a_cell_names_the_line_that_gives_and_the_reason_that_does_not(desk: Desk) -> None:
    page = text(desk, "/permissions/loan?role=reader")
    assert re.search(r"reader \(\w+/\w+\.access\.yaml:\d+\)", page)
    assert "the line of reader gives only" in page
    assert re.search(r"keeper may \(\w+/\w+\.access\.yaml:\d+\)", page)


def test_names_that_mean_nothing_are_passed_over(desk: Desk) -> None:
    for query in ("?role=nobody&with=none&action=fly", "?role='\"<>", "?action=%00"):
        assert desk.browser().get(f"/permissions/{query}").status_code == 200
    assert desk.browser().get("/permissions/nothing").status_code == 404


def test_the_page_is_also_there_in_chinese(desk: Desk) -> None:
    browser = desk.browser()
    browser.get("/lang/zh")
    page = browser.get("/permissions/loan?role=reader").text
    browser.get("/lang/en")
    assert "只给予" in page
    assert "查看列表" in page


def test_what_is_kept_about_people_is_a_page_and_a_file_that_is_logged(desk: Desk) -> None:
    page = text(desk, "/personal-data/")
    assert "E-mail" in page
    assert "No field is of this class." in text(desk, "/personal-data/?class=secret")
    file = desk.browser().get("/personal-data/file?format=csv").text
    assert "Members,E-mail,personal" in file
    (row,) = [one for one in file.splitlines() if one.startswith("Members,E-mail")]
    assert row.endswith(",its mask")
    assert "Keeper" in file
    assert desk.browser().get("/personal-data/file?format=exe").status_code == 404
    logged = desk.browser().get("/audit/").text
    assert "personal" in logged
