"""What ran out of time in ledgers: holds are given back, lots are taken out.

Asked by the scheduler every few seconds, and by as many processes as there are: what one of them
has locked is left out by the others, so that they share the work and none is posted twice. Holds go
together, some in one transaction; where one of them cannot be posted, and for lots, each has a
transaction of its own, so that it stops no other.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa
import sqlalchemy.exc

from generator.model.ledger import EXPIRED, OPEN
from rules.blockers import Blocker
from rules.ledger import entries as rules
from rules.ledger.entries import Held
from runtime.messages import Actor, Incoming
from runtime.operations import _posting, _reading
from runtime.operations._work import Work
from runtime.runtime import Runtime
from runtime.store.engine import read, write
from runtime.store.guard import system
from runtime.store.ledger_statements import Book
from runtime.store.posted import Cause, Refused

BATCH, CHUNK = 200, 50
"""How many lots are looked for at a time, and how many holds share a transaction."""
MANY = 2_000
"""How many holds of a ledger are given back at a time: others wait for the scheduler meanwhile."""
WHY = "what ran out of time"
CAUSE = Cause(reason="expired")

log = logging.getLogger(__name__)


def expire(runtime: Runtime) -> int:
    """Give back the holds and take out the lots whose time is over; return how many."""
    done = 0
    for name, ledger in runtime.app.ledgers.items():
        book = runtime.book(name)
        if ledger.holds is not None:
            done += _give_back(runtime, book)
        if ledger.lots is not None and ledger.lots.expire:
            end = book.lots.c.expires_at
            over = sa.select(book.lots.c.id).where(
                book.lots.c.remaining > 0, end <= runtime.clock()
            )
            ids = _found(runtime, over.order_by(end), BATCH)
            done += _each(runtime, ids, partial(_take_out, book))
    return done


def _give_back(runtime: Runtime, book: Book) -> int:
    due = book.holds.c.due_at <= runtime.clock()
    over = sa.select(book.holds.c.id).where(book.holds.c.state == OPEN, due)
    if not _found(runtime, over, 1):
        return 0  # asked before, as on SQLite nobody else could write meanwhile
    done = 0
    left_alone: list[str] = []
    while done < MANY:
        locked: list[str] = []
        given = 0
        try:
            with write(runtime.engine) as connection:
                work = _work(runtime, connection)
                chunk = _posting.posting_of(work).holds_over(book, CHUNK, left_alone)
                locked = [held.id for held in chunk]
                given = _release(book, work, chunk)
        except (Refused, sqlalchemy.exc.IntegrityError, sqlalchemy.exc.OperationalError):
            if not locked:
                raise
            given = _each(runtime, locked, partial(_release_one, book))
        done += given
        left_alone += locked if given < len(locked) else []
        if len(locked) < CHUNK:
            break
    return done


def _found(runtime: Runtime, over: sa.Select[Any], most: int) -> Sequence[str]:
    with read(runtime.engine) as connection:
        asked = system(over.limit(most), WHY)
        return [str(one) for one in connection.execute(asked).scalars()]


Do = Callable[[Work, str], int]


def _each(runtime: Runtime, ids: Sequence[str], do: Do) -> int:
    done = 0
    for one in ids:
        try:
            with write(runtime.engine) as connection:
                done += do(_work(runtime, connection), one)
        except (Refused, sqlalchemy.exc.IntegrityError) as error:
            # a guard of the kind, or another process that was quicker
            log.warning("%s could not be expired: %s", one, type(error).__name__)
    return done


def _work(runtime: Runtime, connection: sa.Connection) -> Work:
    actor = Actor(0, "ledgers", frozenset(), kind="job")
    incoming = Incoming("release", "", actor, source="job")
    return Work(connection, runtime, incoming, runtime.clock(), _reading.context(runtime, actor))


def _release_one(book: Book, work: Work, hold_id: str) -> int:
    return _release(book, work, _posting.posting_of(work).holds_by(book, (hold_id,)))


def _release(book: Book, work: Work, locked: Sequence[Held]) -> int:
    posting = _posting.posting_of(work)
    over, made = [], []
    for held in locked:
        if held.due_at is None or held.due_at > work.now:
            continue
        entry = rules.settle(
            book.ledger, held, held.remaining, work.now, commit=False, post_key=f"expire/{held.id}"
        )
        if isinstance(entry, Blocker):
            continue  # somebody used it or gave it back meanwhile
        over.append(held.id)
        made.append(entry)
    if made:
        posting.close_holds(book, over, EXPIRED, 0)
        _posting.post_within(work, made, CAUSE)
    return len(made)


def _take_out(book: Book, work: Work, lot_id: str) -> int:
    table = book.lots
    columns = [table.c[name] for name in ("balance", "remaining", *book.ledger.key)]
    asked = sa.select(*columns).where(table.c.id == lot_id)
    # the balance is locked before the lot is read, as every post locks it
    lock = sa.select(book.balances.c.id).where(
        book.balances.c.id
        == sa.select(table.c.balance).where(table.c.id == lot_id).scalar_subquery()
    )
    work.connection.execute(system(lock.with_for_update(), WHY))
    row = work.connection.execute(system(asked, WHY)).one()
    key = tuple(str(one) for one in row[2:])
    entry = rules.expiry(book.ledger, key, lot_id, row.remaining) if row.remaining else None
    if entry is None:
        return 0
    _posting.post_within(work, [entry], CAUSE)
    return 1
