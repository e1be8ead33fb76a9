"""`notify`: tells people of some roles, or somebody outside, that something happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.effects import EffectFacts, EffectNames, EffectWord
from generator.kinds import Arg
from generator.model.workflow import Effect
from generator.shape import Given
from rules.commands import Notify as NotifyCommand


class Notify(EffectWord):
    args = {
        "notify": Arg("identifier", "What the notice is called.", required=True),
        "for": Arg(
            "list",
            "Who is told; not needed where the message of that name is sent to somebody outside.",
            default=(),
            one=True,
            of=Arg("name", "A role.", to="role"),
        ),
    }

    def resolve(self, given: Given, names: EffectNames) -> Mapping[str, Any]:
        return {"name": given.get("notify", ""), "roles": names.roles(given.get("for", ()))}

    def commands(self, effect: Effect, facts: EffectFacts) -> tuple[NotifyCommand, ...]:
        return (NotifyCommand(effect.given["name"], effect.given["roles"]),)
