"""Who somebody is: the form, JWT, personal access tokens; and how each of them ends."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from flask_appbuilder import Model
from werkzeug.test import TestResponse

from runtime.store.engine import write
from runtime.web import attempts, users
from runtime.web.factory import create_app
from runtime.web.identity import derive
from runtime.web.settings import DEFAULT_SECRET, UnsafeSettings, WebSettings
from runtime.web.users import WeakPassword, create_user, hash_password
from tests.conftest import SHIPPED_HASHING
from tests.web.conftest import PASSWORD, TINY, Shop

USERS = Model.metadata.tables["ab_user"]
HELD = Model.metadata.tables["ab_user_role"]
LOGIN = "/api/v1/security/login"
ME = "/api/v1/security/me"


def somebody(shop: Shop, *roles: str) -> tuple[str, int]:
    """Return a new person's name and id."""
    name = f"u{uuid.uuid4().hex[:10]}"
    return name, create_user(shop.runtime.engine, name, PASSWORD, roles or ("clerk",))


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def log_in(client: FlaskClient, name: str, password: str = PASSWORD, **more: Any) -> TestResponse:
    return client.post(LOGIN, json={"username": name, "password": password, **more})


FOREIGN = (
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "http://localhost:81"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    {"Sec-Fetch-Site": "same-site"},
)
"""What browsers send when another page makes them send it."""


def csrf_of(client: FlaskClient, path: str = "/login/") -> str:
    found = re.search(r'name="csrf-token" content="([^"]+)"', client.get(path).text)
    assert found is not None
    return found[1]


def sign_in(shop: Shop, name: str, password: str = PASSWORD) -> FlaskClient:
    """Return a browser in which somebody has signed in by the form."""
    client = shop.app.test_client()
    form = {"username": name, "password": password, "csrf_token": csrf_of(client)}
    answer = client.post("/login/", data=form)
    assert answer.status_code == 302, answer.text
    return client


def change(shop: Shop, user_id: int, **values: Any) -> None:
    with write(shop.runtime.engine) as connection:
        connection.execute(USERS.update().where(USERS.c.id == user_id).values(**values))


def test_a_program_signs_in_and_reads_with_the_token_it_got(shop: Shop):
    name, _ = somebody(shop)
    client = shop.app.test_client()
    token = log_in(client, name).json["access_token"]
    assert client.get(ME, headers=bearer(token)).json["data"]["roles"] == ["clerk"]
    assert client.get("/api/v1/order", headers=bearer(token)).status_code == 200


def test_a_password_is_kept_as_an_expensive_hash_and_lets_its_owner_in(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(users, "HASHING", SHIPPED_HASHING)
    name, user_id = somebody(shop)
    with shop.runtime.engine.connect() as connection:
        kept = connection.execute(sa.select(USERS.c.password).where(USERS.c.id == user_id)).scalar()
    assert kept.startswith("scrypt:32768:8:1$")
    assert log_in(shop.app.test_client(), name).status_code == 200
    assert log_in(shop.app.test_client(), name, "wrong password 1").status_code == 401


def test_wrong_passwords_unknown_and_inactive_people_get_the_same_answer(shop: Shop):
    name, _ = somebody(shop)
    gone, gone_id = somebody(shop)
    change(shop, gone_id, active=False)
    client = shop.app.test_client()
    answers = [
        log_in(client, name, "wrong password 1"),
        log_in(client, f"x{uuid.uuid4().hex}"),
        log_in(client, gone),
        log_in(client, "nul\x00byte"),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.json["detail"] for answer in answers}) == 1


def test_a_refresh_token_gives_a_new_access_token_and_opens_nothing_itself(shop: Shop):
    name, _ = somebody(shop)
    client = shop.app.test_client()
    refresh = log_in(client, name, refresh=True).json["refresh_token"]
    assert client.get(ME, headers=bearer(refresh)).status_code == 401
    fresh = client.post("/api/v1/security/refresh", headers=bearer(refresh)).json["access_token"]
    assert client.get(ME, headers=bearer(fresh)).json["data"]["name"] == name
    assert client.post("/api/v1/security/refresh", headers=bearer(fresh)).status_code == 401


