"""What an order must keep so that what stays of it can be priced again later, and back.

Only where a promotion that took effect wants it (`refund: {on_break: clawback}`): the cart, who
bought and when, and every promotion that a smaller cart could meet, in the version of that day.
What hangs on the clock, the channel, the currency or a code that nobody typed stays as it was found
and is left out. Plain values, so that they can be stored as JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from rules.pricing.cart import Cart, CodeFact, Context, Customer, Line, Pool, Used
from rules.pricing.price import price
from rules.pricing.promotion import Book, Promotion, book
from rules.pricing.refunds import clawback, claws_back, without
from rules.pricing.result import Result

FIXED = frozenset({"window", "channel", "currency", "code", "limit"})
"""Verdicts that do not change when units are taken out of a cart."""
OF_LINE = ("id", "item", "quantity", "price", "was", "least", "reduced")

Written = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Basis:
    """A cart as it was priced, ready to be priced again."""

    cart: Cart
    book: Book
    context: Context
    at: datetime


@dataclass(frozen=True, slots=True)
class Break:
    """What a return comes to where promotions are looked at again."""

    amount: int
    lost_to: tuple[str, ...]
    """Those that give less to what stays; names."""


def wanted(priced: Result, promotions: Book) -> tuple[str, ...]:
    """Return the promotions to be kept with an order; none where nobody asks for it."""
    if not claws_back(priced.applied, promotions):
        return ()
    found = (step.promotion for step in priced.trace if step.verdict not in FIXED)
    return tuple(dict.fromkeys((*priced.applied, *found)))


def frozen(cart: Cart, context: Context, at: datetime, promotions: list[Written]) -> dict[str, Any]:
    """Return what is kept: plain values."""
    names = {str(one["id"]) for one in promotions}
    buyer = context.customer
    return {
        "at": at.isoformat(),
        "currency": cart.currency,
        "codes": list(cart.codes),
        "lines": [
            {
                **{name: getattr(line, name) for name in OF_LINE},
                "labels": {facet: list(values) for facet, values in line.labels.items()},
            }
            for line in cart.lines
        ],
        "customer": {"key": buyer.key, "groups": list(buyer.groups), "orders": buyer.orders},
        "channel": context.channel,
        "facts": dict(context.facts),
        "used": {name: _used(one) for name, one in context.used.items() if name in names},
        "pools": {name: _pool(one) for name, one in context.pools.items()},
        "known": {code: asdict(one) for code, one in context.codes.items()},
        "promotions": [_plain(one) for one in promotions],
    }


def thawed(kept: Mapping[str, Any], read: Callable[[Written], Promotion | None]) -> Basis:
    """Return what was kept, its promotions read again."""
    lines = tuple(
        Line(**{
            **one,
            "labels": {facet: tuple(values) for facet, values in one["labels"].items()},
        })
        for one in kept["lines"]
    )  # fmt: skip
    who = kept["customer"]
    context = Context(
        Customer(who["key"], tuple(who["groups"]), who["orders"]),
        kept["channel"],
        kept["facts"],
        {name: Used(**one) for name, one in kept["used"].items()},
        {code: CodeFact(**one) for code, one in kept["known"].items()},
        pools={
            name: Pool(**{**one, "members": frozenset(one["members"])})
            for name, one in kept["pools"].items()
        },
    )
    cart = Cart(kept["currency"], lines, codes=tuple(kept["codes"]), gross=True)
    promotions = [found for one in kept["promotions"] if (found := read(one)) is not None]
    return Basis(cart, book(promotions), context, datetime.fromisoformat(kept["at"]))


def after_break(basis: Basis, returned: Mapping[str, int], refunded: int) -> Break:
    """Return what a return pays when what stays is priced again.

    Args:
        basis: of the order.
        returned: line → units that came back altogether, those of now included.
        refunded: what was paid back for goods earlier.

    """
    parts = (basis.cart, basis.book, basis.context)
    staying = without(basis.cart, returned)
    before = price(*parts, basis.at)
    after = price(staying, basis.book, basis.context, basis.at) if staying.lines else None
    left = set(after.applied) if after is not None else set(before.applied)
    lost = tuple(name for name in before.applied if name not in left)
    return Break(clawback(*parts, basis.at, returned, refunded), lost)


def _used(used: Used) -> dict[str, Any]:
    """Return counters without how fast they were used: a return is no use."""
    return {name: value for name, value in asdict(used).items() if name != "recent"}


def _pool(pool: Pool) -> dict[str, Any]:
    return {**asdict(pool), "members": sorted(pool.members)}


def _plain(value: Any) -> Any:
    """Return a value as JSON has it; what else YAML knows becomes its text."""
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if value is None or isinstance(value, str | bool | int):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
