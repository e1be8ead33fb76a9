"""`hold`: sets quantities of a ledger aside for the record, in the same transaction.

With `each`, once for every part. What is held stays until `commit` or `release` of the record, or
until its time is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.effects import EffectFacts, EffectNames, EffectWord
from generator.kinds import Arg
from generator.model.workflow import Effect
from generator.shape import Given
from rules.commands import Hold as HoldCommand
from rules.effects._counting import ARGS, counted, resolve_counted


class Hold(EffectWord):
    args = {
        "hold": Arg("name", "The ledger.", required=True, to="ledger"),
        **ARGS,
        "for": Arg("text", "How long, such as PT30M; the ledger's own length if missing."),
    }

    def resolve(self, given: Given, names: EffectNames) -> Mapping[str, Any]:
        ledger = names.holding(given.get("hold"))
        if ledger is None:
            return {}
        seconds = names.seconds(given, "for") if "for" in given else None
        return {
            "ledger": ledger.name,
            "seconds": seconds,
            **resolve_counted(given, names, ledger),
        }

    def commands(self, effect: Effect, facts: EffectFacts) -> tuple[HoldCommand, ...]:
        given = effect.given
        ledger = given["ledger"]
        return tuple(
            HoldCommand(
                ledger, key, quantity, facts.key(f"{ledger}.hold.{number}"), given["seconds"]
            )
            for number, key, quantity in counted(given, facts)
        )
