"""`call`: asks a provider through a connector, after the commit and at least once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.connectors import RETRY
from generator.effects import EffectFacts, EffectNames, EffectWord
from generator.kinds import Arg
from generator.model.workflow import Effect
from generator.shape import Given
from rules.commands import Call as CallCommand


class Call(EffectWord):
    external = True
    args = {
        "call": Arg("path", "`connector.operation`.", required=True),
        "with": Arg("map", "What it is given, by name.", default={}, of=Arg("expression", "")),
        "on_success": Arg("path", "The transition that its answer fires."),
        "on_failure": Arg("path", "The transition that a definite refusal fires."),
        "retry": Arg("shape", "How often it is made, if not as the operation says.", shape=RETRY),
        "undo": Arg("path", "The operation that takes it back."),
        "no_undo": Arg("text", "Why nothing takes it back, and what a person does instead."),
    }

    def resolve(self, given: Given, names: EffectNames) -> Mapping[str, Any]:
        operation = names.operation(str(given.get("call", "")))
        asked = operation.input if operation is not None else {}
        values = {
            name.text: names.expression(
                written, names.type_of(asked[name.text]) if name.text in asked else None
            )
            for name, written in given.get("with", {}).items()
        }
        return {
            "call": str(given.get("call", "")),
            "values": {name: value for name, value in values.items() if value is not None},
            "on_success": names.edge(given.get("on_success")),
            "on_failure": names.edge(given.get("on_failure")),
            "retry": names.retry(
                given.get("retry"), operation.retry if operation is not None else None
            ),
            "undo": str(given.get("undo", "")),
            "no_undo": given.get("no_undo", ""),
        }

    def commands(self, effect: Effect, facts: EffectFacts) -> tuple[CallCommand, ...]:
        given = effect.given
        values = {name: facts.value(value) for name, value in given["values"].items()}
        return (
            CallCommand(
                given["call"],
                facts.key(given["call"]),
                values,
                given["on_success"],
                given["on_failure"],
                given["undo"],
            ),
        )
