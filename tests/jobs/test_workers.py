"""Real workers on a real Redis: work is done once, whoever is killed and whatever is forgotten."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from redis import Redis

from generator.model.job import QUEUES
from runtime.jobs import runs
from runtime.jobs.dispatch import hand_over
from runtime.jobs.queue import ENTRY, JobQueue, QueueUnavailable, queues_of
from runtime.jobs.redis_server import RedisServer
from runtime.jobs.tables import LOG, RUN
from runtime.processes import kill_session, session_members
from tests.databases import plain_engine, sqlite_url
from tests.jobs.shop import EFFECT, KINDS, METADATA, ROOT, clock, pool


def until(claim: Callable[[], Any], seconds: float = 120.0) -> Any:
    """Wait for something to become true, and fail loudly when it does not."""
    deadline = time.monotonic() + seconds
    while not (value := claim()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)
    return value


def queue_run(engine: sa.Engine, job: str = "count", **options: Any) -> str:
    with engine.begin() as connection:
        return runs.create(connection, runs.NewRun(job, **options), clock())


def row_of(engine: sa.Engine, run_id: str) -> Any:
    with engine.connect() as connection:
        return connection.execute(sa.select(RUN).where(RUN.c.id == run_id)).one()


def ended(engine: sa.Engine, run_id: str, state: str = "succeeded") -> Any:
    return until(lambda: (row := row_of(engine, run_id)).state == state and row)


def effects(engine: sa.Engine, run_id: str) -> list[int]:
    steps = sa.select(EFFECT.c.step).where(EFFECT.c.run_id == run_id).order_by(EFFECT.c.step)
    with engine.connect() as connection:
        return list(connection.execute(steps).scalars())


def test_a_queued_run_is_worked_on_and_its_result_is_kept(
    engine: sa.Engine, url: str, redis: RedisServer
) -> None:
    run_id = queue_run(engine, input={"steps": 3})
    queue = JobQueue(redis.url)
    assert hand_over(engine, queue, KINDS, clock()) == 1
    assert hand_over(engine, queue, KINDS, clock()) == 0
    with pool(url, redis.url, workers=2):
        row = ended(engine, run_id)
    assert (row.result, row.done, row.total, row.attempt) == ({"counted": 3}, 3, 3, 1)
    assert effects(engine, run_id) == [0, 1, 2]


def test_a_job_that_raises_waits_and_is_tried_again_then_fails_with_its_trace(
    engine: sa.Engine, url: str, redis: RedisServer
) -> None:
    run_id = queue_run(engine, "break_down", max_attempts=2)
    queue = JobQueue(redis.url)
    with pool(url, redis.url):
        hand_over(engine, queue, KINDS, clock())
        row = until(lambda: (row := row_of(engine, run_id)).error and row)
        assert (row.state, row.attempt) == ("queued", 1)
        assert row.due_at > row.created_at + timedelta(seconds=4)
        until(lambda: hand_over(engine, queue, KINDS, clock()))
        row = ended(engine, run_id, "failed")
    assert row.error.endswith(f"ZeroDivisionError: {run_id}\n")
    with engine.connect() as connection:
        texts = connection.execute(sa.select(LOG.c.text)).scalars().all()
    assert texts == ["about to divide"] * 2


def test_a_worker_killed_in_the_middle_of_a_run_is_replaced_and_every_effect_happens_once(
    engine: sa.Engine, url: str, redis: RedisServer
) -> None:
    run_id = queue_run(engine, input={"steps": 6, "stuck_after": 3})
    queue = JobQueue(redis.url)
    hand_over(engine, queue, KINDS, clock())
    with pool(url, redis.url, lease=1.5) as parent:
        until(lambda: row_of(engine, run_id).done == 3)
        for pid in session_members(parent):
            if pid != parent:
                os.kill(pid, signal.SIGKILL)
        until(lambda: runs.requeue_lost(engine, clock()))
        assert hand_over(engine, queue, KINDS, clock()) == 1
        row = ended(engine, run_id)
    assert row.attempt == 2
    assert effects(engine, run_id) == [0, 1, 2, 3, 4, 5]


def test_a_pool_that_is_told_to_end_while_it_forks_a_worker_ends(
    url: str, redis: RedisServer, tmp_path: Path
) -> None:
    forked = tmp_path / "forked"
    # a fork takes long here, for parent and child: what comes meanwhile meets both half ready
    slow = (
        "import os, pathlib, time\n"
        f"def child(): pathlib.Path({str(forked)!r}).touch(); time.sleep(1)\n"
        "os.register_at_fork(after_in_child=child, after_in_parent=lambda: time.sleep(1))\n"
    )
    call = f"{slow}from tests.jobs.shop import main\nmain({url!r}, {redis.url!r}, 1, 60.0)"
    process = subprocess.Popen([sys.executable, "-c", call], cwd=ROOT, start_new_session=True)
    try:
        until(forked.exists)
        process.terminate()
        assert process.wait(30) == 0
    finally:
        kill_session(process.pid)


def parent_of(pid: int) -> int:
    """Return the process that started a living one."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_a_job_whose_process_alone_is_killed_is_found_without_waiting_for_its_lease(
    engine: sa.Engine, url: str, redis: RedisServer
) -> None:
    run_id = queue_run(engine, input={"steps": 3, "stuck_after": 1})
    queue = JobQueue(redis.url)
    hand_over(engine, queue, KINDS, clock())
    with pool(url, redis.url) as parent:
        until(lambda: row_of(engine, run_id).done == 1)
        worker = int(row_of(engine, run_id).worker.rpartition(":")[2])
        [job] = [pid for pid in session_members(parent) if parent_of(pid) == worker]
        os.kill(job, signal.SIGKILL)
        until(lambda: runs.requeue_lost(engine, clock()))
        hand_over(engine, queue, KINDS, clock())
        row = ended(engine, run_id)
        assert worker in session_members(parent)
    assert row.attempt == 2
    assert effects(engine, run_id) == [0, 1, 2]


