"""`post`: posts to a ledger in the same transaction; a guard that says no undoes the transition.

With `each`, once for every part, and the expressions are then about the part. With `take_back`,
what the record posted of that kind before is taken back, whatever it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.effects import EffectFacts, EffectNames, EffectWord
from generator.kinds import Arg
from generator.model.workflow import Effect
from generator.shape import Given, Written
from rules.commands import Post as PostCommand
from rules.commands import TakeBack


class Post(EffectWord):
    args = {
        "post": Arg("path", "`ledger.kind`.", required=True),
        "each": Arg("name", "Once for every part in this field.", to="field"),
        "key": Arg(
            "map", "The key, each part an expression.", default={}, of=Arg("expression", "")
        ),
        "quantity": Arg("expression", "How much."),
        "take_back": Arg(
            "boolean", "Takes back what the record posted of this kind.", default=False
        ),
    }

    def resolve(self, given: Given, names: EffectNames) -> Mapping[str, Any]:
        take_back = given.get("take_back", False)
        place = names.movement(given.get("post"), transfers=take_back)
        if place is None:
            return {}
        ledger, kind = place
        if take_back:
            names.without(given, ("each", "key", "quantity"))
            return {"ledger": ledger.name, "kind": kind, "take_back": True}
        parts, whole = names.parts(given.get("each")) if "each" in given else ("", "")
        written = {name.text: value for name, value in given.get("key", {}).items()}
        names.exactly(given, written, ledger.key)
        key = {}
        for name in ledger.key:
            field = names.field(Written(name, given.span), ledger.name)
            if field is not None and name in written:
                key[name] = names.expression(written[name], names.type_of(field), parts)
        amount = names.field(Written("quantity", given.span), ledger.entries)
        quantity = (
            names.expression(given.get("quantity"), names.type_of(amount), parts)
            if amount is not None
            else None
        )
        return {
            "ledger": ledger.name,
            "kind": kind,
            "take_back": False,
            "each": str(given.get("each") or ""),
            "whole": whole,
            "key": {name: value for name, value in key.items() if value is not None},
            "quantity": quantity,
        }

    def commands(self, effect: Effect, facts: EffectFacts) -> tuple[PostCommand | TakeBack, ...]:
        given = effect.given
        ledger, kind = given["ledger"], given["kind"]
        if given["take_back"]:
            return (TakeBack(ledger, kind),)
        parts = facts.parts(given["each"], given["whole"]) if given["each"] else (None,)
        return tuple(
            PostCommand(
                ledger,
                kind,
                tuple(_id(facts.value(one, part)) for one in given["key"].values()),
                facts.value(given["quantity"], part),
                facts.key(f"{ledger}.{kind}.{number}"),
            )
            for number, part in enumerate(parts)
        )


def _id(value: Any) -> str:
    """Return the id of a record; one whose fields were asked comes as a mapping."""
    found = value["id"] if isinstance(value, Mapping) else value
    return "" if found is None else str(found)
