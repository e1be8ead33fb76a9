"""`create`: makes a record of another entity, its values from expressions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.effects import EffectFacts, EffectNames, EffectWord
from generator.kinds import Arg
from generator.model.workflow import Effect
from generator.shape import Given
from rules.commands import CreateRecord

DRAWN = r"[^?]{0,40}(\?[^?]{0,10}){8,32}"
"""Eight characters of 32 that are drawn, so that nobody finds a code by trying."""


class Create(EffectWord):
    args = {
        "create": Arg("name", "The entity.", required=True, to="entity"),
        "values": Arg(
            "map", "Its fields, each with an expression.", default={}, of=Arg("expression", "")
        ),
        "draw": Arg(
            "map",
            "Its codes that chance makes, by field: each `?` becomes a letter or a digit that "
            "nobody can guess.",
            default={},
            of=Arg("text", "A pattern with eight `?` at least.", pattern=DRAWN),
        ),
    }

    def resolve(self, given: Given, names: EffectNames) -> Mapping[str, Any]:
        written = given.get("create")
        entity = names.entity(written) if written is not None else ""
        values = {}
        for name, body in given.get("values", {}).items() if entity else ():
            field = names.field(name, entity)
            if field is not None:
                value = names.expression(body, names.type_of(field))
                if value is not None:
                    values[field.name] = value
        draw = {
            name.text: str(pattern)
            for name, pattern in given.get("draw", {}).items()
            if entity and names.field(name, entity) is not None
        }
        return {"entity": entity, "values": values, "draw": draw}

    def commands(self, effect: Effect, facts: EffectFacts) -> tuple[CreateRecord, ...]:
        values = {name: facts.value(value) for name, value in effect.given["values"].items()}
        return (CreateRecord(effect.given["entity"], values, effect.given["draw"]),)
