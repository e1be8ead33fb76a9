"""The simulator as a process: HTTP in front, plays behind, events out.

Below `/NAME/` it is the provider of a connector and wants the credentials that this installation
derives for it. `/_play` says how the next requests are played and `/_deeds` what was done; both
want the control token. It listens on this machine only.
"""

from __future__ import annotations

import base64
import hmac
import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from generator.model.app import App
from generator.model.connector import Connector, Play
from runtime.connectors._paths import fill
from runtime.outside.box import Box
from runtime.simulator.playing import Played, Player, outputs_of
from runtime.simulator.reading import Request, read_request
from runtime.simulator.telling import Event, tell
from runtime.supervisor import TOKEN_HEADER

CONTROL = "X-Control"
LARGEST = 1_000_000

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stage:
    """What the simulator works with."""

    app: App
    box: Box
    player: Player
    office_url: str
    """Where events are sent."""
    start_token: str = ""


def make_server(stage: Stage, port: int) -> ThreadingHTTPServer:
    """Return a server on this machine; port 0 takes a free one."""

    class Handler(_Handler):
        pass

    Handler.stage = stage
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    return server


def settings_of(box: Box, connector: Connector) -> Mapping[str, str]:
    """Return what the simulator and the back office agree on."""
    return {name: box.shared(f"{connector.name}:{name}") for name in connector.settings}


class _Handler(BaseHTTPRequestHandler):
    stage: Stage
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: what travels here may be a credential."""

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 (names of the base class)

    def _answer(self) -> None:
        path = urlsplit(self.path).path
        body = self._body()
        if path == "/healthz":
            self._send(200, {"status": "ok"}, token=True)
        elif path.startswith("/_"):
            self._control(path, body)
        else:
            self._provide(path, body)

    def _body(self) -> Any:
        length = int(self.headers.get("Content-Length") or 0)
        text = self.rfile.read(min(length, LARGEST)).decode("utf-8", "replace")
        if "form-urlencoded" in self.headers.get("Content-Type", ""):
            return dict(parse_qsl(text))
        try:
            return json.loads(text) if text else None
        except ValueError:
            return None

    def _control(self, path: str, body: Any) -> None:
        wanted = self.stage.box.shared("control")
        if not hmac.compare_digest(self.headers.get(CONTROL, ""), wanted):
            self._send(401, {"code": "unauthorized"})
        elif path == "/_deeds":
            self._send(200, {"deeds": self.stage.player.ledger.everything()})
        elif path == "/_play" and isinstance(body, Mapping):
            play = Play(
                str(body["play"]),
                str(body.get("operation", "")),
                {},
                str(body.get("code", "declined")),
                int(body.get("seconds", 1)),
            )
            self.stage.player.script(str(body["connector"]), play, int(body.get("times", 1)))
            self._send(200, {"ok": True})
        else:
            self._send(404, {"code": "unknown"})

    def _provide(self, path: str, body: Any) -> None:
        name, _, rest = path.lstrip("/").partition("/")
        connector = self.stage.app.connectors.get(name)
        headers = {key.lower(): value for key, value in self.headers.items()}
        if connector is None:
            self._send(404, {"code": "unknown"})
            return
        if not self._is_known(connector, headers):
            self._send(401, {"code": "unauthorized", "message": "The credentials are wrong."})
            return
        asked = read_request(connector, self.command, f"/{rest}", headers, body)
        if asked is None:
            self._send(404, {"code": "unknown", "message": "Nothing is asked like this."})
            return
        played = self.stage.player.answer(asked)
        self._tell(asked, played)
        time.sleep(played.wait)
        if not played.status:
            # done, and the line is cut before the answer
            self.close_connection = True
            self.connection.close()
            return
        self._send(played.status, played.body)

    def _is_known(self, connector: Connector, headers: Mapping[str, str]) -> bool:
        settings = settings_of(self.stage.box, connector)
        wanted = {
            key.lower(): str(fill(text, settings))
            for key, text in connector.given["headers"].items()
        }
        if connector.given["basic"]:
            pair = [settings[one] for one in connector.given["basic"]]
            plain = f"{pair[0]}:{pair[1] if len(pair) > 1 else ''}"
            wanted["authorization"] = f"Basic {base64.b64encode(plain.encode()).decode()}"
        return all(
            hmac.compare_digest(headers.get(key, ""), value) for key, value in wanted.items()
        )

    def _tell(self, asked: Request, played: Played) -> None:
        if not played.copies or not asked.operation.tells or played.deed is None:
            return
        settings = settings_of(self.stage.box, asked.connector)
        made = outputs_of(asked.operation, asked.key, asked.inputs)
        data = {"key": asked.key, "operation": asked.operation.name, **asked.inputs, **made}
        for webhook in self.stage.app.webhooks.values():
            if webhook.connector == asked.connector.name:
                event = Event(
                    webhook,
                    settings[webhook.verify.secret],
                    f"evt_{asked.connector.name}_{asked.key}",
                    asked.operation.tells,
                    data,
                )
                address = f"{self.stage.office_url}/hooks/{webhook.path}"
                tell(event, address, played.copies, played.late, time.time)

    def _send(self, status: int, body: Mapping[str, Any], *, token: bool = False) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        if token and self.stage.start_token:
            asked = self.headers.get(TOKEN_HEADER, "")
            if hmac.compare_digest(asked, self.stage.start_token):
                self.send_header(TOKEN_HEADER, self.stage.start_token)
        self.end_headers()
        self.wfile.write(text)
