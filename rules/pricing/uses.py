"""What placing a cart takes from counters, and what pricing must know of them.

Comes in: a result and the promotions behind it. Goes out: `Take`s, each a bounded count of one
thing. A promotion without a bound takes nothing: nobody then waits for a row of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from rules.pricing.cart import CodeFact, Context, Used
from rules.pricing.gates import known_by
from rules.pricing.promotion import CUSTOMER, Book, Promotion
from rules.pricing.result import Result, Usage


@dataclass(frozen=True, slots=True)
class Take:
    """So much of one counter, which may then not exceed its bound."""

    counts: str
    """`uses`, `money`, `pace` or `shared`."""
    about: tuple[tuple[str, str], ...]
    """By part of the key: which; the promotion first."""
    quantity: int
    most: int
    stays: bool = False
    """It is not given back when what was placed is cancelled."""
    seconds: int = 0
    """Of a pace: the bound is for what was taken in that time; else for all of it."""


@dataclass(frozen=True, slots=True)
class Count:
    """What a counter says."""

    counts: str
    about: Mapping[str, str]
    quantity: int


def bounded(promotions: Iterable[Promotion]) -> Iterator[tuple[str, str]]:
    """Yield `uses` or `money` and the promotion, for everything that is counted."""
    for one in promotions:
        limits, budget = one.limits, one.budget
        own = (limits.total, limits.per_customer, limits.per_code)
        by_unit = any(deed.counts for deed in one.deeds)
        if any(most is not None for most in own) or by_unit or one.needs_code:
            yield "uses", one.id
        if budget is not None:
            yield ("uses" if isinstance(budget.limit, int) else "money"), one.id


def gathered(counts: Iterable[Count]) -> dict[str, Used]:
    """Return what was taken, by promotion; of several keys of one customer the most counts."""
    found: dict[str, _Sums] = {}
    for one in counts:
        sums = found.setdefault(one.about["promotion"], _Sums())
        sums.add(one)
    return {name: sums.used() for name, sums in found.items()}


class _Sums:
    """The counters of one promotion."""

    def __init__(self) -> None:
        self.total = self.customer = self.spent = 0
        self.codes: dict[str, int] = {}
        self.units: dict[str, int] = {}
        self.own_units: dict[str, int] = {}
        self.own_codes: dict[str, int] = {}

    def add(self, one: Count) -> None:
        about, count = one.about, one.quantity
        item, code = about.get("item", ""), about.get("code", "")
        if one.counts == "money":
            self.spent += count
        elif item and about.get("customer"):
            self.own_units[item] = max(self.own_units.get(item, 0), count)
        elif item:
            self.units[item] = count
        elif code and about.get("customer"):
            self.own_codes[code] = max(self.own_codes.get(code, 0), count)
        elif code:
            self.codes[code] = count
        elif about.get("customer"):
            self.customer = max(self.customer, count)
        else:
            self.total = count

    def used(self) -> Used:
        return Used(
            self.total,
            self.customer,
            self.codes,
            self.spent,
            self.units,
            self.own_units,
            codes_by_customer=self.own_codes,
        )


def takes(
    result: Result,
    promotions: Book,
    currency: str,
    customers: Iterable[str],
    context: Context,
) -> tuple[Take, ...]:
    """Return what placing takes.

    Args:
        result: what was priced.
        promotions: those it was priced with.
        currency: of the cart.
        customers: every key under which the customer is known.
        context: what it was priced with: codes that were handed out singly, facts, budgets.

    Raises:
        LookupError: something is counted by customer, and nobody said who that is.

    """
    known = {one.id: one for one in promotions.promotions}
    everyone = tuple(dict.fromkeys(customers))
    return tuple(
        one
        for usage in result.usage
        for one in _takes(usage, known[usage.promotion], currency, everyone, context)
    )


def _takes(
    usage: Usage,
    promotion: Promotion,
    currency: str,
    customers: tuple[str, ...],
    context: Context,
) -> Iterator[Take]:
    limits, budget, codes = promotion.limits, promotion.budget, context.codes
    stays = not limits.release_on_cancel
    own = ("promotion", promotion.id)
    total = _least(limits.total, budget.limit if budget is not None else None)
    if total is not None:
        yield Take("uses", (own,), usage.uses, total, stays)
    if limits.per_customer is not None:
        for name in _known(customers):
            about = (own, ("customer", name))
            yield Take("uses", about, usage.uses, limits.per_customer, stays)
    if usage.code:
        yield from _takes_of_code(usage, promotion, customers, codes.get(usage.code))
    if budget is not None and not isinstance(budget.limit, int) and usage.spend:
        about = (own, ("currency", currency))
        yield Take("money", about, usage.spend, budget.limit.of(currency), stays)
    yield from _shared(usage, promotion, currency, customers, context)
    units = dict(usage.units)
    for item, stock, each in usage.bounds:
        if stock is not None:
            yield Take("uses", (own, ("item", item)), units[item], stock, stays)
        if each is not None:
            for name in _known(customers):
                both = (own, ("item", item), ("customer", name))
                yield Take("uses", both, units[item], each, stays)


def _shared(
    usage: Usage,
    promotion: Promotion,
    currency: str,
    customers: tuple[str, ...],
    context: Context,
) -> Iterator[Take]:
    """Yield what is taken of a shared budget, and what counts for a pace."""
    own, stays = ("promotion", promotion.id), not promotion.limits.release_on_cancel
    pool = context.pools.get(promotion.shares) if promotion.shares else None
    if pool is not None and pool.limit is not None and usage.spend:
        yield Take("shared", (("record", pool.key),), usage.spend, pool.limit, stays)
    for pace in promotion.limits.within:
        for name in paced_by(pace.by, customers, context):
            about = (own, ("by", name))
            yield Take("pace", about, usage.uses, pace.most, True, pace.seconds)


def paced_by(by: str, customers: Iterable[str], context: Context) -> tuple[str, ...]:
    """Return the keys under which a pace counts whoever buys; what is personal is not to be read.

    A customer is known by every key of theirs, anybody else by what a fact says.
    """
    if by == CUSTOMER:
        return tuple(f"{CUSTOMER}:{one}" for one in _known(tuple(customers)))
    said = known_by(by, context)
    mark = hashlib.sha256(said.casefold().encode("utf-8")).hexdigest()[:24]
    return (f"{by}:{mark}",) if said else ()


def _takes_of_code(
    usage: Usage, promotion: Promotion, customers: tuple[str, ...], fact: CodeFact | None
) -> Iterator[Take]:
    limits = promotion.limits
    stays = not limits.release_on_cancel
    about = (("promotion", promotion.id), ("code", usage.code))
    most = _least(limits.per_code, fact.limit if fact is not None else None)
    if most is not None:
        yield Take("uses", about, usage.uses, most, stays)
    if fact is not None and fact.each_once:
        for name in _known(customers):
            yield Take("uses", (*about, ("customer", name)), usage.uses, 1, stays)


def _known(customers: tuple[str, ...]) -> tuple[str, ...]:
    if not customers:
        raise LookupError("customer")
    return customers


def _least(*most: object) -> int | None:
    """Return the smallest of the bounds that are numbers."""
    found = [one for one in most if isinstance(one, int)]
    return min(found) if found else None
