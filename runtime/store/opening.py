"""The begin of a transaction on PostgreSQL travels with its first statement, in one round trip.

So does the proof of what was assumed of the caller (`questions.Assumed`): the first statement is
sent before the answer is known, and whatever it did is undone when the answer is another one.
Nothing is committed and nothing told before that. What SQLAlchemy itself executes does not wait for
company: the transaction is opened, and proved, just before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
import sqlalchemy as sa

if TYPE_CHECKING:
    from runtime.store.questions import Assumed

OPENING = "shopwright_opening"
"""Where a connection keeps the begin of a transaction that was not sent yet."""


class Opening:
    """A transaction that is about to begin, and what is owed with its first statement."""

    __slots__ = ("begin", "owed")

    def __init__(self, begin: str) -> None:
        self.begin = begin
        self.owed: Assumed | None = None


def take(connection: sa.Connection) -> Opening | None:
    """Return what must be sent before, or with, the next statement; whoever takes it sends it."""
    found: Opening | None = connection.info.pop(OPENING, None)
    return found


@contextmanager
def riding(connection: sa.Connection, opening: Opening) -> Iterator[None]:
    """Send the begin, and what is owed, together with the statement inside.

    Raises:
        Mistaken: what was assumed does not hold; the transaction must not be committed.

    """
    driver = connection.connection.dbapi_connection
    assert isinstance(driver, psycopg.Connection)
    with driver.pipeline():
        driver.execute(opening.begin.encode())
        asked = None if opening.owed is None else opening.owed.ask(connection)
        yield
    if opening.owed is not None:
        owed, opening.owed = opening.owed, None
        owed.check(asked)


def open_now(connection: sa.Connection, *_: Any) -> None:
    """Send the begin, and what is owed, if they wait."""
    opening = take(connection)
    if opening is None:
        return
    try:
        if opening.owed is None:
            driver: Any = connection.connection.dbapi_connection
            driver.execute(opening.begin)
        else:
            with riding(connection, opening):
                pass
    except psycopg.Error as error:
        connection._handle_dbapi_exception(error, opening.begin, None, None, None)


def settle(connection: sa.Connection) -> None:
    """Leave nothing owed before a commit; of a transaction without a statement nothing is sent."""
    opening: Opening | None = connection.info.get(OPENING)
    if opening is not None and opening.owed is None:
        del connection.info[OPENING]
        return
    open_now(connection)


def forget(connection: sa.Connection) -> None:
    """Let go of what was never sent: the transaction is undone.

    A connection that was lost has taken everything with it; to ask it for more would open another.
    """
    if not connection.invalidated:
        connection.info.pop(OPENING, None)
