"""Rows into a table by one statement, in the caller's transaction.

PostgreSQL takes many by COPY, which costs a tenth of as many INSERTs and keeps every constraint;
few, and SQLite, by one prepared statement. A row is a mapping; a column it leaves out stays null.

Inside `together`, rows wait and then leave at once: the record, its lines, its audit row and its
event are one statement and one round trip, and a counter is locked for so much less time. The
change of one record that is locked already may wait with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psycopg
import sqlalchemy as sa
import sqlalchemy.exc

from runtime.store.guard import system
from runtime.store.opening import open_now
from runtime.store.prepared import Prepared, prepared, send_together

FEW = 12
"""Below so many rows an INSERT is quicker than opening a COPY."""

WAITING = "shopwright_waiting"
"""Where a connection keeps the rows that wait to leave together."""

FILLED = "shopwright_filled"
"""Where a table keeps the names of its columns that SQLAlchemy can fill in."""

Rows = Sequence[Mapping[str, Any]]
Form = tuple[sa.Table, tuple[str, ...], int]
"""A table, the columns that are written, how many rows; no rows stand for a change."""


@dataclass(frozen=True, slots=True)
class Change:
    """New values of one record at the version it was read and locked at."""

    table: sa.Table
    values: Mapping[str, Any]
    record_id: str
    version: int


class Batch:
    """Rows that wait to leave together."""

    def __init__(self) -> None:
        self.rows: list[tuple[sa.Table, Rows]] = []
        self.change: Change | None = None
        self.others: list[tuple[Prepared, Mapping[str, Any]]] = []
        """Statements that return nothing and follow the rows."""
        self.commits = False
        """Whether the transaction ends with them, in the same round trip."""


@contextmanager
def kept_back(connection: sa.Connection) -> Iterator[Batch]:
    """Let what is written inside wait in a batch that the caller sends, or lets go of."""
    batch = connection.info[WAITING] = Batch()
    try:
        yield batch
    finally:
        del connection.info[WAITING]


@contextmanager
def together(connection: sa.Connection) -> Iterator[Batch]:
    """Let the rows inserted inside leave at the end, in their order, in one round trip.

    Nothing inside may read what was inserted inside; after an exception nothing is inserted.

    Raises:
        sqlalchemy.exc.IntegrityError: a constraint refuses one of them.

    """
    with kept_back(connection) as batch:
        yield batch
    # SQLite has no round trips, and a COPY cannot wait in a pipeline
    if connection.dialect.name != "postgresql" or any(len(rows) >= FEW for _, rows in batch.rows):
        _leave(connection, batch)
        _committed(connection, batch)
        return
    driver = connection.connection.dbapi_connection
    assert isinstance(driver, psycopg.Connection)
    try:
        statements = _statements(connection, batch)
        if statements is not None and send_together(connection, statements, commits=batch.commits):
            _committed(connection, batch)
            return
        with driver.pipeline():
            _leave(connection, batch)
            if batch.commits:
                # the driver's own commit would wait for an answer before the pipeline's end does
                driver.execute("COMMIT")
        _committed(connection, batch)
    except (psycopg.Error, sqlalchemy.exc.DBAPIError) as error:
        # a commit that failed has ended the transaction for SQLAlchemy, not for the server
        with suppress(psycopg.Error):
            driver.rollback()
        if isinstance(error, psycopg.Error):
            connection._handle_dbapi_exception(error, "INSERT", None, None, None)
        raise


def leave_now(connection: sa.Connection) -> None:
    """Write what waits on a connection, for whoever is about to read it in the same transaction."""
    batch: Batch | None = connection.info.pop(WAITING, None)
    if batch is None:
        return
    try:
        _leave(connection, batch)
        batch.rows, batch.change, batch.others = [], None, []
    finally:
        connection.info[WAITING] = batch


def forget(connection: sa.Connection) -> None:
    """Drop what waits on a connection: what it belongs to is undone."""
    batch: Batch | None = connection.info.get(WAITING)
    if batch is not None:
        batch.rows, batch.change, batch.others = [], None, []


def afterwards(connection: sa.Connection, statement: Prepared, values: Mapping[str, Any]) -> None:
    """Send a statement that returns nothing, after the rows that wait where any do."""
    batch: Batch | None = connection.info.get(WAITING)
    if batch is None:
        statement.send(connection, values)
    else:
        batch.others.append((statement, values))


def waits(connection: sa.Connection, change: Change) -> bool:
    """Let the change of a locked record leave with the rows that wait; False when none do.

    Nobody can have overtaken a change whose record was locked when its version was read, so that
    nothing need be asked of the database before the rest is written.
    """
    batch: Batch | None = connection.info.get(WAITING)
    if batch is None or batch.change is not None or connection.dialect.name != "postgresql":
        return False
    batch.change = change
    return True


Sending = tuple[Prepared, Mapping[str, Any]]
"""A statement and what it binds."""


def _leave(connection: sa.Connection, batch: Batch) -> None:
    statements = _statements(connection, batch)
    if statements is None:
        if batch.change is not None:
            _send(connection, _writing_all(connection, (), batch.change))
        for table, rows in batch.rows:
            insert_many(connection, table, rows)
        statements = batch.others
    for one in statements:
        _send(connection, one)


def _statements(connection: sa.Connection, batch: Batch) -> list[Sending] | None:
    """Return what a batch leaves by; None where rows are copied or columns are to be filled in."""
    waiting = [(table, rows) for table, rows in batch.rows if rows]
    change = batch.change
    if any(len(rows) >= FEW or has_gaps(table, rows) for table, rows in waiting):
        return None
    is_one = len(waiting) > 1 and connection.dialect.name == "postgresql"
    if is_one and (change is None or all(table is not change.table for table, _ in waiting)):
        return [_writing_all(connection, waiting, change), *batch.others]
    first = [] if change is None else [_writing_all(connection, (), change)]
    rest = [_inserting(connection, table, rows) for table, rows in waiting]
    return [*first, *rest, *batch.others]


def _send(connection: sa.Connection, sending: Sending) -> None:
    statement, values = sending
    statement.send(connection, values)


def _committed(connection: sa.Connection, batch: Batch) -> None:
    """End the transaction if it ends with the batch; the driver knows whether it has already."""
    transaction = connection.get_transaction()
    if batch.commits and transaction is not None:
        transaction.commit()


def insert_many(connection: sa.Connection, table: sa.Table, rows: Rows) -> None:
    """Insert rows, all with the same columns.

    Raises:
        sqlalchemy.exc.IntegrityError: a constraint refuses one of them; none is inserted.

    """
    if not rows:
        return
    batch = connection.info.get(WAITING)
    if batch is not None:
        batch.rows.append((table, rows))
    elif len(rows) < FEW:
        _insert(connection, table, rows)
    elif connection.dialect.name == "postgresql":
        _copy(connection, table, rows)
    else:
        connection.execute(system(table.insert(), "rows of a write"), list(rows))


def has_gaps(table: sa.Table, rows: Rows) -> bool:
    """Return whether SQLAlchemy has to fill columns in."""
    filled: tuple[str, ...] | None = vars(table).get(FILLED)
    if filled is None:
        filled = tuple(one.name for one in table.columns if one.default is not None)
        vars(table)[FILLED] = filled
    return any(name not in rows[0] for name in filled)


def _insert(connection: sa.Connection, table: sa.Table, rows: Rows) -> None:
    if has_gaps(table, rows):
        connection.execute(system(table.insert(), "rows of a write"), list(rows))
    else:
        _send(connection, _inserting(connection, table, rows))


def _inserting(connection: sa.Connection, table: sa.Table, rows: Rows) -> Sending:
    names = tuple(rows[0])
    statement = prepared(
        table,
        ("insert", names, len(rows)),
        connection.dialect,
        lambda: _values(table, names, len(rows), ""),
    )
    return statement, bound(names, rows, "")


def _writing_all(
    connection: sa.Connection, waiting: Sequence[tuple[sa.Table, Rows]], change: Change | None
) -> Sending:
    """Return what writes rows of several tables at once; constraints are checked at its end."""
    forms: list[Form] = [(table, tuple(rows[0]), len(rows)) for table, rows in waiting]
    values: dict[str, Any] = {}
    for part, ((_, names, _), (_, rows)) in enumerate(zip(forms, waiting, strict=True)):
        values |= bound(names, rows, f"p{part}_")
    if change is not None:
        forms.insert(0, (change.table, tuple(change.values), 0))
        values |= {f"new_{name}": value for name, value in change.values.items()}
        values |= {"record_id": change.record_id, "read_version": change.version}
    statement = prepared(
        forms[-1][0],
        ("write", *((table.name, names, count) for table, names, count in forms)),
        connection.dialect,
        lambda: _chain(forms),
    )
    return statement, values


def _chain(forms: Sequence[Form]) -> sa.UpdateBase:
    changes = [change_of(table, names) for table, names, count in forms if not count]
    rows = [form for form in forms if form[2]]
    parts = [
        *changes,
        *(
            _values(table, names, count, f"p{part}_")
            for part, (table, names, count) in enumerate(rows)
        ),
    ]
    first = [each.cte(f"w{number}") for number, each in enumerate(parts[:-1])]
    whole: sa.UpdateBase = parts[-1].add_cte(*first) if first else parts[-1]
    return whole


def change_of(table: sa.Table, names: tuple[str, ...]) -> Any:
    """Return the change of one record at a version, its values bound as `new_<name>`."""
    return (
        table.update()
        .where(
            table.c.id == sa.bindparam("record_id", type_=table.c.id.type),
            table.c.version == sa.bindparam("read_version", type_=table.c.version.type),
        )
        .values({name: sa.bindparam(f"new_{name}", type_=table.c[name].type) for name in names})
    )


def _values(table: sa.Table, names: tuple[str, ...], count: int, prefix: str) -> Any:
    return table.insert().values(
        [
            {name: sa.bindparam(f"{prefix}{name}_{at}", type_=table.c[name].type) for name in names}
            for at in range(count)
        ]
    )


def bound(names: tuple[str, ...], rows: Rows, prefix: str) -> dict[str, Any]:
    return {f"{prefix}{name}_{at}": row[name] for at, row in enumerate(rows) for name in names}


def _copy(connection: sa.Connection, table: sa.Table, rows: Rows) -> None:
    names = [column.name for column in table.columns if column.name in rows[0]]
    quote = connection.dialect.identifier_preparer.quote
    columns = ", ".join(quote(name) for name in names)
    target = connection.dialect.identifier_preparer.format_table(table)
    statement = f"COPY {target} ({columns}) FROM STDIN"
    made = [
        (place, make)
        for place, name in enumerate(names)
        if (make := _processor(connection, table.c[name])) is not None
    ]
    driver = connection.connection.dbapi_connection
    assert isinstance(driver, psycopg.Connection)
    open_now(connection)
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                cells = [row[name] for name in names]
                for place, make in made:
                    cells[place] = make(cells[place])
                copy.write_row(cells)
    except psycopg.IntegrityError as error:
        raise sqlalchemy.exc.IntegrityError(statement, None, error) from error


def _processor(connection: sa.Connection, column: sa.Column[Any]) -> Callable[[Any], Any] | None:
    """Return how a value of a column goes to the driver; COPY takes JSON as its text."""
    kind: Any = column.type.dialect_impl(connection.dialect)
    make: Callable[[Any], Any] | None = kind.bind_processor(connection.dialect)
    return make
