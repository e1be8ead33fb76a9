"""Budgets that promotions share: how much there is, and how much is gone.

Comes in: the promotions. Goes out: by name of a budget what it holds in the shop's currency, as
the record that `budgets:` of `pricing:` names says now, and what was granted of it. Two statements,
and none where no promotion shares anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

import sqlalchemy as sa

from generator.field_types.money import Money
from generator.model.placing import MONEY
from rules.pricing.cart import Pool
from rules.pricing.gates import LIVE
from rules.pricing.promotion import Book
from runtime.operations import _counters
from runtime.runtime import Runtime
from runtime.store.guard import system

WHY = "what a budget holds that promotions share"


def pools(
    connection: sa.Connection, runtime: Runtime, promotions: Book
) -> Mapping[str, Pool]:  # fmt: skip
    """Return the budgets that promotions which run share."""
    pricing = runtime.app.pricing
    sharing: dict[str, set[str]] = {}
    for one in promotions.promotions:
        if one.shares and one.status in LIVE:
            sharing.setdefault(one.shares, set()).add(one.id)
    if pricing is None or pricing.budgets is None or not sharing:
        return {}
    facts = pricing.budgets
    table = runtime.schema.tables[facts.entity]
    asked = sa.select(table.c[facts.key], table.c[facts.amount]).where(
        table.c[facts.key].in_(sorted(sharing))
    )
    field = runtime.app.entities[facts.entity].fields[facts.amount]
    kind = runtime.compiled.field_types[field.type]
    assert isinstance(kind, Money)
    places = pricing.currencies[pricing.home] - kind.places(field)
    rows = connection.execute(system(asked, WHY)).all()
    keys = {str(name): f"{facts.entity}:{name}" for name, _ in rows}
    spent = _counters.granted(connection, runtime, keys.values(), pricing.home)
    return {
        str(name): Pool(
            None if amount is None or MONEY not in pricing.counters else _minor(amount, places),
            pricing.home,
            spent.get(keys[str(name)], 0),
            frozenset(sharing[str(name)]),
            keys[str(name)],
        )
        for name, amount in rows
    }


def _minor(amount: int, places: int) -> int:
    return int(Decimal(amount).scaleb(places).quantize(Decimal(1), ROUND_HALF_UP))
