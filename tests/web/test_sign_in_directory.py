"""Signing in at a directory server.

Flask-AppBuilder speaks to it through python-ldap, which is C and not here; in its place stands a
directory of three people with the same few functions.
"""

from __future__ import annotations

import importlib.machinery
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from runtime.commands.serving import serve
from runtime.settings import SettingsError, read_settings
from runtime.web.factory import create_app
from runtime.web.settings import UnsafeSettings, WebSettings
from tests.web.conftest import Shop
from tests.web.test_auth import ME, csrf_of

BASE = "ou=people,dc=example,dc=com"
READER, READER_SECRET = "cn=reader,dc=example,dc=com", "read only"
PASSWORD = "only the directory knows"


class LDAPError(Exception):
    pass


class InvalidCredentials(LDAPError):
    pass


class ServerDown(LDAPError):
    pass


class Directory(ModuleType):
    """What of python-ldap is used, over people who stand in different parts of the tree."""

    OPT_NETWORK_TIMEOUT, OPT_TIMEOUT, OPT_REFERRALS = 1, 2, 3
    OPT_X_TLS_CACERTFILE, OPT_X_TLS_REQUIRE_CERT, OPT_X_TLS_NEWCTX, OPT_X_TLS_DEMAND = 4, 5, 6, 7
    SCOPE_SUBTREE = 2
    LDAPError, INVALID_CREDENTIALS, SERVER_DOWN = LDAPError, InvalidCredentials, ServerDown
    CONNECT_ERROR = TIMEOUT = ServerDown

    def __init__(self) -> None:
        super().__init__("ldap")
        self.__spec__ = importlib.machinery.ModuleSpec("ldap", None)
        self.options: dict[int, Any] = {}
        self.people = {
            f"uid=ann,ou=sales,{BASE}": ("ann", PASSWORD),
            f"uid=eve,{BASE}": ("eve", PASSWORD),
            READER: ("reader", READER_SECRET),
        }
        self.is_down, self.encrypts, self.started_tls = False, True, 0
        self.asked: list[tuple[str, str]] = []

    def set_option(self, option: int, value: Any) -> None:
        self.options[option] = value

    def initialize(self, url: str) -> Connection:
        return Connection(self, url)


class Connection:
    def __init__(self, directory: Directory, url: str) -> None:
        self.directory, self.url, self.who = directory, url, ""

    def set_option(self, option: int, value: Any) -> None:
        assert (option, value) == (Directory.OPT_REFERRALS, 0)

    def start_tls_s(self) -> None:
        if not self.directory.encrypts:
            raise ServerDown
        self.directory.started_tls += 1

    def simple_bind_s(self, name: str, password: str) -> None:
        if self.directory.is_down:
            raise ServerDown("nobody there")
        if password and self.directory.people.get(name, ("", None))[1] != password:
            raise InvalidCredentials
        # as a real one: a name without a password is welcome, and stays unknown
        self.who = name if password else ""

    def search_s(self, base: str, scope: int, asked: str, fields: list[str]) -> list[Any]:
        assert self.who == READER
        self.directory.asked.append((base, asked))
        return [
            (dn, {"uid": [name.encode()]})
            for dn, (name, _) in self.directory.people.items()
            if dn.endswith(base) and f"(uid={name})" in asked
        ]


@pytest.fixture
def directory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Directory]:
    found = Directory()
    filters = ModuleType("ldap.filter")
    filters.escape_filter_chars = lambda text: text.replace("*", r"\2a")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ldap", found)
    monkeypatch.setitem(sys.modules, "ldap.filter", filters)
    return found


def browser(shop: Shop, **more: str) -> FlaskClient:
    told: dict[str, Any] = {
        "sign_in_url": "ldaps://directory.example.com",
        "sign_in_client": READER,
        "sign_in_secret": READER_SECRET,
        "sign_in_base": BASE,
        **more,
    }
    return create_app(shop.runtime, WebSettings(**told, front=False)).test_client()


def sign_in(client: FlaskClient, name: str, password: str = PASSWORD) -> Any:
    form = {"username": name, "password": password, "csrf_token": csrf_of(client, "/login/")}
    return client.post("/login/", data=form)