def test_a_refresh_token_that_comes_twice_ends_its_session_for_everybody(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    name, _ = somebody(shop)
    client = shop.app.test_client()
    refresh = "/api/v1/security/refresh"
    first = log_in(client, name, refresh=True).json["refresh_token"]
    now = shop.runtime.clock()
    monkeypatch.setattr(shop.runtime, "clock", lambda: now)
    second = client.post(refresh, headers=bearer(first)).json
    assert client.post(refresh, headers=bearer(first)).status_code == 200
    monkeypatch.setattr(shop.runtime, "clock", lambda: now + timedelta(minutes=1))
    assert client.post(refresh, headers=bearer(first)).status_code == 401
    assert client.post(refresh, headers=bearer(second["refresh_token"])).status_code == 401
    assert client.get(ME, headers=bearer(second["access_token"])).status_code == 401
    assert log_in(client, name).status_code == 200


@pytest.mark.parametrize("change_of", ["none", "secret", "expired", "future", "subject", "issuer"])
def test_a_token_we_did_not_issue_opens_nothing(shop: Shop, change_of: str):
    gate = shop.app.extensions["shopwright"].gate
    found = gate.principals.current(shop.people["ann"])
    key = derive(DEFAULT_SECRET, "jwt")
    claims = jwt.decode(
        gate.jwt.issue(found.actor.id, found.fingerprint, "access"),
        key,
        algorithms=["HS256"],
        options={"verify_iss": False},
    )
    algorithm = "HS256"
    if change_of == "none":
        key, algorithm = "", "none"
    elif change_of == "secret":
        key = "another secret, also of more than 32 bytes"
    elif change_of == "expired":
        claims["exp"] = claims["iat"] - 1
    elif change_of == "future":
        claims["nbf"] = claims["iat"] + 600
    elif change_of == "subject":
        claims["sub"] = str(shop.people["ada"])
        claims["pv"] = "0" * 24
    else:
        claims["iss"] = "elsewhere"
    forged = jwt.encode(claims, key, algorithm, headers={"kid": "../../dev/null"})
    assert shop.app.test_client().get(ME, headers=bearer(forged)).status_code == 401


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Basic YTpi", "Bearer x", "Bearer sw_x", "Token a", "Bearer a b"],
)
def test_a_header_that_is_no_bearer_of_ours_never_means_nobody(shop: Shop, header: str):
    answer = shop.app.test_client().get("/login/", headers={"Authorization": header})
    assert answer.status_code == 401


def test_the_form_opens_a_session_and_signing_out_ends_it_for_every_copy(shop: Shop):
    name, _ = somebody(shop)
    browser = sign_in(shop, name)
    assert browser.get(ME).json["data"]["name"] == name
    copied = browser.get_cookie("session")
    assert copied is not None
    answer = browser.post("/logout/", data={"csrf_token": csrf_of(browser, "/preferences")})
    assert answer.status_code == 302
    assert browser.get(ME).status_code == 401
    thief = shop.app.test_client()
    thief.set_cookie("session", copied.value)
    assert thief.get(ME).status_code == 401


def test_signing_out_is_no_link(shop: Shop):
    name, _ = somebody(shop)
    browser = sign_in(shop, name)
    assert browser.get("/logout/").status_code == 405
    assert browser.get(ME).status_code == 200


@pytest.mark.parametrize("what", ["password", "inactive"])
def test_a_new_password_or_a_deactivation_ends_sessions_and_tokens_at_once(shop: Shop, what: str):
    name, user_id = somebody(shop)
    browser, client = sign_in(shop, name), shop.app.test_client()
    issued = log_in(client, name, refresh=True).json
    if what == "password":
        change(shop, user_id, password=hash_password("another good password"))
    else:
        change(shop, user_id, active=False)
    assert browser.get(ME).status_code == 401
    assert client.get(ME, headers=bearer(issued["access_token"])).status_code == 401
    refresh = client.post("/api/v1/security/refresh", headers=bearer(issued["refresh_token"]))
    assert refresh.status_code == 401


def test_a_role_taken_away_counts_from_the_next_request(shop: Shop):
    name, user_id = somebody(shop)
    browser = sign_in(shop, name)
    assert browser.get("/api/v1/order").status_code == 200
    with write(shop.runtime.engine) as connection:
        connection.execute(HELD.delete().where(HELD.c.user_id == user_id))
    assert browser.get("/api/v1/order").status_code == 404


