"""The process tree: started in order, watched, stopped in reverse, and never left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from runtime.processes import kill_session, session_members
from tests.jobs.shop import ROOT

TREE = """
import os, sys
from runtime import logs
from runtime.supervisor import Service, http_ready, run
logs.configure("human")
def note(text):
    with open({notes!r}, "a") as file:
        file.write(text + chr(10))
services = [{services}]
sys.exit(run(services, dict(os.environ), on_ready=lambda: note("all ready")))
"""

STEADY = """
import os, signal, subprocess, sys, time
notes, name = sys.argv[1:3]
def note(text):
    with open(notes, "a") as file:
        file.write(text + chr(10))
def stop(number, frame):
    note(f"{name} stops")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], process_group=0)
note(f"{name} runs as {os.getpid()}")
while True:
    time.sleep(600)
"""
"""Stops politely, but has a child in a group of its own that would outlive it."""

STUBBORN = STEADY.replace("sys.exit(0)", "pass")

WEB = """
import http.server, os, sys
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("X-Start-Token", os.environ["SHOPWRIGHT_START_TOKEN"])
        self.end_headers()
    def log_message(self, *words):
        pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Page).serve_forever()
"""


class Tree:
    """A running supervisor and what its services wrote down."""

    def __init__(self, process: subprocess.Popen[bytes], notes: Path) -> None:
        self.process, self._notes = process, notes

    def notes(self) -> list[str]:
        return self._notes.read_text().splitlines() if self._notes.exists() else []

    def pid_of(self, name: str) -> int:
        """Return the process of the latest start of a service."""
        starts = [line for line in self.notes() if line.startswith(f"{name} runs as ")]
        return int(starts[-1].rpartition(" ")[2]) if starts else 0


def until(claim: Callable[[], Any], seconds: float = 120.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (value := claim()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)
    return value


@contextmanager
def tree(tmp_path: Path, services: str) -> Iterator[Tree]:
    notes = tmp_path / "notes"
    script = TREE.format(notes=str(notes), services=services)
    process = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, start_new_session=True)
    running = Tree(process, notes)
    try:
        yield running
    finally:
        kill_session(process.pid)
        process.wait()
        for line in running.notes():
            if " runs as " in line:
                kill_session(int(line.rpartition(" ")[2]))


def service(tmp_path: Path, name: str, script: str = STEADY, options: str = "") -> str:
    argv = [sys.executable, "-c", script, str(tmp_path / "notes"), name]
    return f"Service({name!r}, {argv!r}, {options}),"


def everybody(running: Tree) -> list[int]:
    """Return the sessions of all services ever started."""
    return [int(line.rpartition(" ")[2]) for line in running.notes() if " runs as " in line]


def nobody_is_left(running: Tree) -> bool:
    return not any(map(session_members, everybody(running)))


def test_services_stop_in_reverse_order_on_ctrl_c_and_nobody_is_left(tmp_path: Path) -> None:
    three = "".join(service(tmp_path, name) for name in ("redis", "workers", "web"))
    with tree(tmp_path, three) as running:
        until(lambda: "all ready" in running.notes() and running.pid_of("web"))
        until(lambda: running.pid_of("workers") and running.pid_of("redis"))
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(120) == 0
        stops = [line for line in running.notes() if line.endswith("stops")]
        assert stops == ["web stops", "workers stops", "redis stops"]
        until(lambda: nobody_is_left(running))


def test_a_service_that_dies_is_started_again_after_its_children_are_gone(tmp_path: Path) -> None:
    with tree(tmp_path, service(tmp_path, "web")) as running:
        first = until(lambda: running.pid_of("web"))
        until(lambda: len(session_members(first)) == 2)
        os.kill(first, signal.SIGKILL)
        second = until(lambda: running.pid_of("web") != first and running.pid_of("web"))
        assert session_members(first) == []
        assert session_members(second)


def test_a_second_ctrl_c_kills_what_does_not_stop(tmp_path: Path) -> None:
    with tree(tmp_path, service(tmp_path, "workers", STUBBORN)) as running:
        until(lambda: running.pid_of("workers"))
        running.process.send_signal(signal.SIGINT)
        until(lambda: "workers stops" in running.notes())
        assert running.process.poll() is None
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(120) == 0
        until(lambda: nobody_is_left(running))


@pytest.mark.parametrize("script", [STEADY, STUBBORN], ids=["polite", "stubborn"])
def test_no_process_survives_a_killed_supervisor(tmp_path: Path, script: str) -> None:
    with tree(tmp_path, service(tmp_path, "workers", script)) as running:
        session = until(lambda: running.pid_of("workers"))
        until(lambda: len(session_members(session)) == 2)
        running.process.kill()
        until(lambda: nobody_is_left(running))


def test_the_next_service_waits_until_this_start_of_the_web_answers_with_its_token(
    tmp_path: Path,
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    argv = [sys.executable, "-c", WEB, str(port)]
    web = f"Service('web', {argv!r}, ready=http_ready('http://127.0.0.1:{port}/healthz')),"
    orphan = subprocess.Popen(
        argv, env={**os.environ, "SHOPWRIGHT_START_TOKEN": "of yesterday"}, start_new_session=True
    )
    try:
        until(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0)
        with tree(tmp_path, web + service(tmp_path, "after")) as running:
            time.sleep(1.5)
            assert running.notes() == []
            kill_session(orphan.pid)
            until(lambda: "all ready" in running.notes() and running.pid_of("after"))
            running.process.send_signal(signal.SIGTERM)
            assert running.process.wait(120) == 0
    finally:
        kill_session(orphan.pid)
        orphan.wait()


def test_a_service_that_never_starts_ends_the_tree_with_an_error(tmp_path: Path) -> None:
    broken = "Service('web', [sys.executable, '-c', 'raise SystemExit(3)'], lambda token: False),"
    runs = f"lambda token: os.path.exists({str(tmp_path / 'notes')!r})"
    with tree(tmp_path, service(tmp_path, "redis", options=runs) + broken) as running:
        assert running.process.wait(120) == 1
        assert "redis stops" in running.notes()
        assert "all ready" not in running.notes()
        until(lambda: nobody_is_left(running))
