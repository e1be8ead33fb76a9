"""Accounts, roles, groups and sessions, over HTTP: what administrators do, and nobody else can."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from runtime.web.factory import create_app
from runtime.web.names import full_name, initials, short_name
from runtime.web.settings import WebSettings
from tests import databases
from tests.web.desk import PASSWORD, Browser, Desk, open_desk, statements, token

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) AppleWebKit/605 MicroMessenger/8.0 Safari/604.1"
NEW = "a completely new one"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def desk(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("people")
    url = databases.sqlite_url(folder) if request.param == "sqlite" else databases.postgres_url()
    opened = open_desk(url, folder / "files")
    yield opened
    opened.runtime.engine.dispose()


def post(browser: Browser, address: str, page: str = "/users/", **values: object) -> TestResponse:
    """Send a form as a page would."""
    csrf = token(browser.get(page))
    return browser.client.post(address, data={"csrf_token": csrf, **values})


def invite(desk: Desk, name: str, **values: object) -> tuple[int, str]:
    """Invite somebody; return their id and the path of the link they were given."""
    given = {"username": name, "email": f"{name}@x.example", "first_name": name.title(), **values}
    answer = post(desk.browser(), "/users/new", **given)
    assert answer.status_code == 200, answer.text
    link = re.search(r"http://localhost(/login/welcome/[^<\"]+)", answer.text)
    number = re.search(r'action="/users/(\d+)"', answer.text)
    assert link is not None
    assert number is not None
    return int(number[1]), link[1]


def enter(desk: Desk, name: str, password: str, agent: str = "") -> Browser:
    """Sign in with a password; the browser may call itself something."""
    browser = Browser(desk.app.test_client())
    if agent:
        browser.client.environ_base["HTTP_USER_AGENT"] = agent
    csrf = token(browser.get("/login/"))
    form = {"username": name, "password": password, "csrf_token": csrf}
    browser.client.post("/login/", data=form)
    return browser


def is_in(browser: Browser) -> bool:
    return browser.get("/preferences").status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "/users/",
        "/users/new",
        "/users/1",
        "/roles/",
        "/roles/keeper",
        "/groups/",
        "/permissions/",
        "/permissions/loan",
        "/personal-data/",
        "/personal-data/file",
    ],
)
def test_only_administrators_open_the_pages_about_people(desk: Desk, address: str) -> None:
    assert desk.browser().get(address).status_code == 200
    assert desk.browser("ron").get(address).status_code == 403
    assert desk.browser("").get(address).status_code == 302


@pytest.mark.parametrize(
    "address",
    ["/users/new", "/users/1", "/users/1/active", "/users/1/link", "/users/1/sign-out",
     "/groups/new", "/groups/1", "/groups/1/delete"],
)  # fmt: skip
def test_nobody_else_changes_anything_about_people(desk: Desk, address: str) -> None:
    before = _people(desk)
    answer = post(desk.browser("ron"), address, "/preferences", username="eve", active="0")
    assert answer.status_code == 403
    assert _people(desk) == before


def test_a_token_of_an_administrator_administers_nobody(desk: Desk) -> None:
    gate = desk.app.extensions["shopwright"].gate
    found = gate.principals.current(desk.people["kim"])
    made = desk.app.test_client()
    browser = desk.browser()
    page = post(browser, "/tokens", "/tokens", name="sync", days="7", scopes="read:loan")
    secret = re.search(r"sw_[A-Za-z0-9_-]{43}", page.text)
    assert secret is not None
    assert found is not None
    headers = {"Authorization": f"Bearer {secret[0]}"}
    assert made.get("/users/", headers=headers).status_code == 403


def test_an_invited_person_chooses_a_password_once_and_is_in(desk: Desk) -> None:
    number, link = invite(desk, "nora", roles=["reader"])
    browser = desk.browser("")
    page = browser.get(link)
    assert "Welcome, Nora" in page.text
    weak = browser.send(page, link, password="short", again="short")
    assert (weak.status_code, "at least 12" in weak.text) == (422, True)
    unlike = browser.send(page, link, password=NEW, again="another one entirely")
    assert "not the same" in unlike.text
    done = browser.send(page, link, password=NEW, again=NEW)
    assert done.status_code == 303
    assert is_in(browser)
    assert browser.get("/member/").status_code == 200
    assert desk.browser("").get(link).status_code == 404, "a link works once"
    assert is_in(enter(desk, "nora", NEW))
    assert number


def test_a_link_that_was_altered_or_belongs_to_a_deactivated_account_opens_nothing(
    desk: Desk,
) -> None:
    number, link = invite(desk, "olaf")
    assert desk.browser("").get(link + "x").status_code == 404
    post(desk.browser(), f"/users/{number}/active", active="0")
    assert desk.browser("").get(link).status_code == 404


def test_people_are_found_by_name_in_either_order_status_and_role(desk: Desk) -> None:
    invite(desk, "wangfang", first_name="芳", last_name="王", roles=["reader"])
    browser = desk.browser()
    for query in ("王芳", "wangf", "WANGFANG@x"):
        found = browser.get(f"/users/?q={query}").text
        assert "王芳" in found, query
        assert "kim@desk.example" not in found, query
    assert "Kim" not in browser.get("/users/?role=reader").text.split('class="who-list"')[1]
    assert "Nobody fits" in browser.get("/users/?status=inactive&q=wangfang").text
    assert "Invited" in browser.get("/users/?q=wangfang").text


def test_roles_are_chosen_as_cards_and_count_from_the_next_request(desk: Desk) -> None:
    number, link = invite(desk, "paul")
    reader = desk.browser("")
    reader.send(reader.get(link), link, password=NEW, again=NEW)
    assert reader.get("/member/").status_code == 404
    page = desk.browser().get(f"/users/{number}")
    assert 'value="reader"' in page.text
    assert "Sees: Loans, Members" in page.text
    kept = {"email": "paul@x.example", "first_name": "Paul", "last_name": "Lee"}
    post(desk.browser(), f"/users/{number}", roles=["reader"], **kept)
    assert reader.get("/member/").status_code == 200
    post(desk.browser(), f"/users/{number}", **kept)
    assert reader.get("/member/").status_code == 404


def test_a_name_or_address_that_is_taken_is_said_at_its_field_and_nothing_is_lost(
    desk: Desk,
) -> None:
    browser = desk.browser()
    given = {"username": "KIM", "email": "new@x.example", "first_name": "Kimberley"}
    answer = post(browser, "/users/new", roles=["reader"], **given)
    assert answer.status_code == 422
    assert "Another account has this user name." in answer.text
    assert 'value="Kimberley"' in answer.text
    assert re.search(r'value="reader" checked', answer.text)
    wrong = post(browser, "/users/new", username="a b", email="nothing", first_name="")
    assert wrong.text.count('class="err"') == 3


def test_deactivating_ends_every_session_and_activating_lets_in_again(desk: Desk) -> None:
    number, link = invite(desk, "quinn", roles=["reader"])
    browser = desk.browser("")
    browser.send(browser.get(link), link, password=NEW, again=NEW)
    post(desk.browser(), f"/users/{number}/active", active="0")
    assert not is_in(browser)
    assert not is_in(enter(desk, "quinn", NEW))
    post(desk.browser(), f"/users/{number}/active", active="1")
    assert is_in(enter(desk, "quinn", NEW))


def test_somebody_who_administers_is_always_left(desk: Desk) -> None:
    kim = desk.people["kim"]
    browser = desk.browser()
    post(browser, f"/users/{kim}/active", active="0")
    assert is_in(browser)
    kept = {"email": "kim@desk.example", "first_name": "Kim", "last_name": ""}
    refused = post(browser, f"/users/{kim}", roles=["reader"], **kept)
    assert refused.status_code == 422
    assert "Nobody would be left who administers" in refused.text
    assert browser.get("/users/").status_code == 200


def test_a_group_gives_its_roles_and_takes_them_with_it(desk: Desk) -> None:
    number, link = invite(desk, "rosa")
    member = desk.browser("")
    member.send(member.get(link), link, password=NEW, again=NEW)
    browser = desk.browser()
    made = post(browser, "/groups/new", name="night", label="Night shift", roles=["reader"])
    assert made.status_code == 303
    page = browser.get("/groups/").text
    group = re.search(r'href="/groups/(\d+)"', page)
    assert group is not None
    assert "Night shift" in page
    kept = {"email": "rosa@x.example", "first_name": "Rosa"}
    post(browser, f"/users/{number}", groups=[group[1]], **kept)
    assert member.get("/member/").status_code == 200
    assert "through a group" in browser.get(f"/users/{number}").text
    assert "1 person" in browser.get("/groups/").text
    twice = post(browser, "/groups/new", name="night")
    assert "Another group has this name." in twice.text
    post(browser, f"/groups/{group[1]}/delete")
    assert member.get("/member/").status_code == 404
    assert browser.get(f"/groups/{group[1]}").status_code == 404


def test_sessions_say_device_and_address_and_one_or_all_others_can_be_ended(desk: Desk) -> None:
    invite_id, link = invite(desk, "sam", roles=["reader"])
    here = desk.browser("")
    here.send(here.get(link), link, password=NEW, again=NEW)
    phone, third = enter(desk, "sam", NEW, PHONE), enter(desk, "sam", NEW)
    page = here.get("/me/sessions").text
    assert "WeChat · iPhone" in page
    assert "127.0.0.1" in page
    assert page.count("This device") == 1
    wechat = re.search(r"WeChat.*?name=\"session\" value=\"([^\"]+)\"", page, re.S)
    assert wechat is not None
    post(here, "/me/sessions/end", "/me/sessions", session=wechat[1])
    assert not is_in(phone)
    assert is_in(third)
    post(here, "/me/sessions/end", "/me/sessions")
    assert not is_in(third)
    assert is_in(here), "the session that asked goes on"
    assert invite_id


def test_an_administrator_signs_somebody_out_everywhere_tokens_of_programs_included(
    desk: Desk,
) -> None:
    number, link = invite(desk, "tina", roles=["reader"])
    browser = desk.browser("")
    browser.send(browser.get(link), link, password=NEW, again=NEW)
    gate = desk.app.extensions["shopwright"].gate
    found = gate.principals.current(number)
    old = gate.jwt
    issued = old.issue(number, found.fingerprint, "access")
    client = desk.app.test_client()
    headers = {"Authorization": f"Bearer {issued}"}
    assert client.get("/api/v1/member", headers=headers).status_code == 200
    assert "Nowhere at the moment" not in desk.browser().get(f"/users/{number}").text
    post(desk.browser(), f"/users/{number}/sign-out")
    assert not is_in(browser)
    assert client.get("/api/v1/member", headers=headers).status_code == 401
    assert "Nowhere at the moment" in desk.browser().get(f"/users/{number}").text
    assert is_in(enter(desk, "tina", NEW))


def test_nobody_ends_a_session_of_somebody_else(desk: Desk) -> None:
    kim, ron = desk.browser(), desk.browser("ron")
    page = kim.get(f"/users/{desk.people['kim']}").text + kim.get("/me/sessions").text
    for one in set(re.findall(r'name="session" value="([^"]+)"', page)):
        post(ron, "/me/sessions/end", "/me/sessions", session=one)
    assert is_in(kim)


def test_names_stand_in_their_own_order() -> None:
    assert full_name("芳", "王", "wf") == "王芳"
    assert full_name("Ada", "Lovelace", "al") == "Ada Lovelace"
    assert full_name("", "", "al") == "al"
    assert (short_name("芳", "王", "wf"), short_name("Ada", "Lovelace", "al")) == ("王芳", "Ada")
    assert (initials("王芳"), initials("Ada Lovelace"), initials("")) == ("芳", "AL", "?")
    assert (initials("王芳 Fang"), initials("系统管理员 Administrator")) == ("芳", "系")


def test_the_list_costs_the_same_however_many_people_there_are(desk: Desk) -> None:
    browser = desk.browser()
    few = len(statements(desk, browser, "/users/"))
    for number in range(5):
        invite(desk, f"many{number}", roles=["reader"])
    assert len(statements(desk, browser, "/users/")) == few <= 6


def _people(desk: Desk) -> list[tuple[object, ...]]:
    with desk.runtime.engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT username, active, password FROM ab_user"))
        return sorted(tuple(row) for row in rows)


def test_a_program_has_an_account_with_tokens_and_no_way_to_sign_in(desk: Desk) -> None:
    browser = desk.browser()
    given = {"username": "stocksync", "email": "sync@x.example", "first_name": "Sync"}
    page = post(browser, "/users/new", service="1", roles=["reader"], **given)
    assert page.status_code == 200
    assert "/login/welcome/" not in page.text
    number = re.search(r'action="/users/(\d+)"', page.text)
    assert number is not None
    address = f"/users/{number[1]}"
    for password in (PASSWORD, "!service", ""):
        assert not is_in(enter(desk, "stocksync", password))
        body = {"username": "stocksync", "password": password or "x"}
        assert desk.app.test_client().post("/api/v1/security/login", json=body).status_code == 401
    assert "/login/welcome/" not in post(browser, f"{address}/link").text
    made = post(browser, f"{address}/tokens", name="till", days="7", scopes="read:member")
    secret = re.search(r"sw_[A-Za-z0-9_-]{43}", made.text)
    assert secret is not None
    program = desk.app.test_client()
    program.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret[0]}"
    me = program.get("/api/v1/security/me").json["data"]
    assert (me["name"], me["kind"]) == ("stocksync", "token")
    member = desk.make("member", code="SYNC", name="Sync Member")
    assert program.get(f"/api/v1/member/{member}").status_code == 200
    assert program.get("/api/v1/loan").status_code == 403, "beyond its scopes"
    token_id = re.search(rf'action="{address}/tokens/([^/]+)/revoke"', browser.get(address).text)
    assert token_id is not None
    post(browser, f"{address}/tokens/{token_id[1]}/revoke")
    assert program.get(f"/api/v1/member/{member}").status_code == 401


def test_nobody_makes_tokens_for_a_person_but_that_person(desk: Desk) -> None:
    ron = desk.people["ron"]
    made = post(desk.browser(), f"/users/{ron}/tokens", name="sly", days="7", scopes="")
    assert made.status_code == 404


@pytest.mark.parametrize("end", ["password", "roles", "deactivated", "everywhere"])
def test_what_ends_access_ends_it_for_every_worker_at_the_next_request(
    desk: Desk, end: str
) -> None:
    name = f"end{end}"
    number, link = invite(desk, name, roles=["reader"])
    browser = desk.browser("")
    browser.send(browser.get(link), link, password=NEW, again=NEW)
    other_worker = create_app(desk.runtime, WebSettings()).test_client()
    cookie = browser.client.get_cookie("session")
    assert cookie is not None
    made = post(browser, "/tokens", "/tokens", name="t", days="7", scopes="")
    secret = re.search(r"sw_[A-Za-z0-9_-]{43}", made.text)
    assert secret is not None
    body = {"username": name, "password": NEW, "refresh": True}
    issued = desk.app.test_client().post("/api/v1/security/login", json=body).json

    def answers() -> list[int]:
        found = []
        for credential in (issued["access_token"], secret[0]):
            headers = {"Authorization": f"Bearer {credential}"}
            worker = create_app(desk.runtime, WebSettings()).test_client()
            found.append(worker.get("/api/v1/member", headers=headers).status_code)
        other_worker.set_cookie("session", cookie.value)
        return [*found, other_worker.get("/api/v1/member").status_code]

    assert answers() == [200, 200, 200]
    kim = desk.browser()
    if end == "password":
        link = re.search(r"http://localhost(/login/welcome/[^<\"]+)",
                         post(kim, f"/users/{number}/link").text)[1]  # fmt: skip
        there = desk.browser("")
        there.send(there.get(link), link, password=NEW + "2", again=NEW + "2")
    elif end == "roles":
        post(kim, f"/users/{number}", email=f"{name}@x.example", first_name="End")
    elif end == "deactivated":
        post(kim, f"/users/{number}/active", active="0")
    else:
        post(kim, f"/users/{number}/sign-out")
    assert answers() == ([404] * 3 if end == "roles" else [401] * 3)
