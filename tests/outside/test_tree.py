"""Everything as `run` starts it: real workers, scheduler, Redis, web and simulator, some killed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from runtime.outside import calls
from runtime.outside.box import Box, Outside
from runtime.processes import kill_session
from runtime.settings import DEVELOPMENT_SECRET
from tests.jobs.test_tree import until
from tests.outside.provider import SHOP
from tests.outside.shop import Desk
from tests.shop import person, reopen_shop

ROOT = Path(__file__).resolve().parents[2]
PAYMENTS = 12

LONGEST = calls.LEASE.total_seconds() + 420
"""Seconds; a worker that is killed amid a call keeps its lease, and who comes next waits for it."""


def free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def running(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    given = {
        **{key: value for key, value in os.environ.items() if not key.startswith("SHOPWRIGHT_")},
        "SHOPWRIGHT_DATA": str(folder),
        "SHOPWRIGHT_DEFINITIONS": str(SHOP),
        "SHOPWRIGHT_PORT": str(free()),
        "SHOPWRIGHT_SIMULATOR_PORT": str(free()),
        "SHOPWRIGHT_WEB_WORKERS": "1",
        "SHOPWRIGHT_JOB_WORKERS": "1",
    }
    argv = [sys.executable, "app.py", "run", "--no-demo", "--no-watch"]
    with (folder / "run.log").open("w") as log:
        process = subprocess.Popen(
            argv, cwd=ROOT, env=given, stdout=log, stderr=log, start_new_session=True
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(90)
            finally:
                kill_session(process.pid)


def children(pid: int, *words: str) -> list[int]:
    """The processes that a supervisor started whose command line has these words."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            said = (stat.parent / "cmdline").read_text().replace("\0", " ")
        except (OSError, ValueError):
            continue
        if parent == pid and all(word in said for word in words):
            found.append(int(stat.parent.name))
    return found


def test_payments_are_captured_once_although_workers_and_redis_are_killed(tmp_path: Path) -> None:
    with running(tmp_path) as tree:
        log, ledger = tmp_path / "run.log", tmp_path / "simulator.jsonl"
        until(lambda: tree.poll() is not None or "back office is at" in log.read_text())
        assert tree.poll() is None, log.read_text()
        desk = Desk(reopen_shop(f"sqlite:///{tmp_path / 'shop.db'}", SHOP).runtime, person("clerk"))
        desk.runtime.clock = lambda: datetime.now(UTC)  # noqa: TID251 (the tree has the real one)
        desk.runtime.outside = Outside(Box(DEVELOPMENT_SECRET))
        records = [desk.pay(f"P{n}", "7.01" if n % 4 == 3 else "12.50") for n in range(PAYMENTS)]
        for victim in (("worker",), ("redis-server",), ("scheduler",), ("worker",)):
            until(lambda victim=victim: children(tree.pid, *victim))
            for pid in children(tree.pid, *victim):
                os.kill(pid, signal.SIGKILL)

        def left() -> list[str]:
            states = [desk.payment(one)["state"] for one in records]
            return [one for one in states if one in {"open", "capturing"}]

        deadline = time.monotonic() + LONGEST
        while left():
            assert time.monotonic() < deadline, f"{left()}: {log.read_text()[-4000:]}"
            time.sleep(0.1)
        found = [desk.payment(one) for one in records]
        assert [one["state"] for one in found].count("failed") == PAYMENTS // 4
        assert {one["seen"] for one in found if one["state"] == "captured"} == {1}
        deeds = {one["key"]: one for one in map(json.loads, ledger.read_text().splitlines())}
        assert sorted(one["done"] for one in deeds.values()) == [0] * 3 + [1] * 9
        assert desk.incidents() == []
        # the events of the simulator came over HTTP, and were answers that were known by then
        until(lambda: {one["status"] for one in desk.stored("event")} == {"handled"}, 120)
        assert len(desk.stored("event")) == PAYMENTS - PAYMENTS // 4
