"""What the simulator has done, by key: kept in a file, so that it remembers over a restart."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Deed:
    """What became of one key."""

    connector: str
    operation: str
    key: str
    inputs: dict[str, str]
    play: str
    status: int = 0
    """Of the answer; 0 while nothing was done."""
    answer: dict[str, Any] = field(default_factory=dict)
    tries: int = 0
    """How often it was asked for."""
    done: int = 0
    """How often it was really done: never more than once, or the simulator is wrong."""


class Ledger:
    """Every deed by connector and key; safe in threads."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._lock = threading.RLock()
        self._deeds: dict[tuple[str, str], Deed] = {}
        if file is not None and file.exists():
            for line in file.read_text(encoding="utf-8").splitlines():
                one = Deed(**json.loads(line))
                self._deeds[one.connector, one.key] = one

    @property
    def lock(self) -> threading.RLock:
        """Held while a deed is looked up and done."""
        return self._lock

    def find(self, connector: str, key: str) -> Deed | None:
        """Return what is known of a key."""
        return self._deeds.get((connector, key))

    def keep(self, deed: Deed) -> None:
        """Remember a deed as it is now."""
        with self._lock:
            self._deeds[deed.connector, deed.key] = deed
            if self._file is not None:
                with self._file.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(deed)) + "\n")

    def everything(self) -> list[dict[str, Any]]:
        """Return every deed as plain data, in the order of their first try."""
        with self._lock:
            return [asdict(one) for one in self._deeds.values()]
