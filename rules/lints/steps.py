"""`steps`: a step of a staircase that nobody reaches, or that gives less than the one below."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Any

from generator.lints import Finding, Lint, Offered
from generator.model.pricing import Promotion as Written
from generator.saying import say
from rules.lints import actions, amount, live
from rules.pricing.desk import CURRENT


class Steps(Lint):
    def find(self, offered: Offered) -> Iterator[Finding]:
        for one, _ in live(offered):
            for at, action in actions(one, "tiered"):
                yield from _below_the_door(offered, one, at, action)
                yield from _falling(offered, one, at, action["steps"])


def _below_the_door(
    offered: Offered, one: Written, at: int, action: Mapping[str, Any]
) -> Iterator[Finding]:
    """A step whose successor is reached already where the conditions hold is never the highest."""
    home, steps = offered.pricing.home, action["steps"]
    doors = [
        amount(offered, condition["value"]).values.get(home, 0)
        for condition in one.written.get("when") or ()
        if condition["type"] == "amount"
        and condition.get("op", ">=") == ">="
        and condition.get("base", CURRENT) == action.get("base", CURRENT)
        and not {"include", "exclude", "delivery"} & condition.keys()
    ]
    narrowed = {"include", "exclude"} & (action.keys() | one.written.keys())
    if not doors or (narrowed and action.get("over") != "order") or action.get("over") == "line":
        return
    for number, step in enumerate(steps[1:]):
        need = step.get("from_amount")
        if need is not None and amount(offered, need).values.get(home, 1) <= max(doors):
            message = say("This step is never the one reached: `when` asks for more already.")
            hint = say("Remove the step, or lower the amount in `when`.")
            yield Finding("D803", one.name, ("then", at, "steps", number), message, hint)


def _falling(
    offered: Offered, one: Written, at: int, steps: list[Mapping[str, Any]]
) -> Iterator[Finding]:
    for number, (low, high) in enumerate(pairwise(steps)):
        for key in ("percent", "amount"):
            if (
                key in low
                and key in high
                and _worth(offered, high, key) < _worth(offered, low, key)
            ):
                message = say("This step gives less than the one below it.")
                hint = say("Only the highest step that is reached counts; let it give the most.")
                path = ("then", at, "steps", number + 1)
                yield Finding("D803", one.name, path, message, hint)


def _worth(offered: Offered, step: Mapping[str, Any], key: str) -> Decimal:
    if key == "percent":
        return Decimal(str(step[key]))
    return Decimal(amount(offered, step[key]).values.get(offered.pricing.home, 0))
