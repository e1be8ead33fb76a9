"""What ran out of time in ledgers: holds are given back, lots are taken out.

Asked by the scheduler every few seconds, and by as many processes as there are: each hold and each
lot is locked and looked at again before anything is posted, in a transaction of its own, so that
one that cannot be posted stops no other and none is posted twice.
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
from runtime.messages import Actor, Incoming
from runtime.operations import _posting, _reading
from runtime.operations._work import Work
from runtime.runtime import Runtime
from runtime.store.engine import read, write
from runtime.store.guard import system
from runtime.store.ledger_statements import Book
from runtime.store.ledgers import Cause, Refused

BATCH = 200
WHY = "what ran out of time"
CAUSE = Cause(reason="expired")

log = logging.getLogger(__name__)


def expire(runtime: Runtime) -> int:
    """Give back the holds and take out the lots whose time is over; return how many."""
    done = 0
    for name, ledger in runtime.app.ledgers.items():
        book = runtime.book(name)
        if ledger.holds is not None:
            due = book.holds.c.due_at <= runtime.clock()
            over = sa.select(book.holds.c.id).where(book.holds.c.state == OPEN, due)
            done += _each(runtime, over.order_by(book.holds.c.due_at), partial(_release, book))
        if ledger.lots is not None and ledger.lots.expire:
            end = book.lots.c.expires_at
            over = sa.select(book.lots.c.id).where(
                book.lots.c.remaining > 0, end <= runtime.clock()
            )
            done += _each(runtime, over.order_by(end), partial(_take_out, book))
    return done


def _each(runtime: Runtime, over: sa.Select[Any], do: Callable[[Work, str], bool]) -> int:
    with read(runtime.engine) as connection:
        asked = system(over.limit(BATCH), WHY)
        ids: Sequence[str] = [str(one) for one in connection.execute(asked).scalars()]
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


def _release(book: Book, work: Work, hold_id: str) -> bool:
    posting = _posting.posting_of(work)
    held = posting.hold_of(book, hold_id)
    if held is None or held.due_at is None or held.due_at > work.now:
        return False
    made = rules.settle(
        book.ledger, held, held.remaining, work.now, commit=False, post_key=f"expire/{hold_id}"
    )
    if isinstance(made, Blocker):
        return False  # somebody used it or gave it back meanwhile
    posting.settle_hold(book, held, held.remaining, EXPIRED, 0)
    _posting.post_within(work, [made], CAUSE)
    return True


def _take_out(book: Book, work: Work, lot_id: str) -> bool:
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
        return False
    _posting.post_within(work, [entry], CAUSE)
    return True
