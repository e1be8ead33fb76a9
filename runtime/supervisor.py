"""One command, one process tree: services start in order, are watched, and stop in reverse order.

A service is an argument list and a question "are you ready?". The next one starts when the answer
is yes. Ready means that *this* start answers: each start gets a fresh token in its environment
which the service must give back, because an open port may belong to an orphan with old code.
One that ends is started again after a growing pause, once its whole session is gone. Ctrl-C stops
politely from the last to the first; a second Ctrl-C kills. A guard process ends everything when
the supervisor itself is killed.

Knows nothing of Flask, RQ or databases; reads no environment; logs and never prints, because a
closed standard output must not end the shop.
"""

from __future__ import annotations

import contextlib
import http.client
import logging
import secrets
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType
from urllib.parse import urlsplit

from runtime import logs, processes

TOKEN_VARIABLE = "SHOPWRIGHT_START_TOKEN"
TOKEN_HEADER = "X-Start-Token"

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
STABLE_AFTER = 30.0
"""Seconds of life after which earlier failures of a service are forgotten."""

GIVE_UP_AFTER = 5
"""Failed starts of a service that was never ready: the set-up is wrong, so the tree ends with 1."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Service:
    """One process of the tree."""

    name: str
    argv: Sequence[str]
    ready: Callable[[str], bool] = lambda token: True
    """Asked with the token of the present start until it says yes; must answer within a second."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables added to the ones every service gets."""
    start_seconds: float = 60.0
    grace_seconds: float = 30.0
    """How long it may finish what it does after SIGTERM; longer than one chunk of a job."""


def http_ready(url: str) -> Callable[[str], bool]:
    """Return a question that is answered yes when a GET with the start token gives 200 and it back.

    Who asks without the token is not told it, and a process of an earlier start does not know it.
    """
    parts = urlsplit(url)

    def ready(token: str) -> bool:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=1)
        try:
            connection.request("GET", parts.path or "/", headers={TOKEN_HEADER: token})
            answer = connection.getresponse()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        return answer.status == 200 and answer.getheader(TOKEN_HEADER) == token

    return ready


def run(
    services: Sequence[Service],
    environment: Mapping[str, str],
    on_ready: Callable[[], None] = lambda: None,
    new_token: Callable[[], str] = lambda: secrets.token_hex(16),
) -> int:
    """Run the services until SIGINT or SIGTERM and return the exit code; needs the main thread.

    `on_ready` is called once, when all of them are ready for the first time.
    """
    return _Tree(services, environment, on_ready, new_token).run()


class _Child:
    """One service and its present process."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.process: subprocess.Popen[bytes] | None = None
        self.token = ""
        self.ready = self.was_ready = False
        self.failures = 0
        self.started_at = self.start_again_at = 0.0


class _Tree:
    def __init__(
        self,
        services: Sequence[Service],
        environment: Mapping[str, str],
        on_ready: Callable[[], None],
        new_token: Callable[[], str],
    ) -> None:
        self._children = [_Child(service) for service in services]
        self._environment, self._on_ready, self._new_token = environment, on_ready, new_token
        self._announced = False
        self._stop_signals = 0
        self._exit_code = 0
        self._woken, self._waker = socket.socketpair()
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", str(processes.__file__)],
            stdin=subprocess.PIPE,
            start_new_session=True,
            text=True,
        )

    def run(self) -> int:
        self._listen()
        try:
            while not self._stop_signals and not self._exit_code:
                self._watch()
                self._sleep(0.1 if not self._announced else 1.0)
            self._stop_all()
        finally:
            self._tell_guard(processes.GOODBYE)
            self._guard.communicate()
            signal.set_wakeup_fd(-1)
        return self._exit_code

    def _listen(self) -> None:
        for end in (self._woken, self._waker):
            end.setblocking(False)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._asked_to_stop)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)

    def _asked_to_stop(self, number: int, frame: FrameType | None) -> None:
        self._stop_signals += 1

    def _sleep(self, seconds: float) -> None:
        select.select([self._woken], [], [], seconds)
        with contextlib.suppress(BlockingIOError):
            while self._woken.recv(512):
                pass

    def _watch(self) -> None:
        all_before_ready = True
        for child in self._children:
            if self._stop_signals:
                return
            if child.process is not None and child.process.poll() is not None:
                self._ended(child, f"ended with {child.process.returncode}")
            if child.process is None and all_before_ready:
                if time.monotonic() >= child.start_again_at:
                    self._start(child)
            elif child.process is not None and not child.ready:
                self._ask(child)
            all_before_ready = all_before_ready and child.ready
        if all_before_ready and not self._announced:
            self._announced = True
            self._on_ready()

    def _start(self, child: _Child) -> None:
        service, child.token = child.service, self._new_token()
        given = {**self._environment, **service.environment, TOKEN_VARIABLE: child.token}
        child.process = subprocess.Popen(
            list(service.argv),
            stdin=subprocess.DEVNULL,
            stdout=2,
            env=given,
            start_new_session=True,
            preexec_fn=processes.die_with_parent(),
        )
        child.started_at = time.monotonic()
        self._tell_guard(f"+{child.process.pid}")
        logs.event(log, "service started", {"service": service.name, "pid": child.process.pid})
        self._ask(child)

    def _ask(self, child: _Child) -> None:
        if child.service.ready(child.token):
            child.ready = child.was_ready = True
            seconds = round(time.monotonic() - child.started_at, 2)
            logs.event(log, "service ready", {"service": child.service.name, "seconds": seconds})
        elif time.monotonic() - child.started_at > child.service.start_seconds:
            self._ended(child, f"was not ready after {child.service.start_seconds:g} s")

    def _ended(self, child: _Child, why: str) -> None:
        lived = time.monotonic() - child.started_at
        self._clear(child)
        child.failures = 1 if child.was_ready and lived > STABLE_AFTER else child.failures + 1
        pause = min(FIRST_PAUSE * 2.0 ** (child.failures - 1), LONGEST_PAUSE)
        child.start_again_at = time.monotonic() + pause
        fields = {"service": child.service.name, "why": why, "again_in": pause}
        log.warning("service ended", extra={"fields": fields})
        if not child.was_ready and child.failures >= GIVE_UP_AFTER:
            log.error("%s does not start; everything stops", child.service.name)
            self._exit_code = 1

    def _clear(self, child: _Child) -> None:
        """End what is left of a service, so that no orphan keeps its port."""
        if child.process is None:
            return
        processes.kill_session(child.process.pid)
        child.process.wait()
        self._tell_guard(f"-{child.process.pid}")
        child.process, child.ready = None, False

    def _stop_all(self) -> None:
        asked = self._stop_signals
        for child in reversed(self._children):
            if child.process is None:
                continue
            child.process.terminate()
            deadline = time.monotonic() + child.service.grace_seconds
            while child.process.poll() is None and self._stop_signals <= max(asked, 1):
                if time.monotonic() > deadline:
                    log.warning("%s did not stop in time and is killed", child.service.name)
                    break
                self._sleep(0.2)
            self._clear(child)
            logs.event(log, "service stopped", {"service": child.service.name})

    def _tell_guard(self, word: str) -> None:
        if self._guard.stdin is None or self._guard.stdin.closed:
            return
        try:
            self._guard.stdin.write(word + "\n")
            self._guard.stdin.flush()
        except BrokenPipeError:
            # without its guard the tree still stops in order; the kernel's signal remains
            log.warning("the guard process has ended")
            with contextlib.suppress(BrokenPipeError):
                self._guard.stdin.close()
