"""The database fails at every single statement of a write: nothing of it remains."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from tests.shop import Shop

CAP = {"item": "Cap", "price": "3"}
TABLES = (
    "customer",
    "order",
    "order_line",
    "sw_audit",
    "sw_outbox",
    "sw_idempotency",
    "sw_sequence",
)
MOST = 60


class Lost(Exception):
    """What the test makes the database say."""


@contextmanager
def failing_at(shop: Shop, position: int) -> Iterator[list[str]]:
    """Let the statement at a position fail, before it reaches the database."""
    seen: list[str] = []

    def before(
        connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
    ) -> None:
        seen.append(statement)
        if len(seen) == position:
            raise Lost(statement)

    sa.event.listen(shop.runtime.engine, "before_cursor_execute", before)
    try:
        yield seen
    finally:
        sa.event.remove(shop.runtime.engine, "before_cursor_execute", before)


def contents(shop: Shop) -> dict[str, Any]:
    with shop.runtime.engine.connect() as connection:
        return {
            table: sorted(map(repr, connection.execute(sa.text(f'SELECT * FROM "{table}"')).all()))
            for table in TABLES
        }


def create(shop: Shop) -> Callable[[], Any]:
    buyer = shop.row(shop.done("create", "customer", {"code": "C", "name": "Buyer"}))["id"]
    values = {"customer": buyer, "lines": [CAP, {**CAP, "quantity": 2}]}
    return lambda: shop.done("create", "order", values, key="once")


def update(shop: Shop) -> Callable[[], Any]:
    made = shop.row(shop.done("create", "order", {"lines": [CAP, CAP]}))
    values = {"status": "paid", "lines": [{"id": made["lines"][0]["id"], "price": "4"}, CAP]}
    return lambda: shop.done("update", "order", values, record=made["id"], version=1, key="once")


def delete(shop: Shop) -> Callable[[], Any]:
    made = shop.row(shop.done("create", "order", {"lines": [CAP]}))
    return lambda: shop.done("delete", "order", record=made["id"], version=1)


@pytest.mark.parametrize("prepare", [create, update, delete])
def test_a_write_that_fails_anywhere_leaves_nothing_and_can_be_done_again(
    shop: Shop, prepare: Callable[[Shop], Callable[[], Any]]
) -> None:
    act = prepare(shop)
    before = contents(shop)
    for position in range(1, MOST):
        with failing_at(shop, position) as seen:
            try:
                act()
            except Lost:
                pass
            else:
                break
        assert contents(shop) == before, f"statement {position} left something: {seen[-1]}"
    else:
        raise AssertionError("a write has no end of statements")
    assert position > 4
    assert contents(shop) != before
