"""The tables and the throw-away jobs of the job tests; also what their worker processes run."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from runtime.jobs.outbox import outbox_table
from runtime.jobs.pool import run_pool
from runtime.jobs.registry import JobKind
from runtime.jobs.tables import job_log_table, job_run_table, schedule_table
from runtime.jobs.worker import JobRuntime, WorkerSetup
from runtime.processes import kill_session
from tests.databases import plain_engine

ROOT = Path(__file__).resolve().parents[2]

METADATA = sa.MetaData()
for _make in (outbox_table, job_run_table, job_log_table, schedule_table):
    _make(METADATA)
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


def break_down(run_id: str, runtime: JobRuntime) -> None:
    runtime.run.note("about to divide")
    raise ZeroDivisionError(run_id)


KINDS = {
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
            process.wait(15)
        finally:
            kill_session(process.pid)
