"""What there is of the items that promotions add, and what placing takes of them.

Comes in: the promotions that a cart is priced with, then the prices. Goes out: by item how many
there are, for rules; then the entries of the ledger that `stock:` of `pricing:` names. An item that
has no balance there is not counted. One statement, and none where no promotion adds anything.
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from generator.model.placing import Stock
from rules.blockers import Blocker
from rules.ledger import entries as rules
from rules.ledger.entries import Entry
from rules.pricing.promotion import Book
from rules.pricing.result import Result as Priced
from runtime.operations._counters import NOTHING, Own
from runtime.operations._work import Work
from runtime.runtime import Runtime
from runtime.store.guard import system
from runtime.store.posted import Refused

WHY = "how many there are of what promotions add"


def stock(
    connection: sa.Connection, runtime: Runtime, promotions: Book, own: Own = NOTHING
) -> Mapping[str, int]:
    """Return, by item, how many there are of what promotions may add, one's own among them."""
    facts = _facts(runtime)
    if facts is None:
        return {}
    items = {
        item for one in promotions.promotions for deed in one.deeds for item in deed.adds
    }  # fmt: skip
    return {
        key: left + own.get((facts.ledger, (record,)), 0)
        for key, (record, left) in _balances(connection, runtime, facts, items).items()
    }


def entries(work: Work, priced: Priced, post_key: str) -> list[Entry]:
    """Return what placing takes of counted items.

    Raises:
        Refused: a number is none that a ledger takes.

    """
    facts = _facts(work.runtime)
    wanted: dict[str, int] = {}
    for extra in priced.extras:
        wanted[extra.item] = wanted.get(extra.item, 0) + extra.quantity
    if facts is None or not wanted:
        return []
    ledger = work.runtime.app.ledgers[facts.ledger]
    made: list[Entry] = []
    there = _balances(work.connection, work.runtime, facts, set(wanted))
    for number, (item, (record, _)) in enumerate(there.items()):
        key = f"{post_key}/added/{number}"
        one = rules.entry(ledger, facts.take, (record,), wanted[item], post_key=key)
        if isinstance(one, Blocker):
            raise Refused((one,))
        made.append(one)
    return made


def _facts(runtime: Runtime) -> Stock | None:
    return runtime.app.pricing.stock if runtime.app.pricing is not None else None


def _balances(
    connection: sa.Connection, runtime: Runtime, facts: Stock, items: set[str]
) -> Mapping[str, tuple[str, int]]:
    """Return, by item that has a balance, its record and how many there are."""
    pricing = runtime.app.pricing
    if not items or pricing is None:
        return {}
    balances = runtime.book(facts.ledger).balances
    (key,) = runtime.app.ledgers[facts.ledger].key
    item = runtime.schema.tables[pricing.item.entity]
    name = item.c[pricing.item.key]
    asked = (
        sa.select(name, balances.c[key], balances.c[facts.left])
        .where(item.c.id == balances.c[key], name.in_(sorted(items)))
        .order_by(name)
    )
    return {
        str(row[0]): (str(row[1]), int(row[2]))
        for row in connection.execute(system(asked, WHY))
    }  # fmt: skip
