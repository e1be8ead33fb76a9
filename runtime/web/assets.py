"""Serve what `assets/build.py` wrote: css, modules, the icon sprite.

In: the folder `assets/dist`. Out: `Assets.url(name)` and a blueprint. File names carry a digest
of their content, so every answer may be kept for ever; the gzip copy made at build time is sent to
those who take it. A name that is not in the manifest is a programming error and is told so at once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, Response, abort, request, send_from_directory

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "dist"
FOREVER = "public, max-age=31536000, immutable"


class AssetsMissing(Exception):
    """`assets/dist` has not been built."""


@dataclass(frozen=True, slots=True)
class Assets:
    """The manifest: plain name → hashed file name, under one URL prefix that ends in `/`."""

    names: Mapping[str, str]
    prefix: str = "/assets/"

    def url(self, name: str) -> str:
        """Return the address of an asset such as `app.css`; KeyError if it does not exist."""
        return self.prefix + self.names[name]


def load(folder: Path = FOLDER, prefix: str = "/assets/") -> Assets:
    """Read the manifest of a built folder; AssetsMissing says how to build it."""
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        raise AssetsMissing(f"{manifest} is missing: run `python assets/build.py`.")
    return Assets(json.loads(manifest.read_text("utf-8")), prefix)


def blueprint(folder: Path = FOLDER, prefix: str = "/assets/") -> Blueprint:
    """Return the blueprint that serves the folder; answers 404 to names that were not built."""
    assets = Blueprint("assets", __name__, url_prefix=prefix.rstrip("/"))

    @assets.get("/<name>")
    def one(name: str) -> Response:
        if name in ("stamp", "manifest.json") or name.endswith(".gz"):
            abort(404)
        packed = (folder / f"{name}.gz").is_file() and request.accept_encodings.quality("gzip") > 0
        answer = send_from_directory(
            folder,
            f"{name}.gz" if packed else name,
            etag=False,
            mimetype=_type(name),
            conditional=False,
        )
        if packed:
            answer.headers["Content-Encoding"] = "gzip"
        answer.headers["Vary"] = "Accept-Encoding"
        answer.headers["Cache-Control"] = FOREVER
        return answer

    return assets


def _type(name: str) -> str:
    """Return the media type; the machine's own table is not asked, it differs between systems."""
    kinds = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
    return kinds.get(name.rpartition(".")[2], "application/octet-stream")
