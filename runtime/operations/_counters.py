"""Counters of promotions: what was used, read for a cart, and what placing it posts.

Uses and budgets are balances of the ledgers that `counters:` names; their keys are texts, and what
a count is not about is `*`. Two statements at most, whatever the cart and the promotions; where no
promotion has a bound, none.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from generator.field_types.money import Money
from generator.model.placing import MONEY, NOBODY, SHARED, Counter
from rules.blockers import Blocker
from rules.ledger import entries as rules
from rules.ledger.entries import Entry, Key
from rules.pricing.cart import Cart, Used
from rules.pricing.codes import normalized
from rules.pricing.promotion import Book
from rules.pricing.uses import Count, Take, bounded, gathered
from runtime.operations._work import Draft
from runtime.runtime import Runtime
from runtime.store.guard import system
from runtime.store.posted import Refused

WHY = "what promotions have left"
RECORD = "record"
"""What a take is about whose counter is keyed by a record."""
Own = Mapping[tuple[str, Key], int]
"""By ledger and key: what a record took itself."""
NOTHING: Own = MappingProxyType({})
CONTACT = "contact:"
"""Begins the key of whoever is known by an address only; a mark of the address follows."""
MARK = 24
"""Characters of such a mark."""


def customers(runtime: Runtime, key: str, *contacts: str) -> tuple[str, ...]:
    """Return every key under which somebody is known: their own, and marks of their addresses.

    Balances and entries are read by people who see no address, and entries are kept for good: an
    address itself stands in none. Marks are made with the secret of the installation; what was
    counted under one that was in use before counts as well.
    """
    read = (unicodedata.normalize("NFKC", one).strip().casefold() for one in contacts)
    secrets = (runtime.audit_key, *runtime.old_audit_keys)
    marks = (one.of(f"{CONTACT}{text}".encode())[:MARK] for text in read if text for one in secrets)
    return tuple(dict.fromkeys(one for one in (key, *(CONTACT + one for one in marks)) if one))


def used(
    connection: sa.Connection,
    runtime: Runtime,
    promotions: Book,
    cart: Cart,
    customers: Sequence[str],
    own: Own = NOTHING,
) -> Mapping[str, Used]:
    """Return what was taken of the promotions that have a bound, but for what is one's own."""
    pricing = runtime.app.pricing
    if pricing is None or not pricing.counters:
        return {}
    watched: dict[str, list[str]] = {}
    for counts, name in bounded(promotions.promotions):
        watched.setdefault(counts, []).append(name)
    about = {
        "customer": customers,
        "code": [normalized(code) for code in cart.codes],
        "item": [line.item for line in cart.lines],
        "currency": [cart.currency],
    }
    found: list[Count] = []
    for counts, names in watched.items():
        counter = pricing.counters.get(counts)
        if counter is not None:
            asked = {**about, "promotion": names}
            found += _counts(connection, runtime, counts, counter, asked, own)
    return gathered(_minor(runtime, one, cart.currency) for one in found)


def _counts(
    connection: sa.Connection,
    runtime: Runtime,
    counts: str,
    counter: Counter,
    about: Mapping[str, Iterable[str]],
    own_takes: Own,
) -> list[Count]:
    table = runtime.book(counter.ledger).balances
    key = tuple(runtime.app.ledgers[counter.ledger].key)
    # each part is one of what the cart is about, or nobody: only those counters can matter
    own = {name: {*about[name], *(() if name == "promotion" else (NOBODY,))} for name in key}
    asked = sa.select(*(table.c[name] for name in (*key, counter.bucket))).where(
        *(table.c[name].in_(sorted(values)) for name, values in own.items())
    )
    return [
        Count(
            counts,
            {name: one for name, one in zip(key, row, strict=False) if one != NOBODY},
            int(row[-1]) - own_takes.get((counter.ledger, tuple(map(str, row[:-1]))), 0),
        )
        for row in connection.execute(system(asked, WHY))
    ]


def entries(runtime: Runtime, takes: Iterable[Take], currency: str, post_key: str) -> list[Entry]:
    """Return what placing posts.

    Raises:
        Refused: a number is none that a ledger takes.

    """
    pricing = runtime.app.pricing
    assert pricing is not None
    found = []
    for number, take in enumerate(takes):
        counter = pricing.counters.get(take.counts)
        if counter is None:
            continue
        ledger = runtime.app.ledgers[counter.ledger]
        about, factor = dict(take.about), scale(runtime, take.counts, currency)
        made = rules.entry(
            ledger,
            counter.keep if take.stays else counter.take,
            tuple(about.get(name, about.get(RECORD, NOBODY)) for name in ledger.key),
            take.quantity * factor,
            post_key=f"{post_key}/{number}",
            most={} if take.seconds else {counter.bucket: take.most * factor},
        )
        if isinstance(made, Blocker):
            raise Refused((made,))
        found.append(made)
    return found


def bounds(runtime: Runtime, takes: Iterable[Take], currency: str) -> list[list[Any]]:
    """Return what the balances that placing takes from may not exceed: what `kept` reads."""
    return [
        [made.ledger, list(made.key), dict(made.most)]
        for made in entries(runtime, takes, currency, "")
    ]


def kept(runtime: Runtime, draft: Draft) -> Mapping[tuple[str, Key], Mapping[str, int]]:
    """Return what balances may not exceed, as a placed record keeps it; {} of any other."""
    pricing = runtime.app.pricing
    placing = pricing.placing if pricing is not None else None
    if placing is None or draft.entity.name != placing.creates:
        return {}
    rows = draft.facts.get(placing.filled_with("bounds")) or ()
    return {(ledger, tuple(key)): most for ledger, key, most in rows}


def taken(connection: sa.Connection, runtime: Runtime, entity: str, record_id: str) -> Own:
    """Return what a record took of counters and stock so far, without what it gave back."""
    pricing = runtime.app.pricing
    assert pricing is not None
    ledgers = {one.ledger for one in pricing.counters.values()}
    ledgers |= {pricing.stock.ledger} if pricing.stock is not None else set()
    found: dict[tuple[str, Key], int] = {}
    for name in sorted(ledgers):
        table = runtime.book(name).entries
        key = [table.c[one] for one in runtime.app.ledgers[name].key]
        asked = sa.select(*key, sa.func.sum(table.c.quantity)).where(
            table.c.cause_id == record_id, table.c.cause == entity
        )
        for row in connection.execute(system(asked.group_by(*key), WHY)):
            if row[-1]:
                found[name, tuple(map(str, row[:-1]))] = int(row[-1])
    return found


def _minor(runtime: Runtime, count: Count, currency: str) -> Count:
    factor = scale(runtime, count.counts, currency)
    return Count(count.counts, count.about, count.quantity // factor)


def scale(runtime: Runtime, counts: str, currency: str) -> int:
    """Return by what smallest units of a currency are multiplied to be kept in a ledger."""
    pricing = runtime.app.pricing
    assert pricing is not None
    if counts not in (MONEY, SHARED):
        return 1
    field: Any = runtime.app.entities[
        runtime.app.ledgers[pricing.counters[counts].ledger].entries
    ].fields["quantity"]
    kind = runtime.compiled.field_types[field.type]
    assert isinstance(kind, Money)
    return int(10 ** max(0, kind.places(field) - pricing.currencies[currency]))
