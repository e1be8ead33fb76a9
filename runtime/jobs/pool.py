"""A pool of worker processes: forked after the application is loaded, restarted when one dies.

The parent only waits. SIGTERM (or Ctrl-C) is passed on once; workers finish or pause what they
do and the pool ends when the last has. Workers die with the parent, jobs with their worker.
"""

from __future__ import annotations

import logging
import multiprocessing
import multiprocessing.connection
import os
import signal
import time
from multiprocessing.context import ForkProcess
from types import FrameType

from runtime.jobs import queue, worker
from runtime.processes import die_with_parent

SHORTEST_LIFE = 5.0
"""Seconds; a worker that dies sooner is started again only after a pause."""

PAUSE = 2.0

TOLD = frozenset({signal.SIGTERM, signal.SIGINT})
"""How the pool is told to end."""

log = logging.getLogger(__name__)


def run_pool(url: str, workers: int, setup: worker.WorkerSetup) -> None:
    """Run this many workers until SIGTERM or SIGINT; call it from the main thread of a process.

    There is at least one for each of `queue.LANES`: with fewer, one stuck job could hold back a
    queue it is not in.
    """
    worker.prepare(setup)
    setup.engine.dispose()
    _Pool(url, max(workers, len(queue.LANES)), setup).run()


class _Pool:
    def __init__(self, url: str, workers: int, setup: worker.WorkerSetup) -> None:
        self._url, self._workers, self._setup = url, workers, setup
        self._running: dict[int, ForkProcess] = {}
        self._born: dict[int, float] = {}
        self._stopping = False

    def run(self) -> None:
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        for position in range(self._workers):
            self._start(position)
        while self._running:
            multiprocessing.connection.wait(
                [process.sentinel for process in self._running.values()], timeout=1.0
            )
            for position, process in list(self._running.items()):
                if not process.is_alive():
                    self._ended(position, process)

    def _start(self, position: int) -> None:
        """Start a worker, unless the pool is ending.

        Signals wait meanwhile. One that came between the fork and the note of it would be passed
        on to all but the new worker; one that the new worker got before it has forgotten the
        handler of its parent would be swallowed. Either way the pool would never end.
        """
        signal.pthread_sigmask(signal.SIG_BLOCK, TOLD)
        try:
            if self._stopping:
                return
            process = multiprocessing.get_context("fork").Process(
                target=_work,
                args=(self._url, position, os.getpid(), self._setup),
                name=f"worker-{position}",
            )
            process.start()
            self._running[position] = process
            self._born[position] = time.monotonic()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, TOLD)

    def _ended(self, position: int, process: ForkProcess) -> None:
        process.join()
        del self._running[position]
        if self._stopping:
            return
        log.warning("worker %s ended with %s and is started again", position, process.exitcode)
        if time.monotonic() - self._born[position] < SHORTEST_LIFE:
            time.sleep(PAUSE)
        self._start(position)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True
        for process in self._running.values():
            process.terminate()


def _work(url: str, position: int, parent: int, setup: worker.WorkerSetup) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, TOLD)
    die_with_parent(signal.SIGTERM)()
    if os.getppid() != parent:
        return
    name = f"{os.uname().nodename}-{os.getpid()}-{position}"

    def after(job_name: str, run_id: str, seconds: float) -> None:
        worker.report(setup, job_name, run_id, seconds)

    queue.work(url, queue.queues_of(position), name, after)
