"""What the simulator answers: a request in, a deed and its answer out, by the play that fits."""

from __future__ import annotations

import hashlib
import threading
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from generator.model.connector import Connector, Operation, Play
from runtime.simulator.ledger import Deed, Ledger
from runtime.simulator.reading import Request
from runtime.simulator.telling import put

SUCCESS = Play("", "", {}, "", 0)
FAILS = {"error": 2}
"""How often a play fails before it succeeds."""


@dataclass(frozen=True)
class Played:
    """The answer to a request. A status of 0 is none at all: the line is cut."""

    status: int
    body: Mapping[str, Any]
    wait: float = 0
    copies: int = 0
    """How often the event of it is sent now; 0 for none."""
    late: float = 0
    deed: Deed | None = None


class Player:
    """Plays a provider over a ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._next: dict[tuple[str, str], deque[Play]] = defaultdict(deque)
        self._guard = threading.Lock()

    def script(self, connector: str, play: Play, times: int) -> None:
        """Let the next requests of an operation be played so, whatever the definitions say."""
        with self._guard:
            self._next[connector, play.operation].extend([play] * times)

    def answer(self, asked: Request) -> Played:
        """Return what is answered to a request, after it was done or not."""
        if asked.is_status:
            return self._status(asked)
        if not asked.key:
            return Played(400, {"code": "no_key", "message": "A key is missing."})
        with self.ledger.lock:
            deed = self.ledger.find(asked.connector.name, asked.key)
            if deed is None:
                play = self._play(asked.connector, asked.operation, asked.inputs)
                deed = Deed(
                    asked.connector.name,
                    asked.operation.name,
                    asked.key,
                    dict(asked.inputs),
                    play.play,
                )
            else:
                play = _play_named(asked.connector, deed)
            if deed.inputs != dict(asked.inputs) or deed.operation != asked.operation.name:
                return Played(422, {"code": "key_reused", "message": "The key was used before."})
            return self._do(asked, deed, play)

    def _do(self, asked: Request, deed: Deed, play: Play) -> Played:
        deed.tries += 1
        if not deed.status and (play.play == "down" or deed.tries <= FAILS.get(play.play, 0)):
            self.ledger.keep(deed)
            return Played(503, {"code": "unavailable"})
        is_first = not deed.status
        if is_first:
            if play.play == "decline":
                deed.status = 402
                deed.answer = {"code": play.code or "declined", "message": "Declined."}
            else:
                deed.status, deed.answer = 200, _success(asked)
                deed.done += 1
        self.ledger.keep(deed)
        copies, late = 0, 0.0
        if is_first and deed.status == 200 and play.play not in ("silent", "mute"):
            copies = 2 if play.play == "twice" else 1
            late = float(play.seconds) if play.play == "late" else 0.0
        is_lost = play.play == "mute" or (play.play == "lost" and deed.tries == 1)
        wait = float(play.seconds) if play.play == "slow" and deed.tries == 1 else 0.0
        return Played(0 if is_lost else deed.status, deed.answer, wait, copies, late, deed)

    def _status(self, asked: Request) -> Played:
        deed = self.ledger.find(asked.connector.name, asked.key)
        if deed is None or not deed.status:
            return Played(404, {"code": "absent"})
        if deed.status != 200:
            return Played(deed.status, deed.answer)
        outputs = {
            **deed.inputs,
            **outputs_of(asked.connector.operations[deed.operation], deed.key, deed.inputs),
        }
        return Played(200, _laid_out(asked.operation, outputs))

    def _play(self, connector: Connector, operation: Operation, inputs: Mapping[str, str]) -> Play:
        with self._guard:
            for name in (operation.name, ""):
                waiting = self._next[connector.name, name]
                if waiting:
                    return waiting.popleft()
        for play in connector.plays:
            if play.operation in ("", operation.name) and all(
                name in inputs and fnmatchcase(inputs[name], form)
                for name, form in play.when.items()
            ):
                return play
        return SUCCESS


def _play_named(connector: Connector, deed: Deed) -> Play:
    """Return the play that a key was begun with."""
    if not deed.play:
        return SUCCESS
    known = (one for one in connector.plays if one.play == deed.play)
    return next(known, Play(deed.play, deed.operation, {}, "declined", 5))


def _success(asked: Request) -> dict[str, Any]:
    outputs = outputs_of(asked.operation, asked.key, asked.inputs)
    return _laid_out(asked.operation, outputs)


def outputs_of(operation: Operation, key: str, inputs: Mapping[str, str]) -> dict[str, str]:
    """Return the outputs of an operation: what went in under the same name, or a number of ours."""
    digest = hashlib.sha256(f"{operation.name}:{key}".encode()).hexdigest()
    return {name: inputs.get(name, f"sim_{digest[:20]}") for name in operation.output}


def _laid_out(operation: Operation, outputs: Mapping[str, str]) -> dict[str, Any]:
    """Return outputs where the connector looks for them in an answer."""
    body: dict[str, Any] = {}
    for name, path in operation.given["answer"].items():
        if name in outputs:
            put(body, tuple(path.split(".")), outputs[name])
    done = operation.given["done"]
    if done is not None:
        put(body, tuple(done["at"].split(".")), done["is"][0])
    return body
