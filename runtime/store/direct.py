"""A statement that psycopg has prepared, asked again through libpq itself; on PostgreSQL only.

Comes in: the driver's connection, the text with `$1`, the values as they are bound. Goes out: its
rows, or None where psycopg has not prepared it and a cursor must run it. For every run a cursor
decides anew whether to prepare, makes ready for a result of any kind, and waits in two steps, which
takes as long as a small statement takes the server. Here a run is one call of psycopg's `pq` layer.
Values are adapted by psycopg either way, and errors are its own.

Several go to the server together and their answers come back together (`run`): one round trip,
without what psycopg's own pipeline does for each of them.

Decided here: what is prepared stays psycopg's affair. It takes everything back after a rollback or
a change of tables, so its own list of names is asked each time. That list is no part of its public
interface: where it is not found, every statement goes through a cursor and only takes longer.
"""

from __future__ import annotations

import select
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


Call = tuple[bytes, Sequence[Any]]
"""The text of a statement with `$1`, and its values as they are bound."""
Ready = tuple[bytes, bool, Any, Any]
"""A name or a text, whether it is a name, the values for libpq and their formats."""
Rows = list[tuple[Any, ...]]


class Direct:
    """What runs statements on one connection."""

    __slots__ = ("_connection", "_formats", "_poll", "_transformer")

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._transformer = Transformer(connection)
        self._formats: dict[int, list[PyFormat]] = {}
        self._poll: select.poll | None = None

    def rows(self, text: bytes, values: Sequence[Any]) -> Rows | None:
        """Run a statement and return its rows; None when it is not prepared and was not run.

        Raises:
            psycopg.Error: as a cursor raises it.

        """
        names = names_of(self._connection)
        server = self._connection.pgconn
        if not names or server.pipeline_status != pq.PipelineStatus.OFF:
            return None
        ready = self._bound(names, text, values)
        if ready is None:
            return None
        return self._rows(server.exec_prepared(ready[0], ready[2], ready[3]))

    def ready(self, calls: Sequence[Call]) -> list[Ready] | None:
        """Return statements that can go together; None when one of them is not prepared.

        What has no values, such as a COMMIT, need not be.
        """
        names = names_of(self._connection)
        if not names or self._connection.pgconn.pipeline_status != pq.PipelineStatus.OFF:
            return None
        found: list[Ready] = []
        for text, values in calls:
            one = self._bound(names, text, values) if values else (text, False, None, None)
            if one is None:
                return None
            found.append(one)
        return found

    def run(self, ready: Sequence[Ready]) -> list[Rows]:
        """Run statements in one round trip and return the rows of each.

        Where one fails, those behind it are not run.

        Raises:
            psycopg.Error: as a cursor raises it, of the first that failed.

        """
        server = self._connection.pgconn
        try:
            server.enter_pipeline_mode()
            for name, is_name, values, formats in ready:
                if is_name:
                    server.send_query_prepared(name, values, formats)
                else:
                    server.send_query_params(name, None)
            server.pipeline_sync()
            results = self._answers(len(ready))
            server.exit_pipeline_mode()
        except BaseException:
            # whoever used it next would read the answers to this
            server.finish()
            raise
        return [self._rows(one) for one in results]

    def commit(self) -> None:
        """End the open transaction; where none is, or it has failed, the driver's is the word.

        Raises:
            psycopg.Error: as the driver's commit raises it.

        """
        server = self._connection.pgconn
        open_ = server.transaction_status == pq.TransactionStatus.INTRANS
        if open_ and server.pipeline_status == pq.PipelineStatus.OFF:
            result = server.exec_(b"COMMIT")
            if result.status not in GOOD:
                raise self._fault(result)

    def _bound(
        self, names: Mapping[Any, bytes], text: bytes, values: Sequence[Any]
    ) -> Ready | None:
        adapt = self._transformer
        formats = self._formats.get(len(values))
        if formats is None:
            formats = self._formats[len(values)] = [PyFormat.AUTO] * len(values)
        sent: Any = adapt.dump_sequence(values, formats)
        name = names.get((text, adapt.types or ()))
        return None if name is None else (name, True, sent, adapt.formats)

    def _answers(self, count: int) -> list[Any]:
        """Return the results of so many statements, and read the end of the pipeline."""
        server, found = self._connection.pgconn, []
        while server.flush():
            self._wait(select.POLLIN | select.POLLOUT)
            server.consume_input()
        for _ in range(count):
            found.append(self._answer())
            while self._answer() is not None:
                pass
        self._answer()
        return found

    def _answer(self) -> Any:
        # libpq would wait too, and keep every other thread waiting
        server = self._connection.pgconn
        while server.is_busy():
            self._wait(select.POLLIN)
            server.consume_input()
        return server.get_result()

    def _wait(self, what: int) -> None:
        if self._poll is None:
            self._poll = select.poll()
        self._poll.register(self._connection.pgconn.socket, what)
        self._poll.poll()

    def _rows(self, result: Any) -> Rows:
        if result.status not in GOOD:
            raise self._fault(result)
        if not result.ntuples:
            return []
        adapt = self._transformer
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
