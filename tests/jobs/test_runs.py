"""The life of a run: who may take it, what it keeps, how it ends, who finds it when it is lost."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from runtime.jobs import runs
from runtime.jobs.dispatch import deliver_to_jobs
from runtime.jobs.outbox import OUTBOX, Event, emit, relay_once
from runtime.jobs.registry import JobKind
from runtime.jobs.tables import LOG, RUN
from tests.jobs.shop import EFFECT

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LEASE = timedelta(seconds=60)


def queue_run(engine: sa.Engine, **options: Any) -> str:
    with engine.begin() as connection:
        return runs.create(connection, runs.NewRun("recount", **options), NOW)


def take(engine: sa.Engine, run_id: str, now: datetime = NOW) -> runs.Claim | None:
    with engine.begin() as connection:
        return runs.claim(connection, run_id, "recount", "w1", now, LEASE)


def held(engine: sa.Engine, run_id: str, now: datetime = NOW) -> runs.Claim:
    claim = take(engine, run_id, now)
    assert claim is not None
    return claim


def work_a_chunk(engine: sa.Engine, claim: runs.Claim, now: datetime) -> None:
    with engine.begin() as connection:
        connection.execute(EFFECT.insert().values(run_id=claim.run_id, step=1))
        runs.advance(connection, claim, now, LEASE, {"done": 1})


def row_of(engine: sa.Engine, run_id: str) -> Any:
    with engine.connect() as connection:
        return connection.execute(sa.select(RUN).where(RUN.c.id == run_id)).one()


def test_two_requests_with_one_key_are_one_run(engine: sa.Engine) -> None:
    first = queue_run(engine, unique_key="nightly-1")
    assert queue_run(engine, unique_key="nightly-1") == first
    assert queue_run(engine) != queue_run(engine)


def test_of_many_workers_one_gets_the_run(engine: sa.Engine) -> None:
    run_id = queue_run(engine)
    start, won = threading.Barrier(6), []

    def compete() -> None:
        start.wait()
        if take(engine, run_id) is not None:
            won.append(1)

    threads = [threading.Thread(target=compete) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1


def test_a_run_is_taken_only_under_its_own_job_and_when_it_is_due(engine: sa.Engine) -> None:
    later = NOW + timedelta(minutes=5)
    run_id = queue_run(engine, due_at=later)
    assert take(engine, run_id) is None
    with engine.begin() as connection:
        assert runs.claim(connection, run_id, "erase_all", "w1", later, LEASE) is None
    assert take(engine, run_id, later) is not None


def test_progress_and_checkpoint_are_kept_and_the_next_attempt_resumes(engine: sa.Engine) -> None:
    run_id = queue_run(engine, input={"file": "7"})
    claim = held(engine, run_id)
    assert (claim.input, claim.checkpoint, claim.attempt) == ({"file": "7"}, None, 1)
    changes = {"done": 500, "total": 900, "message": "m" * 900, "checkpoint": {"row": 500}}
    with engine.begin() as connection:
        runs.advance(connection, claim, NOW, LEASE, changes)
    with engine.begin() as connection:
        assert runs.fail(connection, claim, NOW, "disk full") == "queued"
    row = row_of(engine, run_id)
    assert (row.done, row.total, len(row.message), row.error) == (500, 900, 500, "disk full")
    assert row.due_at == NOW + timedelta(seconds=5)
    assert take(engine, run_id) is None
    again = held(engine, run_id, NOW + timedelta(seconds=5))
    assert (again.checkpoint, again.attempt) == ({"row": 500}, 2)


def test_a_run_that_fails_every_time_is_given_to_a_person_who_can_retry_it(
    engine: sa.Engine,
) -> None:
    run_id = queue_run(engine, max_attempts=2)
    states, now = [], NOW
    for _ in range(2):
        claim = held(engine, run_id, now)
        with engine.begin() as connection:
            states.append(runs.fail(connection, claim, now, "no answer"))
        now += timedelta(hours=2)
    assert states == ["queued", "failed"]
    assert take(engine, run_id, now) is None
    with engine.begin() as connection:
        assert runs.retry(connection, run_id, now)
    assert held(engine, run_id, now).attempt == 1


def test_a_worker_whose_lease_went_to_another_changes_nothing(engine: sa.Engine) -> None:
    run_id = queue_run(engine)
    slow = held(engine, run_id)
    assert runs.requeue_lost(engine, NOW + timedelta(seconds=30)) == 0
    later = NOW + timedelta(seconds=61)
    assert runs.requeue_lost(engine, later) == 1
    quick = held(engine, run_id, later)
    with pytest.raises(runs.LeaseLost):
        work_a_chunk(engine, slow, later)
    with pytest.raises(runs.LeaseLost), engine.begin() as connection:
        runs.succeed(connection, slow, later)
    with engine.begin() as connection:
        assert not runs.extend(connection, slow, later, LEASE)
        assert runs.extend(connection, quick, later, LEASE)
        runs.succeed(connection, quick, later, {"counted": 3})
    with engine.connect() as connection:
        assert connection.execute(sa.select(EFFECT)).all() == []
    row = row_of(engine, run_id)
    assert (row.state, row.result, row.finished_at) == ("succeeded", {"counted": 3}, later)


def test_a_run_that_kills_its_workers_ends_as_failed_with_a_log(engine: sa.Engine) -> None:
    run_id = queue_run(engine, max_attempts=2)
    now = NOW
    for _ in range(2):
        held(engine, run_id, now)
        now += timedelta(minutes=2)
        assert runs.requeue_lost(engine, now) == 1
    row = row_of(engine, run_id)
    assert (row.state, row.error) == ("failed", "the worker stopped answering in attempt 2")
    with engine.connect() as connection:
        assert len(connection.execute(sa.select(LOG).where(LOG.c.run_id == run_id)).all()) == 2


def test_a_queued_run_is_cancelled_at_once_and_a_running_one_at_its_next_chunk(
    engine: sa.Engine,
) -> None:
    waiting, working = queue_run(engine), queue_run(engine)
    claim = held(engine, working)
    with engine.begin() as connection:
        assert runs.ask_to_cancel(connection, waiting, NOW) == "cancelled"
        assert runs.ask_to_cancel(connection, working, NOW) == "running"
        assert runs.ask_to_cancel(connection, "no-such-run", NOW) is None
    assert take(engine, waiting) is None
    with pytest.raises(runs.RunCancelled):
        work_a_chunk(engine, claim, NOW)
    with engine.begin() as connection:
        runs.cancelled(connection, claim, NOW)
        assert runs.ask_to_cancel(connection, working, NOW) == "cancelled"
        assert connection.execute(sa.select(EFFECT)).all() == []


def test_a_paused_run_does_not_lose_an_attempt(engine: sa.Engine) -> None:
    run_id = queue_run(engine)
    claim = held(engine, run_id)
    with engine.begin() as connection:
        runs.pause(connection, claim, NOW)
    assert held(engine, run_id).attempt == 1


def test_an_event_makes_one_run_for_each_job_and_is_done_when_it_succeeds(
    engine: sa.Engine,
) -> None:
    kinds = {"recount": JobKind("recount", lambda run_id, runtime: None, "bulk", 3)}
    deliver = deliver_to_jobs({"order.paid": ("recount",)}, kinds, lambda: NOW)
    with engine.begin() as connection:
        emit(connection, [Event("order.paid", "order", "o-1", {"from": "open"})], NOW)
    assert relay_once(engine, deliver, 10, topics={"order.paid"}, now=NOW) == 1
    with engine.connect() as connection:
        row = connection.execute(sa.select(RUN)).one()
    assert (row.job, row.queue, row.max_attempts) == ("recount", "bulk", 3)
    assert row.input == {"topic": "order.paid", "entity": "order", "record": "o-1"}
    claim = held(engine, row.id)
    with engine.begin() as connection:
        runs.succeed(connection, claim, NOW)
        assert connection.execute(sa.select(OUTBOX.c.done_at)).scalar_one() == NOW


def test_old_runs_are_forgotten_but_failures_stay(engine: sa.Engine) -> None:
    good, bad = queue_run(engine), queue_run(engine, max_attempts=1)
    done, broken = held(engine, good), held(engine, bad)
    with engine.begin() as connection:
        for run_id in (good, bad):
            runs.write_log(connection, run_id, NOW, "info", "started")
        runs.succeed(connection, done, NOW)
        runs.fail(connection, broken, NOW, "no")
        assert runs.forget_finished(connection, NOW + timedelta(days=1)) == 1
        assert connection.execute(sa.select(RUN.c.id)).scalars().all() == [bad]
        assert connection.execute(sa.select(LOG.c.run_id)).scalars().all() == [bad]