def test_a_role_held_through_a_group_counts(shop: Shop):
    tables = Model.metadata.tables
    name = f"g{uuid.uuid4().hex[:10]}"
    user_id = create_user(shop.runtime.engine, name, PASSWORD, ())
    with write(shop.runtime.engine) as connection:
        group = connection.execute(
            tables["ab_group"]
            .insert()
            .values(name=name, label="", description="")
            .returning(tables["ab_group"].c.id)
        ).scalar_one()
        role = connection.execute(
            sa.select(tables["ab_role"].c.id).where(tables["ab_role"].c.name == "clerk")
        ).scalar_one()
        connection.execute(tables["ab_user_group"].insert().values(user_id=user_id, group_id=group))
        connection.execute(tables["ab_group_role"].insert().values(group_id=group, role_id=role))
    client = shop.app.test_client()
    token = log_in(client, name).json["access_token"]
    assert client.get("/api/v1/order", headers=bearer(token)).status_code == 200
    made = client.post("/api/v1/security/tokens", json={"name": "t"}, headers=bearer(token))
    personal = bearer(made.json["data"]["token"])
    assert client.get("/api/v1/order", headers=personal).status_code == 200


def test_a_cookie_and_a_bearer_together_are_refused(shop: Shop):
    name, _ = somebody(shop)
    browser = sign_in(shop, name)
    token = log_in(shop.app.test_client(), name).json["access_token"]
    assert browser.get(ME, headers=bearer(token)).status_code == 400


def test_an_unsafe_request_with_a_cookie_needs_the_csrf_token_also_below_the_api(shop: Shop):
    name, _ = somebody(shop)
    browser = sign_in(shop, name)
    values = {"code": uuid.uuid4().hex[:12], "name": "Li"}
    answer = browser.post("/api/v1/customer", json=values)
    assert (answer.status_code, answer.json["errors"][0]["code"]) == (403, "csrf")
    token = csrf_of(browser, "/preferences")
    for header in FOREIGN:
        headers = {"X-CSRFToken": token, **header}
        assert browser.post("/api/v1/customer", json=values, headers=headers).status_code == 403
    headers = {"X-CSRFToken": token, "Origin": "http://localhost"}
    assert browser.post("/api/v1/customer", json=values, headers=headers).status_code == 201


@pytest.mark.parametrize("header", FOREIGN)
def test_a_browser_that_says_another_site_asked_signs_nobody_in(shop: Shop, header: dict[str, str]):
    name, _ = somebody(shop)
    client = shop.app.test_client()
    form = {"username": name, "password": PASSWORD, "csrf_token": csrf_of(client)}
    assert client.post("/login/", data=form, headers=header).status_code == 400
    assert client.get("/api/v1/order").status_code == 401
    ours = {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}
    assert client.post("/login/", data=form, headers=ours).status_code in {302, 303}


def test_guessing_is_stopped_after_ten_attempts_by_form_and_api_together(shop: Shop):
    name, _ = somebody(shop)
    client = shop.app.test_client()
    client.environ_base["REMOTE_ADDR"] = "203.0.113.7"
    for _ in range(5):
        assert log_in(client, name, "wrong password 1").status_code == 401
    form = {"username": name, "password": "wrong password 1", "csrf_token": csrf_of(client)}
    for _ in range(5):
        assert client.post("/login/", data=form).status_code == 200
    blocked = log_in(client, name)
    assert (blocked.status_code, blocked.json["code"]) == (429, "R429")
    assert int(blocked.headers["Retry-After"]) > 0
    form["csrf_token"] = csrf_of(client)
    assert client.post("/login/", data=form).status_code == 429
    elsewhere = shop.app.test_client()
    elsewhere.environ_base["REMOTE_ADDR"] = "203.0.113.8"
    assert log_in(elsewhere, name).status_code == 200


def test_one_address_is_stopped_by_its_failures_and_not_by_its_successes(shop: Shop):
    app = create_app(shop.runtime, WebSettings())
    client = app.test_client()
    limiter = app.extensions["shopwright"].limiter
    name, _ = somebody(shop)
    for _ in range(70):
        attempts.spend(limiter, "127.0.0.1", name)
        attempts.give_back(limiter, "127.0.0.1", name)
    assert log_in(client, name).status_code == 200
    for _ in range(60):
        attempts.note_failure(limiter, "127.0.0.1")
    assert log_in(client, name).status_code == 429


