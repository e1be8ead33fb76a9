"""What a worker does with a message: claim the run, run its job, write down how it ended.

`perform` is the one importable entry. What it needs (engine, clock, kinds, the application) is
put in place by `prepare` before the pool forks, so no job loads the application again.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import sqlalchemy as sa
from rq.timeouts import JobTimeoutException
from sqlalchemy.exc import SQLAlchemyError

from runtime import logs
from runtime.jobs import runs
from runtime.jobs.queue import PAUSE_SIGNAL
from runtime.jobs.registry import JobKind
from runtime.jobs.tables import RUN
from runtime.processes import die_with_parent

LEASE = timedelta(seconds=60)

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]


class RunPaused(Exception):
    """The worker is stopping; the run goes back to the queue and resumes at its checkpoint."""


@dataclass(frozen=True)
class WorkerSetup:
    """What every job of this process shares."""

    engine: sa.Engine
    clock: Clock
    kinds: Mapping[str, JobKind]
    application: Any = None
    """Whatever the composition root wants its jobs to have, such as `handle`."""
    lease: timedelta = LEASE
    results: Path | None = None
    """The folder for the files that runs make; None where there is none."""
    finished: Callable[[str, str, float], None] = lambda job, state, seconds: None
    """Told the job's name, the run's new state and the seconds, in the worker, not in its job."""


@dataclass(frozen=True)
class JobRuntime:
    """What a job's `run(run_id, runtime)` works with."""

    engine: sa.Engine
    clock: Clock
    application: Any
    run: RunningRun
    results: Path | None = None
    """The folder for the files that runs make."""


class RunningRun:
    """The run a job is working on."""

    def __init__(self, setup: WorkerSetup, held: runs.Claim) -> None:
        self._setup, self.claim = setup, held
        self.stopping = threading.Event()
        self.finished = False

    @property
    def input(self) -> Mapping[str, Any]:
        """What the run was asked to do."""
        return self.claim.input

    @property
    def checkpoint(self) -> Any:
        """What the last committed chunk left, None at the first start."""
        return self.claim.checkpoint

    def advance(self, connection: sa.Connection, **changes: Any) -> None:
        """Write done, total, message or checkpoint in the transaction of a chunk's effects."""
        runs.advance(connection, self.claim, self._setup.clock(), self._setup.lease, changes)

    def succeed(self, connection: sa.Connection, result: Any = None) -> None:
        """Finish the run in the transaction of its last effects: together, or not at all."""
        runs.succeed(connection, self.claim, self._setup.clock(), result)
        self.finished = True

    def progress(self, done: int, total: int | None = None, message: str = "") -> None:
        """Tell how far the run is, in a transaction of its own; stops here when asked to.

        For work whose effects need no transaction with it, such as a calculation.
        """
        self.pause_point()
        changes: dict[str, Any] = {"done": done, "message": message or None}
        if total is not None:
            changes["total"] = total
        with self._setup.engine.begin() as connection:
            self.advance(connection, **changes)

    def note(
        self,
        text: str,
        level: str = "info",
        code: str = "",
        params: Mapping[str, Any] | None = None,
    ) -> None:
        """Add a line to the run's log, in a transaction of its own."""
        now = self._setup.clock()
        with self._setup.engine.begin() as connection:
            runs.write_log(
                connection, self.claim.run_id, now, level, text, code=code, params=params
            )

    def pause_point(self) -> None:
        """Call between chunks: leaves the job here when its worker has been asked to stop."""
        if self.stopping.is_set():
            raise RunPaused(self.claim.run_id)


_setup: list[WorkerSetup] = []


def prepare(setup: WorkerSetup) -> None:
    """Say what the jobs of this process and its forks work with."""
    _setup[:] = [setup]


def perform(job_name: str, run_id: str) -> None:
    """Run one run to its end; a message that nobody asked for changes nothing.

    Runs in a process of its own which dies with its worker, so a run has one process at a time.
    """
    with logs.within(run_id):
        _perform(job_name, run_id)


def _perform(job_name: str, run_id: str) -> None:
    setup = _setup[0]
    die_with_parent(signal.SIGKILL)()
    setup.engine.dispose(close=False)
    work_on(setup, job_name, run_id, _worker_name(os.getppid()))


def work_on(setup: WorkerSetup, job_name: str, run_id: str, worker: str) -> str | None:
    """Claim a run and work on it here and now; return its state, None when it is not waiting."""
    kind = setup.kinds.get(job_name)
    if kind is None:
        log.error("job refused: no job is called %s", job_name)
        return None
    with setup.engine.begin() as connection:
        held = runs.claim(connection, run_id, job_name, worker, setup.clock(), setup.lease)
    if held is None:
        log.info("run not started: %s is not waiting", run_id)
        return None
    started = time.monotonic()
    state = _run(setup, kind, held)
    seconds = time.monotonic() - started
    fields = {
        "job": job_name,
        "run": run_id,
        "state": state,
        "attempt": held.attempt,
        "seconds": round(seconds, 3),
    }
    logs.event(log, "job", fields)
    return state