def test_a_running_job_is_cancelled_at_its_next_chunk(
    engine: sa.Engine, url: str, redis: RedisServer
) -> None:
    run_id = queue_run(engine, "forever")
    hand_over(engine, JobQueue(redis.url), KINDS, clock())
    with pool(url, redis.url):
        until(lambda: row_of(engine, run_id).done)
        with engine.begin() as connection:
            assert runs.ask_to_cancel(connection, run_id, clock()) == "running"
        row = ended(engine, run_id, "cancelled")
    assert row.done > 0


def test_a_job_that_takes_too_long_is_interrupted(
    engine: sa.Engine, url: str, redis: RedisServer
) -> None:
    run_id = queue_run(engine, "hasty", max_attempts=1)
    hand_over(engine, JobQueue(redis.url), KINDS, clock())
    with pool(url, redis.url):
        row = ended(engine, run_id, "failed")
    assert "exceeded maximum timeout value" in row.error


def test_a_job_that_also_fails_while_it_tidies_up_still_tells_what_began_it(
    engine: sa.Engine, url: str, redis: RedisServer
) -> None:
    run_id = queue_run(engine, "stumble", max_attempts=1)
    hand_over(engine, JobQueue(redis.url), KINDS, clock())
    with pool(url, redis.url):
        row = ended(engine, run_id, "failed")
    assert "nor can it be tidied up" in row.error
    assert "exceeded maximum timeout value" in row.error.splitlines()[-1]


def test_a_flood_of_bulk_runs_does_not_hold_back_a_critical_one(
    engine: sa.Engine, redis: RedisServer
) -> None:
    for _ in range(8):
        queue_run(engine, queue="bulk")
    queue_run(engine, queue="critical")
    queue = JobQueue(redis.url)
    assert hand_over(engine, queue, KINDS, clock(), {"critical": 5, "default": 5, "bulk": 5}) == 6
    assert [each.waiting for each in queue.depths()] == [1, 0, 5]


def test_a_run_whose_worker_is_asked_to_stop_goes_back_to_the_queue_where_it_stood(
    engine: sa.Engine, url: str, redis: RedisServer
) -> None:
    run_id = queue_run(engine, input={"steps": 4, "stuck_after": 2})
    queue = JobQueue(redis.url)
    hand_over(engine, queue, KINDS, clock())
    with pool(url, redis.url):
        until(lambda: row_of(engine, run_id).done == 2)
    row = row_of(engine, run_id)
    assert (row.state, row.attempt, row.checkpoint) == ("queued", 0, 2)


