"""The database fails at every single statement of a write: nothing of it remains."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
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
    """Return every row; a number drawn in vain leaves a gap on PostgreSQL, as it should."""
    is_apart = shop.runtime.engine.dialect.name == "postgresql"
    with shop.runtime.engine.connect() as connection:
        return {
            table: sorted(map(repr, connection.execute(sa.text(f'SELECT * FROM "{table}"')).all()))
            for table in TABLES
            if not (is_apart and table == "sw_sequence")
        }


def create(shop: Shop) -> Callable[[], Any]:
    buyer = shop.row(shop.done("create", "customer", {"code": "C", "name": "Buyer"}))["id"]
    values = {"customer": buyer, "lines": [CAP, {**CAP, "quantity": 2}]}
    return lambda: shop.done("create", "order", values, key="once")


def update(shop: Shop) -> Callable[[], Any]:
    made = shop.row(shop.done("create", "order", {"lines": [CAP, CAP]}))
    values = {"status": "paid", "lines": [{"id": made["lines"][0]["id"], "price": "4"}, CAP]}
    return lambda: shop.done("update", "order", values, record=made["id"], version=1, key="once")


def change(shop: Shop) -> Callable[[], Any]:
    made = shop.row(shop.done("create", "order", {"lines": [CAP]}))
    return lambda: shop.done("update", "order", {"status": "paid"}, record=made["id"], version=1)


def delete(shop: Shop) -> Callable[[], Any]:
    made = shop.row(shop.done("create", "order", {"lines": [CAP]}))
    return lambda: shop.done("delete", "order", record=made["id"], version=1)


WRITES = [create, update, change, delete]


@pytest.mark.parametrize("prepare", WRITES)
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
        if contents(shop) != before:
            # only reading the answer of what was created comes after the commit
            assert prepare is create, f"statement {position} left something: {seen[-1]}"
            break
    else:
        raise AssertionError("a write has no end of statements")
    assert position > (2 if prepare is change else 4)
    whole = contents(shop)
    assert whole != before
    if prepare is create:
        assert act().replayed
        assert contents(shop) == whole


@pytest.mark.parametrize("event", ["INSERT", "UPDATE"])
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("prepare", WRITES)
def test_a_table_that_refuses_a_row_takes_the_whole_write_with_it(
    shop: Shop, prepare: Callable[[Shop], Callable[[], Any]], table: str, event: str
) -> None:
    act = prepare(shop)
    before = contents(shop)
    with refusing(shop, table, event):
        try:
            act()
        except (AssertionError, sa.exc.SQLAlchemyError, psycopg.Error):
            assert contents(shop) == before
            refused = True
        else:
            refused = False
    if refused:
        act()
    assert contents(shop) != before


@contextmanager
def refusing(shop: Shop, table: str, event: str) -> Iterator[None]:
    """Let the database itself refuse rows of a table, whichever way they come."""
    engine = shop.runtime.engine
    if engine.dialect.name == "sqlite":
        make = [
            f'CREATE TRIGGER lost BEFORE {event} ON "{table}" '
            "BEGIN SELECT RAISE(ABORT, 'lost'); END"
        ]
        drop = ["DROP TRIGGER lost"]
    else:
        make = [
            "CREATE FUNCTION lost() RETURNS trigger AS "
            "$$ BEGIN RAISE EXCEPTION 'lost'; END $$ LANGUAGE plpgsql",
            f'CREATE TRIGGER lost BEFORE {event} ON "{table}" FOR EACH ROW EXECUTE FUNCTION lost()',
        ]
        drop = [f'DROP TRIGGER lost ON "{table}"', "DROP FUNCTION lost()"]
    _run(engine, make)
    try:
        yield
    finally:
        _run(engine, drop)


def _run(engine: sa.Engine, statements: list[str]) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