def report(setup: WorkerSetup, job_name: str, run_id: str, seconds: float) -> None:
    """Tell `finished` how a run ended, also when its process was killed; called in the worker."""
    with setup.engine.begin() as connection:
        state = connection.execute(sa.select(RUN.c.state).where(RUN.c.id == run_id)).scalar()
        if state == "running" and runs.expire_lease(
            connection, run_id, _worker_name(os.getpid()), setup.clock()
        ):
            log.warning("the process of run %s was killed", run_id)
            state = "killed"
    if state is not None and job_name in setup.kinds:
        setup.finished(job_name, str(state), seconds)


def _run(setup: WorkerSetup, kind: JobKind, held: runs.Claim) -> str:
    current = RunningRun(setup, held)
    runtime = JobRuntime(setup.engine, setup.clock, setup.application, current, setup.results)
    with _Heartbeat(setup, held), _PauseSignal(current):
        try:
            kind.run(held.run_id, runtime)
        except runs.LeaseLost:
            return "lost"
        except runs.RunCancelled:
            return _end(setup, lambda each: _cancelled(each, held, setup.clock()))
        except RunPaused:
            return _end(setup, lambda each: _paused(each, held, setup.clock()))
        except Exception as error:
            log.exception("job %s failed in run %s", kind.name, held.run_id)
            text = _told(error)
            return _end(setup, lambda each: _failed(each, kind, held, setup.clock(), text))
        if current.finished:
            return "succeeded"
        return _end(setup, lambda each: _succeeded(each, held, setup.clock()))


def _told(error: Exception) -> str:
    """Return the trace of an error and, as its last line, what began it.

    An interrupted statement fails again while its connection is put back, and only the end of
    a long trace is kept; so the time limit, or else the first of the errors, is named last.
    """
    chain: list[BaseException] = [error]
    while (before := chain[-1].__cause__ or chain[-1].__context__) and before not in chain:
        chain.append(before)
    limits = [each for each in chain if isinstance(each, JobTimeoutException)]
    began = (limits or chain)[-1]
    text = "".join(traceback.format_exception(error))
    if began is error:
        return text
    return f"{text}\nIt began with: {''.join(traceback.format_exception_only(began)).strip()}\n"


def _end(setup: WorkerSetup, write: Callable[[sa.Connection], str]) -> str:
    try:
        with setup.engine.begin() as connection:
            return write(connection)
    except runs.LeaseLost:
        return "lost"


def _failed(
    connection: sa.Connection, kind: JobKind, held: runs.Claim, now: datetime, text: str
) -> str:
    return runs.fail(connection, held, now, text, timedelta(seconds=kind.pause))


def _succeeded(connection: sa.Connection, held: runs.Claim, now: datetime) -> str:
    runs.succeed(connection, held, now)
    return "succeeded"


def _cancelled(connection: sa.Connection, held: runs.Claim, now: datetime) -> str:
    runs.cancelled(connection, held, now)
    return "cancelled"


def _paused(connection: sa.Connection, held: runs.Claim, now: datetime) -> str:
    runs.pause(connection, held, now)
    return "queued"


def _worker_name(pid: int) -> str:
    return f"{socket.gethostname()}:{pid}"


class _Heartbeat:
    """Extends the lease three times per lease while the job works, from a thread of its own."""

    def __init__(self, setup: WorkerSetup, held: runs.Claim) -> None:
        self._setup, self._held = setup, held
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *error: object) -> None:
        self._end.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._end.wait(self._setup.lease.total_seconds() / 3):
            try:
                with self._setup.engine.begin() as connection:
                    kept = runs.extend(
                        connection, self._held, self._setup.clock(), self._setup.lease
                    )
            except SQLAlchemyError as error:
                # a busy database is asked again at the next beat; two beats are to spare
                log.warning("heartbeat of run %s failed: %s", self._held.run_id, error)
                continue
            if not kept:
                return


class _PauseSignal:
    """Turns the worker's signal into `stopping` while a job runs in a process's main thread."""

    def __init__(self, current: RunningRun) -> None:
        self._current = current
        self._in_main = threading.current_thread() is threading.main_thread()
        self._before: Any = None

    def __enter__(self) -> None:
        if self._in_main:
            self._before = signal.signal(PAUSE_SIGNAL, self._stop)

    def __exit__(self, *error: object) -> None:
        if self._in_main:
            signal.signal(PAUSE_SIGNAL, self._before)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._current.stopping.set()
