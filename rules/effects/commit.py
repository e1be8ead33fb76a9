"""`commit`: uses what the record holds of a ledger; what ran out of time stops the transition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.effects import EffectFacts, EffectNames, EffectWord
from generator.kinds import Arg
from generator.model.workflow import Effect
from generator.shape import Given
from rules.commands import Settle


class Commit(EffectWord):
    args = {
        "commit": Arg(
            "name",
            "The ledger whose open holds of the record are used.",
            required=True,
            to="ledger",
        )
    }

    def resolve(self, given: Given, names: EffectNames) -> Mapping[str, Any]:
        ledger = names.holding(given.get("commit"))
        return {} if ledger is None else {"ledger": ledger.name}

    def commands(self, effect: Effect, facts: EffectFacts) -> tuple[Settle, ...]:
        return (Settle(effect.given["ledger"], uses=True),)
