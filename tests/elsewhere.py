"""Where pictures lie that an import fetches, and archives of them."""

from __future__ import annotations

import io
import threading
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from PIL import Image

INSIDE = "http://10.0.0.1/secret.png"


def picture(color: str, kind: str = "PNG", side: int = 8) -> bytes:
    """Return a picture of one colour."""
    held = io.BytesIO()
    Image.new("RGB", (side, side), color).save(held, kind)
    return held.getvalue()


@dataclass
class Elsewhere:
    """Where pictures lie: what it was asked, how often."""

    url: str = ""
    asked: Counter[str] = field(default_factory=Counter)
    files: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)


@contextmanager
def elsewhere() -> Iterator[Elsewhere]:
    """Serve pictures, and what is none, on this machine."""
    found = Elsewhere()
    found.files = {
        "/red.png": (200, {}, picture("red")),
        "/blue.jpg": (200, {}, picture("blue", "JPEG")),
        "/page.png": (200, {}, b"<html>no picture</html>"),
        "/moved.png": (302, {"location": "/red.png"}, b""),
        "/trap.png": (302, {"location": INSIDE}, b""),
        "/round.png": (302, {"location": "/round.png"}, b""),
        "/large.png": (200, {}, b"x" * 11_000_000),
        "/broken.png": (503, {}, b""),
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked[self.path] += 1
            status, headers, body = found.files.get(self.path, (404, {}, b""))
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:
                return

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    found.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield found
    server.shutdown()
    server.server_close()


def zipped(**files: bytes) -> bytes:
    """Return an archive; in a name `__` is a dot and `_in_` a slash."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", ".").replace("_in_", "/"), content)
    return held.getvalue()
