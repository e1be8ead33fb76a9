"""What an administrator enters for a connector is sealed, told by name only, and never mixed up."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from runtime.messages import Actor
from runtime.outside import settings
from runtime.outside.box import Box, Outside
from runtime.store.engine import read, write
from runtime.store.trail import Trail
from tests.databases import postgres_url, sqlite_url
from tests.outside.provider import BOX, SHOP
from tests.shop import NOON, Shop, open_shop

ADMIN = Actor(0, "admin", frozenset(), kind="system")
KEY = "sk_live_very_secret"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Shop:
    url = postgres_url() if request.param == "postgres" else sqlite_url(tmp_path)
    opened = open_shop(url, SHOP)
    opened.runtime.outside = Outside(BOX, "http://127.0.0.1:8089")
    return opened


def enter(shop: Shop, mode: str, **values: str) -> None:
    bank = shop.runtime.app.connectors["bank"]
    for name, text in values.items():
        with write(shop.runtime.engine) as connection:
            trail = Trail(shop.runtime, ADMIN, "command")
            settings.enter(connection, trail, bank, mode, name, text)


def choose(shop: Shop, mode: str) -> None:
    bank = shop.runtime.app.connectors["bank"]
    with write(shop.runtime.engine) as connection:
        settings.choose_mode(connection, Trail(shop.runtime, ADMIN, "command"), bank, mode)


def reached(shop: Shop) -> settings.Reach:
    with read(shop.runtime.engine) as connection:
        return settings.reach(shop.runtime, connection, shop.runtime.app.connectors["bank"])


def test_without_anybodys_word_the_simulator_is_asked(shop: Shop) -> None:
    found = reached(shop)
    assert (found.mode, found.is_ready) == ("simulator", True)
    assert found.settings["base_url"] == "http://127.0.0.1:8089/bank"


def test_without_a_simulator_nothing_is_asked(shop: Shop) -> None:
    shop.runtime.outside = Outside(BOX, production=True)
    assert not reached(shop).is_ready


def test_a_mode_is_ready_when_all_of_its_settings_are_entered(shop: Shop) -> None:
    choose(shop, "live")
    assert reached(shop).missing == ("base_url", "token", "signing")
    enter(shop, "live", base_url="https://api.bank.example/v1", token=KEY, signing="s")
    assert reached(shop).settings["token"] == KEY
    choose(shop, "sandbox")
    assert reached(shop).missing == ("base_url", "token", "signing")


def test_no_table_holds_a_credential_in_clear(shop: Shop) -> None:
    enter(shop, "live", token=KEY)
    enter(shop, "live", token=KEY + "2")
    system = shop.runtime.system
    with read(shop.runtime.engine) as connection:
        for table in (system.connector_setting, system.audit, system.connector):
            rows = connection.execute(sa.select(table)).all()
            assert KEY not in repr(rows)
        told = connection.execute(sa.select(system.audit.c.operation, system.audit.c.after)).all()
    assert [one.after for one in told] == [{"mode": "live", "setting": "token"}] * 2


def test_a_setting_is_replaced_and_taken_away(shop: Shop) -> None:
    choose(shop, "live")
    enter(shop, "live", token="old")
    enter(shop, "live", token="new")
    assert reached(shop).settings["token"] == "new"
    enter(shop, "live", token="")
    assert "token" in reached(shop).missing


@pytest.mark.parametrize(
    ("mode", "name", "text"),
    [
        ("live", "unknown", "x"),
        ("simulator", "token", "x"),
        ("live", "base_url", "ftp://bank"),
        ("live", "base_url", "https://user:pw@bank"),
        ("live", "base_url", "https://user:pass@evil@10.0.0.1"),
        ("live", "base_url", "https://bank.example#@10.0.0.1"),
        ("live", "base_url", "file:///etc/passwd"),
        ("live", "base_url", "bank"),
        ("live", "base_url", "http://169.254.169.254/latest/meta-data/"),
        ("live", "base_url", "http://[::ffff:127.0.0.1]/"),
        ("sandbox", "base_url", "https://10.0.0.5"),
    ],
)
def test_what_cannot_be_entered_is_refused(shop: Shop, mode: str, name: str, text: str) -> None:
    with pytest.raises(ValueError, match=name):
        enter(shop, mode, **{name: text})


def test_in_production_an_address_is_https(shop: Shop) -> None:
    shop.runtime.outside = Outside(BOX, production=True)
    for address in ("http://api.bank.example", "http://api.bank.example:22", "http://[::1]/"):
        with pytest.raises(ValueError, match="base_url"):
            enter(shop, "live", base_url=address)


def test_another_key_opens_nothing_and_an_old_one_still_does(shop: Shop) -> None:
    choose(shop, "live")
    enter(shop, "live", token=KEY)
    shop.runtime.outside = Outside(Box("another secret, long enough for a key"))
    assert "token" in reached(shop).missing
    both = Box(
        "another secret, long enough for a key", ("a secret of the tests that is long enough",)
    )
    shop.runtime.outside = Outside(both)
    assert reached(shop).settings["token"] == KEY


def test_failures_in_a_row_open_the_breaker_and_an_answer_closes_it(shop: Shop) -> None:
    bank = shop.runtime.app.connectors["bank"]

    def note(*, is_reached: bool) -> object:
        with write(shop.runtime.engine) as connection:
            settings.note_answer(
                connection, shop.runtime, bank, "ReadTimeout", NOON, reached=is_reached
            )
            return settings.closed_until(shop.runtime, connection, "bank")

    assert [note(is_reached=False) for _ in range(4)] == [None] * 4
    assert note(is_reached=False) == NOON + timedelta(minutes=1)
    assert note(is_reached=True) is None
    assert note(is_reached=False) is None
    assert settings.standing(shop.runtime, bank).failures == 1


def test_how_a_connector_stands_is_told_without_secrets(shop: Shop) -> None:
    choose(shop, "live")
    enter(shop, "live", token=KEY)
    standing = settings.standing(shop.runtime, shop.runtime.app.connectors["bank"])
    assert (standing.mode, standing.missing) == ("live", ("base_url", "signing"))
    assert KEY not in repr(standing)
    assert replace(standing, mode="off").name == "bank"