def test_a_redis_that_comes_back_empty_loses_no_run(
    engine: sa.Engine, url: str, tmp_path: Path
) -> None:
    run_ids = [queue_run(engine, input={"steps": 1}) for _ in range(3)]
    with RedisServer(tmp_path / "first") as first:
        assert hand_over(engine, JobQueue(first.url), KINDS, clock()) == 3
        first.process.kill()
        first.process.wait()
        away = JobQueue(first.url)
        with pytest.raises(QueueUnavailable):
            away.enqueue("count", run_ids[0], "default", "k")
        late = queue_run(engine, input={"steps": 1})
        assert hand_over(engine, away, KINDS, clock()) == 0
    with RedisServer(tmp_path / "second") as second, pool(url, second.url):
        queue = JobQueue(second.url)
        assert hand_over(engine, queue, KINDS, clock()) == 1
        ended(engine, late)
        later = clock() + timedelta(minutes=1)
        assert hand_over(engine, queue, KINDS, later) == 3
        for run_id in (*run_ids, late):
            ended(engine, run_id)
            assert effects(engine, run_id) == [0]


def test_a_message_that_names_any_other_function_is_not_run(
    engine: sa.Engine, url: str, redis: RedisServer, tmp_path: Path
) -> None:
    trap = tmp_path / "trap"
    queue = JobQueue(redis.url)
    evil = queue._queue("default")
    evil.enqueue_call("os.mkdir", args=(str(trap),), job_id="evil")
    evil.enqueue_call(ENTRY, args=("no_such_job", "x"), job_id="unknown")
    run_id = queue_run(engine, input={"steps": 1})
    evil.enqueue_call(ENTRY, args=("break_down", run_id), job_id="wrong")
    hand_over(engine, queue, KINDS, clock())
    with pool(url, redis.url):
        ended(engine, run_id)
    assert not trap.exists()


def test_a_message_is_two_words_of_json_and_waits_only_once(redis: RedisServer) -> None:
    queue = JobQueue(redis.url)
    assert queue.enqueue("count", "r-1", "bulk", "key:1")
    assert not queue.enqueue("count", "r-1", "bulk", "key:1")
    assert [(each.queue, each.waiting) for each in queue.depths()] == [
        ("critical", 0),
        ("default", 0),
        ("bulk", 1),
    ]
    with pytest.raises(ValueError, match="no queue is called 'slow'"):
        queue.enqueue("count", "r-1", "slow", "key:1")


def test_a_message_whose_worker_died_before_claiming_is_replaced(redis: RedisServer) -> None:
    queue = JobQueue(redis.url)
    queue.enqueue("count", "r-1", "default", "key-1")
    with Redis.from_url(redis.url) as client:
        client.delete("rq:queue:default")
    assert queue.enqueue("count", "r-1", "default", "key-1")


def test_every_two_queues_have_a_worker_that_never_takes_the_third() -> None:
    lanes = [set(queues_of(n)) for n in range(3)]
    assert all({*QUEUES} - {one} in lanes for one in QUEUES)
    assert [queues_of(n) for n in range(3, 6)] == [queues_of(n) for n in range(3)]


def test_stuck_jobs_of_one_queue_hold_back_no_other_even_where_one_worker_is_asked_for(
    redis: RedisServer, tmp_path: Path
) -> None:
    stuck = "default"
    url = sqlite_url(tmp_path)
    engine = plain_engine(url)
    METADATA.create_all(engine)
    endless = [queue_run(engine, "forever", queue=stuck) for _ in range(4)]
    hand_over(engine, JobQueue(redis.url), KINDS, clock())
    with pool(url, redis.url, workers=1):
        until(lambda: sum(row_of(engine, one).state == "running" for one in endless) == 2)
        for other in QUEUES:
            if other != stuck:
                run_id = queue_run(engine, input={"steps": 1}, queue=other)
                hand_over(engine, JobQueue(redis.url), KINDS, clock())
                ended(engine, run_id)
        assert {row_of(engine, one).state for one in endless} == {"running", "queued"}
        for one in endless:
            with engine.begin() as connection:
                runs.ask_to_cancel(connection, one, clock())
    engine.dispose()
