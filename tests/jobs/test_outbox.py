"""The outbox: events are delivered once, whatever fails and however many relays run."""

from __future__ import annotations

import threading
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from runtime.jobs.outbox import (
    OUTBOX,
    Deliver,
    Event,
    OutboxRow,
    back_off,
    emit,
    mark_done,
    relay_once,
)

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def put(engine: sa.Engine, count: int, topic: str = "order.paid") -> None:
    with engine.begin() as connection:
        emit(connection, [Event(topic, "order", str(n), {"n": n}) for n in range(count)], NOW)


def relay(
    engine: sa.Engine,
    deliver: Deliver,
    topics: Collection[str] = ("order.paid",),
    now: datetime = NOW,
    limit: int = 10,
) -> int:
    return relay_once(engine, deliver, limit, topics=topics, now=now)


def test_an_event_of_a_rolled_back_transaction_never_existed(engine: sa.Engine) -> None:
    with engine.connect() as connection, connection.begin() as transaction:
        emit(connection, [Event("order.paid", "order", "1")], NOW)
        transaction.rollback()
    seen: list[OutboxRow] = []
    assert relay(engine, lambda c, row: seen.append(row)) == 0
    assert seen == []


def test_events_arrive_in_the_order_they_were_written_with_their_facts(engine: sa.Engine) -> None:
    put(engine, 3)
    seen: list[OutboxRow] = []
    assert relay(engine, lambda c, row: seen.append(row)) == 3
    assert [(row.entity, row.record_id, row.payload) for row in seen] == [
        ("order", str(n), {"n": n}) for n in range(3)
    ]
    assert seen[0].created_at == NOW
    assert relay(engine, lambda c, row: seen.append(row)) == 0


def test_events_nobody_listens_to_are_settled_without_a_delivery(engine: sa.Engine) -> None:
    put(engine, 2, "order.viewed")
    put(engine, 1)
    seen: list[OutboxRow] = []
    assert relay(engine, lambda c, row: seen.append(row)) == 3
    assert [row.topic for row in seen] == ["order.paid"]
    columns = (OUTBOX.c.topic, OUTBOX.c.sent_at, OUTBOX.c.done_at)
    with engine.connect() as connection:
        rows = connection.execute(sa.select(*columns).order_by(OUTBOX.c.id)).all()
    assert [tuple(row) for row in rows] == [
        ("order.viewed", NOW, NOW),
        ("order.viewed", NOW, NOW),
        ("order.paid", NOW, None),
    ]


def test_one_failing_event_is_undone_alone_keeps_its_error_and_waits(engine: sa.Engine) -> None:
    put(engine, 3)
    fails = {"1"}

    def deliver(connection: sa.Connection, row: OutboxRow) -> None:
        emit(connection, [Event("copy", "order", row.record_id)], NOW)
        if row.record_id in fails:
            raise ValueError("the carrier is closed")

    assert relay(engine, deliver) == 2
    copies = sa.select(OUTBOX.c.record_id).where(OUTBOX.c.topic == "copy")
    with engine.connect() as connection:
        failed = connection.execute(sa.select(OUTBOX).where(OUTBOX.c.error.is_not(None))).one()
        assert sorted(map(str, connection.execute(copies).scalars())) == ["0", "2"]
    assert (failed.error, failed.attempts) == ("ValueError: the carrier is closed", 1)
    fails.clear()
    seen: list[OutboxRow] = []
    relay(engine, lambda c, row: seen.append(row), topics=("order.paid", "copy"))
    assert {row.topic for row in seen} == {"copy"}
    assert relay(engine, deliver, now=NOW + timedelta(seconds=5)) == 1


def test_the_pause_doubles_up_to_an_hour() -> None:
    assert [back_off(n).total_seconds() for n in (1, 2, 3, 4)] == [5, 10, 20, 40]
    assert back_off(400) == timedelta(hours=1)


def test_many_relays_deliver_every_event_once(engine: sa.Engine) -> None:
    put(engine, 120)
    seen: list[str] = []
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        while relay(engine, lambda c, row: seen.append(row.id)):
            pass

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while relay(engine, lambda c, row: seen.append(row.id)):
        pass
    assert len(seen) == len(set(seen)) == 120


def test_an_event_is_acknowledged_once(engine: sa.Engine) -> None:
    put(engine, 1)
    with engine.begin() as connection:
        event_id = connection.execute(sa.select(OUTBOX.c.id)).scalar_one()
        assert mark_done(connection, event_id, NOW)
        assert not mark_done(connection, event_id, NOW)


def test_a_time_without_a_zone_is_refused(engine: sa.Engine) -> None:
    with pytest.raises(sa.exc.StatementError, match="no time zone"), engine.begin() as connection:
        emit(connection, [Event("a", "order", None)], NOW.replace(tzinfo=None))
