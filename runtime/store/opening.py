"""The begin of a transaction on PostgreSQL travels with its first statement, in one round trip.

So do riders: the proof of what was assumed of the caller (`questions.Assumed`), and the taking of a
request's key (`idempotency.Claim`). The first statement is sent before their answers are known, and
whatever it did is undone when an answer is another one. Nothing is committed and nothing told
before that. What SQLAlchemy itself executes does not wait for
company: the transaction is opened, and proved, just before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import psycopg
import sqlalchemy as sa

from runtime.store.direct import Call, Rows, direct

if TYPE_CHECKING:
    from runtime.store.prepared import Prepared

OPENING = "shopwright_opening"
"""Where a connection keeps the begin of a transaction that was not sent yet."""


class Rider(Protocol):
    """A statement that goes along with the first one, and what its rows must say."""

    @property
    def statement(self) -> Prepared:
        """What is asked."""
        ...

    @property
    def values(self) -> Mapping[str, Any]:
        """What it binds."""
        ...

    def check(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Look at the rows.

        Raises:
            Exception: they are not what they must be; the transaction must not be committed.

        """


class Opening:
    """A transaction that is about to begin, and what is owed with its first statement."""

    __slots__ = ("begin", "claim", "owed")

    def __init__(self, begin: str) -> None:
        self.begin = begin
        self.owed: Rider | None = None
        self.claim: Rider | None = None

    def riders(self) -> list[Rider]:
        """Return what goes along, in order, and owe it no longer."""
        found = [one for one in (self.owed, self.claim) if one is not None]
        self.owed = self.claim = None
        return found


def take(connection: sa.Connection) -> Opening | None:
    """Return what must be sent before, or with, the next statement; whoever takes it sends it."""
    found: Opening | None = connection.info.pop(OPENING, None)
    return found


def begun_with(connection: sa.Connection, opening: Opening, call: Call) -> Rows | None:
    """Run a first statement with the begin and what goes along; None when nothing was sent.

    Raises:
        psycopg.Error: as a cursor raises it.
        Exception: what a rider says; the transaction must not be committed.

    """
    first = [(one.statement, one.values) for one in (opening.owed, opening.claim) if one]
    calls = [
        (opening.begin.encode(), ()),
        *[statement.call(values) for statement, values in first],
        call,
    ]
    way = direct(connection)
    ready = way.ready(calls)
    if ready is None:
        return None
    _, *answers, rows = way.run(ready)
    for rider, found in zip(opening.riders(), answers, strict=True):
        rider.check(found)
    return rows


@contextmanager
def riding(connection: sa.Connection, opening: Opening) -> Iterator[None]:
    """Send the begin, and what goes along, together with the statement inside.

    Raises:
        Exception: what a rider says; the transaction must not be committed.

    """
    driver = connection.connection.dbapi_connection
    assert isinstance(driver, psycopg.Connection)
    going = [one for one in (opening.owed, opening.claim) if one is not None]
    with driver.pipeline():
        driver.execute(opening.begin.encode())
        asked = [one.statement.ask(connection, one.values) for one in going]
        yield
    for rider, cursor in zip(opening.riders(), asked, strict=True):
        with cursor:
            rider.check(cursor.fetchall())


def open_now(connection: sa.Connection, *_: Any) -> None:
    """Send the begin, and what goes along, if they wait."""
    opening = take(connection)
    if opening is None:
        return
    try:
        if opening.owed is None and opening.claim is None:
            driver: Any = connection.connection.dbapi_connection
            driver.execute(opening.begin)
        else:
            with riding(connection, opening):
                pass
    except psycopg.Error as error:
        connection._handle_dbapi_exception(error, opening.begin, None, None, None)


def settle(connection: sa.Connection) -> None:
    """Leave nothing owed before a commit; of a transaction without a statement nothing is sent.

    The commit itself is sent here, by one call of libpq; the driver's own then finds it done.
    """
    opening: Opening | None = connection.info.get(OPENING)
    if opening is not None and opening.owed is None and opening.claim is None:
        del connection.info[OPENING]
        return
    open_now(connection)
    try:
        direct(connection).commit()
    except psycopg.Error as error:
        connection._handle_dbapi_exception(error, "COMMIT", None, None, None)


def forget(connection: sa.Connection) -> None:
    """Let go of what was never sent: the transaction is undone.

    A connection that was lost has taken everything with it; to ask it for more would open another.
    """
    if not connection.invalidated:
        connection.info.pop(OPENING, None)
