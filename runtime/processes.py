"""Process trees that leave nobody behind: dying with a parent, ending a whole session, the guard.

A service is started as the leader of a session. Its children may change their process group (RQ's
do) or outlive their parent (granian's do), but stay in the session, so a session is what is ended.
Run as a script this file is the guard: it reads session ids from its standard input, and when that
closes without a word of goodbye it ends those sessions. It uses the standard library alone, so the
guard needs neither this package nor its dependencies in memory.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

PR_SET_PDEATHSIG = 1
GOODBYE = "goodbye"
GUARD_GRACE = 8.0
"""Seconds that services have to finish when their supervisor was killed."""


def die_with_parent(number: int = signal.SIGTERM) -> Callable[[], None]:
    """Return what a child runs after the fork so that the kernel signals it when its parent dies.

    Only Linux offers this (prctl); elsewhere the function does nothing. The C library is loaded
    here, before the fork, because little may safely happen between fork and exec.
    """
    if not sys.platform.startswith("linux"):
        return lambda: None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    return lambda: prctl(PR_SET_PDEATHSIG, int(number))


def stop_on_signals() -> threading.Event:
    """Return an event that SIGTERM or SIGINT sets; call it from the main thread of a service."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: stop.set())
    return stop


def session_members(session: int) -> list[int]:
    """Return the living processes of a session, leader included; none where /proc is absent."""
    members = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _parent, _group, its_session = stat.read_text().rpartition(")")[2].split()[:4]
        except (OSError, ValueError):
            continue  # it ended while we looked
        if state not in "ZX" and int(its_session) == session:
            members.append(int(stat.parent.name))
    return members


def kill_session(session: int) -> None:
    """Kill every process of a session, including those it starts while this runs."""
    for _ in range(50):
        members = session_members(session)
        for pid in members:
            _send(pid, signal.SIGKILL)
        if not members:
            break
        time.sleep(0.02)
    if not Path("/proc/self").exists():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(session, signal.SIGKILL)


def guard(lines: Iterable[str]) -> None:
    """Remember sessions (`+ID`, `-ID`) until the lines end; without a goodbye, end them."""
    sessions: set[int] = set()
    for line in lines:
        word = line.strip()
        if word == GOODBYE:
            return
        if word.startswith("+"):
            sessions.add(int(word[1:]))
        elif word.startswith("-"):
            sessions.discard(int(word[1:]))
    for session in sessions:
        _send(session, signal.SIGTERM)
    deadline = time.monotonic() + GUARD_GRACE
    while time.monotonic() < deadline and any(
        session in session_members(session) for session in sessions
    ):
        time.sleep(0.1)
    for session in sessions:
        kill_session(session)


def _send(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


if __name__ == "__main__":
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    guard(sys.stdin)
