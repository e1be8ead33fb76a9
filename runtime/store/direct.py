"""A statement that psycopg has prepared, asked again through libpq itself; on PostgreSQL only.

Comes in: the driver's connection, the text with `$1`, the values as they are bound. Goes out: its
rows, or None where psycopg has not prepared it and a cursor must run it. For every run a cursor
decides anew whether to prepare, makes ready for a result of any kind, and waits in two steps, which
takes as long as a small statement takes the server. Here a run is one call of psycopg's `pq` layer.
Values are adapted by psycopg either way, and errors are its own.

Decided here: what is prepared stays psycopg's affair. It takes everything back after a rollback or
a change of tables, so its own list of names is asked each time. That list is no part of its public
interface: where it is not found, every statement goes through a cursor and only takes longer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import pq
from psycopg.adapt import PyFormat, Transformer

DIRECT = "shopwright_direct"
"""Where a connection keeps it; SQLAlchemy forgets it with the connection."""

PREPARED = 300
"""Statements that psycopg may keep prepared on one connection, in place of 100: a shop has more
forms than that, and a statement takes the server some ten kilobytes."""

GOOD = frozenset({pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK})


class Direct:
    """What runs statements on one connection."""

    __slots__ = ("_connection", "_formats", "_transformer")

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._transformer = Transformer(connection)
        self._formats: dict[int, list[PyFormat]] = {}

    def rows(self, text: bytes, values: Sequence[Any]) -> list[tuple[Any, ...]] | None:
        """Run a statement and return its rows; None when it is not prepared and was not run.

        Raises:
            psycopg.Error: as a cursor raises it.

        """
        names = names_of(self._connection)
        server = self._connection.pgconn
        if not names or server.pipeline_status != pq.PipelineStatus.OFF:
            return None
        adapt = self._transformer
        formats = self._formats.get(len(values))
        if formats is None:
            formats = self._formats[len(values)] = [PyFormat.AUTO] * len(values)
        sent: Any = adapt.dump_sequence(values, formats)
        name = names.get((text, adapt.types or ()))
        if name is None:
            return None
        result = server.exec_prepared(name, sent, adapt.formats)
        if result.status not in GOOD:
            raise self._fault(result)
        if not result.ntuples:
            return []
        adapt.set_pgresult(result)
        return adapt.load_rows(0, result.ntuples, tuple)

    def _fault(self, result: Any) -> psycopg.Error:
        server = self._connection.pgconn
        if server.status == pq.ConnStatus.BAD:
            return psycopg.OperationalError(server.get_error_message())
        return psycopg.errors.error_from_result(result, encoding=self._connection.info.encoding)


def names_of(connection: psycopg.Connection[Any]) -> Mapping[Any, bytes]:
    """Return the names of what psycopg has prepared, by text and types; none if it hides them."""
    found: Mapping[Any, bytes] = getattr(getattr(connection, "_prepared", None), "_names", {})
    return found


def direct(connection: sa.Connection) -> Direct:
    """Return what runs statements on a connection of the pool."""
    info = connection.info
    found: Direct | None = info.get(DIRECT)
    if found is None:
        driver = connection.connection.dbapi_connection
        assert isinstance(driver, psycopg.Connection)
        driver.prepared_max = PREPARED
        found = info[DIRECT] = Direct(driver)
    return found
