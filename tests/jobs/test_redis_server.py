"""The embedded Redis: found by its directory, private, durable, and gone with its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from redis import Redis

from runtime.jobs.redis_server import RedisServer, answers, socket_path, socket_url
from tests.jobs.shop import ROOT


def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as server, Redis.from_url(server.url) as client:
        client.set("kept", "yes")
    assert not answers(socket_url(tmp_path))
    with RedisServer(tmp_path) as server, Redis.from_url(server.url) as client:
        assert client.get("kept") == b"yes"
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("port") == {"port": "0"}


def test_only_its_owner_may_open_the_socket(tmp_path: Path) -> None:
    with RedisServer(tmp_path):
        assert socket_path(tmp_path).stat().st_mode & 0o077 == 0


def test_a_deep_directory_gets_a_short_socket_that_everybody_finds(tmp_path: Path) -> None:
    deep = tmp_path / ("a" * 60) / ("b" * 60)
    assert len(bytes(socket_path(deep))) <= 107
    assert socket_path(deep) == socket_path(deep.parent / "b" / ".." / deep.name)
    assert socket_path(deep) != socket_path(deep / "c")
    with RedisServer(deep) as server:
        assert answers(server.url)


def test_the_server_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from runtime.jobs.redis_server import "
        "RedisServer; RedisServer(Path(sys.argv[1])); time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT)
    deadline = time.monotonic() + 120
    while not answers(socket_url(tmp_path)):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    while answers(socket_url(tmp_path)):
        assert time.monotonic() < deadline
        time.sleep(0.05)
