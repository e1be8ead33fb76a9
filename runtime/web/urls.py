"""Where things are: addresses of screens and of the API, written in this one place."""

from __future__ import annotations

API = "/api/v1/"


def list_url(entity: str) -> str:
    """Return the list screen of an entity."""
    return f"/{entity}/"


def record_url(entity: str, record_id: str) -> str:
    """Return the detail screen of a record."""
    return f"/{entity}/{record_id}"


def api_url(entity: str, record_id: str = "") -> str:
    """Return the address of an entity or of one record in the API."""
    return f"{API}{entity}/{record_id}" if record_id else f"{API}{entity}"


def local(target: str) -> str:
    """Return an address to go on to, if it is a path on this host; else the start page."""
    if not target.startswith("/") or target[1:2] in ("/", "\\") or not target.isprintable():
        return "/"
    return target
