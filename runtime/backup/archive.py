"""The archive: a tar file whose last member, the manifest, names every other with its check sum.

Comes in: files to keep. Goes out: one file that is whole or not there. Nothing of an archive is
believed before all of it was read and its sums agree, and no name in it leads out of a folder.
"""

from __future__ import annotations

import hashlib
import os
import tarfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

import orjson

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE, FILES, DEFINITIONS = "database", "files", "definitions"
SUFFIX = ".tar.gz"
PIECE = 1 << 20


class BadArchive(Exception):
    """The file is no archive of a shop, is damaged, or is of another make."""


@dataclass(frozen=True)
class Manifest:
    """What an archive holds."""

    format: int
    made_at: str
    database: str
    """sqlite or postgresql."""
    app: str
    digest: str
    """Of the definitions the database was at."""
    rows: Mapping[str, int]
    """By table."""
    members: Mapping[str, str]
    """By name in the archive: its SHA-256."""


class Writer:
    """Writes an archive; it has its name when it is whole."""

    def __init__(self, path: Path) -> None:
        self.path, self._half = path, path.with_name(path.name + ".half")
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._out = os.fdopen(handle, "wb")
        self._tar = tarfile.open(fileobj=self._out, mode="w:gz", compresslevel=6)  # noqa: SIM115
        self.members: dict[str, str] = {}

    def add(self, name: str, source: Path) -> None:
        """Add a file."""
        with source.open("rb") as file:
            self.members[name] = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            self._put(name, file, source.stat().st_size)

    def add_text(self, name: str, text: str) -> None:
        """Add a text."""
        content = text.encode()
        self.members[name] = hashlib.sha256(content).hexdigest()
        self._put(name, BytesIO(content), len(content))

    def finish(self, **told: Any) -> Manifest:
        """Write the manifest and give the archive its name."""
        manifest = Manifest(format=FORMAT, members=self.members, **told)
        content = orjson.dumps(asdict(manifest))
        self._put(MANIFEST, BytesIO(content), len(content))
        self._tar.close()
        self._out.flush()
        os.fsync(self._out.fileno())
        self._out.close()
        self._half.replace(self.path)
        return manifest

    def give_up(self) -> None:
        """Leave nothing behind."""
        self._out.close()
        self._half.unlink(missing_ok=True)

    def _put(self, name: str, file: BinaryIO, size: int) -> None:
        one = tarfile.TarInfo(name)
        one.size, one.mode = size, 0o600
        self._tar.addfile(one, file)


def unpack(path: Path, folder: Path) -> Manifest:
    """Write every member below a folder and return the manifest, once all of it was proved.

    Raises:
        BadArchive: it is none, is cut short or changed, or holds what no archive of ours does.

    """
    sums: dict[str, str] = {}
    manifest: Manifest | None = None
    try:
        with tarfile.open(path, "r:gz") as tar:
            for one in tar:
                content = tar.extractfile(one) if one.isreg() else None
                if content is None or not _is_ours(one.name):
                    raise BadArchive(f"'{one.name[:100]}' does not belong into a backup")
                if one.name == MANIFEST:
                    manifest = _read(content.read())
                else:
                    sums[one.name] = _write(content, folder / one.name)
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        raise BadArchive(f"it cannot be read to its end: {error}") from error
    if manifest is None:
        raise BadArchive("it has no manifest, so it was not written to its end")
    wrong = [
        name
        for name in sorted(sums.keys() | manifest.members.keys())
        if sums.get(name) != manifest.members.get(name)
    ]
    if wrong:
        raise BadArchive(f"'{wrong[0]}' is not what was written")
    return manifest


def _is_ours(name: str) -> bool:
    parts = PurePosixPath(name).parts
    if name == MANIFEST:
        return True
    return (
        len(parts) > 1
        and parts[0] in (DATABASE, FILES, DEFINITIONS)
        and ".." not in parts
        and "\\" not in name
        and "\0" not in name
    )


def _write(content: Any, place: Path) -> str:
    place.parent.mkdir(parents=True, exist_ok=True)
    found = hashlib.sha256()
    with place.open("wb") as out:
        while piece := content.read(PIECE):
            found.update(piece)
            out.write(piece)
    return found.hexdigest()


def _read(content: bytes) -> Manifest:
    told = orjson.loads(content)
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise BadArchive("it was made by another version of Shopwright")
    try:
        return Manifest(**told)
    except TypeError as error:
        raise BadArchive("its manifest is not complete") from error
