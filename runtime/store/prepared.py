"""A statement compiled once, run many times: its text, what it binds, how rows become values.

SQLAlchemy writes the statement and knows its types; for each execution it would also make a cache
key, an execution context and result metadata, which together cost several times what a small
statement costs the database. Here that is done once: a run is a dictionary, the driver's own cursor
(which prepares the statement on PostgreSQL; from then on `direct` asks it again), and its tuples.
The text for PostgreSQL has the server's own `$1`, so that psycopg does not read it again for every
run. Errors and events stay SQLAlchemy's, so a lost connection still leaves the pool and a listener
sees every statement.

A statement whose text depends on its values (an expanding IN) is left to SQLAlchemy altogether.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import psycopg
import sqlalchemy as sa

from generator.field_types._ids import id_type
from generator.field_types._times import Utc
from runtime.jobs.columns import UtcDateTime
from runtime.store.direct import Call, direct
from runtime.store.engine import begins
from runtime.store.guard import SYSTEM
from runtime.store.opening import OPENING, Opening, begun_with, open_now, riding, take

Process = Callable[[Any], Any]
Row = tuple[Any, ...]

MOMENTS = (Utc, UtcDateTime)
AS_THE_DRIVER_GIVES = {"postgresql": (type(id_type()), *MOMENTS)}
"""Types whose values need no conversion: `make_engine` lets psycopg read ids as text and sets every
session to UTC."""


KEPT = 500
"""Statements kept for one table."""

OF_TABLE, TWIN = "shopwright_prepared", "shopwright_numbered"
"""Where a table keeps its statements, and a dialect its twin: among their own attributes, so that
they go when their owner goes. A statement holds its table; a weak mapping would never let go."""


class Prepared:
    """One statement for one dialect.

    With `anew`, PostgreSQL plans it each time for its values.
    """

    def __init__(
        self,
        statement: sa.Select[Any] | sa.UpdateBase,
        dialect: sa.Dialect,
        *,
        anew: bool = False,
    ) -> None:
        self._is_raw = dialect.name == "postgresql"
        self._how = {"prepare": False} if anew and self._is_raw else {}
        self._statement = statement
        self._compiled: Any = statement.compile(dialect=_numbered(dialect))
        self._dialect: Any = dialect
        self._text = str(self._compiled)
        self._sent: Any = self._text.encode() if self._is_raw else self._text
        self._fixed = dict(self._compiled.construct_params(_check=False))
        self._binds = _quick(self._compiled, dialect)
        self._order: Sequence[str] | None = (
            self._compiled.positiontup if self._compiled.positional else None
        )
        self._depends_on_values = bool(self._compiled.post_compile_params)
        self._cells: tuple[Process | None, ...] | None = None

    def rows(self, connection: sa.Connection, values: Mapping[str, Any]) -> list[Row]:
        """Return every row as a tuple of stored values."""
        if self._depends_on_values:
            found = connection.execute(self._statement, values, execution_options={SYSTEM: "plan"})
            return [tuple(row) for row in found]
        return self._converted(self._run(connection, values, fetch=True))

    def stream(
        self, connection: sa.Connection, values: Mapping[str, Any], size: int
    ) -> Iterator[list[Row]]:
        """Yield rows while PostgreSQL still finds them, some at once.

        Not by a cursor of the server, whose statements it never works on with several processes.
        The connection does nothing else until the last row has come or the iterator is closed.
        """
        if not connection.in_transaction() and begins(connection):
            connection.begin()
        parameters, cursor = self._parameters(values), self._cursor(connection)
        events: Any = connection.dispatch
        _tell(events.before_cursor_execute, connection, cursor, self._text, parameters)
        try:
            together = size if psycopg.capabilities.has_stream_chunked() else 1
            found = cursor.stream(self._sent, parameters, size=together)
            while some := list(islice(found, size)):
                if self._cells is None:
                    self._cells = self._processors(cursor.description)
                yield self._converted(some)
        except self._dialect.loaded_dbapi.Error as error:
            connection._handle_dbapi_exception(error, self._text, parameters, cursor, None)
        finally:
            cursor.close()
        _tell(events.after_cursor_execute, connection, cursor, self._text, parameters)

    def send(self, connection: sa.Connection, values: Mapping[str, Any]) -> None:
        """Run a statement that returns nothing; in a pipeline, without waiting for its end."""
        self._run(connection, values, fetch=False)

    def ask(self, connection: sa.Connection, values: Mapping[str, Any]) -> Any:
        """Send a question in a pipeline; return the cursor that has the rows when it has ended."""
        parameters, cursor = self._parameters(values), self._cursor(connection)
        events: Any = connection.dispatch
        _tell(events.before_cursor_execute, connection, cursor, self._text, parameters)
        cursor.execute(self._sent, parameters, **self._how)
        _tell(events.after_cursor_execute, connection, cursor, self._text, parameters)
        return cursor

    def call(self, values: Mapping[str, Any]) -> Call:
        """Return the statement as libpq takes it."""
        return self._sent, self._parameters(values)

    def _run(
        self, connection: sa.Connection, values: Mapping[str, Any], *, fetch: bool
    ) -> list[Row]:
        if not connection.in_transaction() and begins(connection):
            connection.begin()
        parameters = self._parameters(values)
        events: Any = connection.dispatch
        opening = take(connection) if self._is_raw else None
        cursor: Any = None
        try:
            _tell(events.before_cursor_execute, connection, cursor, self._text, parameters)
            rows = None
            # which columns a row has was seen when a cursor ran it
            if self._is_raw and not (fetch and self._cells is None):
                rows = (
                    direct(connection).rows(self._sent, parameters)
                    if opening is None
                    else begun_with(connection, opening, (self._sent, parameters))
                )
            if rows is None:
                cursor = self._cursor(connection)
                rows = self._by_cursor(connection, cursor, parameters, opening, fetch=fetch)
            if events.after_cursor_execute:
                _tell(events.after_cursor_execute, connection, cursor, self._text, parameters)
        except self._dialect.loaded_dbapi.Error as error:
            connection._handle_dbapi_exception(error, self._text, parameters, cursor, None)
        finally:
            if cursor is not None:
                cursor.close()
        return rows

    def _by_cursor(
        self,
        connection: sa.Connection,
        cursor: Any,
        parameters: Any,
        opening: Opening | None,
        *,
        fetch: bool,
    ) -> list[Row]:
        if opening is None:
            cursor.execute(self._sent, parameters, **self._how)
        else:
            with riding(connection, opening):
                cursor.execute(self._sent, parameters, **self._how)
        if not fetch:
            return []
        if self._cells is None:
            self._cells = self._processors(cursor.description)
        found: list[Row] = cursor.fetchall()
        return found

    def _cursor(self, connection: sa.Connection) -> Any:
        pooled = connection.connection
        if not self._is_raw:
            return pooled.cursor()
        driver = pooled.dbapi_connection
        assert isinstance(driver, psycopg.Connection)
        return psycopg.RawCursor(driver)

    def _parameters(self, values: Mapping[str, Any]) -> Any:
        bound = {**self._fixed, **values}
        try:
            for name, process in self._binds.items():
                bound[name] = process(bound[name])
        except (TypeError, ValueError) as error:
            raise sa.exc.StatementError(str(error), self._text, bound, error) from error
        if self._order is None:
            return bound
        return tuple([bound[name] for name in self._order])

    def _processors(self, description: Sequence[Any]) -> tuple[Process | None, ...]:
        """Return what each column needs; empty when no column needs anything."""
        plain = AS_THE_DRIVER_GIVES.get(self._dialect.name, ())
        columns = self._compiled._result_columns
        cells = tuple(
            None
            if isinstance(column.type, plain)
            else column.type._cached_result_processor(self._dialect, described[1])
            for column, described in zip(columns, description, strict=True)
        )
        return cells if any(cells) else ()

    def _converted(self, rows: list[Row]) -> list[Row]:
        cells = self._cells
        if not cells:
            return rows
        return [
            tuple(
                [
                    value if cell is None else cell(value)
                    for cell, value in zip(cells, row, strict=True)
                ]
            )
            for row in rows
        ]


def send_together(
    connection: sa.Connection,
    statements: Sequence[tuple[Prepared, Mapping[str, Any]]],
    *,
    commits: bool,
) -> bool:
    """Send statements that return nothing in one round trip; False when none was sent.

    Args:
        connection: in a transaction.
        statements: in their order, with what they bind.
        commits: whether the transaction ends with them.

    Raises:
        psycopg.Error: one of them failed; those behind it, and the commit, were not run.

    """
    if OPENING in connection.info or any(one._depends_on_values for one, _ in statements):
        return False
    calls = [one.call(values) for one, values in statements]
    way = direct(connection)
    ready = way.ready([*calls, (b"COMMIT", ())] if commits else calls)
    if ready is None:
        return False
    told = [(one._text, call[1]) for (one, _), call in zip(statements, calls, strict=True)]
    events: Any = connection.dispatch
    for text, parameters in told:
        _tell(events.before_cursor_execute, connection, None, text, parameters)
    way.run(ready)
    for text, parameters in told:
        _tell(events.after_cursor_execute, connection, None, text, parameters)
    return True


def ask_together(
    connection: sa.Connection, asked: Sequence[tuple[Prepared, Mapping[str, Any]]]
) -> list[list[Row]]:
    """Run statements in one round trip, all or none, and return the rows of each; PostgreSQL only.

    Where one fails the transaction is as it was before, and may go on: they stand behind a
    savepoint of their own. None of them may depend on its values for its text.

    Raises:
        sqlalchemy.exc.DBAPIError: one of them failed, and those behind it were not run.

    """
    if not connection.in_transaction() and begins(connection):
        connection.begin()
    open_now(connection)
    calls = [one.call(values) for one, values in asked]
    told = [(one._text, call[1]) for (one, _), call in zip(asked, calls, strict=True)]
    events: Any = connection.dispatch
    for text, parameters in told:
        _tell(events.before_cursor_execute, connection, None, text, parameters)
    try:
        found = _directly(connection, asked, calls)
        if found is None:
            found = _by_driver(connection, asked, calls)
    except psycopg.Error as error:
        driver: Any = connection.connection.dbapi_connection
        if driver.info.transaction_status == psycopg.pq.TransactionStatus.INERROR:
            driver.execute(UNDO)
        connection._handle_dbapi_exception(error, told[0][0], told[0][1], None, None)
    for text, parameters in told:
        _tell(events.after_cursor_execute, connection, None, text, parameters)
    return [one._converted(rows) for (one, _), rows in zip(asked, found, strict=True)]


def _directly(
    connection: sa.Connection, asked: Sequence[tuple[Prepared, Any]], calls: Sequence[Call]
) -> list[list[Row]] | None:
    if any(one._cells is None for one, _ in asked):
        return None
    way = direct(connection)
    ready = way.ready([(BEFORE, ()), *calls, (DONE, ())])
    return None if ready is None else way.run(ready)[1:-1]


def _by_driver(
    connection: sa.Connection, asked: Sequence[tuple[Prepared, Any]], calls: Sequence[Call]
) -> list[list[Row]]:
    """Let the driver run what it has not prepared yet; it does when it has seen it some times."""
    driver: Any = connection.connection.dbapi_connection
    cursors = [psycopg.RawCursor(driver) for _ in asked]
    with driver.pipeline():
        driver.execute(BEFORE)
        for cursor, (text, parameters) in zip(cursors, calls, strict=True):
            cursor.execute(text, parameters)
        driver.execute(DONE)
    found: list[list[Row]] = []
    for cursor, (one, _) in zip(cursors, asked, strict=True):
        with cursor:
            described = cursor.description
            if one._cells is None:
                one._cells = () if described is None else one._processors(described)
            found.append([] if described is None else cursor.fetchall())
    return found


BEFORE, DONE, UNDO = b"SAVEPOINT together", b"RELEASE together", b"ROLLBACK TO together"


def _quick(compiled: Any, dialect: sa.Dialect) -> Mapping[str, Process]:
    """Return what makes of each value what is bound; the driver knows a moment by its zone."""
    found: dict[str, Process] = dict(compiled._bind_processors)
    if dialect.name == "postgresql":
        for bind, name in compiled.bind_names.items():
            if name in found and isinstance(bind.type, MOMENTS):
                found[name] = _as_it_is(found[name])
    return found


def _as_it_is(otherwise: Process) -> Process:
    """Return what lets a moment with a zone through; its type refuses one without."""

    def bound(moment: Any) -> Any:
        return moment if moment is None or moment.tzinfo is not None else otherwise(moment)

    return bound


def _numbered(dialect: sa.Dialect) -> sa.Dialect:
    """Return the dialect, on PostgreSQL with numbered parameters in place of named ones."""
    if dialect.name != "postgresql":
        return dialect
    found: sa.Dialect | None = vars(dialect).get(TWIN)
    if found is None:
        twin: Any = copy.copy(dialect)
        twin.paramstyle, twin.positional = "numeric_dollar", True
        twin.identifier_preparer = twin.preparer(twin)
        found = vars(dialect)[TWIN] = twin
    return found


def prepared(
    table: sa.Table,
    form: Hashable,
    dialect: sa.Dialect,
    make: Callable[[], sa.Select[Any] | sa.UpdateBase],
) -> Prepared:
    """Return a statement on a table that is made once for its form and dialect."""
    known: dict[Hashable, Prepared] | None = vars(table).get(OF_TABLE)
    if known is None or len(known) >= KEPT:
        known = vars(table)[OF_TABLE] = {}
    key = (form, dialect.name)
    found = known.get(key)
    if found is None:
        found = known[key] = Prepared(make(), dialect)
    return found


def _tell(
    listeners: Any, connection: sa.Connection, cursor: Any, text: str, parameters: Any
) -> None:
    for listener in listeners:
        listener(connection, cursor, text, parameters, None, False)
