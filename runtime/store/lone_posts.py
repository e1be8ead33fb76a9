"""One entry in a transaction of its own, by one statement and one round trip; on PostgreSQL only.

Comes in: an entry, and rows that are written if and only if it is: its row of the audit, its event,
the kept answer. Goes out: what was posted, or None where nothing was written and it must be posted
inside a transaction (`ledgers`), which also finds out why not. Nobody holds a balance while a
program thinks: it is locked, changed, and made durable without waiting for an answer.

Rows beside the entry name its balance before it is changed. Which balance belongs to a key never
changes, so it is asked once; the statement asks whether it is still so.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
import sqlalchemy.exc

from rules.ledger.entries import Entry, Key
from runtime.store import violations
from runtime.store.ledger_statements import Beside, Book
from runtime.store.ledgers import Posting
from runtime.store.posted import Cause, Posted


def may_be_alone(engine: sa.Engine, book: Book) -> bool:
    """Return whether an entry is all that a post writes: lots are found under a lock."""
    return engine.dialect.name == "postgresql" and book.ledger.lots is None


def alone(
    posting: Posting,
    entry: Entry,
    cause: Cause,
    entry_id: str,
    balance: str = "",
    beside: Sequence[Beside] = (),
    until: datetime | None = None,
) -> Posted | None:
    """Post an entry with what goes beside it; None when nothing was written.

    Args:
        posting: on a connection of `engine.stepwise`.
        entry: of a ledger without lots.
        cause: what it happens for.
        entry_id: what the entry is to be called.
        balance: the balance that rows beside it name.
        beside: rows that are written if the entry is.
        until: the database's clock must not have passed this, where there are rows beside it.

    """
    book, connection = posting.books(entry.ledger), posting.connection
    statement = book.alone(
        connection.dialect, tuple(entry.changes), entry.guards, tuple(entry.most), beside
    )
    values = posting.values_of(book, entry, entry_id, cause)
    if beside:
        values |= {"balance": balance, "until": until}
        for part, one in enumerate(beside):
            values |= {f"p{part}_{name}": value for name, value in one.row.items()}
    try:
        rows = statement.rows(connection, values)
    except sqlalchemy.exc.IntegrityError:
        rows = []  # a key that was used before, most likely
    except sqlalchemy.exc.OperationalError as error:
        if not violations.is_passing(error):
            raise
        rows = []
    if not rows:
        book.known.pop(entry.key, None)
        return None
    (changed, version, *numbers) = rows[0]
    after = dict(zip(book.numbers, numbers, strict=True))
    return Posted(entry_id, entry, str(changed), version, after)


def known_balance(connection: sa.Connection, book: Book, key: Key) -> str:
    """Return the id of a key's balance; empty when there is none yet."""
    found = book.known.get(key)
    if found is None:
        values = {f"key_{name}": one for name, one in zip(book.ledger.key, key, strict=True)}
        rows = book.finding(connection.dialect).rows(connection, values)
        if not rows:
            return ""
        found = str(rows[0][0])
        book.remember(key, found)
    return found
