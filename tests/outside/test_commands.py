"""What an administrator types about other systems, and what is never said back."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import app
from tests.outside.provider import SHOP

KEY = "sk_live_never_shown"


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOPWRIGHT_DATA", str(tmp_path))
    monkeypatch.setenv("SHOPWRIGHT_DEFINITIONS", str(SHOP))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'shop.db'}")
    assert said("apply", "--yes").exit_code == 0


def said(*words: str, answer: str | None = None) -> Result:
    done = CliRunner().invoke(app.main, words, input=answer)
    assert "Traceback" not in done.output
    return done


def test_connectors_are_listed_with_what_is_missing(office: None) -> None:
    assert "bank                 simulator  Bank" in said("connector", "list").output
    assert said("connector", "mode", "bank", "live").exit_code == 0
    assert "missing: base_url, token, signing" in said("connector", "list").output
    assert "未填写" in said("connector", "list", "--locale", "zh").output


def test_a_setting_is_asked_for_unseen_and_never_shown(office: None) -> None:
    said("connector", "mode", "bank", "live")
    done = said("connector", "set", "bank", "token", answer=f"{KEY}\n")
    assert done.exit_code == 0
    assert KEY not in done.output
    listed = said("connector", "list").output
    assert "missing: base_url, signing" in listed
    assert KEY not in listed


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("mode", "bnak", "live"), "There is no connector 'bnak'. Known: bank."),
        (("set", "bank", "tokn", "--value", KEY), "Settings: base_url, token, signing"),
        (("set", "bank", "base_url", "--value", "bank"), "base_url is a public address"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    office: None, words: tuple[str, ...], told: str
) -> None:
    done = said("connector", *words)
    assert done.exit_code == 1
    assert told in done.output
    assert KEY not in done.output


def test_there_is_no_simulator_in_production(office: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOPWRIGHT_PRODUCTION", "1")
    monkeypatch.setenv("SHOPWRIGHT_SECRET_KEY", "x" * 40)
    done = said("simulator", "--port", "0")
    assert done.exit_code == 1
    assert "no simulator in production" in done.output
