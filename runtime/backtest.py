"""Two rule sets over the carts of the past: what each would have given, side by side.

Nothing is written. Promotions that are tried hold whatever their days and their status say, and
without a code: the question is what they would have cost. All others hold as they would have held
at the moment of the cart. Who buys and what items lie in is as it is today, and nobody would have
bought anything else: the report says so wherever it is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from generator.model.text import Label
from rules.pricing.backtest import Tally
from rules.pricing.cart import Context
from rules.pricing.offered import currencies_of, lanes_of, settings_of
from rules.pricing.played import Played
from rules.pricing.price import price
from rules.pricing.promotion import Book, Promotion
from rules.pricing.reading import read_promotion
from runtime import offered_records, price_book
from runtime.errors import Invalid
from runtime.past_carts import PastCarts
from runtime.runtime import Runtime
from runtime.store import promotions
from runtime.store.engine import read

NOW, NONE, WITH, WITHOUT = "now", "none", "with", "without"
MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Which promotions: those that hold, none, or those that hold with or without one."""

    kind: str
    promotion: str = ""
    version: int | None = None
    """A version that was frozen; None: as it is written now."""

    def __str__(self) -> str:
        if self.kind in (NOW, NONE):
            return self.kind
        number = f"@{self.version}" if self.version is not None else ""
        return f"{self.kind}:{self.promotion}{number}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is tried."""

    left: RuleSet
    right: RuleSet
    last: int
    """How many of the latest carts."""
    currency: str = ""


def read_rule_set(text: str) -> RuleSet:
    """Return what `now`, `none`, `with:NAME`, `with:NAME@2` or `without:NAME` says.

    Raises:
        Invalid: it says nothing of the kind.

    """
    kind, _, rest = text.strip().partition(":")
    name, at, number = rest.rpartition("@") if "@" in rest else (rest, "", "")
    if kind in (NOW, NONE) and not rest:
        return RuleSet(kind)
    if kind in (WITH, WITHOUT) and name and (not at or (number.isascii() and number.isdigit())):
        return RuleSet(kind, name, int(number) if at else None)
    raise Invalid(Label({
        "en": f"'{text}' is no set of rules: write now, none, with:NAME, with:NAME@2 or "
              "without:NAME.",
        "zh": f"无法识别规则集“{text}”：请写 now、none、with:促销、with:促销@2 或 without:促销。",
    }))  # fmt: skip


def named(runtime: Runtime, typed: str) -> str:
    """Return the name of a promotion of which somebody may have typed just the key."""
    if typed in runtime.app.promotions or ":" in typed:
        return typed
    with read(runtime.engine) as connection:
        for entity in sorted(runtime.offerings):
            found = offered_records.called(connection, runtime, f"{entity}:{typed}")
            if found is not None:
                return found.id
    return typed


def rule_set(connection: sa.Connection, runtime: Runtime, wanted: RuleSet) -> Book:
    """Return the promotions of a rule set.

    Raises:
        Invalid: there is no such promotion, or it cannot be read.

    """
    there = price_book.current(connection, runtime)
    if wanted.kind == NONE:
        return there.of(())
    if wanted.kind == NOW:
        return there
    tried = _tried(connection, runtime, wanted)
    others = [one for one in there.promotions if one.id != tried.id]
    return there.of(others if wanted.kind == WITHOUT else [*others, tried])


def backtest(
    runtime: Runtime, wanted: Wanted, told: Callable[[int], None] = lambda done: None
) -> dict[str, Any]:
    """Play the latest carts through two rule sets; return the report as plain values.

    Args:
        runtime: the back office.
        wanted: what is tried.
        told: hears after each batch how many carts were played; what it raises ends the play.

    Raises:
        Invalid: a rule set is none, or nothing says what was bought.

    """
    pricing = runtime.app.pricing
    if pricing is None or pricing.past is None:
        raise Invalid(Label({
            "en": "The definitions do not say what was bought: write `past:` below `pricing:`.",
            "zh": "定义未说明历史订单：请在 pricing 下填写 past。",
        }))  # fmt: skip
    with read(runtime.engine) as connection:
        books = [rule_set(connection, runtime, one) for one in (wanted.left, wanted.right)]
    tally, played = Tally(), [Played(one) for one in books]
    carts = PastCarts(runtime, wanted.currency)
    zone, settings = runtime.time_zone, settings_of(pricing)
    for batch in carts.batches(min(wanted.last, MOST)):
        for one in batch:
            results = []
            for pages, counters in zip(books, played, strict=True):
                used = counters.used(one.customer.key)
                context = Context(one.customer, one.channel, used=used, settings=settings)
                result = price(one.cart, pages, context, one.at)
                counters.take(one.customer.key, result)
                results.append(result)
            day = one.at.astimezone(zone).date()
            tally.add(one.record, day, one.costs, results[0], results[1])
        told(tally.carts)
    return {
        "sets": [str(wanted.left), str(wanted.right)],
        "currency": carts.currency,
        "places": pricing.currencies.get(carts.currency, 2),
        "entity": pricing.past.entity,
        "passed": carts.passed.counts,
        "labels": _labels(books),
        **tally.as_json(),
    }


def _labels(books: list[Book]) -> Mapping[str, Mapping[str, str]]:
    return {one.id: dict(one.labels) for each in books for one in each.promotions}


def _tried(connection: sa.Connection, runtime: Runtime, wanted: RuleSet) -> Promotion:
    """Return a promotion as if it held always and for everybody."""
    written = _written(connection, runtime, wanted)
    pricing, words = runtime.app.pricing, runtime.compiled.catalogs
    assert pricing is not None
    free = {"status": "active", "window": None, "needs_code": False, "codes": None}
    found, _ = read_promotion(
        {**written, **free, "version": wanted.version or 1},
        currencies_of(pricing),
        lanes_of(pricing),
        (words["conditions"], words["actions"]),
    )
    if found is None:
        raise _unknown(wanted.promotion)
    return found


def _written(
    connection: sa.Connection, runtime: Runtime, wanted: RuleSet
) -> Mapping[str, Any]:  # fmt: skip
    own = runtime.app.promotions.get(wanted.promotion)
    if own is not None and wanted.version is None:
        return own.written
    if wanted.version is not None:
        table = runtime.system.promotion
        version = promotions.version(connection, table, wanted.promotion, wanted.version)
        if version is None:
            raise _unknown(str(wanted))
        return version.written
    composed = offered_records.called(connection, runtime, wanted.promotion)
    if composed is None:
        raise _unknown(wanted.promotion)
    return composed.written


def _unknown(name: str) -> Invalid:
    return Invalid(Label({
        "en": f"There is no promotion '{name}' that can be tried.",
        "zh": f"没有可以试算的促销“{name}”。",
    }))  # fmt: skip
