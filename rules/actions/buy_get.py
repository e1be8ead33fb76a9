"""`buy_get`: for so many units of one kind, so many of another cheaper or free.

A unit counts once: what was bought or given by one exchange takes part in no other of its lane.
A given unit saves its own price, not an average. Equal units are exchanged in one go, so that
thousands cost no more than a few.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from generator.kinds import Arg, Shape
from rules.actions import COMMON, MAX_TIMES, Action
from rules.pricing.arguments import EXCLUDE, INCLUDE, Reading
from rules.pricing.desk import CURRENT, Desk
from rules.pricing.effects import effect_of
from rules.pricing.grant import Grant
from rules.pricing.promotion import Promotion, Work
from rules.pricing.result import Miss
from rules.pricing.scope import Scope
from rules.pricing.takings import reduce_units
from rules.pricing.units import Unit

BUY = Shape(
    "buy",
    "What must be bought.",
    {
        "quantity": Arg("integer", default=1, minimum=1, help="Units."),
        "include": INCLUDE,
        "exclude": EXCLUDE,
    },
)
GET = Shape(
    "get",
    "What is given for it.",
    {
        "quantity": Arg("integer", default=1, minimum=1, help="Units."),
        "percent": Arg("percent", help="This percent off each."),
        "amount": Arg("amount", help="This amount off each."),
        "price": Arg("amount", help="This price for each, where that is less."),
        "include": INCLUDE,
        "exclude": EXCLUDE,
    },
)
Place = tuple[int, int]
"""A line and a run of it."""


class BuyGet(Action):
    args = {
        "buy": Arg("shape", shape=BUY, required=True, help="What must be bought."),
        "get": Arg("shape", shape=GET, required=True, help="What is given for it."),
        "pick": Arg(
            "choice",
            options=("cheapest", "dearest"),
            default="cheapest",
            help="Which units are given.",
        ),
        "max_times": MAX_TIMES,
        "all_or_nothing": Arg("boolean", default=False, help="Give no part of an exchange."),
        "reserve_bought": Arg(
            "boolean", default=True, help="Whether a unit that was bought can still be given."
        ),
        "get_first": Arg(
            "boolean", default=False, help="Choose what is given before what counts as bought."
        ),
        **COMMON,
    }

    def bind(self, values: Mapping[str, Any], scope: Scope, reading: Reading) -> Work:
        if values["buy"] is None or values["get"] is None:
            return lambda desk, promotion: Grant()
        buy, get = reading.scope(values["buy"], scope), reading.scope(values["get"], scope)
        effect = effect_of(values["get"], reading)
        rule = Rule(
            values["buy"]["quantity"],
            values["get"]["quantity"],
            values["max_times"],
            values["all_or_nothing"],
            values["reserve_bought"],
            values["get_first"],
        )
        cheapest = values["pick"] == "cheapest"

        def work(desk: Desk, promotion: Promotion) -> Grant:
            grant = Grant()
            buys = desk.sorted_units(buy.lines(desk), CURRENT, free=True)
            gets = desk.sorted_units(get.lines(desk), CURRENT, free=True, cheapest=cheapest)
            done = exchange(buys, gets, rule)
            reduce_units(desk, grant, [(unit, done.given[place(unit)]) for unit in gets
                                       if place(unit) in done.given], effect)  # fmt: skip
            for line, run in (*done.given, *done.bought):
                used = grant.used.setdefault(line, {})
                used[run] = done.bought.get((line, run), 0) if rule.reserve else 0
            if not done.given:
                have = sum(unit.size for unit in buys)
                grant.miss = Miss("buy", have, rule.buy + (rule.get if buy is get else 0), "count")
            return grant

        return work


@dataclass(frozen=True, slots=True)
class Rule:
    """How units are exchanged."""

    buy: int
    get: int
    most: int | None
    whole: bool
    reserve: bool
    get_first: bool


@dataclass(slots=True)
class Done:
    """How many units of each run were bought and given."""

    bought: dict[Place, int] = field(default_factory=dict)
    given: dict[Place, int] = field(default_factory=dict)


def place(unit: Unit) -> Place:
    return (unit.line, unit.run)


def exchange(buys: list[Unit], gets: list[Unit], rule: Rule) -> Done:
    """Return which units are bought and given, as often as the rule and the units allow."""
    done, left = Done(), {place(unit): unit.size for unit in (*buys, *gets)}
    buy_left = left if rule.reserve else left.copy()
    buy_order, get_order = [place(unit) for unit in buys], [place(unit) for unit in gets]
    times = rule.most if rule.most is not None else sum(left.values())
    while times > 0:
        many = _alike(buy_order, get_order, buy_left, left, rule)
        if many:
            many = min(many, times)
            _move(buy_order[0], many * rule.buy, buy_left, done.bought)
            _move(get_order[0], many * rule.get, left, done.given)
            times -= many
            continue
        if not _once(buy_order, get_order, buy_left, left, rule, done):
            break
        times -= 1
    return done


def _alike(
    buys: list[Place], gets: list[Place], buy_left: dict[Place, int], left: dict[Place, int],
    rule: Rule,
) -> int:  # fmt: skip
    """Return how many exchanges take all they need from the first run of each side."""
    while buys and not buy_left[buys[0]]:
        buys.pop(0)
    while gets and not left[gets[0]]:
        gets.pop(0)
    if not buys or not gets:
        return 0
    if buys[0] == gets[0] and rule.reserve:
        return left[gets[0]] // (rule.buy + rule.get)
    return min(buy_left[buys[0]] // rule.buy, left[gets[0]] // rule.get)


def _once(
    buys: list[Place], gets: list[Place], buy_left: dict[Place, int], left: dict[Place, int],
    rule: Rule, done: Done,
) -> bool:  # fmt: skip
    """Make one exchange across runs; False, with nothing taken, when it cannot be made."""
    bought: dict[Place, int] = {}
    given: dict[Place, int] = {}
    if rule.get_first:
        got = _draw(gets, left, rule.get, given)
        enough = _draw(buys, buy_left, rule.buy, bought) == rule.buy
    else:
        enough = _draw(buys, buy_left, rule.buy, bought) == rule.buy
        got = _draw(gets, left, rule.get, given)
    if not enough or not got or (rule.whole and got < rule.get):
        for at, count in bought.items():
            buy_left[at] += count
        for at, count in given.items():
            left[at] += count
        return False
    for at, count in bought.items():
        done.bought[at] = done.bought.get(at, 0) + count
    for at, count in given.items():
        done.given[at] = done.given.get(at, 0) + count
    return True


def _draw(order: list[Place], left: dict[Place, int], wanted: int, into: dict[Place, int]) -> int:
    """Take units from the front, one run after the other; return how many there were."""
    missing = wanted
    for at in order:
        count = min(left[at], missing)
        if count:
            left[at] -= count
            into[at] = into.get(at, 0) + count
            missing -= count
        if not missing:
            break
    return wanted - missing


def _move(at: Place, count: int, left: dict[Place, int], into: dict[Place, int]) -> None:
    left[at] -= count
    into[at] = into.get(at, 0) + count
