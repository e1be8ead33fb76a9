"""The simulator in a thread of the test, and a shop that asks it."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator.model.app import App
from runtime.outside.box import Box
from runtime.simulator.ledger import Ledger
from runtime.simulator.playing import Player
from runtime.simulator.server import CONTROL, Stage, make_server

SHOP = Path(__file__).resolve().parents[1] / "shops" / "outside"
SECRET = "a secret of the tests that is long enough"
BOX = Box(SECRET)

HERE = ("127.0.0.1",)
"""What a call of a test may ask although it lies inside."""


@dataclass
class Provider:
    """The simulator that a test talks to."""

    url: str

    def play(self, operation: str, play: str, times: int = 1, seconds: int = 1) -> None:
        """Let the next requests be played so."""
        told = {"operation": operation, "play": play, "times": times, "seconds": seconds}
        self._ask("/_play", {"connector": "bank", **told})

    def deeds(self, operation: str = "") -> list[dict[str, Any]]:
        """Return what it has done, in order."""
        found = self._ask("/_deeds", {})["deeds"]
        return [one for one in found if operation in ("", one["operation"])]

    def _ask(self, path: str, body: dict[str, Any]) -> Any:
        request = urllib.request.Request(
            self.url + path,
            json.dumps(body).encode(),
            {CONTROL: BOX.shared("control"), "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)


@contextmanager
def provider(app: App, office_url: str = "", file: Path | None = None) -> Iterator[Provider]:
    """Run the simulator."""
    server = make_server(Stage(app, BOX, Player(Ledger(file)), office_url), 0)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield Provider(f"http://127.0.0.1:{server.server_address[1]}")
    finally:
        server.shutdown()
        server.server_close()
