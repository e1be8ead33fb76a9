"""Passwords, tokens and cookies are in no log and on no page, also when something fails."""

from __future__ import annotations

import io
import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from runtime import logs
from tests.web.conftest import PASSWORD, Shop
from tests.web.test_auth import LOGIN, ME, bearer, csrf_of, sign_in, somebody

TOKENS = "/api/v1/security/tokens"


@contextmanager
def broken_database(shop: Shop) -> Iterator[None]:
    """Let every statement fail in the database, with its values in hand."""

    def fail(connection: Any, cursor: Any, statement: str, values: Any, *rest: Any) -> Any:
        return f"the disk is gone: {statement}", values

    sa.event.listen(shop.runtime.engine, "before_cursor_execute", fail, retval=True)
    try:
        yield
    finally:
        sa.event.remove(shop.runtime.engine, "before_cursor_execute", fail)


def ask_everything(client: FlaskClient, known: dict[str, str], name: str) -> list[str]:
    """Use every secret where it is used, and where it is not; return what came back."""
    form = {"username": name, "password": known["wrong"], "csrf_token": csrf_of(client)}
    answers = [
        client.post("/login/", data=form),
        client.post(LOGIN, json={"username": name, "password": known["wrong"]}),
        client.post(LOGIN, json={"username": known["wrong"], "password": known["password"]}),
        client.post(LOGIN, data=f"{{broken {known['wrong']}"),
        client.get(ME, headers=bearer(known["access"])),
        client.get(ME, headers=bearer(known["personal"])),
        client.get(ME, headers=bearer(known["personal"][:-1] + "_")),
        client.get("/customer/", headers=bearer(known["access"])),
        client.get("/no/such/page", headers=bearer(known["personal"])),
        client.post("/api/v1/security/refresh", headers=bearer(known["refresh"] + "x")),
        client.post("/api/v1/customer", json={"code": []}, headers=bearer(known["personal"])),
    ]
    client.set_cookie("session", known["cookie"])
    answers += [client.get(ME), client.get("/"), client.get("/no/such/page")]
    client.delete_cookie("session")
    return [answer.text + str(answer.headers) for answer in answers]


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the most talkative log of an installation says, in both formats."""
    root, written = logging.getLogger(), io.StringIO()
    kept, level = root.handlers[:], root.level
    logs.configure("json", "DEBUG", written)
    people = logging.StreamHandler(written)
    people.setFormatter(logs.HumanLines())
    root.addHandler(people)
    yield written
    root.handlers[:] = kept
    root.setLevel(level)


def test_no_secret_is_logged_or_shown(shop: Shop, log: io.StringIO) -> None:
    name, _ = somebody(shop)
    wrong = f"wrong-{uuid.uuid4().hex}"
    client = shop.app.test_client()
    issued = client.post(LOGIN, json={"username": name, "password": PASSWORD, "refresh": True}).json
    made = client.post(TOKENS, json={"name": "t"}, headers=bearer(issued["access_token"])).json
    cookie = sign_in(shop, name).get_cookie("session")
    assert cookie is not None
    known = {
        "password": PASSWORD,
        "wrong": wrong,
        "access": issued["access_token"],
        "refresh": issued["refresh_token"],
        "personal": made["data"]["token"],
        "cookie": cookie.value,
    }
    shown = ask_everything(shop.app.test_client(), known, name)
    pages = shop.app.test_client()
    before = csrf_of(pages)
    with broken_database(shop):
        form = {"username": name, "password": PASSWORD, "csrf_token": before}
        failed = [
            pages.post("/login/", data=form),
            pages.post(LOGIN, json={"username": name, "password": PASSWORD}),
            pages.get(ME, headers=bearer(known["personal"])),
            pages.get("/customer/", headers=bearer(known["access"])),
        ]
    # who is known already may be answered past the engine
    # a database that fails may also count as one that is busy
    assert all(answer.status_code in {500, 503} for answer in failed[:2])
    shown += [answer.text + str(answer.headers) for answer in failed]
    assert "the disk is gone" in log.getvalue()
    assert not [text for text in shown if "the disk is gone" in text]
    for kind, secret in known.items():
        assert not [text for text in shown if secret in text], kind
        assert secret not in log.getvalue(), kind
