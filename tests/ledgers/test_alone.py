"""One entry by one statement: what is written beside it, and whatever sends it the other way."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from rules.blockers import Blocker
from rules.ledger.entries import Entry, entry
from runtime.operations import _alone
from runtime.store.audit_key import DEVELOPMENT_KEY
from runtime.store.audit_verify import verify
from runtime.store.engine import deferred, read, write
from runtime.store.ledgers import Posting
from runtime.store.posted import Cause, Posted, Refused
from tests.databases import postgres_url
from tests.ledgers.counting import Counting, code, open_counting
from tests.runtime.test_races import together


@pytest.fixture
def fast() -> Iterator[Counting]:
    """A shop on PostgreSQL whose balance of caps is known, with all prepared."""
    shop = open_counting(postgres_url())
    for number in range(7):
        sent(shop, f"warm-{number}")
    yield shop
    shop.runtime.engine.dispose()


def sent(shop: Counting, key: str, quantity: str = "1", kind: str = "receive") -> Any:
    values = {"kind": kind, "key": shop.key(), "quantity": quantity}
    return shop.ask("post", "stock", values, key=key)


@contextmanager
def statements(shop: Counting) -> Iterator[list[str]]:
    """Return what is sent to the database inside."""
    found: list[str] = []

    def hear(connection: Any, cursor: Any, text: str, *_: Any) -> None:
        found.append(text)

    engine = deferred(shop.runtime.engine)  # every connection that stands ready is of it
    sa.event.listen(engine, "before_cursor_execute", hear)
    yield found
    sa.event.remove(engine, "before_cursor_execute", hear)


def of_system(shop: Counting) -> tuple[int, int, int]:
    """Return how many rows the audit, the outbox and the kept answers have."""
    own = shop.runtime.system
    with read(shop.runtime.engine) as connection:
        audit, outbox, kept = (
            connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in (own.audit, own.outbox, own.idempotency)
        )
    return audit, outbox, kept


def test_a_post_is_one_statement_with_all_that_goes_beside_it(fast: Counting) -> None:
    before, entries = of_system(fast), fast.count("stock_entry")
    with statements(fast) as found:
        told = sent(fast, "click")
    assert len(set(found)) == 1, found
    assert told.row["entries"][0]["after"] == {"on_hand": "8", "held": "0", "available": "8"}
    assert of_system(fast) == tuple(one + 1 for one in before)
    assert fast.count("stock_entry") == entries + 1
    again = sent(fast, "click")
    assert (again.replayed, again.row) == (True, told.row)
    fast.agrees()


def test_what_is_refused_leaves_nothing_beside_it(fast: Counting) -> None:
    before = of_system(fast)
    assert code(sent(fast, "click", "99", "ship")) == "NOT_ENOUGH"
    assert of_system(fast) == before
    fast.agrees()


def test_one_idempotency_key_sent_by_many_at_once_is_posted_once(fast: Counting) -> None:
    answers = together(*[lambda: sent(fast, "click")] * 8)
    assert len({one.row["entries"][0]["id"] for one in answers}) == 1
    assert sum(not one.replayed for one in answers) == 1
    assert fast.now_at()["on_hand"] == 8
    fast.agrees()


def test_one_post_key_is_posted_once_under_many_idempotency_keys(fast: Counting) -> None:
    def post(number: int) -> Any:
        values = {"kind": "receive", "key": fast.key(), "quantity": "1", "post_key": "delivery"}
        return fast.ask("post", "stock", values, key=f"click-{number}")

    answers = together(*[lambda number=number: post(number) for number in range(8)])
    assert len({one.row["entries"][0]["id"] for one in answers}) == 1
    assert fast.now_at()["on_hand"] == 8
    fast.agrees()


def test_another_balance_than_the_known_one_is_never_written_about(fast: Counting) -> None:
    known = fast.runtime.book("stock").known
    (key,) = known
    other = fast.post("receive", 1, fast.key("hat"))["entries"][0]["balance"]
    known[key] = other
    told = sent(fast, "click").row["entries"][0]
    assert told["balance"] != other
    audit = fast.runtime.system.audit
    asked = sa.select(audit.c.record_id).where(audit.c.operation == "post")
    with read(fast.runtime.engine) as connection:
        about = connection.execute(asked.order_by(audit.c.id.desc())).scalars().first()
    assert about == told["balance"]
    fast.agrees()


def test_what_comes_too_late_for_the_seals_is_written_in_a_transaction(
    fast: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_alone, "SOON", timedelta(hours=-1))
    before = of_system(fast)
    assert not sent(fast, "click").replayed
    assert of_system(fast) == tuple(one + 1 for one in before)
    assert fast.now_at()["on_hand"] == 8


def test_the_audit_agrees_with_posts_whoever_made_them(shop: Counting) -> None:
    for number in range(3):
        sent(shop, f"click-{number}")
        assert isinstance(by_a_job(shop, f"job-{number}"), Posted)
    found = verify(shop.runtime.engine, shop.runtime.schema, (DEVELOPMENT_KEY,))
    assert [one.message.text("en") for one in found.findings] == []
    shop.agrees()


def by_a_job(shop: Counting, post_key: str, kind: str = "receive") -> Posted:
    runtime = shop.runtime
    key = tuple(shop.key().values())
    one = entry(runtime.app.ledgers["stock"], kind, key, 1000, post_key=post_key)
    assert not isinstance(one, Blocker)
    return posted(shop, one)


def posted(shop: Counting, one: Entry) -> Posted:
    runtime = shop.runtime
    now = runtime.clock()
    with write(runtime.engine) as connection:
        (done,) = Posting(connection, runtime.book, now, runtime.make_id).post([one], Cause())
    return done


def test_a_job_posts_alone_under_its_key_and_its_guards(shop: Counting) -> None:
    first = by_a_job(shop, "job-1")
    assert (first.replayed, by_a_job(shop, "job-1").replayed) == (False, True)
    second = by_a_job(shop, "job-2")
    assert (second.balance, second.version) == (first.balance, first.version + 1)
    with pytest.raises(Refused):
        by_a_job(shop, "job-2", "ship")
    for number in range(2):
        by_a_job(shop, f"out-{number}", "ship")
    with pytest.raises(Refused):
        by_a_job(shop, "out-2", "ship")
    assert shop.count("stock_entry") == 4
    shop.agrees()
