"""A receiver of webhooks as somebody else would write it: nothing of ours is used here."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Heard:
    """One request."""

    headers: dict[str, str]
    body: bytes
    status: int

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def told(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def record(self) -> dict[str, Any]:
        found: dict[str, Any] = self.told["data"]["record"]
        return found

    def is_signed_by(self, secret: str) -> bool:
        """Verify as the specification says."""
        key = base64.b64decode(secret.split("_", 1)[1])
        content = f"{self.id}.{self.headers['webhook-timestamp']}.".encode() + self.body
        wanted = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
        given = self.headers["webhook-signature"].split()
        return any(hmac.compare_digest(one, f"v1,{wanted}") for one in given)


@dataclass
class Receiver:
    """What it heard, and how it answers."""

    url: str = ""
    every: list[Heard] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    """For the next requests; afterwards 204."""
    always: int = 204
    refused: set[str] = field(default_factory=set)
    """Records that it answers with 500."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        with self.lock:
            answer = self.answers.pop(0) if self.answers else (self.always, {}, b"")
            if any(one in body.decode() for one in self.refused):
                answer = (500, {}, b"not this one")
            self.every.append(Heard(headers, body, answer[0]))
        return answer

    def taken(self) -> list[Heard]:
        """What it answered well."""
        return [one for one in self.every if one.status < 300]

    def types(self) -> list[str]:
        return [one.told["type"] for one in self.taken()]


@contextmanager
def receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, more, text = found.answer(headers, body)
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def dripping() -> Iterator[str]:
    """A receiver that answers a byte now and then and never comes to an end."""
    listening = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def drip() -> None:
        with suppress(OSError):
            connection, _ = listening.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nx-slow: ")
                while not over.is_set():
                    connection.sendall(b"a")
                    time.sleep(0.05)

    threading.Thread(target=drip, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    finally:
        over.set()
        listening.close()
