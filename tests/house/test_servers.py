"""Servers started as the documents say, under granian and gunicorn, and what refuses to start."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runtime.jobs.redis_server import RedisServer
from runtime.processes import kill_session, session_members
from tests.databases import postgres_url
from tests.house.places import ROOT, free_port, until

TINY = ROOT / "tests" / "shops" / "tiny"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("SHOPWRIGHT_")}
    kept.pop("REDIS_URL", None)
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    return {
        **kept,
        "DATABASE_URL": url,
        "SHOPWRIGHT_DATA": str(tmp_path / "var"),
        "SHOPWRIGHT_DEFINITIONS": str(TINY),
        "SHOPWRIGHT_WEB_WORKERS": "1",
    }


def shopwright(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "app.py"), *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@contextmanager
def started(environment: dict[str, str], *words: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([*words], cwd=ROOT, env=environment, start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(120)
        finally:
            kill_session(process.pid)


def answers(port: int, path: str) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
            return str(answer.read().decode())
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return ""


def test_a_busy_port_is_told_with_another_to_take(environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        for command in ("serve", "run"):
            done = shopwright(environment, command, "--port", str(port))
            assert done.returncode == 1
            assert f"Port {port} on 127.0.0.1 is in use." in done.stderr
            assert f"--port {port + 1}" in done.stderr


def test_an_address_of_another_machine_is_refused(environment: dict[str, str]) -> None:
    done = shopwright(environment, "serve", "--host", "192.0.2.1")
    assert done.returncode == 1
    assert "does not have the address 192.0.2.1" in done.stderr


def test_production_refuses_to_serve_unsafely(environment: dict[str, str]) -> None:
    unsafe = {**environment, "SHOPWRIGHT_PRODUCTION": "1", "SHOPWRIGHT_SECRET_KEY": "x" * 40}
    done = shopwright(unsafe, "serve")
    assert done.returncode == 1
    assert "SHOPWRIGHT_HOSTS" in done.stderr
    assert "SHOPWRIGHT_HTTPS" in done.stderr
    safe = {**unsafe, "SHOPWRIGHT_HOSTS": "shop.example.com", "SHOPWRIGHT_HTTPS": "1"}
    done = shopwright(safe, "run", "--port", str(free_port()))
    assert done.returncode == 1
    assert "run `apply`" in done.stderr


def test_a_page_is_served_under_gunicorn(environment: dict[str, str]) -> None:
    assert shopwright(environment, "apply", "--yes").returncode == 0
    port = free_port()
    words = ("-m", "gunicorn", "app:create_wsgi()", "--threads", "2", "--bind", f"127.0.0.1:{port}")
    with started(environment, sys.executable, *words):
        assert "Tiny" in until(lambda: answers(port, "/login/"))
        assert '"ready"' in until(lambda: answers(port, "/readyz"))


def test_an_office_that_is_not_applied_says_it_is_not_ready(environment: dict[str, str]) -> None:
    port = free_port()
    words = (str(ROOT / "app.py"), "serve", "--port", str(port))
    with started(environment, sys.executable, *words):
        until(lambda: answers(port, "/healthz"))
        assert answers(port, "/readyz") == ""
        assert shopwright(environment, "apply", "--yes").returncode == 0
        assert '"ready"' in until(lambda: answers(port, "/readyz"))


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_worker_ends_politely_when_another_release_is_applied(
    environment: dict[str, str], tmp_path: Path, database: str
) -> None:
    folder = tmp_path / "definitions"
    shutil.copytree(TINY, folder)
    changed = {**environment, "SHOPWRIGHT_DEFINITIONS": str(folder)}
    if database == "postgresql":
        changed["DATABASE_URL"] = postgres_url()
    assert "no release yet" in shopwright(changed, "worker").stderr
    assert shopwright(changed, "apply", "--yes").returncode == 0
    with RedisServer(tmp_path / "redis") as redis:
        words = (sys.executable, str(ROOT / "app.py"), "worker")
        with started({**changed, "REDIS_URL": redis.url}, *words) as process:
            until(lambda: len(session_members(process.pid)) > 1)
            (folder / "app.yaml").write_text("app: tiny\nlabel: {en: Next, zh: 新版}\n")
            assert shopwright(changed, "apply", "--yes").returncode == 0
            assert process.wait(120) == 0
            until(lambda: not session_members(process.pid))
