"""`price`: a cart, promotions, what is known and the moment → amounts, with every reason.

Pure: the same in gives the same out, to the byte, whatever order promotions and codes come in. It
reads no counter and takes no use; what placing the order must take is in `usage`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from rules.pricing.cart import Cart, Context
from rules.pricing.choice import choose
from rules.pricing.codes import Codes, read_codes
from rules.pricing.desk import Booked, Desk, open_desk
from rules.pricing.fingerprint import fingerprint
from rules.pricing.gates import gate
from rules.pricing.lanes import Run
from rules.pricing.lists import settled
from rules.pricing.promotion import Book, Promotion, book
from rules.pricing.result import (
    Allocation,
    LineResult,
    Listing,
    Result,
    ShipmentResult,
    Step,
    Totals,
    Usage,
)
from rules.pricing.states import code_states
from rules.pricing.tax import Taxes, taxes


def price(
    cart: Cart, promotions: Book | Iterable[Promotion], context: Context, now: datetime
) -> Result:
    """Return what everything costs.

    Args:
        cart: one without `faults`.
        promotions: read ones; a `Book` of them saves sorting them again.
        context: customer, counters, settings.
        now: an aware time.

    """
    pages = promotions if isinstance(promotions, Book) else book(tuple(promotions))
    cart, listings = settled(cart, context, now)
    codes = read_codes(cart, context, pages.promotions)
    trace: list[Step] = []
    candidates = []
    for promotion in pages.promotions:
        step = gate(promotion, cart, context, codes, now)
        if step is None:
            candidates.append(promotion)
        else:
            trace.append(step)
    clean = open_desk(cart, context)

    def attempt(chosen: Sequence[Promotion]) -> Run:
        return Run(clean.copy(), pages.lanes, codes.opens).through(chosen)

    choice = choose(candidates, attempt)
    for name, (by, saving, how) in sorted(choice.gone.items()):
        trace.append(Step(name, "", "suppressed", by=by, granted=saving, note=how))
    run = Run(clean, pages.lanes, codes.opens).through(choice.kept)
    trace += run.trace
    return _result(run.desk, candidates, codes, tuple(trace), listings)


def _result(
    desk: Desk,
    candidates: Sequence[Promotion],
    codes: Codes,
    trace: tuple[Step, ...],
    listings: tuple[Listing, ...],
) -> Result:
    versions = {promotion.id: promotion.version for promotion in candidates}
    tax = taxes(desk)
    states = code_states(codes, trace)
    return Result(
        lines=_lines(desk, versions, tax),
        shipments=_shipments(desk, versions, tax),
        extras=tuple(desk.extras),
        offers=tuple(desk.offers),
        totals=_totals(desk, tax),
        codes=states,
        usage=_usage(desk, versions, codes, trace),
        trace=trace,
        fingerprint=fingerprint(desk, versions),
        cart=desk.cart,
        listings=listings,
    )


def _lines(desk: Desk, versions: Mapping[str, int], tax: Taxes) -> tuple[LineResult, ...]:
    rows = _by_place(desk.booked, versions)
    return tuple(
        LineResult(
            line.id,
            desk.prices[at],
            rows.get(at, ()),
            desk.amounts[at],
            desk.floors[at],
            tax.lines[at],
            desk.told(at),
        )
        for at, line in enumerate(desk.cart.lines)
    )


def _shipments(desk: Desk, versions: Mapping[str, int], tax: Taxes) -> tuple[ShipmentResult, ...]:
    rows = _by_place(desk.ships_booked, versions)
    return tuple(
        ShipmentResult(
            shipment.id, desk.ships_list[at], rows.get(at, ()), desk.ships[at], tax.ships[at]
        )
        for at, shipment in enumerate(desk.cart.shipments)
    )


def _by_place(
    booked: Iterable[Booked], versions: Mapping[str, int]
) -> dict[int, tuple[Allocation, ...]]:
    rows: dict[int, list[Allocation]] = {}
    for promotion, _, code, lane, at, amount, units in booked:
        allocation = Allocation(promotion, versions[promotion], code, lane, amount, units)
        if at in rows:
            rows[at].append(allocation)
        else:
            rows[at] = [allocation]
    return {at: tuple(found) for at, found in rows.items()}


def _totals(desk: Desk, tax: Taxes) -> Totals:
    goods, paid = sum(desk.prices), sum(desk.amounts)
    extras = sum(extra.charged for extra in desk.extras)
    shipping, left = sum(desk.ships_list), sum(desk.ships)
    taxed = sum(tax.lines) + sum(tax.ships) + sum(extra.tax for extra in desk.extras)
    total = paid + extras + left + (0 if desk.cart.gross else taxed)
    own = {at: line.deposit * line.quantity for at, line in enumerate(desk.cart.lines)}
    deposit = min(sum({**own, **desk.deposits}.values()), max(total, 0))
    return Totals(
        goods=goods,
        off=goods - paid,
        extras=extras,
        shipping=shipping,
        shipping_off=shipping - left,
        tax=taxed,
        total=total,
        deposit=deposit,
        balance=max(0, total - deposit) if deposit else 0,
    )


def _usage(
    desk: Desk, versions: Mapping[str, int], codes: Codes, trace: Iterable[Step]
) -> tuple[Usage, ...]:
    """Return what each promotion that took effect takes from its counters, once an order."""
    sold = _sold(desk)
    applied = dict.fromkeys(step.promotion for step in trace if step.verdict == "applied")
    return tuple(
        Usage(
            name,
            versions[name],
            codes.opens.get(name, ""),
            desk.context.customer.key,
            1,
            desk.spent.get(name, 0),
            tuple([(item, n) for item, n, _ in sold.get(name, ())]),
            tuple([(item, *bounds) for item, _, bounds in sold.get(name, ())]),
        )
        for name in applied
    )


def _sold(desk: Desk) -> Mapping[str, Sequence[tuple[str, int, tuple[int | None, int | None]]]]:
    """Return, by promotion, what it takes of its own stock: item, units, and their bounds."""
    found: dict[str, list[tuple[str, int, tuple[int | None, int | None]]]] = {}
    for (owner, item), units in sorted(desk.sold.items()):
        bounds = desk.bounds.get((owner, item), (None, None))
        found.setdefault(owner, []).append((item, units, bounds))
    return found
