"""`fire`: fires a transition of another workflow of the record, when this one is complete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.effects import EffectFacts, EffectNames, EffectWord
from generator.kinds import Arg
from generator.model.workflow import Effect
from generator.shape import Given
from rules.commands import Fire as FireCommand


class Fire(EffectWord):
    args = {
        "fire": Arg(
            "path", "`workflow.transition`; just `transition` is of this workflow.", required=True
        ),
        "optional": Arg("boolean", "A refusal is noted and stops nothing.", default=False),
    }

    def resolve(self, given: Given, names: EffectNames) -> Mapping[str, Any]:
        edge = names.edge(given.get("fire"))
        return {"edge": edge, "optional": given.get("optional", False)}

    def commands(self, effect: Effect, facts: EffectFacts) -> tuple[FireCommand, ...]:
        workflow, transition = effect.given["edge"]
        return (FireCommand(workflow, transition, effect.given["optional"]),)
