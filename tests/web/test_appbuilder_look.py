"""Flask-AppBuilder's own pages wear our look: crawled as an administrator, checked as text."""

import re
from html.parser import HTMLParser

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.web.look_app import app_with_fab

BOOTSTRAP_3 = re.compile(
    r"glyphicon|\bpanel-(?:default|primary|heading)|btn-default|data-toggle=|jquery|select2|"
    r"\bwell\b|col-(?:md|lg|sm)-\d|navbar-|\bfa fa-|pull-right|input-group-addon"
)
PARAMETER = re.compile(r"<(?:int:)?pk>")


class Page(HTMLParser):
    """Collect what the look forbids: inline handlers and styles, and scripts and ids."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.scripts: list[dict[str, str | None]] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if "style" in found or tag == "style":
            self.faults.append(f"<{tag}> carries a style")
        self.faults += [f"<{tag}> has {name}" for name in found if name.startswith("on")]
        if found.get("id"):
            self.ids.append(str(found["id"]))
        if tag == "script":
            self.scripts.append(found)


@pytest.fixture(scope="module")
def app() -> Flask:
    return app_with_fab()


@pytest.fixture(scope="module")
def client(app: Flask) -> FlaskClient:
    browser = app.test_client()
    page = browser.get("/login/").get_data(as_text=True)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token
    answer = browser.post(
        "/login/", data={"username": "admin", "password": "correct horse", "csrf_token": token[1]}
    )
    assert answer.status_code == 302
    return browser


def addresses(app: Flask) -> list[str]:
    """Every GET page of FAB with a record's number filled in."""
    found = []
    for rule in app.url_map.iter_rules():
        address = PARAMETER.sub("1", rule.rule)
        skip = (
            "/api/",
            "/static",
            "/logout",
            "/lang/",
            "/back",
            "/assets",
            "/action",
            "/delete",
            "/download",
            "/offline",
        )
        if (
            "GET" in (rule.methods or ())
            and "<" not in address
            and not any(s in address for s in skip)
        ):
            found.append(address)
    return sorted({*found, "/swagger/v1", "/roles/show/1", "/users/show/1"})


@pytest.mark.parametrize("locale", ["en", "zh"])
def test_no_page_of_fab_keeps_bootstrap_3_or_unsafe_markup(
    app: Flask, client: FlaskClient, locale: str
) -> None:
    client.get(f"/lang/{locale}")
    seen = []
    for address in addresses(app):
        answer = client.get(address, follow_redirects=True)
        text = answer.get_data(as_text=True)
        if "text/html" not in (answer.content_type or ""):
            continue
        assert answer.status_code in (200, 403), (address, answer.status_code)
        page = Page()
        page.feed(text)
        assert page.faults == [], (address, page.faults)
        assert not BOOTSTRAP_3.search(text), (address, BOOTSTRAP_3.search(text))
        assert all(script.get("nonce") and script.get("src") for script in page.scripts), address
        assert len(page.ids) == len(set(page.ids)), (address, page.ids)
        assert 'class="app"' in text or 'class="auth"' in text, address
        seen.append(address)
    assert {"/users/list/", "/roles/list/", "/users/add", "/roles/edit/1", "/swagger/v1"} <= set(
        seen
    )


def test_signing_in_wrong_says_so_in_the_persons_language(app: Flask) -> None:
    browser = app.test_client()
    browser.get("/lang/zh")
    page = browser.get("/login/").get_data(as_text=True)
    assert "<h1>登录</h1>" in page
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token
    answer = browser.post(
        "/login/",
        data={"username": "admin", "password": "wrong", "csrf_token": token[1]},
        follow_redirects=True,
    )
    assert 'class="alert-ax critical"' in answer.get_data(as_text=True)


def test_a_group_can_be_added_and_deleted_through_the_forms(
    app: Flask, client: FlaskClient
) -> None:
    page = client.get("/groups/add").get_data(as_text=True)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token
    data = {"name": "night shift", "label": "Night", "description": "", "csrf_token": token[1]}
    client.post("/groups/add", data=data)
    page = client.get("/groups/list/").get_data(as_text=True)
    assert "night shift" in page
    delete = re.findall(r'formaction="(/groups/delete/\d+)"', page)[-1]
    client.post(delete, data={"csrf_token": token[1]})
    assert "night shift" not in client.get("/groups/list/").get_data(as_text=True)


def test_an_unknown_address_gets_our_page_with_its_reference(client: FlaskClient) -> None:
    answer = client.get("/nowhere?lang=zh")
    text = answer.get_data(as_text=True)
    assert answer.status_code == 404
    assert "找不到该页面" in text
    assert "r-123" in text
    assert 'class="app"' in text
