"""What was agreed when a cart was placed, so that other lines can be priced by the same rules.

The cart before any price list spoke, who bought and when, and which version each promotion had.
Versions that are records stay where they are and are named; those of files are written out, for a
file keeps no older one. Plain values, so that they can be stored as JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from typing import Any

from rules.pricing.cart import (
    Accepted,
    Cart,
    CodeFact,
    Context,
    Customer,
    Line,
    Listed,
    PriceList,
    Settings,
    Shipment,
)
from rules.pricing.codes import normalized
from rules.pricing.frozen import plain
from rules.pricing.promotion import Promotion
from rules.pricing.result import Result, Step

SETTLED = frozenset({"window", "currency", "code"})
"""Verdicts that no other quantity or line changes."""
LINE = ("id", "item", "quantity", "price", "was", "least", "reduced", "deposit", "deposit_worth",
        "own")  # fmt: skip
OF_LIST = ("id", "currency", "priority")
Written = Mapping[str, Any]
Plain = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Agreed:
    """A cart as it was placed, and by what it was priced."""

    cart: Cart
    context: Context
    """Who bought, where and with what codes; what counters say is read anew."""
    customers: tuple[str, ...]
    at: datetime
    lanes: tuple[str, ...]
    written: tuple[Written, ...]
    """Promotions of files, as they were."""
    versions: tuple[tuple[str, int], ...]
    """Promotions that are records."""
    lost: Mapping[str, bool] = field(default_factory=dict)
    """By code that did not hold for other lines any more: whether its use was given back."""


@dataclass(frozen=True, slots=True)
class Change:
    """So many units of a line, or of an item that was not in the cart."""

    item: str
    number: int
    """Of the line, from 1; 0 where only an item is named."""
    quantity: int
    place: int = 0
    """In what was sent."""


def reachable(priced: Result) -> tuple[str, ...]:
    """Return the promotions that other lines could meet."""
    return tuple(dict.fromkeys(step.promotion for step in priced.trace if _may_hold(step)))


def _may_hold(step: Step) -> bool:
    return step.verdict not in SETTLED and (step.miss is None or step.miss.path != "status")


def kept(
    cart: Cart,
    context: Context,
    customers: Iterable[str],
    at: datetime,
    used: Collection[str],
    lanes: Iterable[str],
    written: Sequence[Written],
    versions: Iterable[tuple[str, int]],
    lost: Mapping[str, bool],
) -> dict[str, Any]:
    """Return what is kept, as plain values.

    `cart` is the one that no price list touched yet; of its codes those in `used` took effect, and
    those in `lost` do not any more.
    """
    lists = {one.list.id: one.list for line in cart.lines for one in line.listed}
    buyer = context.customer
    return {
        "at": at.isoformat(),
        "currency": cart.currency,
        "gross": cart.gross,
        "codes": [code for code in cart.codes if normalized(code) in used],
        "lines": [_line(line) for line in cart.lines],
        "lists": [_list(one) for one in lists.values()],
        "shipments": [
            {"id": one.id, "method": one.method, "cost": one.cost, "tax": str(one.tax)}
            for one in cart.shipments
        ],
        "accepted": [{**asdict(one), "tax": str(one.tax)} for one in cart.accepted],
        "customer": {"key": buyer.key, "groups": list(buyer.groups), "orders": buyer.orders},
        "customers": list(customers),
        "channel": context.channel,
        "facts": dict(context.facts),
        "known": {code: plain(asdict(one)) for code, one in context.codes.items()},
        "settings": asdict(context.settings),
        "lanes": list(lanes),
        "written": [plain(one) for one in written],
        "versions": [list(one) for one in versions],
        **({"lost": dict(lost)} if lost else {}),
    }


def read(stored: Plain) -> Agreed:
    """Return what was kept."""
    lists = {str(one["id"]): _read_list(one) for one in stored["lists"]}
    who = stored["customer"]
    cart = Cart(
        stored["currency"],
        tuple(_read_line(one, lists) for one in stored["lines"]),
        tuple(
            Shipment(one["id"], one["method"], one["cost"], tax=Fraction(one["tax"]))
            for one in stored["shipments"]
        ),
        tuple(stored["codes"]),
        tuple(Accepted(**{**one, "tax": Fraction(one["tax"])}) for one in stored["accepted"]),
        stored["gross"],
    )
    context = Context(
        Customer(who["key"], tuple(who["groups"]), who["orders"]),
        stored["channel"],
        stored["facts"],
        codes={
            code: CodeFact(**{**one, "record": tuple(one["record"])})
            for code, one in stored["known"].items()
        },
        settings=Settings(**stored["settings"]),
    )
    return Agreed(
        cart,
        context,
        tuple(stored["customers"]),
        datetime.fromisoformat(stored["at"]),
        tuple(stored["lanes"]),
        tuple(stored["written"]),
        tuple((str(name), int(number)) for name, number in stored["versions"]),
        dict(stored.get("lost", {})),
    )


def changed(
    cart: Cart, changes: Iterable[Change], new: Callable[[str, str, int], Line]
) -> Cart:  # fmt: skip
    """Return a cart with other quantities; lines stay in their order, new ones come last.

    Args:
        cart: as it was placed.
        changes: what is another.
        new: makes a line of an id, an item and a quantity.

    Raises:
        LookupError: a change names a line that is not there, or several; with the change.

    """
    lines: dict[str, Line] = {line.id: line for line in cart.lines}
    numbered = tuple(lines)
    taken = set(lines)
    for change in changes:
        named = _named(cart, numbered, change)
        if named is not None:
            lines[named] = replace(lines[named], quantity=change.quantity)
        elif change.quantity:
            name = next(str(n) for n in range(1, len(taken) + 2) if str(n) not in taken)
            taken.add(name)
            lines[name] = new(name, change.item, change.quantity)
        else:
            raise LookupError(change)
    return replace(cart, lines=tuple(line for line in lines.values() if line.quantity))


def _named(cart: Cart, numbered: Sequence[str], change: Change) -> str | None:
    """Return the id of the line that a change is about; None for what is new."""
    if change.number:
        if not 1 <= change.number <= len(numbered):
            raise LookupError(change)
        return numbered[change.number - 1]
    found = [line.id for line in cart.lines if line.item == change.item]
    if len(found) > 1:
        raise LookupError(change)
    return found[0] if found else None


def again(promotions: Iterable[Promotion | None]) -> tuple[Promotion, ...]:
    """Return promotions that are there, as they held when the cart was placed."""
    return tuple(replace(one, status="active") for one in promotions if one is not None)


def _line(line: Line) -> dict[str, Any]:
    return {
        **{name: getattr(line, name) for name in LINE},
        "tax": str(line.tax),
        "labels": {facet: list(values) for facet, values in line.labels.items()},
        "listed": [[one.list.id, one.price, one.least, one.was, one.lowest] for one in line.listed],
    }


def _read_line(one: Plain, lists: Mapping[str, PriceList]) -> Line:
    return Line(**{
        **one,
        "tax": Fraction(one["tax"]),
        "labels": {facet: tuple(values) for facet, values in one["labels"].items()},
        "listed": tuple(
            Listed(lists[name], price, least, was, lowest)
            for name, price, least, was, lowest in one["listed"]
        ),
    })  # fmt: skip


def _list(one: PriceList) -> dict[str, Any]:
    return {
        **{name: getattr(one, name) for name in OF_LIST},
        "channels": _names(one.channels),
        "groups": _names(one.groups),
        "facts": {name: sorted(values) for name, values in one.facts.items()},
        "since": one.since.isoformat() if one.since else None,
        "until": one.until.isoformat() if one.until else None,
        "labels": dict(one.labels),
    }


def _read_list(one: Plain) -> PriceList:
    return PriceList(**{
        **one,
        "channels": _frozen(one["channels"]),
        "groups": _frozen(one["groups"]),
        "facts": {name: frozenset(values) for name, values in one["facts"].items()},
        "since": datetime.fromisoformat(one["since"]) if one["since"] else None,
        "until": datetime.fromisoformat(one["until"]) if one["until"] else None,
    })  # fmt: skip


def _names(values: frozenset[str] | None) -> list[str] | None:
    return None if values is None else sorted(values)


def _frozen(values: Sequence[str] | None) -> frozenset[str] | None:
    return None if values is None else frozenset(values)
