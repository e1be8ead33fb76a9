"""Files of vectors: a JSON list, or an object that holds one under `vectors`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def read_vectors(path: Path) -> list[Mapping[str, Any]]:
    """Return the vectors of a file."""
    read = json.loads(path.read_text("utf-8"))
    return list(read["vectors"] if isinstance(read, dict) else read)


def named(vectors: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return their names, as tests are called by them."""
    return [str(vector["id"]) for vector in vectors]
