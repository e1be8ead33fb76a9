"""A request assumes that its caller is who they were; what changed about them counts at once.

Each test lets somebody ask, so that the process knows them, changes something about them behind its
back, and asks again.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from runtime.store import sessions, tokens
from runtime.store.engine import write
from tests import databases
from tests.web.conftest import Shop
from tests.web.test_auth import HELD, bearer, change, log_in, somebody

ROLES = sa.table("ab_role", sa.column("id"), sa.column("name"))
CUSTOMERS = "/api/v1/customer"
NAME = "For your eyes only"


@pytest.fixture
def buyer(shop: Shop) -> str:
    """A customer whose name nobody may read by mistake."""
    values = {"code": uuid.uuid4().hex[:12], "name": NAME}
    return str(shop.client("ann").post(CUSTOMERS, json=values).json["data"]["id"])


def known(shop: Shop, *roles: str) -> tuple[FlaskClient, int]:
    """Return the client of somebody who has asked before, and their id."""
    name, user_id = somebody(shop, *roles)
    client = shop.app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = bearer(log_in(client, name).json["access_token"])[
        "Authorization"
    ]
    client.get(f"{CUSTOMERS}?limit=1")
    return client, user_id


def give(shop: Shop, user_id: int, role: str) -> None:
    with write(shop.runtime.engine) as connection:
        number = connection.execute(sa.select(ROLES.c.id).where(ROLES.c.name == role)).scalar_one()
        connection.execute(HELD.insert().values(user_id=user_id, role_id=number))


def take(shop: Shop, user_id: int) -> None:
    with write(shop.runtime.engine) as connection:
        connection.execute(HELD.delete().where(HELD.c.user_id == user_id))


def end(shop: Shop, user_id: int) -> None:
    runtime = shop.runtime
    sessions.end_all(
        runtime.engine, runtime.system.setting, user_id, runtime.clock() + timedelta(minutes=1)
    )


ENDINGS: dict[str, Callable[[Shop, int], None]] = {
    "a role": take,
    "the session": end,
    "the account": lambda shop, user_id: change(shop, user_id, active=False),
    "the password": lambda shop, user_id: change(shop, user_id, password="x"),
}
PATHS = (
    "/{buyer}",
    "/{buyer}?fields=name",
    "?limit=5",
    "?q=eyes",
    "/aggregate?group=vip",
    "/{buyer}/history",
    "/export",
)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("ended", ENDINGS)
def test_nothing_leaves_once_what_let_somebody_in_has_ended(
    shop: Shop, buyer: str, path: str, ended: str
):
    client, user_id = known(shop, "clerk")
    url = CUSTOMERS + path.format(buyer=buyer)
    assert client.get(url).status_code == 200
    ENDINGS[ended](shop, user_id)
    answer = client.get(url)
    assert answer.status_code == (404 if ended == "a role" else 401)
    assert "eyes" not in answer.text


def test_what_somebody_lost_is_told_to_the_audit_of_none_who_is_nobody(shop: Shop, buyer: str):
    client, user_id = known(shop, "guest")
    forbidden = f"{CUSTOMERS}/{buyer}"
    asked = sa.select(sa.func.count()).select_from(shop.runtime.system.audit)
    told = asked.where(shop.runtime.system.audit.c.actor_id == user_id)

    def rows() -> int:
        with shop.runtime.engine.connect() as connection:
            return int(connection.execute(told).scalar_one())

    first = client.get(forbidden)
    noted = rows()
    end(shop, user_id)
    assert client.get(forbidden).status_code == 401
    assert rows() == noted, first.text


def test_a_role_that_somebody_is_given_counts_at_once(shop: Shop, buyer: str):
    client, user_id = known(shop, "guest")
    take(shop, user_id)
    assert client.get(f"{CUSTOMERS}/{buyer}").status_code == 404
    give(shop, user_id, "clerk")
    assert client.get(f"{CUSTOMERS}/{buyer}").json["data"]["name"] == NAME


def test_a_token_that_was_revoked_or_is_over_opens_nothing(
    shop: Shop, buyer: str, monkeypatch: pytest.MonkeyPatch
):
    _, user_id = somebody(shop, "clerk")
    runtime, principals = shop.runtime, shop.app.extensions["shopwright"].gate.principals
    client, now = shop.app.test_client(), runtime.clock()
    made = {
        name: tokens.create(
            runtime.engine,
            runtime.system.token,
            principals.token_key,
            identifier=str(uuid.uuid4()),
            user_id=user_id,
            name=name,
            scopes=None,
            now=now,
            expires_at=now + timedelta(days=1),
        )
        for name in ("revoked", "over")
    }
    for token in made.values():
        for _ in range(2):
            assert client.get(f"{CUSTOMERS}/{buyer}", headers=bearer(token)).status_code == 200
    for one in tokens.of_user(runtime.engine, runtime.system.token, user_id):
        if one.name == "revoked":
            tokens.revoke(runtime.engine, runtime.system.token, user_id, one.id, now)
    assert client.get(f"{CUSTOMERS}/{buyer}", headers=bearer(made["revoked"])).status_code == 401
    monkeypatch.setattr(runtime, "clock", lambda: now + timedelta(days=2))
    assert client.get(f"{CUSTOMERS}/{buyer}", headers=bearer(made["over"])).status_code == 401


@pytest.mark.parametrize(
    ("path", "most"), [("/{buyer}", 1), ("?limit=5", 1), ("?fields=name&count=exact", 2)]
)
def test_who_asks_is_asked_along_with_the_first_rows(shop: Shop, buyer: str, path: str, most: int):
    client, _ = known(shop, "clerk")
    with databases.statements(shop.runtime.engine) as statements:
        assert client.get(CUSTOMERS + path.format(buyer=buyer)).status_code == 200
    assert len(statements) == most, statements


def test_a_record_that_is_not_there_is_told_to_whoever_still_may_ask(shop: Shop):
    client, user_id = known(shop, "clerk")
    nothing = f"{CUSTOMERS}/{uuid.uuid4()}"
    assert client.get(nothing).status_code == 404
    end(shop, user_id)
    assert client.get(nothing).status_code == 401


WRITES: dict[str, Callable[[FlaskClient, str], TestResponse]] = {
    "a new one": lambda client, buyer: client.post(CUSTOMERS, json={"code": "new", "name": NAME}),
    "a change": lambda client, buyer: client.patch(
        f"{CUSTOMERS}/{buyer}", json={"name": "Gone"}, headers={"If-Match": '"1"'}
    ),
    "no change": lambda client, buyer: client.patch(
        f"{CUSTOMERS}/{buyer}", json={"name": NAME}, headers={"If-Match": '"1"'}
    ),
    "a deletion": lambda client, buyer: client.delete(
        f"{CUSTOMERS}/{buyer}", headers={"If-Match": '"1"'}
    ),
    "several": lambda client, buyer: client.post(
        f"{CUSTOMERS}/bulk", json={"operation": "delete", "ids": [buyer]}
    ),
    "a comment": lambda client, buyer: client.post(
        f"{CUSTOMERS}/{buyer}/comments", json={"text": "Hello"}
    ),
}


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("ended", ENDINGS)
def test_nothing_is_written_once_what_let_somebody_in_has_ended(
    shop: Shop, buyer: str, write: str, ended: str
):
    client, user_id = known(shop, "clerk")
    ENDINGS[ended](shop, user_id)
    asked = sa.select(sa.func.count()).select_from(shop.runtime.schema.tables["customer"])
    with shop.runtime.engine.connect() as connection:
        before = connection.execute(asked).scalar_one()
    answer = WRITES[write](client, buyer)
    assert answer.status_code == (404 if ended == "a role" else 401), answer.text
    assert "eyes" not in answer.text
    with shop.runtime.engine.connect() as connection:
        assert connection.execute(asked).scalar_one() == before
    kept = shop.client("ann").get(f"{CUSTOMERS}/{buyer}").json["data"]
    assert (kept["name"], kept["version"], kept["archived_at"]) == (NAME, 1, None)


def test_a_write_by_somebody_with_another_role_than_before_is_read_again_and_done(shop: Shop):
    client, user_id = known(shop, "guest")
    take(shop, user_id)
    give(shop, user_id, "clerk")
    made = client.post(CUSTOMERS, json={"code": uuid.uuid4().hex[:12], "name": NAME})
    assert (made.status_code, made.json["data"]["name"]) == (201, NAME)


def test_who_asks_is_asked_along_with_the_first_statement_of_a_write(shop: Shop, buyer: str):
    client, _ = known(shop, "clerk")
    with databases.statements(shop.runtime.engine) as statements:
        assert WRITES["a change"](client, buyer).status_code == 200
    on_postgresql = shop.runtime.engine.dialect.name == "postgresql"
    assert len(statements) == (2 if on_postgresql else 5), statements
