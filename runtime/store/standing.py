"""Connections that stay open from one request to the next; on PostgreSQL only.

Taking a connection from SQLAlchemy's pool and giving it back makes three objects, asks a queue
twice and resets what was never touched: together that takes longer than a small statement takes
the server. Whoever asks statement by statement (`engine.read`, `engine.stepwise`), or writes in a
transaction (`engine.write`), gets one that stands ready instead. What is given back must be as it
was taken: with nothing open, and alive.

Decided here: no more stand ready than the pool keeps, and they are the pool's no longer: what it
has lent it keeps alive, also when nobody holds its engine any more. With fewer, what does not find
its place is closed and opened anew again and again. Where one was lost, the server is likely to
have lost them all, so the others are closed as well.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from types import TracebackType
from typing import Any

import psycopg
import sqlalchemy as sa

LONGEST = 1800.0
"""Seconds that a connection stands; the pool's own are opened anew after as long."""

NO_OPTIONS: Mapping[str, Any] = {}

IDLE = psycopg.pq.TransactionStatus.IDLE


class Standing:
    """The connections of one engine that stand ready."""

    def __init__(self, engine: sa.Engine, most: int) -> None:
        self._engine, self._most = engine, most
        self._ready: deque[tuple[sa.Connection, float]] = deque()

    def lend(self, options: Mapping[str, Any] = NO_OPTIONS) -> Lent:
        """Return a connection for a `with` block, with execution options for as long."""
        return Lent(self, options)

    def take(self) -> tuple[sa.Connection, float]:
        """Return a connection and when it was opened; a new one where none stands ready."""
        now = time.monotonic()
        while True:
            try:
                found = self._ready.pop()
            except IndexError:
                return self._engine.connect(), now
            if now - found[1] < LONGEST:
                return found
            found[0].close()

    def give(self, connection: sa.Connection, opened: float) -> None:
        """Let a connection stand, or close it where enough do or it is no longer what it was."""
        if connection.closed or connection.invalidated:
            connection.close()
            self.close()
            return
        if connection.in_transaction():
            connection.rollback()
        driver = connection.connection.dbapi_connection
        assert isinstance(driver, psycopg.Connection)
        if driver.pgconn.transaction_status == IDLE and len(self._ready) < self._most:
            connection.detach()
            self._ready.append((connection, opened))
        else:
            connection.close()

    def close(self) -> None:
        """Close whatever stands ready."""
        while self._ready:
            self._ready.pop()[0].close()

    def leave(self) -> None:
        """Forget whatever stands ready, in a fork: it is still the parent's."""
        self._ready = deque()


class Lent:
    """One connection for one `with` block."""

    __slots__ = ("_connection", "_opened", "_options", "_standing")

    def __init__(self, standing: Standing, options: Mapping[str, Any]) -> None:
        self._standing, self._options = standing, options

    def __enter__(self) -> sa.Connection:
        self._connection, self._opened = self._standing.take()
        if self._options:
            self._connection.execution_options(**self._options)
        return self._connection

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._options:
            usual = self._connection.engine.get_execution_options()
            self._connection.execution_options(**{name: usual[name] for name in self._options})
        self._standing.give(self._connection, self._opened)
