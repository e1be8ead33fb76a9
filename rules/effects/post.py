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
from generator.shape import Given
from rules.commands import Post as PostCommand
from rules.commands import TakeBack
from rules.effects._counting import ARGS, counted, resolve_counted


class Post(EffectWord):
    args = {
        "post": Arg("path", "`ledger.kind`.", required=True),
        **ARGS,
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
            names.without(given, ARGS)
            return {"ledger": ledger.name, "kind": kind, "take_back": True}
        about = resolve_counted(given, names, ledger)
        return {"ledger": ledger.name, "kind": kind, "take_back": False, **about}

    def commands(self, effect: Effect, facts: EffectFacts) -> tuple[PostCommand | TakeBack, ...]:
        given = effect.given
        ledger, kind = given["ledger"], given["kind"]
        if given["take_back"]:
            return (TakeBack(ledger, kind),)
        return tuple(
            PostCommand(ledger, kind, key, quantity, facts.key(f"{ledger}.{kind}.{number}"))
            for number, key, quantity in counted(given, facts)
        )
