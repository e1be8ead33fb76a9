"""`reprice`: other lines for a record that was placed, at prices by its own rules.

The versions of promotions and the moment are those of the day the record was placed; with `today`
they are those of now. What was frozen is replaced, and counters are posted by the difference. It
is refused unless `seen` is the mark of the very prices that come out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.effects import EffectFacts, EffectNames, EffectWord
from generator.kinds import Arg
from generator.model.workflow import Effect
from generator.shape import Given
from rules.commands import Reprice as Command


class Reprice(EffectWord):
    args = {
        "reprice": Arg(
            "expression",
            "What is another, such as `input.items`: a list of {item or line, quantity}; "
            "a line that is not named stays, one of 0 is taken out.",
            required=True,
        ),
        "seen": Arg(
            "expression", "The mark of the prices that were seen, such as `input.prices`.",
            required=True,
        ),
        "today": Arg("expression", "Whether the rules and prices of now count."),
    }  # fmt: skip

    def resolve(self, given: Given, names: EffectNames) -> Mapping[str, Any]:
        return {
            name: names.expression(given.get(name)) if name in given else None for name in self.args
        }

    def commands(self, effect: Effect, facts: EffectFacts) -> tuple[Command, ...]:
        found = {
            name: facts.value(one) if one is not None else None
            for name, one in effect.given.items()
        }
        text = effect.given["reprice"].text
        name = text.removeprefix("input.") if text.startswith("input.") else "input"
        return (Command(found["reprice"], found["seen"] or "", found["today"] is True, name),)
