"""What an order must keep so that what stays of it can be priced again later, and back.

Only where a promotion that took effect wants it: the cart, who bought and when, the gifts that are
not simply kept and what budgets granted that get it back; and where discounts or gifts hang on what
stays, every promotion that a smaller cart could meet, in the version of that day. What hangs on the
clock, the channel, the currency or a code that nobody typed stays as it was found and is left out.
Plain values, so that they can be stored as JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from rules.pricing.cart import Cart, CodeFact, Context, Customer, Line, Pool, Settings, Used
from rules.pricing.promotion import CHARGED, KEPT, Book, Promotion, book
from rules.pricing.refunds import claws_back
from rules.pricing.result import Result

FIXED = frozenset({"window", "channel", "currency", "code", "limit"})
"""Verdicts that do not change when units are taken out of a cart."""
OF_LINE = ("id", "item", "quantity", "price", "was", "least", "reduced")

Written = Mapping[str, Any]


DELIVERY = ""
"""Stands for all deliveries among the ids of lines."""


@dataclass(frozen=True, slots=True)
class Gift:
    """Units that a promotion gave and that are not kept when it would no longer give them."""

    promotion: str
    item: str
    number: int
    """Its place among the parts of the order: the lines come first."""
    quantity: int
    charged: int
    """What one costs whoever keeps it; 0 where it must come back."""


@dataclass(frozen=True, slots=True)
class Granted:
    """What a promotion granted out of budgets that get it back."""

    promotion: str
    pool: str
    """The record of the budget that it shares with others; '' for none."""
    amounts: Mapping[str, int]
    """By line, and of `DELIVERY`."""


@dataclass(frozen=True, slots=True)
class Basis:
    """A cart as it was priced, ready to be priced again."""

    cart: Cart
    book: Book
    context: Context
    at: datetime
    gifts: tuple[Gift, ...] = ()
    granted: tuple[Granted, ...] = ()


def wanted(priced: Result, promotions: Book) -> tuple[str, ...]:
    """Return the promotions to be kept with an order; none where nothing hangs on what stays."""
    if not claws_back(priced.applied, promotions) and not gifts(priced, promotions):
        return ()
    found = (step.promotion for step in priced.trace if step.verdict not in FIXED)
    return tuple(dict.fromkeys((*priced.applied, *found)))


def gifts(priced: Result, promotions: Book) -> tuple[Gift, ...]:
    """Return the gifts that are not simply kept."""
    policy = {one.id: one.refund.gift for one in promotions.promotions}
    return tuple(
        Gift(
            one.promotion,
            one.item,
            number,
            one.quantity,
            one.worth if policy[one.promotion] == CHARGED else 0,
        )
        for number, one in enumerate(priced.extras, len(priced.lines) + 1)
        if policy[one.promotion] != KEPT and not one.charged
    )


def granted(priced: Result, promotions: Book, context: Context) -> tuple[Granted, ...]:
    """Return what was granted out of budgets that get back what refunds take back."""
    found = []
    for one in promotions.promotions:
        if not one.refills:
            continue
        pool = context.pools.get(one.shares) if one.shares else None
        amounts = {
            line.id: sum(each.amount for each in line.allocations if each.promotion == one.id)
            for line in priced.lines
        }
        amounts[DELIVERY] = sum(
            each.amount
            for shipment in priced.shipments
            for each in shipment.allocations
            if each.promotion == one.id
        )
        kept = {place: amount for place, amount in amounts.items() if amount}
        if kept:
            found.append(Granted(one.id, pool.key if pool is not None else "", kept))
    return tuple(found)


def frozen(
    priced: Result, promotions: Book, context: Context, at: datetime, written: list[Written]
) -> dict[str, Any]:
    """Return what is kept: plain values; nothing where nobody asks for it.

    Args:
        priced: what was placed.
        promotions: those it was priced with.
        context: what it was priced with.
        at: when.
        written: what `wanted` names, as it is written.

    """
    given, spent = gifts(priced, promotions), granted(priced, promotions, context)
    if not written and not given and not spent:
        return {}
    cart = priced.cart
    names = {str(one["id"]) for one in written}
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
        "known": {code: plain(asdict(one)) for code, one in context.codes.items()},
        "promotions": [plain(one) for one in written],
        "settings": asdict(context.settings),
        "lanes": list(promotions.lanes),
        "gifts": [asdict(one) for one in given],
        "granted": [{**asdict(one), "amounts": dict(one.amounts)} for one in spent],
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
        {
            code: CodeFact(**{**one, "record": tuple(one["record"])})
            for code, one in kept["known"].items()
        },
        pools={
            name: Pool(**{**one, "members": frozenset(one["members"])})
            for name, one in kept["pools"].items()
        },
        settings=Settings(**kept.get("settings", {})),
    )
    cart = Cart(kept["currency"], lines, codes=tuple(kept["codes"]), gross=True)
    promotions = [found for one in kept["promotions"] if (found := read(one)) is not None]
    return Basis(
        cart,
        book(promotions, *kept.get("lanes", ())),
        context,
        datetime.fromisoformat(kept["at"]),
        tuple(Gift(**one) for one in kept.get("gifts", ())),
        tuple(Granted(**one) for one in kept.get("granted", ())),
    )


def _used(used: Used) -> dict[str, Any]:
    """Return counters without how fast they were used: a return is no use."""
    return {name: value for name, value in asdict(used).items() if name != "recent"}


def _pool(pool: Pool) -> dict[str, Any]:
    return {**asdict(pool), "members": sorted(pool.members)}


def plain(value: Any) -> Any:
    """Return a value as JSON has it; what else YAML knows becomes its text."""
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if value is None or isinstance(value, str | bool | int):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
