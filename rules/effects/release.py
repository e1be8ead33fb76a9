"""`release`: gives back what the record holds of a ledger, if anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.effects import EffectFacts, EffectNames, EffectWord
from generator.kinds import Arg
from generator.model.workflow import Effect
from generator.shape import Given
from rules.commands import Settle


class Release(EffectWord):
    args = {
        "release": Arg(
            "name",
            "The ledger whose open holds of the record are given back.",
            required=True,
            to="ledger",
        )
    }

    def resolve(self, given: Given, names: EffectNames) -> Mapping[str, Any]:
        ledger = names.holding(given.get("release"))
        return {} if ledger is None else {"ledger": ledger.name}

    def commands(self, effect: Effect, facts: EffectFacts) -> tuple[Settle, ...]:
        return (Settle(effect.given["ledger"], uses=False),)
