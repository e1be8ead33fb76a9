"""`set`: writes fields of the record, each from an expression."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.effects import EffectFacts, EffectNames, EffectWord
from generator.kinds import Arg
from generator.model.workflow import Effect
from generator.shape import Given
from rules.commands import SetField


class Set(EffectWord):
    args = {
        "set": Arg(
            "map", "The fields, each with an expression.", required=True, of=Arg("expression", "")
        ),
    }

    def resolve(self, given: Given, names: EffectNames) -> Mapping[str, Any]:
        found = {}
        for name, written in given.get("set", {}).items():
            field = names.field(name)
            if field is not None:
                value = names.expression(written, names.type_of(field))
                if value is not None:
                    found[field.name] = value
        return {"set": found}

    def commands(self, effect: Effect, facts: EffectFacts) -> tuple[SetField, ...]:
        values = effect.given["set"].items()
        return tuple(SetField(name, facts.value(expression)) for name, expression in values)
