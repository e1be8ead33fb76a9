"""What the tests of the house share: waiting, free ports, and the root of the checkout."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).resolve().parents[2]

Found = TypeVar("Found")


def until(claim: Callable[[], Found], seconds: float = 120.0) -> Found:
    """Wait until something is true and return it."""
    deadline = time.monotonic() + seconds
    while not (found := claim()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)
    return found


def free_port() -> int:
    """Return a port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
