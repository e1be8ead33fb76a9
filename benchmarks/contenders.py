"""Who is measured: how each is served, how one signs in, what each is asked for the same work.

A contender answers the same questions over the same tables; where it cannot, its request is None
and the table says so. Two worker processes of four threads each, whoever serves.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlencode

HOME = Path(__file__).resolve().parent.parent
WORKERS, THREADS = 2, 4
SERVERS = ("granian", "gunicorn")
USER, PASSWORD = "bench", "Quick-brown-fox-7"
TOKEN_SECONDS = 600


@dataclass(frozen=True)
class Request:
    """One HTTP request of a load."""

    method: str
    path: str
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Contender:
    """A way to serve the data."""

    name: str
    target: str
    """`module:factory` of its WSGI application."""
    sign_in: Callable[[int], Mapping[str, str]]
    """From a port to the headers of a signed-in program."""
    browse: Callable[[int], Mapping[str, str]] | None = None
    """From a port to the headers of a signed-in browser."""
    ready: str = "/"


class Server:
    """A running contender under one WSGI server."""

    def __init__(self, contender: Contender, server: str, environment: Mapping[str, str]) -> None:
        self.contender, self.server = contender, server
        self.port = _free_port()
        self._environment = {**os.environ, **environment, "PYTHONPATH": str(HOME)}
        self._process: subprocess.Popen[bytes] | None = None
        self._headers: dict[str, tuple[float, Mapping[str, str]]] = {}

    @property
    def name(self) -> str:
        """The contender and what serves it."""
        return f"{self.contender.name}/{self.server}"

    def start(self, workers: int = WORKERS) -> float:
        """Start it; return the seconds until it answers."""
        begin = time.perf_counter()
        self._process = subprocess.Popen(
            _command(self.server, self.contender.target, self.port, workers),
            cwd=HOME,
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        while time.perf_counter() - begin < 120:
            if self._process.poll() is not None:
                raise RuntimeError(f"{self.name} ended with {self._process.returncode}")
            if self._answers():
                return time.perf_counter() - begin
            time.sleep(0.02)
        raise RuntimeError(f"{self.name} did not answer")

    def stop(self) -> None:
        """End it and its workers."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()

    def headers(self, *, browser: bool = False) -> Mapping[str, str]:
        """Return the headers of a signed-in program or browser; renewed before they end."""
        kind = "browser" if browser else "program"
        made, headers = self._headers.get(kind, (0.0, {}))
        if time.monotonic() - made > TOKEN_SECONDS or not made:
            sign_in = self.contender.browse if browser else self.contender.sign_in
            headers = {} if sign_in is None else sign_in(self.port)
            self._headers[kind] = (time.monotonic(), headers)
        return headers

    def worker_bytes(self) -> int:
        """Return the resident bytes of the largest process of the tree: a worker."""
        assert self._process is not None
        return max(_resident(pid) for pid in _tree(self._process.pid))

    def _answers(self) -> bool:
        try:
            return ask(self.port, Request("GET", self.contender.ready))[0] < 500
        except OSError:
            return False


def ask(port: int, request: Request) -> tuple[int, Mapping[str, str], bytes]:
    """Send one request; return status, headers, body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(
            request.method, request.path, request.body.encode() or None, dict(request.headers)
        )
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        cookies = [value.split(";")[0] for value in answer.headers.get_all("Set-Cookie", [])]
        headers["cookies"] = "; ".join(cookies)
        return answer.status, headers, answer.read()
    except http.client.HTTPException as error:
        raise OSError(str(error)) from error
    finally:
        connection.close()


def post_json(port: int, path: str, values: Mapping[str, object]) -> Mapping[str, str]:
    """Send a JSON object and return the one answered."""
    request = Request("POST", path, json.dumps(values), {"Content-Type": "application/json"})
    status, _, body = ask(port, request)
    if status != 200:
        raise RuntimeError(f"{path} answers {status}: {body[:200]!r}")
    found: Mapping[str, str] = json.loads(body)
    return found


def _sign_in_ours(port: int) -> Mapping[str, str]:
    tokens = post_json(port, "/api/v1/security/login", {"username": USER, "password": PASSWORD})
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def _sign_in_fab(port: int) -> Mapping[str, str]:
    sent = {"username": USER, "password": PASSWORD, "provider": "db"}
    tokens = post_json(port, "/api/v1/security/login", sent)
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def _sign_in_drf(port: int) -> Mapping[str, str]:
    return {"Authorization": "Token 0123456789abcdef0123456789abcdef01234567"}


def _browse(path: str, token: str) -> Callable[[int], Mapping[str, str]]:
    """Return the sign-in through a form at a path, whose hidden CSRF field has this name."""

    def sign_in(port: int) -> Mapping[str, str]:
        _, headers, page = ask(port, Request("GET", path))
        found = re.search(rf'name="{token}"[^>]*value="([^"]+)"', page.decode())
        values = {"username": USER, "password": PASSWORD}
        if found:
            values[token] = found[1]
        sent = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": headers["cookies"]}
        sent["Referer"] = f"http://127.0.0.1:{port}{path}"
        _, answer, _ = ask(port, Request("POST", path, urlencode(values), sent))
        cookies: dict[str, str] = {}
        for part in f"{headers['cookies']}; {answer['cookies']}".split("; "):
            name, _, value = part.partition("=")
            cookies[name] = value
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items() if name)}

    return sign_in


OURS = Contender(
    "ours", "app:create_wsgi", _sign_in_ours, _browse("/login/", "csrf_token"), "/readyz"
)
FAB = Contender(
    "fab", "benchmarks.peers.fab:create", _sign_in_fab, _browse("/login/", "csrf_token")
)
DRF = Contender(
    "drf",
    "benchmarks.peers.drf:create",
    _sign_in_drf,
    _browse("/admin/login/", "csrfmiddlewaretoken"),
)
BARE = Contender(
    "bare", "benchmarks.peers.bare:create", lambda port: {}, ready="/order/?status=none"
)
EVERYBODY = (OURS, FAB, DRF, BARE)


def rison(**values: object) -> str:
    """Return Flask-AppBuilder's query for a list."""
    return quote(
        "(" + ",".join(f"{name}:{value}" for name, value in values.items()) + ")", safe="():!,"
    )


def _command(server: str, target: str, port: int, workers: int) -> list[str]:
    if server == "granian":
        return [
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "--factory"),
            *("--workers", str(workers), "--blocking-threads", str(THREADS)),
            *("--host", "127.0.0.1", "--port", str(port), "--no-ws", target),
        ]
    return [
        *(sys.executable, "-m", "gunicorn", "-k", "gthread", "--threads", str(THREADS)),
        *("-w", str(workers), "-b", f"127.0.0.1:{port}", "--keep-alive", "30", f"{target}()"),
    ]


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _tree(pid: int) -> list[int]:
    found = [pid]
    for here in found:
        children = Path(f"/proc/{here}/task/{here}/children")
        if children.exists():
            found += [int(child) for child in children.read_text().split()]
    return found


def _resident(pid: int) -> int:
    text = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", text)
    return int(found[1]) * 1024 if found else 0