def test_a_personal_token_is_shown_once_limited_to_its_scopes_and_can_be_revoked(shop: Shop):
    name, _ = somebody(shop)
    client = shop.app.test_client()
    mine = bearer(log_in(client, name).json["access_token"])
    url = "/api/v1/security/tokens"
    made = client.post(url, json={"name": "sync", "scopes": ["list:customer"]}, headers=mine)
    assert made.status_code == 201
    token = made.json["data"]["token"]
    assert token.startswith("sw_")
    listed = client.get(url, headers=mine)
    assert token not in listed.text
    assert [each["name"] for each in listed.json["data"]] == ["sync"]
    personal = bearer(token)
    assert client.get("/api/v1/customer", headers=personal).status_code == 200
    refused = client.post("/api/v1/customer", json={}, headers=personal)
    assert refused.status_code == 403
    assert "token's scopes do not include 'create:customer'" in refused.json["detail"]
    assert client.get("/api/v1/order", headers=personal).status_code == 403
    assert client.post(url, json={"name": "more"}, headers=personal).status_code == 403
    assert client.get(url, headers=mine).json["data"][0]["last_used_at"] is not None
    revoked = client.delete(f"{url}/{made.json['data']['id']}", headers=mine)
    assert revoked.status_code == 204
    assert client.get("/api/v1/customer", headers=personal).status_code == 401


def test_a_personal_token_ends_with_its_time(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    name, _ = somebody(shop)
    client = shop.app.test_client()
    mine = bearer(log_in(client, name).json["access_token"])
    made = client.post("/api/v1/security/tokens", json={"name": "a", "days": 1}, headers=mine)
    personal = bearer(made.json["data"]["token"])
    assert client.get(ME, headers=personal).status_code == 200
    clock = shop.runtime.clock
    monkeypatch.setattr(shop.runtime, "clock", lambda: clock() + timedelta(days=1, seconds=1))
    assert client.get(ME, headers=personal).status_code == 401


def test_a_token_of_somebody_else_cannot_be_revoked(shop: Shop):
    ann, gus = shop.client("ann"), shop.client("gus")
    made = ann.post("/api/v1/security/tokens", json={"name": "mine"}).json["data"]
    assert gus.delete(f"/api/v1/security/tokens/{made['id']}").status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": "a", "scopes": ["eat:customer"]}, "scopes.0"),
        ({"name": "a", "scopes": ["read:nothing"]}, "scopes.0"),
        ({"name": "a", "scopes": []}, "scopes"),
        ({"name": "a", "scopes": "read:*"}, "scopes"),
        ({"name": "a", "days": 0}, "days"),
        ({"name": "a", "days": True}, "days"),
        ({"name": "a", "admin": True}, "admin"),
        ({"name": "x" * 101}, "name"),
    ],
)
def test_a_token_that_makes_no_sense_is_refused(shop: Shop, body: dict[str, Any], field: str):
    answer = shop.client("ann").post("/api/v1/security/tokens", json=body)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, field)


def test_the_administration_of_people_is_for_administrators(shop: Shop):
    clerk, owner = somebody(shop)[0], somebody(shop, "owner")[0]
    assert sign_in(shop, owner).get("/users/").status_code == 200
    refused = sign_in(shop, clerk).get("/users/")
    assert refused.status_code == 403
    assert shop.app.test_client().get("/users/").status_code == 302


def test_a_password_is_changed_only_by_who_knows_the_old_one(shop: Shop):
    name, _ = somebody(shop)
    browser = sign_in(shop, name)
    page = "/resetmypassword/form"
    wanted = {"password": "a completely new one", "conf_password": "a completely new one"}
    form = {**wanted, "old_password": "wrong password 1", "csrf_token": csrf_of(browser, page)}
    browser.post(page, data=form)
    assert log_in(shop.app.test_client(), name).status_code == 200
    browser.post(page, data={**form, "old_password": PASSWORD})
    assert log_in(shop.app.test_client(), name).status_code == 401
    assert log_in(shop.app.test_client(), name, "a completely new one").status_code == 200
    assert browser.get(ME).status_code == 200


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_signing_in_leads_nowhere_else(shop: Shop, target: str):
    name, _ = somebody(shop)
    client = shop.app.test_client()
    form = {"username": name, "password": PASSWORD, "csrf_token": csrf_of(client)}
    answer = client.post("/login/", query_string={"next": target}, data=form)
    assert answer.headers["Location"] == "/"


