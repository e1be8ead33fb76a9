"""What keeps a promotion out before any amount is looked at, cheapest question first."""

from __future__ import annotations

from datetime import datetime

from rules.pricing.cart import Cart, Context, Used
from rules.pricing.codes import Codes
from rules.pricing.promotion import CUSTOMER, Promotion
from rules.pricing.result import Miss, Step

UNUSED = Used()
TOO_OFTEN = "too_often"
UNKNOWN = "unknown."
"""Begins the name of a miss: a pace counts by something that the cart does not say."""
LIVE = frozenset({"active", "scheduled"})
"""Whether a scheduled one has begun is what its window says."""


def holds(promotion: Promotion, now: datetime) -> bool:
    """Return whether a promotion can take effect at a moment, for the right cart."""
    recurs = promotion.recurrence
    return (
        promotion.status in LIVE
        and promotion.window.state(now) == "open"
        and (recurs is None or recurs.holds(now))
    )


def gate(
    promotion: Promotion, cart: Cart, context: Context, codes: Codes, now: datetime
) -> Step | None:
    """Return why a promotion takes no part; None when it does."""
    if promotion.status not in LIVE:
        return _out(promotion, "not_eligible", Miss("status", promotion.status, "active"))
    if promotion.needs_code and promotion.id not in codes.opens:
        return _out(promotion, "code", Miss("code", None, True))
    if promotion.channels is not None and context.channel not in promotion.channels:
        wanted = tuple(sorted(promotion.channels))
        return _out(promotion, "not_eligible", Miss("channel", context.channel, wanted))
    state = promotion.window.state(now)
    if state != "open":
        return _out(promotion, "window", Miss("window", state, "open"))
    if promotion.recurrence is not None and not promotion.recurrence.holds(now):
        return _out(promotion, "window", Miss("recurrence", "not_now", "open"))
    if promotion.currencies is not None and cart.currency not in promotion.currencies:
        wanted = tuple(sorted(promotion.currencies))
        miss = Miss("no_value_for_currency", cart.currency, wanted)
        return _out(promotion, "currency", miss)
    pool = context.pools.get(promotion.shares) if promotion.shares else None
    if pool is not None and pool.limit is not None:
        if pool.currency != cart.currency:
            miss = Miss("no_value_for_currency", cart.currency, (pool.currency,))
            return _out(promotion, "currency", miss)
        if pool.spent >= pool.limit:
            return _out(promotion, "budget", Miss("budget", pool.spent, pool.limit, "money"))
    return _used_up(promotion, context.used.get(promotion.id, UNUSED), context, codes)


def _used_up(promotion: Promotion, used: Used, context: Context, codes: Codes) -> Step | None:
    limits, budget = promotion.limits, promotion.budget
    if limits.total is not None and used.total >= limits.total:
        return _out(promotion, "limit", Miss("limit_reached", used.total, limits.total))
    if limits.per_customer is not None and used.by_customer >= limits.per_customer:
        miss = Miss("customer_limit", used.by_customer, limits.per_customer)
        return _out(promotion, "limit", miss)
    if limits.per_code is not None:
        count = used.by_code.get(codes.opens.get(promotion.id, ""), 0)
        if count >= limits.per_code:
            return _out(promotion, "limit", Miss("limit_reached", count, limits.per_code))
    for pace in limits.within:
        if not known_by(pace.by, context):
            return _out(promotion, "not_eligible", Miss(f"{UNKNOWN}{pace.by}", None, True))
        recent = used.recent.get((pace.by, pace.seconds), 0)
        if recent >= pace.most:
            return _out(promotion, "limit", Miss(TOO_OFTEN, recent, pace.most))
    if budget is not None and isinstance(budget.limit, int) and used.total >= budget.limit:
        return _out(promotion, "budget", Miss("budget", used.total, budget.limit))
    return None


def known_by(by: str, context: Context) -> str:
    """Return by what somebody is known to a pace: who they are, or a fact of the cart."""
    value = context.customer.key if by == CUSTOMER else context.facts.get(by)
    return "" if value is None else str(value).strip()


def _out(promotion: Promotion, verdict: str, miss: Miss) -> Step:
    return Step(promotion.id, "", verdict, miss)
