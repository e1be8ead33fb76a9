"""The tables and the throw-away jobs of the job tests; also what their worker processes run."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from runtime.jobs.dispatch import deliver_to_jobs
from runtime.jobs.pool import run_pool
from runtime.jobs.queue import JobQueue
from runtime.jobs.registry import JobKind
from runtime.jobs.scheduler import housekeeping, run_scheduler
from runtime.jobs.tables import job_tables
from runtime.jobs.worker import JobRuntime, WorkerSetup
from runtime.processes import kill_session, stop_on_signals
from tests.databases import plain_engine

ROOT = Path(__file__).resolve().parents[2]

METADATA = sa.MetaData()
job_tables(METADATA)
EFFECT = sa.Table(
    "effect",
    METADATA,
    sa.Column("run_id", sa.String(36), nullable=False),
    sa.Column("step", sa.Integer, nullable=False),
)
"""What the throw-away jobs of these tests do to the world; without a key, so doubles are seen."""


def count(run_id: str, runtime: JobRuntime) -> None:
    """Do `steps` effects, one a chunk; stop and wait for a kill after `stuck_after` of them."""
    steps = int(runtime.run.input["steps"])
    for step in range(runtime.run.checkpoint or 0, steps):
        runtime.run.pause_point()
        with runtime.engine.begin() as connection:
            connection.execute(EFFECT.insert().values(run_id=run_id, step=step))
            runtime.run.advance(connection, done=step + 1, total=steps, checkpoint=step + 1)
            if step + 1 == steps:
                runtime.run.succeed(connection, {"counted": steps})
        if step + 1 == runtime.run.input.get("stuck_after") and runtime.run.claim.attempt == 1:
            runtime.run.stopping.wait()


def forever(run_id: str, runtime: JobRuntime) -> None:
    """Make progress until somebody ends it."""
    for step in itertools.count():
        with runtime.engine.begin() as connection:
            runtime.run.advance(connection, done=step + 1)
        time.sleep(0.02)


def settle(run_id: str, runtime: JobRuntime) -> None:
    """Do the one effect of an event, in one transaction with the run's success."""
    with runtime.engine.begin() as connection:
        step = int(runtime.run.input["record"])
        connection.execute(EFFECT.insert().values(run_id=run_id, step=step))
        runtime.run.succeed(connection)


def break_down(run_id: str, runtime: JobRuntime) -> None:
    runtime.run.note("about to divide")
    raise ZeroDivisionError(run_id)


def stumble(run_id: str, runtime: JobRuntime) -> None:
    """Run out of time, and fail once more, at length, while tidying up."""
    try:
        forever(run_id, runtime)
    finally:
        raise RuntimeError("nor can it be tidied up; " * 400)


KINDS = {
    "settle": JobKind("settle", settle),
    "forever": JobKind("forever", forever, attempts=2),
    "hasty": JobKind("hasty", forever, attempts=1, timeout=1),
    "stumble": JobKind("stumble", stumble, attempts=1, timeout=1),
    "count": JobKind("count", count),
    "break_down": JobKind("break_down", break_down, attempts=2),
}


def clock() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


def main(url: str, redis_url: str, workers: int, lease_seconds: float) -> None:
    """Run a pool of workers; the tests start it as a process of its own."""
    lease = timedelta(seconds=lease_seconds)
    run_pool(redis_url, workers, WorkerSetup(plain_engine(url), clock, KINDS, lease=lease))


@contextmanager
def pool(url: str, redis_url: str, workers: int = 1, lease: float = 60.0) -> Iterator[int]:
    """Start a pool and give its process id; afterwards nothing of its session is left."""
    call = f"from tests.jobs.shop import main; main({url!r}, {redis_url!r}, {workers}, {lease})"
    process = subprocess.Popen([sys.executable, "-c", call], cwd=ROOT, start_new_session=True)
    try:
        yield process.pid
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(60)
        finally:
            kill_session(process.pid)


def schedule_main(url: str, redis_url: str) -> None:
    """Run a scheduler; the tests start it as a process of its own."""
    engine, stop = plain_engine(url), stop_on_signals()
    deliver = deliver_to_jobs({"order.paid": ("settle",)}, KINDS, clock)
    queue = JobQueue(redis_url)
    topics, soon = ("order.paid",), timedelta(seconds=3)
    periodics = housekeeping(engine, queue, KINDS, deliver, topics, clock, again_after=soon)
    run_scheduler(engine, [], KINDS, periodics, clock, stop, pause=0.1)
