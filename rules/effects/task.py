"""`task`: asks people of some roles to do something; leaving the state closes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.effects import EffectFacts, EffectNames, EffectWord
from generator.kinds import Arg
from generator.model.workflow import Effect
from generator.shape import Given
from rules.commands import OpenTask


class Task(EffectWord):
    args = {
        "task": Arg("identifier", "What the task is called.", required=True),
        "label": Arg("label", "What people read; made from its name if missing."),
        "for": Arg(
            "list", "Who is asked.", required=True, one=True, of=Arg("name", "A role.", to="role")
        ),
    }

    def resolve(self, given: Given, names: EffectNames) -> Mapping[str, Any]:
        roles = names.roles(given.get("for", ()))
        return {"name": given.get("task", ""), "label": given.get("label"), "roles": roles}

    def commands(self, effect: Effect, facts: EffectFacts) -> tuple[OpenTask, ...]:
        return (OpenTask(effect.given["name"], effect.given["roles"]),)
