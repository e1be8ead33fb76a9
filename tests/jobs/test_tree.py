"""Background work as `make run` starts it: Redis, workers, scheduler, one supervisor."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from runtime.jobs.outbox import OUTBOX, Event, emit
from runtime.jobs.redis_server import answers, socket_url
from runtime.processes import kill_session
from tests.jobs.shop import EFFECT, ROOT, clock

TREE = """
import os, sys
from pathlib import Path
from runtime import logs
from runtime.jobs.redis_server import redis_service, socket_url
from runtime.supervisor import Service, run
logs.configure("human")
url, directory = sys.argv[1], Path(sys.argv[2])
redis = socket_url(directory)
def python(name, call):
    return Service(name, [sys.executable, "-c", "from tests.jobs import shop; shop." + call])
sys.exit(run([
    redis_service(directory),
    python("workers", f"main({url!r}, {redis!r}, 2, 3.0)"),
    python("scheduler", f"schedule_main({url!r}, {redis!r})"),
], dict(os.environ)))
"""


def until(claim: Callable[[], Any], seconds: float = 120.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (value := claim()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)
    return value


@contextmanager
def tree(url: str, directory: Path) -> Iterator[subprocess.Popen[bytes]]:
    argv = [sys.executable, "-c", TREE, url, str(directory)]
    process = subprocess.Popen(argv, cwd=ROOT, start_new_session=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(120)
        finally:
            kill_session(process.pid)


def pay(engine: sa.Engine, first: int, count: int) -> None:
    for number in range(first, first + count):
        with engine.begin() as connection:
            emit(connection, [Event("order.paid", "order", str(number))], clock())


def settled(engine: sa.Engine) -> list[int]:
    with engine.connect() as connection:
        return sorted(connection.execute(sa.select(EFFECT.c.step)).scalars())


def test_every_paid_order_is_settled_once_although_the_tree_is_killed_in_the_middle(
    engine: sa.Engine, url: str, tmp_path: Path
) -> None:
    with tree(url, tmp_path) as first:
        pay(engine, 0, 15)
        until(lambda: len(settled(engine)) >= 3)
        pay(engine, 15, 15)
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
    until(lambda: not answers(socket_url(tmp_path)))
    pay(engine, 30, 5)
    for left in tmp_path.glob("appendonly*"):
        left.unlink()
    with tree(url, tmp_path) as second:
        until(lambda: len(settled(engine)) >= 35)
        second.send_signal(signal.SIGINT)
        assert second.wait(120) == 0
    assert settled(engine) == list(range(35))
    undone = sa.select(sa.func.count()).where(OUTBOX.c.done_at.is_(None))
    with engine.connect() as connection:
        assert connection.execute(undone).scalar_one() == 0
