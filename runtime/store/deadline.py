"""A statement that may take only so long: counts and sums never keep a page waiting.

In: a reading connection and milliseconds. What runs inside and takes longer ends with `TooSlow`;
the connection is as good as before. PostgreSQL ends the statement itself; SQLite asks a function of
ours now and then whether to go on.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import sqlalchemy as sa

from generator.model.text import Label
from runtime.errors import Busy

EVERY = 20_000
"""Steps of SQLite's machine between two looks at the clock: well under a millisecond."""


class TooSlow(Busy):
    """What was asked takes longer than it may."""

    def __init__(self) -> None:
        super().__init__(
            Label(
                {
                    "en": "This takes too long; narrow the filter.",
                    "zh": "计算时间过长，请缩小筛选范围。",
                }
            )
        )


@contextmanager
def within(connection: sa.Connection, milliseconds: int) -> Iterator[None]:
    """Let statements of this connection run for so long at most.

    Raises:
        TooSlow: one of them took longer.

    """
    if connection.dialect.name == "postgresql":
        with _on_postgresql(connection, milliseconds):
            yield
    else:
        with _on_sqlite(connection, milliseconds):
            yield


@contextmanager
def _on_postgresql(connection: sa.Connection, milliseconds: int) -> Iterator[None]:
    """Set the limit for one transaction, so that no other request of the pool inherits it."""
    connection.exec_driver_sql("BEGIN")
    try:
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {int(milliseconds)}")
        yield
    except sa.exc.OperationalError as error:
        if isinstance(error.orig, psycopg.errors.QueryCanceled):
            raise TooSlow from error
        raise
    finally:
        connection.exec_driver_sql("ROLLBACK")


@contextmanager
def _on_sqlite(connection: sa.Connection, milliseconds: int) -> Iterator[None]:
    ends = time.monotonic() + milliseconds / 1000
    driver = connection.connection.dbapi_connection
    assert isinstance(driver, sqlite3.Connection)
    driver.set_progress_handler(lambda: time.monotonic() > ends, EVERY)
    try:
        yield
    except sa.exc.OperationalError as error:
        if "interrupted" in str(error.orig):
            raise TooSlow from error
        raise
    finally:
        driver.set_progress_handler(None, 0)
