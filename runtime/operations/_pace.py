"""How often somebody used a promotion lately: read for a cart, and held when it is placed.

A use is an entry of the ledger that `counters: pace:` names; what counts are the entries of the
time before now, so that a pace slides and has no edge. The post locks the balance of its key:
whoever comes at the same moment waits, and then sees what was written. What is cancelled counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa

from generator.model.placing import PACE
from rules.blockers import Blocker, both
from rules.pricing.cart import Context, Used
from rules.pricing.gates import TOO_OFTEN
from rules.pricing.promotion import Book
from rules.pricing.uses import Take, paced_by
from runtime.operations._work import Work
from runtime.runtime import Runtime
from runtime.store import inserts
from runtime.store.guard import system
from runtime.store.posted import Refused

WHY = "how often a promotion was used lately"
REFUSED = Blocker(
    TOO_OFTEN.upper(),
    both("It was used too often in a short time; try later.", "短时间内使用过于频繁，请稍后再试。"),
)


def read(
    connection: sa.Connection,
    runtime: Runtime,
    promotions: Book,
    context: Context,
    customers: Sequence[str],
    besides: str = "",
) -> Context:
    """Return the context with what was used lately: one statement, none where nobody asks.

    What the record `besides` used itself does not count.
    """
    pricing = runtime.app.pricing
    asked = {
        (one.id, key, pace.by, pace.seconds)
        for one in promotions.promotions
        for pace in one.limits.within
        if pace.by != "customer" or customers
        for key in paced_by(pace.by, customers, context)
    }
    if pricing is None or PACE not in pricing.counters or not asked:
        return context
    now = runtime.clock()
    table = runtime.book(pricing.counters[PACE].ledger).entries
    longest = max(seconds for *_, seconds in asked)
    found = sa.select(table.c.promotion, table.c.by, table.c.created_at, table.c.quantity).where(
        table.c.promotion.in_(sorted({name for name, *_ in asked})),
        table.c.by.in_(sorted({key for _, key, *_ in asked})),
        table.c.created_at > now - timedelta(seconds=longest),
        *([table.c.cause_id.is_distinct_from(besides)] if besides else []),
    )
    rows = connection.execute(system(found, WHY)).all()
    used = dict(context.used)
    for name, key, by, seconds in sorted(asked):
        since = now - timedelta(seconds=seconds)
        count = sum(
            int(quantity)
            for promotion, who, at, quantity in rows
            if promotion == name and who == key and at > since
        )
        known = used.get(name, Used())
        most = max(count, known.recent.get((by, seconds), 0))
        used[name] = replace(known, recent={**known.recent, (by, seconds): most})
    return replace(context, used=used)


def hold(work: Work, takes: Iterable[Take]) -> None:
    """Ask, once everything is posted, whether a pace is kept.

    Raises:
        Refused: somebody was too fast; nothing may stay.

    """
    paced = [one for one in takes if one.counts == PACE]
    pricing = work.runtime.app.pricing
    if not paced or pricing is None or PACE not in pricing.counters:
        return
    inserts.leave_now(work.connection)
    table = work.runtime.book(pricing.counters[PACE].ledger).entries
    for one in paced:
        about: Mapping[str, str] = dict(one.about)
        asked = sa.select(sa.func.sum(table.c.quantity)).where(
            table.c.promotion == about["promotion"],
            table.c.by == about["by"],
            table.c.created_at > work.now - timedelta(seconds=one.seconds),
        )
        count = work.connection.execute(system(asked, WHY)).scalar() or 0
        if count > one.most:
            raise Refused((REFUSED,))
