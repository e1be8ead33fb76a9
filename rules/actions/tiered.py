"""`tiered`: the more, the more off; the highest step that is reached counts, and only that one.

What is measured (an amount or a number of units, of the order, of the scope or of each line) is
not what it is taken off: a percent by the order's total may be taken off each line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from generator.kinds import Arg, Shape
from rules.actions import APPLY, BASE, COMMON, EACH_UNIT, EVERYTHING, SPREAD, Action
from rules.pricing.amounts import Amount
from rules.pricing.arguments import Reading
from rules.pricing.desk import Desk
from rules.pricing.grant import Grant
from rules.pricing.promotion import MANUAL, Promotion, Work
from rules.pricing.result import Miss
from rules.pricing.rounding import share
from rules.pricing.scope import Scope
from rules.pricing.takings import Effect, reduce_lines, spread_over, spread_over_all

STEP = Shape(
    "tier",
    "One step of a staircase: from where on, and what is taken off there.",
    {
        "from_amount": Arg("amount", help="Reached with this amount."),
        "from_quantity": Arg("integer", minimum=0, help="Reached with so many units."),
        "percent": Arg("percent", help="This percent off."),
        "amount": Arg("amount", help="This amount off."),
        "price": Arg("amount", help="This price for each unit, where that is less."),
    },
)


@dataclass(frozen=True, slots=True)
class Level:
    """One step, bound."""

    amount: Amount | None
    quantity: int
    effect: Effect

    def need(self, currency: str) -> int:
        return self.quantity if self.amount is None else self.amount.of(currency)


class Tiered(Action):
    args = {
        "steps": Arg("list", of=Arg("shape", shape=STEP), required=True, help="The steps."),
        "over": Arg(
            "choice",
            options=("order", "scope", "line"),
            default="scope",
            help="What is measured: all goods, the lines it speaks of, or each line by itself.",
        ),
        "apply": APPLY,
        "base": BASE,
        **COMMON,
    }

    def lane(self, values: Mapping[str, Any]) -> str:
        return MANUAL if values["apply"] == EVERYTHING else super().lane(values)

    def bind(self, values: Mapping[str, Any], scope: Scope, reading: Reading) -> Work:
        levels = _levels(values["steps"] or (), reading)
        over, apply, base = values["over"], values["apply"], values["base"]
        quantity = bool(levels) and levels[0].amount is None

        def measure(desk: Desk, lines: Sequence[int]) -> int:
            amounts = desk.count if quantity else desk.base(base)
            return sum(amounts) if over == "order" else sum(amounts[at] for at in lines)

        def work(desk: Desk, promotion: Promotion) -> Grant:
            grant, lines = Grant(), scope.lines(desk)
            for part in [[at] for at in lines] if over == "line" else [lines]:
                have = measure(desk, part)
                level = _reached(levels, have, desk.cart.currency)
                if level is not None:
                    _grant(desk, grant, part, level.effect, apply, base)
                elif levels and grant.miss is None:
                    need = levels[0].need(desk.cart.currency)
                    grant.miss = Miss("tier", have, need, "count" if quantity else "money")
            grant.spread = grant.spread and over != "line"
            return grant

        return work


def _levels(steps: Sequence[Mapping[str, Any]], reading: Reading) -> list[Level]:
    levels = []
    for at, step in enumerate(steps):
        if step is None:
            continue
        starts = [key for key in ("from_amount", "from_quantity") if step[key] is not None]
        effects = [key for key in ("percent", "amount", "price") if step[key] is not None]
        if len(starts) != 1 or len(effects) != 1:
            reading.fault(f"steps[{at}]", "step_unclear")
            continue
        effect = Effect(step["percent"], step["amount"], step["price"])
        levels.append(Level(step["from_amount"], step["from_quantity"] or 0, effect))
    if len({level.amount is None for level in levels}) > 1:
        reading.fault("steps", "steps_mixed")
    for at, (low, high) in enumerate(pairwise(levels)):
        if not _rises(low, high):
            reading.fault(f"steps[{at + 1}]", "steps_not_rising")
    return levels


def _rises(low: Level, high: Level) -> bool:
    if low.amount is None or high.amount is None:
        return low.quantity < high.quantity
    common = low.amount.values.keys() & high.amount.values.keys()
    return all(low.amount.values[name] < high.amount.values[name] for name in common)


def _reached(levels: Sequence[Level], have: int, currency: str) -> Level | None:
    for level in reversed(levels):
        if level.need(currency) <= have:
            return level
    return None


def _grant(
    desk: Desk, grant: Grant, lines: Sequence[int], effect: Effect, apply: str, base: str
) -> None:
    if apply not in (SPREAD, EVERYTHING) or effect.price is not None:
        reduce_lines(desk, grant, lines, base, effect, None, each_unit=apply == EACH_UNIT)
        return
    amounts = desk.base(base)
    if effect.percent is not None:
        whole = sum(amounts[at] for at in lines)
        whole += sum(desk.shipping(base)) if apply == EVERYTHING else 0
        value = share(whole, effect.percent, desk.context.settings.rounding)
    else:
        assert effect.amount is not None
        value = effect.amount.of(desk.cart.currency)
    part = Grant()
    (spread_over if apply == SPREAD else spread_over_all)(desk, part, value, lines, base)
    grant.lines.update(part.lines)
    grant.ships.update(part.ships)
    grant.bases.update(part.bases)
    grant.computed += part.computed
    grant.spread = part.spread
