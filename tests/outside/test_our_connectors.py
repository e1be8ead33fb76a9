"""What we ship asks the simulator and is told by it, operation by operation, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from generator.compile import Compiled, compile_definitions
from generator.connectors import Answer, Asked
from generator.model.connector import KEY, Connector, Operation
from runtime.simulator.server import settings_of
from tests.outside.provider import BOX, HERE, Provider, provider

OURS = Path(__file__).resolve().parents[2] / "definitions"
SHOP = compile_definitions(OURS)
EVERY = [
    (connector, operation)
    for connector in SHOP.app.connectors.values()
    for operation in connector.operations.values()
]
ASKING = {(one.name, each.status) for one, each in EVERY}


@pytest.fixture(scope="module")
def provided() -> Iterator[Provider]:
    with provider(SHOP.app) as found:
        yield found


def ask(
    provided: Provider, connector: Connector, operation: Operation, key: str, *, about: bool = False
) -> Answer:
    shop: Compiled = SHOP
    settings = {**settings_of(BOX, connector), "base_url": f"{provided.url}/{connector.name}"}
    values = {
        name: "20.00" if field.type == "money" else "x1" for name, field in operation.input.items()
    }
    values.pop(KEY, None)
    asked = Asked(connector, operation, values, key, settings, about, HERE)
    return shop.catalogs["connectors"][connector.type].call(asked)


def test_there_is_a_connector() -> None:
    assert EVERY


@pytest.mark.parametrize(
    ("connector", "operation"), EVERY, ids=lambda one: getattr(one, "name", "")
)
def test_an_operation_is_done_and_known_afterwards(
    provided: Provider, connector: Connector, operation: Operation
) -> None:
    if (connector.name, operation.name) in ASKING:
        assert ask(provided, connector, operation, "nobody", about=True).outcome == "absent"
        return
    key = f"flow:1:{connector.name}.{operation.name}"
    answer = ask(provided, connector, operation, key)
    assert answer.outcome == "done"
    assert set(answer.output) == set(operation.output)
    if operation.status:
        status = connector.operations[operation.status]
        assert ask(provided, connector, status, key, about=True).outcome == "done"


@pytest.mark.parametrize(
    ("connector", "operation"), EVERY, ids=lambda one: getattr(one, "name", "")
)
def test_what_an_operation_tells_is_heard(connector: Connector, operation: Operation) -> None:
    heard = [one for one in SHOP.app.webhooks.values() if one.connector == connector.name]
    if operation.tells and heard:
        assert any(operation.tells in one.events for one in heard)
