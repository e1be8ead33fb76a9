"""`create`: makes a record of another entity, its values from expressions.

With `parts`, its parts as well: one in each field, or one for every part of the record itself
(`each`), whose expressions are then about that part. Where all values of one are empty, there is
none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.effects import EffectFacts, EffectNames, EffectWord
from generator.expressions.compile import Expression
from generator.kinds import Arg, Shape
from generator.model.workflow import Effect
from generator.shape import Given
from rules.commands import CreateRecord
from rules.effects._values import plain

DRAWN = r"[^?]{0,40}(\?[^?]{0,10}){8,32}"
"""Eight characters of 32 that are drawn, so that nobody finds a code by trying."""

PART = Shape(
    "made part",
    "A part of a record that is made; there is none where all its values are empty.",
    {
        "each": Arg("name", "One for every part of the record in this field.", to="field"),
        "values": Arg(
            "map", "Its fields, each with an expression.", required=True, of=Arg("expression", "")
        ),
    },
)


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
        "parts": Arg("map", "Its parts, by field.", default={}, of=Arg("shape", "", shape=PART)),
    }

    def resolve(self, given: Given, names: EffectNames) -> Mapping[str, Any]:
        written = given.get("create")
        entity = names.entity(written) if written is not None else ""
        if not entity:
            return {"entity": "", "values": {}, "parts": {}, "draw": {}}
        parts = {}
        for name, body in given.get("parts", {}).items():
            field = names.field(name, entity)
            each, whole = names.parts(body.get("each")) if "each" in body else ("", "")
            if field is not None:
                own = _values(body, names, field.target, each)
                parts[field.name] = (str(body.get("each") or ""), whole, own)
        draw = {
            name.text: str(pattern)
            for name, pattern in given.get("draw", {}).items()
            if names.field(name, entity) is not None
        }
        made = _values(given, names, entity)
        return {"entity": entity, "values": made, "parts": parts, "draw": draw}

    def commands(self, effect: Effect, facts: EffectFacts) -> tuple[CreateRecord, ...]:
        given = effect.given
        values = {name: facts.value(value) for name, value in given["values"].items()}
        for field, (each, whole, made) in given["parts"].items():
            rows = [
                {name: plain(facts.value(value, part)) for name, value in made.items()}
                for part in (facts.parts(each, whole) if each else (None,))
            ]
            values[field] = [row for row in rows if any(one is not None for one in row.values())]
        return (CreateRecord(given["entity"], values, given["draw"]),)


def _values(given: Given, names: EffectNames, entity: str, part: str = "") -> dict[str, Expression]:
    """Return compiled values of an entity's fields; with `part`, about records of that entity."""
    found = {}
    for name, body in given.get("values", {}).items():
        field = names.field(name, entity)
        if field is not None:
            value = names.expression(body, names.type_of(field), part)
            if value is not None:
                found[field.name] = value
    return found