def test_somebody_of_the_directory_who_is_known_here_signs_in(
    shop: Shop, directory: Directory
) -> None:
    client = browser(shop, sign_in_filter="(memberOf=cn=shop)")
    assert sign_in(client, "ann").status_code == 302
    assert client.get(ME).json["data"]["name"] == "ann"
    assert directory.asked == [(BASE, "(&(memberOf=cn=shop)(uid=ann))")]
    assert directory.options[Directory.OPT_NETWORK_TIMEOUT] == 10
    assert directory.options[Directory.OPT_X_TLS_REQUIRE_CERT] == Directory.OPT_X_TLS_DEMAND


def test_a_program_gets_its_token_with_the_same_password(shop: Shop, directory: Directory) -> None:
    client = browser(shop)
    asked = {"username": "ann", "password": PASSWORD}
    assert client.post("/api/v1/security/login", json=asked).status_code == 200
    wrong = client.post("/api/v1/security/login", json={**asked, "password": "another one"})
    assert wrong.status_code == 401
    directory.is_down = True
    assert client.post("/api/v1/security/login", json=asked).status_code == 503


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("ann", "guessed"),
        ("ann", ""),
        ("eve", PASSWORD),
        ("a*", PASSWORD),
        ("reader", READER_SECRET),
    ],
    ids=["wrong", "empty", "unknown here", "wildcard", "the reader itself"],
)
def test_nobody_else_is_let_in(shop: Shop, directory: Directory, name: str, password: str) -> None:
    client = browser(shop)
    assert sign_in(client, name, password).status_code == 200
    assert client.get(ME).status_code == 401


def test_an_empty_password_is_nobodys_whatever_the_directory_says(
    shop: Shop, directory: Directory
) -> None:
    client = browser(shop)
    asked = {"username": "ann", "password": ""}
    assert client.post("/api/v1/security/login", json=asked).status_code in (400, 401, 422)


def test_without_a_client_people_stand_directly_in_the_base(
    shop: Shop, directory: Directory
) -> None:
    base = f"ou=sales,{BASE}"
    client = browser(shop, sign_in_client="", sign_in_secret="", sign_in_base=base)
    assert sign_in(client, "ann").status_code == 302
    assert directory.asked == []


def test_what_is_not_encrypted_is_not_spoken_to(shop: Shop, directory: Directory) -> None:
    client = browser(shop, sign_in_url="ldap://directory.example.com")
    assert sign_in(client, "ann").status_code == 302
    assert directory.started_tls == 1
    directory.encrypts = False
    other = browser(shop, sign_in_url="ldap://directory.example.com")
    assert sign_in(other, "ann").status_code == 200


@pytest.mark.parametrize(
    ("locale", "says"), [("en", "does not answer. Try again"), ("zh", "目录服务器没有响应")]
)
def test_a_directory_that_does_not_answer_is_no_wrong_password(
    shop: Shop, directory: Directory, locale: str, says: str
) -> None:
    client = browser(shop)
    client.set_cookie("locale", locale)
    directory.is_down = True
    answer = sign_in(client, "ann")
    assert (answer.status_code, says in answer.text) == (503, True)
    assert answer.headers["Retry-After"] == "60"


def test_a_reader_the_directory_does_not_know_is_told_as_no_answer(
    shop: Shop, directory: Directory
) -> None:
    client = browser(shop, sign_in_secret="of yesterday")
    assert sign_in(client, "ann").status_code == 503


def test_without_the_library_nothing_serves_and_the_way_out_is_told(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ldap", None)
    with pytest.raises(UnsafeSettings, match=r"pip install 'shopwright\[ldap\]'"):
        browser(shop)
    settings = read_settings(
        {"SHOPWRIGHT_SIGN_IN_URL": "ldaps://d", "SHOPWRIGHT_SIGN_IN_BASE": BASE}
    )
    for words, said in (((), "python-ldap is not installed"), (("--locale", "zh"), "未安装")):
        done = CliRunner().invoke(serve, [*words], obj=settings)
        assert (done.exit_code, said in done.output) == (1, True)


def test_a_directory_without_a_base_and_an_unknown_address_are_refused() -> None:
    with pytest.raises(SettingsError, match="SHOPWRIGHT_SIGN_IN_BASE"):
        read_settings({"SHOPWRIGHT_SIGN_IN_URL": "ldaps://directory.example.com"})
    with pytest.raises(SettingsError, match="write https://"):
        read_settings({"SHOPWRIGHT_SIGN_IN_URL": "directory.example.com"})
