"""`fire`: fires a transition of the record's own workflows, or of the records at the end of a path.

One of the record itself is fired by the algorithm when this transition is complete; one of another
record is a command that the runtime carries out in the same transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.effects import EffectFacts, EffectNames, EffectWord
from generator.kinds import Arg
from generator.model.workflow import Effect
from generator.shape import Given
from rules.commands import Fire as FireCommand
from rules.commands import FireOther
from rules.effects._values import plain


class Fire(EffectWord):
    args = {
        "fire": Arg(
            "path", "`workflow.transition`; just `transition` is of this workflow.", required=True
        ),
        "of": Arg(
            "path",
            "Whose transition: a reference, or a path of them, or a list of children such as "
            "`lines`, each of which is fired; an empty one fires nothing. The transition has "
            "`trigger: system`. Without it, the record's own.",
        ),
        "optional": Arg("boolean", "A refusal is noted and stops nothing.", default=False),
        "input": Arg(
            "map",
            "What a transition of other records asks, each answer an expression over this record.",
            default={},
            of=Arg("expression", ""),
        ),
    }

    def resolve(self, given: Given, names: EffectNames) -> Mapping[str, Any]:
        optional = given.get("optional", False)
        if "of" not in given:
            edge = names.edge(given.get("fire"))
            return {"edge": edge, "optional": optional, "input": given.get("input", {})}
        path, entity = names.way(given.get("of"))
        edge = names.edge(given.get("fire"), entity) if entity else None
        answers = {
            str(name): value
            for name, body in given.get("input", {}).items()
            if (value := names.expression(body)) is not None
        }
        told = {"edge": edge, "optional": optional, "of": path, "entity": entity}
        return {**told, "input": answers}

    def commands(self, effect: Effect, facts: EffectFacts) -> tuple[FireCommand | FireOther, ...]:
        given = effect.given
        workflow, transition = given["edge"]
        if "of" not in given:
            return (FireCommand(workflow, transition, given["optional"]),)
        entity, path = given["entity"], given["of"]
        answers = {name: plain(facts.value(value)) for name, value in given["input"].items()}
        return (FireOther(entity, path, workflow, transition, given["optional"], answers),)
