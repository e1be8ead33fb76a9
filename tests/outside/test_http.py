"""A connector of type http asks the simulator over real HTTP, on good days and bad ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from generator.compile import Compiled, compile_definitions
from generator.connectors import Answer, Asked
from runtime.simulator.server import settings_of
from tests.outside.provider import BOX, HERE, SHOP, Provider, provider


@pytest.fixture(scope="module")
def shop() -> Compiled:
    return compile_definitions(SHOP)


@pytest.fixture
def bank(shop: Compiled, tmp_path: Path) -> Iterator[Provider]:
    with provider(shop.app, file=tmp_path / "deeds.jsonl") as found:
        yield found


def asked(
    shop: Compiled,
    bank: Provider,
    operation: str,
    key: str = "k1",
    about: bool = False,
    **values: str,
) -> Answer:
    connector = shop.app.connectors["bank"]
    settings = {**settings_of(BOX, connector), "base_url": f"{bank.url}/bank"}
    one = Asked(connector, connector.operations[operation], values, key, settings, about, HERE)
    return shop.catalogs["connectors"][connector.type].call(one)


def capture(shop: Compiled, bank: Provider, key: str = "k1", amount: str = "12.50") -> Answer:
    return asked(shop, bank, "capture", key, payment="P 1/ä", amount=amount)


def test_a_call_gives_its_outputs_and_the_provider_its_inputs(
    shop: Compiled, bank: Provider
) -> None:
    answer = capture(shop, bank)
    assert answer.outcome == "done"
    assert answer.output["reference"].startswith("sim_")
    (deed,) = bank.deeds()
    assert deed["inputs"] == {"payment": "P 1/ä", "amount": "12.50"}
    assert (deed["key"], deed["done"]) == ("k1", 1)


def test_the_same_key_is_done_once_and_answered_alike(shop: Compiled, bank: Provider) -> None:
    assert capture(shop, bank) == capture(shop, bank)
    assert [(one["tries"], one["done"]) for one in bank.deeds()] == [(2, 1)]


def test_a_refusal_is_definite_and_says_why(shop: Compiled, bank: Provider) -> None:
    answer = capture(shop, bank, amount="9.01")
    assert (answer.outcome, answer.code) == ("refused", "card_declined")


@pytest.mark.parametrize("play", ["lost", "error"])
def test_what_was_not_answered_is_unknown_and_answered_later(
    shop: Compiled, bank: Provider, play: str
) -> None:
    bank.play("capture", play)
    answers = [capture(shop, bank).outcome for _ in range(3)]
    assert answers[0] == "unknown"
    assert answers[-1] == "done"
    assert [one["done"] for one in bank.deeds()] == [1]


def test_what_is_never_answered_can_be_asked_about_by_its_key(
    shop: Compiled, bank: Provider
) -> None:
    bank.play("capture", "mute")
    assert capture(shop, bank).outcome == "unknown"
    assert capture(shop, bank).outcome == "unknown"
    told = asked(shop, bank, "find", about=True)
    assert told.outcome == "done"
    assert told.output["reference"].startswith("sim_")


def test_what_never_arrived_is_absent(shop: Compiled, bank: Provider) -> None:
    assert asked(shop, bank, "find", "nobody", about=True).outcome == "absent"


def test_an_answer_that_comes_too_late_is_unknown(shop: Compiled, bank: Provider) -> None:
    bank.play("capture", "slow", seconds=4)
    answer = capture(shop, bank)
    assert (answer.outcome, answer.code, answer.reached) == ("unknown", "ReadTimeout", False)
    assert capture(shop, bank).outcome == "done"


def test_nobody_listening_is_unknown(shop: Compiled, bank: Provider) -> None:
    answer = capture(shop, replace(bank, url="http://127.0.0.1:9"))
    assert (answer.outcome, answer.reached) == ("unknown", False)


def test_wrong_credentials_are_neither_done_nor_refused(shop: Compiled, bank: Provider) -> None:
    connector = shop.app.connectors["bank"]
    settings = {"base_url": f"{bank.url}/bank", "token": "wrong", "signing": ""}
    one = Asked(
        connector, connector.operations["refund"], {"reference": "r"}, "k", settings, allowed=HERE
    )
    answer = shop.catalogs["connectors"]["http"].call(one)
    assert (answer.outcome, answer.code) == ("unknown", "unauthorized")
    assert "wrong" not in repr(one)


def test_the_simulator_remembers_over_a_restart(shop: Compiled, tmp_path: Path) -> None:
    file = tmp_path / "deeds.jsonl"
    with provider(shop.app, file=file) as first:
        before = capture(shop, first)
    with provider(shop.app, file=file) as second:
        assert capture(shop, second) == before
        assert [one["done"] for one in second.deeds()] == [1]
