"""Definitions compiled once a process: hundreds of tests open the same few folders.

A folder is known again by the path and the text of each file, so a changed copy is compiled anew.
What cannot be told from its files alone (a package of words, a folder with faults) always is.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from pathlib import Path

from generator import compile as compiling
from generator.compile import Compiled
from generator.source_files import definition_files

MOST = 24
"""Folders kept; the shipped one takes some twenty megabytes."""

_compile = compiling.compile_definitions
_kept: OrderedDict[bytes, Compiled] = OrderedDict()


def compile_once() -> None:
    """Let whoever imports `compile_definitions` from now on get the one that remembers."""
    compiling.compile_definitions = compile_remembered


def compile_remembered(folder: Path) -> Compiled:
    """Return the model of a folder, the same one for the same files."""
    key = _known_by(folder)
    if key is None:
        return _compile(folder)
    found = _kept.pop(key, None) or _compile(folder)
    _kept[key] = found
    if len(_kept) > MOST:
        _kept.popitem(last=False)
    return found


def _known_by(folder: Path) -> bytes | None:
    """Return what a folder is known again by; None where its files do not tell all."""
    told = hashlib.sha256()
    try:
        for path in definition_files(folder):
            text = path.read_bytes()
            if path.name == "app.yaml" and b"words:" in text:
                return None
            name = path.relative_to(folder).as_posix().encode()
            told.update(b"%s\0%d\0%s" % (name, len(text), text))
    except OSError:
        return None
    return told.digest()
