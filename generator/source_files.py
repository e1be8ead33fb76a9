"""Which files of a folder are definitions, and what a path says: `orders/order.entity.yaml`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from generator.source_faults import KINDS

PASSED_OVER = ("data", "schemas", "templates")
"""Folders that hold no definitions; hidden ones and those that begin with `_` do not either."""

ALONE = ("app", "roles")
"""Kinds of which there is one file, at the top, named by its kind only."""

_FILE_NAME = re.compile(r"(?P<name>[a-z][a-z0-9_]*)\.(?P<kind>[a-z]+)\.yaml\Z")


def definition_files(folder: Path) -> Iterator[Path]:
    """Yield every YAML file below a folder, in an order that no file system changes."""
    for base, folders, files in os.walk(folder):
        folders[:] = sorted(
            name for name in folders if not name.startswith((".", "_")) and name not in PASSED_OVER
        )
        for name in sorted(files):
            if name.lower().endswith((".yaml", ".yml")) and not name.startswith("."):
                yield Path(base, name)


def named(file: str) -> tuple[str, str, str] | None:
    """Return name, kind and module that a path says, or None when it does not say them."""
    folder, slash, _ = file.partition("/")
    last = file.rpartition("/")[2]
    if file in {f"{kind}.yaml" for kind in ALONE}:
        return last[:-5], last[:-5], ""
    match = _FILE_NAME.match(last)
    if match is None or match["kind"] not in KINDS or match["kind"] in ALONE:
        return None
    return match["name"], match["kind"], folder if slash else ""
