"""`issue`: draws the next number of a sequence for the record, such as an invoice number.

The field is `type: sequence` with `issued: true`, so it is empty until then. A record that has its
number keeps it, however often the transition fires.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.effects import EffectFacts, EffectNames, EffectWord
from generator.kinds import Arg
from generator.model.workflow import Effect
from generator.shape import Given
from rules.commands import IssueNumber


class Issue(EffectWord):
    args = {
        "issue": Arg(
            "name",
            "A field of type sequence with `issued: true`: its next number, once.",
            required=True,
            to="field",
        ),
    }

    def resolve(self, given: Given, names: EffectNames) -> Mapping[str, Any]:
        written = given.get("issue")
        return {"field": names.number(written) if written is not None else ""}

    def commands(self, effect: Effect, facts: EffectFacts) -> tuple[IssueNumber, ...]:
        return (IssueNumber(effect.given["field"]),)
