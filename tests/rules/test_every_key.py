"""Whatever a promotion or the vocabulary of prices may say is read, and used by something."""

import ast
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from generator.kinds import Arg
from generator.model.giving_back import GivingBack
from generator.model.placing import Counter, Filled, HandedOut, Placing, Stock
from generator.model.price_history import PriceHistory
from generator.model.pricing import (
    BudgetFacts,
    CustomerFacts,
    DiscountFacts,
    ItemFacts,
    ListFacts,
    Offering,
    OwnLane,
    Pricing,
    TaxFacts,
)
from generator.model.region_taxes import RegionTaxes
from rules.pricing import promotion as read
from rules.pricing.amounts import Currencies
from rules.pricing.arguments import Reading
from rules.pricing.reading import PROMOTION, read_promotion, words
from rules.pricing.scope import EVERYTHING

ROOT = Path(__file__).parent.parent.parent
EUROS = Currencies({"EUR": 2}, "EUR")
MODELS = (
    *(read.Promotion, read.Limits, read.Pace, read.Budget, read.RefundPolicy, read.Group),
    *(read.Combines, read.Deed),
    *(Pricing, ItemFacts, CustomerFacts, ListFacts, TaxFacts, BudgetFacts, Offering, HandedOut),
    *(DiscountFacts, OwnLane),
    *(Counter, Stock, Filled, Placing, GivingBack, PriceHistory, RegionTaxes),
)
ONLY_READ = frozenset({"rules/pricing/reading.py", "rules/pricing/promotion.py"})
"""Here names are read and kept, and nothing is done with them."""
SAMPLES: dict[str, Any] = {
    "text": "x",
    "integer": 3,
    "boolean": True,
    "amount": "5.00",
    "percent": "10",
    "identifier": "x",
    "label": {"en": "x"},
    "value": "x",
    "condition": {"type": "quantity", "value": 1},
    "action": {"type": "percent_off", "percent": 5},
}


class Watched(dict[str, Any]):
    """Values that know what they were asked for."""

    def __init__(self, given: dict[str, Any], at: str, seen: set[str]) -> None:
        super().__init__({name: watched(one, f"{at}{name}.", seen) for name, one in given.items()})
        self.at, self.seen = at, seen

    def __getitem__(self, key: str) -> Any:
        self.seen.add(f"{self.at}{key}")
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self.seen.add(f"{self.at}{key}")
        return super().get(key, default)

    def __iter__(self) -> Iterator[str]:
        """Let `**` ask for `keys`, which it does of no plain dictionary."""
        return super().__iter__()

    def keys(self) -> Any:
        """Somebody takes all of them: they become the fields of what is read."""
        self.seen.update(f"{self.at}{key}" for key in list(self))
        return super().keys()


def watched(value: Any, at: str, seen: set[str]) -> Any:
    if isinstance(value, dict):
        return Watched(value, at, seen)
    if isinstance(value, list | tuple):
        return [watched(one, at, seen) for one in value]
    return value


def sample(arg: Arg) -> Any:
    """Return a value with everything in it that an argument may hold."""
    if arg.type == "choice":
        return arg.options[0]
    if arg.type == "list":
        assert arg.of is not None
        return [sample(arg.of)]
    if arg.type == "map":
        assert arg.of is not None
        return {"x": sample(arg.of)}
    if arg.type == "shape":
        assert arg.shape is not None
        return {name: sample(one) for name, one in arg.shape.args.items()}
    return SAMPLES[arg.type]


def every(args: dict[str, Arg], at: str = "") -> Iterator[str]:
    """Yield the path of every key; keys of maps are the author's own, amounts have parts."""
    for name, arg in args.items():
        yield f"{at}{name}"
        inner = arg.of if arg.type == "list" and arg.of is not None else arg
        if inner.type == "shape" and inner.shape is not None:
            yield from every(dict(inner.shape.args), f"{at}{name}.")


@pytest.mark.parametrize("word", sorted(words()[1].words))
def test_every_argument_of_an_action_is_read(word: str) -> None:
    conditions, actions = words()
    kind, reading, seen = actions[word], Reading(EUROS, conditions, actions), set[str]()
    given = reading.shape(kind.args, {name: sample(arg) for name, arg in kind.args.items()}, "")
    values = watched(given, "", seen)
    own = reading.scope(values, EVERYTHING)
    kind.lane(values)
    kind.counts(values)
    kind.bind(values, own, reading)
    by_all = {"lane", "cap"}
    """Read of every action where it is read itself."""
    assert set(every(dict(kind.args))) - seen <= by_all


@pytest.mark.parametrize("word", sorted(words()[0].words))
def test_every_argument_of_a_condition_is_read(word: str) -> None:
    conditions, actions = words()
    kind, reading, seen = conditions[word], Reading(EUROS, conditions, actions), set[str]()
    given = reading.shape(kind.args, {name: sample(arg) for name, arg in kind.args.items()}, "")
    kind.bind(watched(given, "", seen), reading)
    assert set(every(dict(kind.args))) <= seen


def test_every_key_of_a_promotion_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = set[str]()

    class Watching(Reading):
        def shape(self, args: Any, written: Any, path: str) -> dict[str, Any]:
            found = super().shape(args, written, path)
            return Watched(found, "", seen) if not path else found

    monkeypatch.setattr("rules.pricing.reading.Reading", Watching)
    whole = {name: sample(arg) for name, arg in PROMOTION.args.items()}
    whole |= {
        "lane": "order",
        "currencies": ["EUR"],
        "window": {"from": "2026-01-01", "until": "2026-02-01", "zone": "UTC"},
        "recurs": {**whole["recurs"], "dates": ["2026-01-02"], "zone": "UTC",
                   "hours": [{"from": "10:00", "until": "12:00"}]},
        "budget": {"amount": "5.00", "overrun": "cap", "refund": True},
        "refund": {"on_break": "keep", "gift": "keep", "code": "never"},
    }  # fmt: skip
    found, faults = read_promotion(whole, EUROS)
    assert found is not None, faults
    assert set(every(dict(PROMOTION.args))) <= seen


@pytest.mark.parametrize("model", MODELS, ids=lambda one: one.__name__)
def test_whatever_is_kept_of_it_is_used(model: Any) -> None:
    names = {one.name for one in fields(model)} - {"span"}
    assert names <= used_names()


@cache
def used_names() -> frozenset[str]:
    """Return every name that rules or the running shop ask of something."""
    return frozenset(
        node.attr
        for folder in ("rules", "runtime")
        for file in (ROOT / folder).rglob("*.py")
        if str(file.relative_to(ROOT)) not in ONLY_READ
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
    )
