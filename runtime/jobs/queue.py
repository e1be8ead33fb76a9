"""The only file that knows RQ: ids go into a queue, worker processes take them out.

A message is two strings (job name, run id) as JSON, never pickle, and a worker calls exactly one
function whatever a message names: RQ would import any dotted path somebody writes into Redis.
What a run is and whether it may start now is asked of the database (`runtime.jobs.runs`).
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.exceptions import DuplicateJobError, InvalidJobOperation, NoSuchJobError
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer
from rq.worker import DequeueStrategy

from generator.model.job import QUEUES

ENTRY = "runtime.jobs.worker.perform"
PAUSE_SIGNAL = signal.SIGUSR1
"""Sent to the process that runs a job when its worker is asked to stop."""

KEEP_FAILED = 3600
"""Seconds that RQ keeps its own record of a broken message; ours stays in the database."""

LANES = (("critical", "default"), ("default", "bulk"), ("critical", "bulk"))
"""What workers listen to, in turn. No worker serves every queue, and every two queues have a worker
that never takes the third: jobs of one queue that are stuck or without end hold back their own."""

_NOT_IN_AN_ID = re.compile(r"[^A-Za-z0-9_-]")


class QueueUnavailable(Exception):
    """Redis did not answer; the run stays queued in the database and is handed over later."""


class UnknownFunction(Exception):
    """A message in Redis names something else than our entry function; it is not imported."""


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """How many messages wait in one queue."""

    queue: str
    waiting: int


class OnlyEntry(Job):
    """A message that can call nothing but the entry function, and no callback at all."""

    @property
    def func(self) -> Callable[..., Any]:
        if self.func_name != ENTRY or self.instance is not None:
            raise UnknownFunction(str(self.func_name))
        entry: Callable[..., Any] = super().func
        return entry

    @property
    def success_callback(self) -> None:
        return None

    @property
    def failure_callback(self) -> None:
        return None

    @property
    def stopped_callback(self) -> None:
        return None


class PausingWorker(Worker):
    """A worker that tells its running job to stop at the next chunk when it is asked to stop."""

    after: Callable[[str, str, float], None]
    """Told the job's name, the run's id and the seconds, when the job's process has ended."""

    def execute_job(self, job: Job, queue: Queue) -> None:
        started = time.monotonic()
        super().execute_job(job, queue)
        if job.func_name == ENTRY:
            job_name, run_id = job.args
            self.after(job_name, run_id, time.monotonic() - started)

    def handle_warm_shutdown_request(self) -> None:
        if self.horse_pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.horse_pid, PAUSE_SIGNAL)


class JobQueue:
    """The queues of one Redis; safe to share between threads and to keep across forks."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._redis = Redis.from_url(url, socket_connect_timeout=2, socket_timeout=5)

    def enqueue(
        self, job_name: str, run_id: str, queue: str, unique_key: str, timeout: int = 3600
    ) -> bool:
        """Hand a run over; False when the same message already waits. Raises QueueUnavailable.

        A message whose worker died before claiming the run would block its key until RQ's own
        clean-up (minutes), so one that neither waits nor runs is replaced. That is safe: the
        claim in the database lets only one of two messages start the run.
        """
        message_id = _NOT_IN_AN_ID.sub("-", unique_key)
        target = self._queue(queue)
        try:
            if self._is_waiting(target, message_id):
                return False
            target.enqueue_call(
                ENTRY,
                args=(job_name, run_id),
                timeout=timeout,
                result_ttl=0,
                failure_ttl=KEEP_FAILED,
                description=f"{job_name} {run_id}",
                job_id=message_id,
                unique=True,
            )
        except DuplicateJobError:
            return False
        except RedisError as error:
            raise QueueUnavailable(str(error)) from error
        return True

    def depths(self) -> list[QueueDepth]:
        """Return how many messages wait in each queue; raises QueueUnavailable."""
        try:
            return [QueueDepth(name, self._queue(name).count) for name in QUEUES]
        except RedisError as error:
            raise QueueUnavailable(str(error)) from error

    def close(self) -> None:
        """Give back the connections of this process."""
        self._redis.close()

    def _queue(self, name: str) -> Queue:
        if name not in QUEUES:
            raise ValueError(f"no queue is called {name!r}; there are {', '.join(QUEUES)}")
        return Queue(name, connection=self._redis, serializer=JSONSerializer, job_class=OnlyEntry)

    def _is_waiting(self, target: Queue, message_id: str) -> bool:
        try:
            known = OnlyEntry.fetch(message_id, self._redis, serializer=JSONSerializer)
            status = known.get_status()
        except (NoSuchJobError, InvalidJobOperation):
            return False
        if status == JobStatus.QUEUED and target.get_job_position(message_id) is not None:
            return True
        known.delete()
        return False


def work(
    url: str, queues: Sequence[str], name: str, after: Callable[[str, str, float], None]
) -> None:
    """Take runs from these queues until SIGTERM; then finish the current chunk.

    What is critical comes first; the other queues take turns.
    """
    worker = PausingWorker(
        list(queues),
        name=name,
        connection=Redis.from_url(url),
        serializer=JSONSerializer,
        job_class=OnlyEntry,
        log_job_description=False,
    )
    worker.after = after
    is_urgent = "critical" in queues
    turns = DequeueStrategy.DEFAULT if is_urgent else DequeueStrategy.ROUND_ROBIN
    worker.work(logging_level="WARNING", dequeue_strategy=turns)


def queues_of(position: int) -> tuple[str, ...]:
    """Return what the worker at a position (from 0) listens to, most urgent first."""
    return LANES[position % len(LANES)]
