"""Replays entries against balances: does every number follow from what was written?

Comes in: a ledger with its tables, and a reading connection. Goes out: a `Drift` for each number
that is not the sum of its entries, of its open holds, of its lots, or not what its formula makes of
the buckets. The database adds up; only what is wrong comes back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from generator.expressions import sql
from runtime.store.guard import system
from runtime.store.ledger_statements import Book

WHY = "verifying a ledger"
MOST = 1_000
"""Drifts told of one number; more of them say nothing new."""


@dataclass(frozen=True)
class Drift:
    """A number of a balance that does not follow."""

    ledger: str
    balance: str
    number: str
    kept: int | None
    should: int | None
    by: str
    """What says otherwise: entries, holds, lots or formula."""


@dataclass(frozen=True)
class Replayed:
    """What a replay saw."""

    ledger: str
    balances: int
    entries: int
    drifts: tuple[Drift, ...]


def replay(connection: sa.Connection, book: Book) -> Replayed:
    """Return how many balances and entries there are, and what does not agree."""
    counts = [
        connection.execute(system(sa.select(sa.func.count()).select_from(table), WHY)).scalar_one()
        for table in (book.balances, book.entries)
    ]
    drifts = tuple(_drifts(connection, book))
    return Replayed(book.ledger.name, counts[0], counts[1], drifts)


def _drifts(connection: sa.Connection, book: Book) -> Iterator[Drift]:
    ledger, entries = book.ledger, book.entries
    for bucket in ledger.buckets:
        yield from _sums(connection, book, bucket, entries.c.balance, entries.c[bucket], "entries")
    if ledger.holds is not None:
        holds = book.holds
        left = holds.c.remaining
        yield from _sums(connection, book, ledger.holds.bucket, holds.c.balance, left, "holds")
    if ledger.lots is not None:
        lots = book.lots
        left = lots.c.remaining
        yield from _sums(connection, book, ledger.lots.bucket, lots.c.balance, left, "lots")
    table = book.balances
    for name, formula in ledger.formulas.items():
        should = sql.value(formula, book.schema, table)
        asked = sa.select(table.c.id, table.c[name], should).where(table.c[name] != should)
        yield from _told(connection, book, name, asked, "formula")


def _sums(
    connection: sa.Connection,
    book: Book,
    number: str,
    owner: sa.ColumnElement[str],
    part: sa.ColumnElement[int],
    by: str,
) -> Iterator[Drift]:
    table = book.balances
    total = sa.cast(sa.func.coalesce(sa.func.sum(part), 0), sa.BigInteger())
    added = sa.select(owner.label("owner"), total.label("total")).group_by(owner).subquery()
    should = sa.func.coalesce(added.c.total, 0)
    asked = (
        sa.select(table.c.id, table.c[number], should)
        .select_from(table.outerjoin(added, added.c.owner == table.c.id))
        .where(table.c[number] != should)
    )
    yield from _told(connection, book, number, asked, by)


def _told(
    connection: sa.Connection,
    book: Book,
    number: str,
    asked: sa.Select[Any],
    by: str,
) -> Iterator[Drift]:
    for balance, kept, should in connection.execute(system(asked.limit(MOST), WHY)).all():
        yield Drift(book.ledger.name, str(balance), number, kept, should, by)