@pytest.mark.parametrize("name", ["a\x00b", "a\x07b", "a\u202eb"])
def test_a_token_is_called_by_a_text(shop: Shop, name: str):
    login, _ = somebody(shop)
    client = shop.app.test_client()
    headers = bearer(log_in(client, login).json["access_token"])
    answer = client.post("/api/v1/security/tokens", json={"name": name}, headers=headers)
    assert (answer.status_code, answer.json["errors"][0]["code"]) == (422, "control")


@pytest.mark.parametrize(
    "password", ["short", "x" * 129, "aaaaaaaaaaaaaaaa", "my name is bobby ok"]
)
def test_a_weak_password_is_refused(shop: Shop, password: str):
    with pytest.raises(WeakPassword):
        create_user(shop.runtime.engine, "bobby", password, ())


def test_production_does_not_start_with_the_default_secret():
    faults = WebSettings(production=True).faults()
    assert len(faults) == 3
    safe = WebSettings("x" * 40, production=True, hosts=("shop.example",), https=True)
    assert safe.faults() == ()
    assert issubclass(UnsafeSettings, Exception)


def test_a_token_is_made_shown_once_and_revoked_on_its_page(shop: Shop):
    name, _ = somebody(shop)
    browser = sign_in(shop, name)
    form = {"csrf_token": csrf_of(browser, "/tokens"), "name": "sync", "days": "7", "scopes": ""}
    wrong = browser.post("/tokens", data={**form, "scopes": "eat:order"})
    assert (wrong.status_code, "eat:order" in wrong.text) == (422, True)
    made = browser.post("/tokens", data={**form, "scopes": "list:customer\nread:customer"})
    token = re.search(r"sw_[A-Za-z0-9_-]{43}", made.text)
    assert token is not None
    assert token[0] not in browser.get("/tokens").text
    client = shop.app.test_client()
    assert client.get("/api/v1/customer", headers=bearer(token[0])).status_code == 200
    place = re.search(r'action="(/tokens/[^"]+/revoke)"', browser.get("/tokens").text)
    assert place is not None
    assert browser.post(place[1], data={"csrf_token": form["csrf_token"]}).status_code == 303
    assert client.get("/api/v1/customer", headers=bearer(token[0])).status_code == 401


def test_scopes_narrow_what_is_reached_through_a_record_too(shop: Shop):
    ann = shop.client("ann")
    buyer = ann.post("/api/v1/customer", json={"code": uuid.uuid4().hex[:9], "name": "Li"}).json
    line = {"item": "Shirt", "price": "1"}
    body = {"customer": buyer["data"]["id"], "lines": [line]}
    made = ann.post("/api/v1/order", json=body).json["data"]["id"]
    wanted = {"name": "t", "scopes": ["list:order", "read:order"]}
    token = ann.post("/api/v1/security/tokens", json=wanted).json["data"]["token"]
    client = shop.app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    url = f"/api/v1/order/{made}"
    assert client.get(f"{url}?include=lines").json["data"]["lines"][0]["item"] == "Shirt"
    assert client.get(f"{url}?include=customer").status_code == 400
    assert client.get(f"{url}?fields=customer.name").status_code == 400


def test_a_page_for_people_says_how_it_may_be_used(shop: Shop):
    answer = shop.app.test_client().get("/login/")
    policy = answer.headers["Content-Security-Policy"]
    nonce = re.search(r"'nonce-([^']+)'", policy)
    assert nonce is not None
    assert "unsafe" not in policy
    assert all(nonce[1] in tag for tag in re.findall(r"<script[^>]*>", answer.text))
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_nobody_gets_a_cookie_by_only_asking_the_api(shop: Shop):
    assert "Set-Cookie" not in shop.app.test_client().get("/api/v1/order").headers
    assert "Set-Cookie" not in shop.client("ann").get("/api/v1/order").headers


def test_somebody_is_added_by_a_command_of_its_own_process(tmp_path: Path):
    environment = {
        "PATH": os.environ["PATH"],
        "SHOPWRIGHT_DATA": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'shop.db'}",
    }
    for words in (
        ["apply", "--yes"],
        ["user", "add", "bo", "--email", "bo@example.com", "--role", "clerk"],
    ):
        done = subprocess.run(
            [sys.executable, "app.py", "--definitions", str(TINY), *words],
            cwd=TINY.parents[2],
            env=environment,
            input=f"{PASSWORD}\n{PASSWORD}\n",
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert "bo may sign in" in done.stdout
