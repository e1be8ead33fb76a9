"""Abuse at the doors to other systems: events that are forged, answers that lead inside."""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from generator.compile import compile_definitions
from generator.connectors import Asked
from runtime.outside import events
from tests.databases import sqlite_url
from tests.outside.provider import HERE, SHOP
from tests.outside.shop import open_desk
from tests.outside.test_events import SECRET, told


@contextmanager
def leading_away() -> Iterator[tuple[str, list[str]]]:
    """Run a provider that sends everybody on to an address inside; give its address and its log."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.append(self.path)
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(307)
            port = self.connection.getsockname()[1]
            self.send_header("Location", f"http://127.0.0.1:{port}/inside")
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST  # noqa: N815 (names of the base class)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_nobody_is_sent_on_by_another_system_to_an_address_inside() -> None:
    shop = compile_definitions(SHOP)
    bank = shop.app.connectors["bank"]
    with leading_away() as (address, seen):
        settings = {"base_url": address, "token": "t", "signing": "s"}
        values = {"payment": "P1", "amount": "1.00"}
        asked = Asked(bank, bank.operations["capture"], values, "k1", settings, False, HERE)
        answer = shop.catalogs["connectors"][bank.type].call(asked)
    assert (answer.outcome, answer.code) == ("unknown", "http_307")
    assert len(seen) == 1
    assert "/inside" not in seen


@pytest.mark.parametrize("forged", ["md5", "other", "cut", "longer", "none"])
def test_a_signature_that_is_nearly_right_is_not_believed(tmp_path: Path, forged: str) -> None:
    with open_desk(sqlite_url(tmp_path)) as desk:
        desk.make("N1")
        body = told("payment.noticed", name="N1")
        now = int(desk.runtime.clock().timestamp())
        text = f"{now}.".encode() + body
        right = hmac.new(SECRET.encode(), text, hashlib.sha256).hexdigest()
        wrong = {
            "md5": hmac.new(SECRET.encode(), text, hashlib.md5).hexdigest(),
            "other": hmac.new(b"other", text, hashlib.sha256).hexdigest(),
            "cut": right[:-2],
            "longer": right + "00",
            "none": "",
        }[forged]

        def send(signature: str) -> tuple[int, str]:
            headers = {"x-signature": f"t={now},v1={signature}"}
            answer = events.receive(desk.runtime, "bank", headers, body)
            return answer.status, answer.code

        assert send(wrong) == (401, "bad_signature")
        assert desk.stored("event") == []
        assert send(right) == (200, "stored")
