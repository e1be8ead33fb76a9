"""What a return pays back: shares of what was really paid, frozen when the order was placed.

The first k of n units are worth `round(paid × k / n)`, and a step pays the difference to the step
before it; so the last unit takes the rest and the sum is what was paid, in whatever steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from rules.pricing.cart import Cart, Context
from rules.pricing.price import price
from rules.pricing.promotion import Book
from rules.pricing.result import Allocation, Result
from rules.pricing.rounding import half_up


@dataclass(frozen=True, slots=True)
class FrozenLine:
    """One line as an order keeps it."""

    id: str
    quantity: int
    paid: int
    tax: int
    units: tuple[tuple[int, int], ...]
    """(How many, each), in the order of the units."""
    allocations: tuple[Allocation, ...]


@dataclass(frozen=True, slots=True)
class FrozenOrder:
    """What an order keeps of its prices; later rules never change it."""

    currency: str
    gross: bool
    lines: tuple[FrozenLine, ...]
    fingerprint: str

    def line(self, id_: str) -> FrozenLine:
        """Return a line.

        Raises:
            KeyError: the order has none with this id.

        """
        for line in self.lines:
            if line.id == id_:
                return line
        raise KeyError(id_)


@dataclass(frozen=True, slots=True)
class Refund:
    """Money to pay back; where prices contain tax, `tax` lies within `amount`."""

    amount: int
    tax: int

    def total(self, *, gross: bool) -> int:
        return self.amount if gross else self.amount + self.tax


def freeze(cart: Cart, result: Result) -> FrozenOrder:
    """Return what has to be stored with an order."""
    return FrozenOrder(
        cart.currency,
        cart.gross,
        tuple(
            FrozenLine(line.id, line.quantity, priced.paid, priced.tax, priced.units,
                       priced.allocations)
            for line, priced in zip(cart.lines, result.lines, strict=True)
        ),
        result.fingerprint,
    )  # fmt: skip


def share_of(paid: int, of: int, before: int, count: int) -> int:
    """Return what `count` more of `of` parts are worth when `before` were paid back already."""
    return half_up(paid * (before + count), of) - half_up(paid * before, of)


def refund_units(
    line: FrozenLine, before: int, count: int, *, by_unit: bool = False
) -> Refund | None:
    """Return what returning more units of a line pays back; None when there are not so many.

    Args:
        line: as it was frozen.
        before: units that came back earlier.
        count: units that come back now.
        by_unit: pay what these very units cost, first ones first, instead of the average; for
            lines of which only some units were reduced.

    """
    if count <= 0 or before < 0 or before + count > line.quantity:
        return None
    tax = share_of(line.tax, line.quantity, before, count)
    if not by_unit:
        return Refund(share_of(line.paid, line.quantity, before, count), tax)
    return Refund(_worth(line.units, before + count) - _worth(line.units, before), tax)


def worth_of(
    paid: int, of: int, count: int, units: Iterable[tuple[int, int]] = (), *, by_unit: bool = False
) -> int:
    """Return what the first `count` of a line's units were worth, whatever came back before."""
    return _worth(units, count) if by_unit else half_up(paid * count, of)


def claws_back(applied: Iterable[str], promotions: Book) -> bool:
    """Return whether one of the promotions that took effect wants what stays priced again."""
    names = set(applied)
    return any(
        promotion.id in names and promotion.refund.on_break == "clawback"
        for promotion in promotions.promotions
    )


def clawback(
    cart: Cart, promotions: Book, context: Context, now: datetime,
    returned: Mapping[str, int], refunded: int,
) -> int:  # fmt: skip
    """Return what a return pays back when what stays is priced again; never less than nothing.

    Args:
        cart: the order's, as it was placed.
        promotions: in the versions the order was placed with.
        context: the order's; its own uses must not count against it.
        now: the moment it was placed.
        returned: line → units that came back altogether, those of now included.
        refunded: what was paid back for goods earlier.

    """
    staying = without(cart, returned)
    before = _goods(cart, price(cart, promotions, context, now))
    after = _goods(staying, price(staying, promotions, context, now)) if staying.lines else 0
    return max(0, before - refunded - after)


def without(cart: Cart, returned: Mapping[str, int]) -> Cart:
    """Return a cart with some units taken out; a line without any is gone."""
    lines = []
    for line in cart.lines:
        left = line.quantity - returned.get(line.id, 0)
        if left > 0:
            lines.append(replace(line, quantity=left))
    return replace(cart, lines=tuple(lines))


def _goods(cart: Cart, result: Result) -> int:
    paid = sum(line.paid for line in result.lines)
    return paid if cart.gross else paid + sum(line.tax for line in result.lines)


def _worth(units: Iterable[tuple[int, int]], count: int) -> int:
    """Return what the first `count` units cost."""
    worth, left = 0, count
    for size, each in units:
        taken = min(size, left)
        worth += taken * each
        left -= taken
    return worth
