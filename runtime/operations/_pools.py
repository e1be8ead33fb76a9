"""Budgets that promotions share: how much there is, and how much is gone.

Comes in: the promotions. Goes out: by name of a budget what it holds in the shop's currency, as
the record that `budgets:` of `pricing:` names says now, and what was granted of it. Two statements,
and none where no promotion shares anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal

import sqlalchemy as sa

from generator.field_types.money import Money
from generator.model.placing import SHARED
from rules.pricing.cart import Pool
from rules.pricing.gates import LIVE
from rules.pricing.promotion import Book
from runtime.operations._counters import NOTHING, Own, scale
from runtime.runtime import Runtime
from runtime.store.guard import system

WHY = "what a budget holds that promotions share"


def pools(
    connection: sa.Connection, runtime: Runtime, promotions: Book, own: Own = NOTHING
) -> Mapping[str, Pool]:
    """Return the budgets that promotions which run share, but for what is one's own."""
    pricing = runtime.app.pricing
    sharing: dict[str, set[str]] = {}
    for one in promotions.promotions:
        if one.shares and one.status in LIVE:
            sharing.setdefault(one.shares, set()).add(one.id)
    if pricing is None or pricing.budgets is None or not sharing:
        return {}
    facts = pricing.budgets
    table = runtime.schema.tables[facts.entity]
    asked = sa.select(table.c.id, table.c[facts.key], table.c[facts.amount]).where(
        table.c[facts.key].in_(sorted(sharing))
    )
    field = runtime.app.entities[facts.entity].fields[facts.amount]
    kind = runtime.compiled.field_types[field.type]
    assert isinstance(kind, Money)
    places = pricing.currencies[pricing.home] - kind.places(field)
    rows = connection.execute(system(asked, WHY)).all()
    spent = _spent(connection, runtime, [str(record) for record, *_ in rows], own)
    return {
        str(name): Pool(
            None if amount is None or SHARED not in pricing.counters else _minor(amount, places),
            pricing.home,
            spent.get(str(record), 0),
            frozenset(sharing[str(name)]),
            str(record),
        )
        for record, name, amount in rows
    }


def _spent(
    connection: sa.Connection, runtime: Runtime, records: Iterable[str], own: Own
) -> dict[str, int]:
    """Return what was granted, by the record of a budget."""
    pricing, wanted = runtime.app.pricing, sorted(records)
    counter = pricing.counters.get(SHARED) if pricing is not None else None
    if pricing is None or counter is None or not wanted:
        return {}
    (key,) = runtime.app.ledgers[counter.ledger].key
    table = runtime.book(counter.ledger).balances
    asked = sa.select(table.c[key], table.c[counter.bucket]).where(table.c[key].in_(wanted))
    factor = scale(runtime, SHARED, pricing.home)
    rows = connection.execute(system(asked, WHY)).all()
    return {
        str(record): (int(granted) - own.get((counter.ledger, (str(record),)), 0)) // factor
        for record, granted in rows
    }


def _minor(amount: int, places: int) -> int:
    return int(Decimal(amount).scaleb(places).quantize(Decimal(1), ROUND_HALF_UP))
