"""Carts by chance: the engine takes off what a second, slow reading of the semantics does."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from tests.rules.found import answer
from tests.rules.neutral import case
from tests.rules.second_reading import taken_off

CARTS = 300
PERCENTS = ("1", "5", "10", "15", "33", "50", "99", "100")
FACETS = ("a", "b", "c")


def money(chance: Random, most: int, least: int = 1) -> str:
    value = chance.randrange(least, most)
    return f"{value // 100}.{value % 100:02d}"


def line(chance: Random, number: int) -> dict[str, Any]:
    price = chance.choice([0, 1, 99, 100, 333, 1000, chance.randrange(1, 5000)])
    found = {
        "sku": f"S{number}",
        "qty": chance.choice([1, 1, 2, 3, 4, 7]),
        "unit_price": f"{price // 100}.{price % 100:02d}",
        "category": chance.choice(FACETS),
    }
    if chance.random() < 0.3:
        found["min_unit_price"] = money(chance, price + 1, 0)
    return found


def tiers(chance: Random) -> dict[str, Any]:
    counted = chance.random() < 0.5
    starts = sorted(chance.sample(range(1, 9) if counted else range(100, 9000), 2))
    steps: list[dict[str, Any]] = [
        {"from": str(start) if counted else f"{start / 100:.2f}"} for start in starts
    ]
    for step in steps:
        if chance.random() < 0.5:
            step["percent"] = chance.choice(PERCENTS)
        else:
            step["amount"] = money(chance, 2000)
    return {
        "type": "tiered",
        "measure": "quantity" if counted else "amount",
        "measure_over": chance.choice(["order", "scope"]),
        "steps": steps,
        "apply": "order_spread",
    }


def action(chance: Random) -> tuple[dict[str, Any], str]:
    """Return an action and what it is about."""
    word = chance.choice(["percent", "amount", "every", "tiers"])
    if word == "tiers":
        return tiers(chance), "order"
    if word == "every":
        every = {"every": money(chance, 3000, 100), "value": money(chance, 1000)}
        more = {"max_times": chance.randrange(1, 4)} if chance.random() < 0.4 else {}
        return {"type": "every_amount_off", "apply": "order_spread", **every, **more}, "order"
    apply = chance.choice(["order_spread", "each_line", "each_unit"])
    if word == "percent":
        apply = "each_line" if apply == "each_unit" else apply
        found = {"type": "percent_off", "value": chance.choice(PERCENTS), "apply": apply}
        if chance.random() < 0.3:
            found["base"] = chance.choice(["list", "lane_start", "current"])
    else:
        found = {"type": "amount_off", "value": money(chance, 5000), "apply": apply}
    if apply != "order_spread" and chance.random() < 0.3:
        found["max_units"] = chance.randrange(1, 5)
    return found, chance.choice(["lines", "order"]) if apply == "order_spread" else "lines"


def promotion(chance: Random, number: int) -> dict[str, Any]:
    what, target = action(chance)
    if what["type"] != "amount_off" and chance.random() < 0.3:
        what["cap"] = money(chance, 2000)
    scope: dict[str, Any] = {"target": target}
    if chance.random() < 0.5:
        scope["include"] = {"category": chance.sample(FACETS, chance.choice([1, 2]))}
    conditions: list[dict[str, Any]] = []
    if chance.random() < 0.4:
        base = {"base": chance.choice(["list", "lane_start", "current"])}
        amount = {"type": "item_total", "op": ">=", "value": money(chance, 9000), **base}
        units = {"type": "quantity", "op": ">=", "value": chance.randrange(1, 8)}
        conditions.append(chance.choice([amount, units]))
    return {
        "id": f"P{number}",
        "conditions": conditions,
        "action": what,
        "scope": scope,
        "priority": chance.randrange(3),
        "exclusive": False,
    }


@pytest.mark.parametrize("seed", range(8))
def test_both_readings_take_the_same_off(seed: int) -> None:
    chance = Random(seed)
    for _ in range(CARTS):
        lines = [line(chance, number) for number in range(chance.randrange(1, 5))]
        rules = [promotion(chance, number) for number in range(chance.randrange(1, 4))]
        vector = {
            "cart": {"currency": "USD", "lines": lines},
            "promotions": rules,
            "expect": {"line_discounts": []},
        }
        found = answer(vector, case(vector))["line_discounts"]
        assert found == taken_off(vector), vector
