"""A change that follows from the record's own row is read for, decided and written without a lock.

On PostgreSQL that is two statements, each alone; SQLite lets one write at a time and keeps its one
transaction. What comes of it is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from runtime.errors import Invalid, Stale
from runtime.runtime import new_id
from tests import databases
from tests.shop import Shop, person

CAP = {"item": "Cap", "price": "3"}
LOCK = "FOR NO KEY UPDATE"
WRITE = "WITH changed"


def on_postgresql(shop: Shop) -> bool:
    return shop.runtime.engine.dialect.name == "postgresql"


def order(shop: Shop, **values: Any) -> str:
    return str(shop.done("create", "order", {"lines": [CAP], **values}).row[0])


def customer(shop: Shop, code: str = "C") -> str:
    return str(shop.done("create", "customer", {"code": code, "name": code}).row[0])


def written(shop: Shop) -> tuple[int, int]:
    """Return how many rows the audit and the outbox hold."""
    return shop.count("sw_audit"), shop.count("sw_outbox")


@contextmanager
def just_before(shop: Shop, start: str, act: Callable[[], Any]) -> Iterator[None]:
    """Do something once, between what was read and the first statement that begins so."""
    done: list[bool] = []

    def before(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.startswith(start) and not done:
            done.append(True)
            act()

    sa.event.listen(shop.runtime.engine, "before_cursor_execute", before)
    try:
        yield
    finally:
        sa.event.remove(shop.runtime.engine, "before_cursor_execute", before)
    assert done, "no such statement came"


def test_a_change_is_read_for_and_written_by_two_statements(shop: Shop) -> None:
    record, before = order(shop), written(shop)
    with databases.statements(shop.runtime.engine) as asked:
        answer = shop.done("update", "order", {"status": "paid"}, record=record, version=1)
    if on_postgresql(shop):
        assert len(asked) == 2, asked
        assert asked[1].startswith(WRITE)
        assert not any(LOCK in one for one in asked)
    told, kept = shop.row(answer), shop.row(shop.done("read", "order", record=record))
    assert told == kept
    assert (kept["status"], kept["version"], kept["total"]) == ("paid", 2, "3.00")
    assert written(shop) == (before[0] + 1, before[1] + 1)


def test_a_change_says_who_what_and_from_what_in_the_audit(shop: Shop) -> None:
    record = order(shop)
    shop.done(
        "update",
        "order",
        {"status": "paid"},
        record=record,
        version=1,
        actor=person("clerk", number=7),
    )
    (entry, *_) = shop.done("history", "order", record=record).rows
    assert (entry.actor_name, entry.operation) == ("Person 7", "update")
    assert (entry.before, entry.after) == ({"status": "draft"}, {"status": "paid"})


@pytest.mark.parametrize("values", [{}, {"status": "draft"}])
def test_a_change_that_changes_nothing_writes_nothing(shop: Shop, values: dict[str, Any]) -> None:
    record, before = order(shop), written(shop)
    answer = shop.done("update", "order", values, record=record, version=1)
    assert (shop.row(answer)["version"], written(shop)) == (1, before)


def test_an_older_version_is_refused_with_the_one_that_is_there(shop: Shop) -> None:
    record = order(shop)
    shop.done("update", "order", {"status": "paid"}, record=record, version=1)
    before = written(shop)
    refusal = shop.refused("update", "order", {"status": "draft"}, record=record, version=1)
    assert isinstance(refusal, Stale)
    assert (refusal.params["version"], written(shop)) == (2, before)


FASTER: dict[str, Callable[[Shop, str], Any]] = {
    "changes it": lambda shop, record: shop.done(
        "update", "order", {"discount": "1"}, record=record, version=1
    ),
    "deletes it": lambda shop, record: shop.done("delete", "order", record=record, version=1),
}


@pytest.mark.parametrize("faster", FASTER)
def test_whoever_is_overtaken_between_reading_and_writing_writes_nothing(
    shop: Shop, faster: str
) -> None:
    if not on_postgresql(shop):
        return  # nobody can come between: SQLite has one writer
    record = order(shop)
    with just_before(shop, WRITE, lambda: FASTER[faster](shop, record)):
        refusal = shop.refused("update", "order", {"status": "paid"}, record=record, version=1)
    assert isinstance(refusal, Stale)
    assert refusal.params["version"] == 2
    kept = shop.row(shop.done("read", "order", record=record))
    assert (kept["status"], kept["version"]) == ("draft", 2)
    assert written(shop) == (2, 2)


def test_what_must_be_unique_is_refused_at_its_field(shop: Shop) -> None:
    customer(shop, "A")
    record = customer(shop, "B")
    before = written(shop)
    refusal = shop.refused("update", "customer", {"code": "A"}, record=record, version=1)
    assert isinstance(refusal, Invalid)
    assert [(one.field, one.code) for one in refusal.errors] == [("code", "not_unique")]
    assert written(shop) == before


def test_a_process_that_stood_still_slips_nothing_in_behind_a_seal(shop: Shop) -> None:
    """Its ids are old when it writes: the audit's seals could have passed them."""
    record = order(shop)
    shop.runtime.make_id = lambda: "019a0000-0000" + new_id()[13:]
    with databases.statements(shop.runtime.engine) as asked:
        shop.done("update", "order", {"status": "paid"}, record=record, version=1)
    if on_postgresql(shop):
        assert any(LOCK in one for one in asked), asked
    assert shop.row(shop.done("read", "order", record=record))["version"] == 2
    assert written(shop) == (2, 2)


MORE_THAN_ITSELF: dict[str, Callable[[Shop], dict[str, Any]]] = {
    "a reference": lambda shop: {"values": {"customer": customer(shop)}},
    "parts": lambda shop: {"values": {"lines": [CAP, CAP]}},
    "a formula over parts": lambda shop: {"values": {"discount": "1"}},
    "a key": lambda shop: {"values": {"status": "paid"}, "key": "once"},
}


@pytest.mark.parametrize("what", MORE_THAN_ITSELF)
def test_a_change_that_is_about_more_than_the_record_holds_it(shop: Shop, what: str) -> None:
    if not on_postgresql(shop):
        return
    record, asks = order(shop), MORE_THAN_ITSELF[what](shop)
    with databases.statements(shop.runtime.engine) as asked:
        shop.done("update", "order", record=record, version=1, **asks)
    assert any(LOCK in one for one in asked), asked
    assert not any(one.startswith(WRITE) for one in asked)
    assert shop.row(shop.done("read", "order", record=record))["version"] == 2
