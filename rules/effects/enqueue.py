"""`enqueue`: runs a job after the commit, with values from expressions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.effects import EffectFacts, EffectNames, EffectWord
from generator.kinds import Arg
from generator.model.workflow import Effect
from generator.shape import Given
from rules.commands import Enqueue as EnqueueCommand


class Enqueue(EffectWord):
    args = {
        "enqueue": Arg("identifier", "The job.", required=True),
        "values": Arg("map", "What it is given, by name.", default={}, of=Arg("expression", "")),
    }

    def resolve(self, given: Given, names: EffectNames) -> Mapping[str, Any]:
        values = {
            name.text: names.expression(written)
            for name, written in given.get("values", {}).items()
        }
        kept = {name: value for name, value in values.items() if value is not None}
        return {"job": given.get("enqueue", ""), "values": kept}

    def commands(self, effect: Effect, facts: EffectFacts) -> tuple[EnqueueCommand, ...]:
        values = {name: facts.value(value) for name, value in effect.given["values"].items()}
        return (EnqueueCommand(effect.given["job"], values),)
