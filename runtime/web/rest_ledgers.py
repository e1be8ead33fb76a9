"""REST of ledgers: which addresses they have beside those of every record, and what is answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from generator.model.app import App
from generator.model.ledger import Ledger
from runtime.messages import Result
from runtime.web.wire import Answer

ROUTES: Mapping[str, Mapping[str, str]] = {
    name: {"POST": name} for name in ("post", "transfer", "hold", "commit", "release", "reverse")
}
"""What follows the name of a ledger."""

OF_HOLDS = frozenset({"hold", "commit", "release"})


def offers(app: App, entity: str, operation: str) -> bool:
    """Return whether something can be posted to an entity in this way, whoever asks."""
    ledger = app.ledgers.get(entity)
    if ledger is None:
        return False
    if operation in OF_HOLDS:
        return ledger.holds is not None
    return operation != "transfer" or any(one.is_transfer for one in ledger.kinds.values())


def posted(result: Result) -> Answer:
    """Return the answer to a post."""
    answer = Answer(201, orjson.dumps({"data": result.row}))
    if result.replayed:
        answer.headers["Idempotency-Replayed"] = "true"
    return answer


def body(ledger: Ledger, operation: str, quantity: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON Schema of what is sent, `quantity` being that of a quantity."""
    record = {"type": "string", "format": "uuid"}
    text = {"type": "string"}
    parts = {name: record if to else text for name, to in ledger.key.items()}
    key = _object(parts, required=tuple(ledger.key))
    both = {"reason": text, "cause_title": text}
    plain = [name for name, kind in ledger.kinds.items() if not kind.is_transfer]
    moves = [name for name, kind in ledger.kinds.items() if kind.is_transfer]
    if operation == "post":
        one = {"kind": {"enum": plain}, "key": key, "quantity": quantity, "post_key": text}
        if ledger.lots is not None:
            one |= {"lot": text, "expires_at": {"type": "string", "format": "date-time"}}
        needed = ("kind", "key", "quantity")
        several = {"type": "array", "items": _object(one, required=needed), "minItems": 1}
        alone = _object({**one, **both}, required=needed)
        return {"oneOf": [alone, _object({"entries": several, **both}, required=("entries",))]}
    if operation == "transfer":
        sides = {"from": key, "to": key, "quantity": quantity, "post_key": text}
        wanted = ("kind", "from", "to", "quantity")
        return _object({"kind": {"enum": moves}, **sides, **both}, required=wanted)
    if operation == "hold":
        hold = {"key": key, "quantity": quantity, "for": text, **both}
        return _object(hold, required=("key", "quantity"))
    if operation == "reverse":
        return _object({"entry": record, **both}, required=("entry",))
    return _object({"hold": record, "quantity": quantity, **both}, required=("hold",))


POSTED: dict[str, Any] = {
    "type": "object",
    "properties": {
        "data": {
            "type": "object",
            "properties": {
                "entries": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "id": {"type": "string", "format": "uuid"},
                            "kind": {"type": "string"},
                            "balance": {"type": "string", "format": "uuid"},
                            "replayed": {"type": "boolean"},
                            "after": {"type": "object"},
                        },
                        "required": ["id", "kind", "balance", "replayed", "after"],
                    },
                },
                "hold": {"type": "object"},
                "transfer": {"type": "string", "format": "uuid"},
            },
            "required": ["entries"],
        }
    },
    "required": ["data"],
}
"""What every post is answered with."""


def _object(properties: Mapping[str, Any], *, required: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }
