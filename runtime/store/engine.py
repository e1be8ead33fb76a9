"""A database URL in, a SQLAlchemy engine out; and the ways to open a connection of it.

`write(engine)` is one transaction that commits at the end; on SQLite it takes the write lock at
once (`BEGIN IMMEDIATE`), so it waits in line instead of failing half-way. `read(engine)` never
writes: on SQLite a deferred transaction, which sees one state of the database and blocks nobody;
on PostgreSQL none at all, which saves the two round trips of BEGIN and COMMIT for every request.
An engine used without either (`engine.begin()`, an ORM session) behaves as `write`.

`stepwise(engine)` is a third way, on PostgreSQL only: each statement is a transaction of its own.
So a change is read for, decided, and written by one statement that finds out itself whether what it
relies on still holds (`at_version`), and nothing is locked in between.

`apart(engine)` is a fourth, on PostgreSQL only: statements that are done at once whatever
becomes of the transaction around them, on a few connections of their own. The numbers of records
are drawn so. Its commits do not wait for the disk: the log is written in order, so whoever commits
after one of them, and waits, has made it last as well.

`reading_together` is for a request that only reads. Who asks may be taken there for who they were a
moment ago (`assume`): the question then goes along with the first rows, and nothing is given to
anybody before it was answered. `assuming` is the same for a request that writes: the question goes
along with the begin of its transaction and the first statement in it (`opening`).

Neither driver begins by itself: the statement that opens a transaction is an execution option
(`BEGIN`), so a connection serves readers and writers in turn without changing its mode.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import TYPE_CHECKING, Any

import orjson
import psycopg
import sqlalchemy as sa
from psycopg.types.string import TextLoader

from runtime.store.guard import Guarded
from runtime.store.opening import OPENING, Opening, forget, open_now, settle
from runtime.store.spans import teach
from runtime.store.standing import Lent, Standing

if TYPE_CHECKING:
    from runtime.store.questions import Assumed

BUSY_SECONDS = 15
"""How long SQLite waits for the write lock before it says 'database is locked'."""

SQLITE_PRAGMAS = (
    f"busy_timeout = {BUSY_SECONDS * 1000}",  # first: the next one may have to wait
    "journal_mode = WAL",
    "synchronous = NORMAL",
    "foreign_keys = ON",
    "temp_store = MEMORY",
    "cache_size = -32000",
)

BEGIN = "shopwright_begin"
"""The execution option that names the statement which opens a transaction; empty for none."""

READING = "shopwright_reading"
"""The execution option under which an engine keeps its reading twin."""

APART = "shopwright_apart"
"""The execution option under which an engine keeps the one for what stands apart."""

STANDING = "shopwright_standing"
"""The execution option under which a reading twin keeps the connections that stand ready."""

FEW = 2
"""Connections for what stands apart: each is held for less than a millisecond."""

LONGEST_WAIT = 10
"""Seconds that what stands apart waits for a lock: the server cannot see who waits for it here, so
that two transactions could otherwise wait for each other for ever."""


class _Shared:
    """The one connection of a request that only reads, and what is still to be proved.

    A request that writes has no such connection: it proves in its first transaction.
    """

    __slots__ = ("assumed", "connection", "engine")

    def __init__(self, engine: sa.Engine, connection: sa.Connection | None) -> None:
        self.engine, self.connection = engine, connection
        self.assumed: Assumed | None = None


_shared: ContextVar[_Shared | None] = ContextVar("shared", default=None)


def make_engine(url: str | sa.URL, pool_size: int = 10) -> sa.Engine:
    """Return an engine for `sqlite:///…` or `postgresql://…`.

    Args:
        url: the driver may be left out; psycopg 3 is the one used for PostgreSQL.
        pool_size: connections kept open; as many again may be opened for a moment. On PostgreSQL
            as many more may stand ready for reading (`runtime.store.standing`).

    Raises:
        ValueError: the URL names another database.

    """
    where = sa.make_url(url)
    options: dict[str, Any] = {
        "json_serializer": _json_text,
        "json_deserializer": orjson.loads,
        # the values of a failed statement are people's own, and would stand in the log
        "hide_parameters": True,
    }
    if where.get_backend_name() == "sqlite":
        engine = sa.create_engine(where, **options)
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin)
        return _with_twin(engine, "BEGIN IMMEDIATE", "BEGIN")
    if where.get_backend_name() == "postgresql":
        engine = _postgresql(where, pool_size, pool_size, options)
        sa.event.listen(engine, "begin", _begin)
        sa.event.listen(engine, "before_cursor_execute", open_now)
        sa.event.listen(engine, "commit", settle)
        sa.event.listen(engine, "rollback", forget)
        _keep_apart(engine, _postgresql(where, FEW, 0, options))
        return _let_stand(_with_twin(engine, "BEGIN", ""), pool_size)
    raise ValueError(
        f"'{where.get_backend_name()}' is not a database we know; use sqlite:/// or postgresql://."
    )


@contextmanager
def write(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Open one transaction that may write; it commits at the end and is undone by an exception."""
    owed = assumed()
    if owed is None:
        with _lent_to_write(engine) as connection, connection.begin(), Guarded():
            yield connection
        return
    opening: Opening | None = None
    try:
        with _lent_to_write(engine) as connection, connection.begin(), Guarded():
            opening = connection.info.get(OPENING)
            if opening is None:
                owed.prove(connection)
                owed = None
            else:
                opening.owed = owed
            yield connection
    finally:
        # a transaction that was given up before its first answer owes it to the next one
        if owed is not None and (opening is None or opening.owed is not None):
            assume(engine, owed)


@contextmanager
def read(engine: sa.Engine, *, proving: bool = False) -> Iterator[sa.Connection]:
    """Open a connection that only reads and keeps no writer waiting.

    With `proving`, the first thing asked is a `Selection`, which proves what was assumed; whoever
    asks anything else gets the connection when that is proved.
    """
    shared = _shared.get()
    if shared is not None and shared.engine is engine:
        if not proving:
            prove()
        if shared.connection is not None:
            yield shared.connection
            return
    with _lent(engine) as connection, Guarded():
        yield connection


@contextmanager
def one_state(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Open a connection that only reads, and sees one state of the database however long it is.

    For work in the background: whoever downloads slowly must not hold a transaction open.
    """
    begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    if engine.dialect.name == "sqlite":
        begin = "BEGIN"
    with engine.execution_options(**{BEGIN: begin}).connect() as connection, Guarded():
        yield connection


def stepwise(engine: sa.Engine) -> AbstractContextManager[sa.Connection]:
    """Open a connection whose every statement is a transaction of its own; on PostgreSQL only.

    The first thing asked is a `Selection`, which proves what was assumed; nothing may be written
    before it.

    Raises:
        ValueError: this engine opens a transaction around whatever it is asked.

    """
    if deferred(engine).get_execution_options().get(BEGIN, True):
        raise ValueError("Statements do not stand alone here.")
    return _Watched(_lent(engine))


class _Watched:
    """A connection for a `with` block in which statements are watched."""

    __slots__ = ("_guard", "_lent")

    def __init__(self, lent: AbstractContextManager[sa.Connection]) -> None:
        self._lent, self._guard = lent, Guarded()

    def __enter__(self) -> sa.Connection:
        connection = self._lent.__enter__()
        self._guard.__enter__()
        return connection

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._guard.__exit__()
        self._lent.__exit__(kind, error, trace)


@contextmanager
def apart(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Open a connection whose every statement is done at once, whatever is undone around it.

    Raises:
        ValueError: the database lets one write at a time, so nothing can be done apart.

    """
    other = engine.get_execution_options().get(APART)
    if other is None:
        raise ValueError("Nothing can be written apart from a transaction here.")
    with other.connect() as connection:
        yield connection


@contextmanager
def reading_together(engine: sa.Engine) -> Iterator[None]:
    """Let every `read` inside use one connection: taking one costs as much as a small statement.

    For a request that only reads, so that who asks and what they get are seen as of one moment.
    What is assumed inside is proved at the end at the latest.
    """
    with _lent(engine) as connection:
        token = _shared.set(_Shared(engine, connection))
        try:
            with Guarded():
                yield
                prove()
        finally:
            _shared.reset(token)


class Assuming:
    """Let whoever asks be taken for the same until the first transaction, or read, says so.

    For a request that writes, as a `with` block: what was assumed is proved with the first
    statement of its first transaction, at the end at the latest.
    """

    __slots__ = ("_engine", "_token")

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def __enter__(self) -> None:
        self._token = _shared.set(_Shared(self._engine, None))

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                prove()
        finally:
            _shared.reset(self._token)


def assume(engine: sa.Engine, assumption: Assumed) -> bool:
    """Take something for true until the first statement; False where every question is asked."""
    shared = _shared.get()
    if shared is None or shared.engine is not engine:
        return False
    shared.assumed = assumption
    return True


def assumed() -> Assumed | None:
    """Return what is still to be proved, once: whoever takes it owes the proof."""
    shared = _shared.get()
    if shared is None:
        return None
    found, shared.assumed = shared.assumed, None
    return found


def prove() -> None:
    """Ask whether what was assumed holds, before anything else is read, written or told."""
    found = assumed()
    if found is not None:
        shared = _shared.get()
        assert shared is not None
        if shared.connection is not None:
            found.prove(shared.connection)
            return
        with _lent(shared.engine) as connection:
            found.prove(connection)


def begins(connection: sa.Connection) -> bool:
    """Return whether a transaction is opened around the statements of a connection."""
    return bool(connection.get_execution_options().get(BEGIN, True))


def deferred(engine: sa.Engine) -> sa.Engine:
    """Return the same engine, sharing its pool, for code that mostly reads.

    On SQLite a transaction then takes the write lock only when it first writes. On PostgreSQL each
    statement stands alone.
    """
    twin = engine.get_execution_options().get(READING)
    return engine if twin is None else twin


def _lent(engine: sa.Engine) -> Lent | sa.Connection:
    """Return a connection for reading, for a `with` block."""
    twin = deferred(engine)
    standing: Standing | None = twin.get_execution_options().get(STANDING)
    return twin.connect() if standing is None else standing.lend()


def _lent_to_write(engine: sa.Engine) -> Lent | sa.Connection:
    """Return a connection for one transaction, for a `with` block."""
    options = engine.get_execution_options()
    twin, begin = options.get(READING), options.get(BEGIN)
    if twin is None or not begin:
        return engine.connect()
    standing: Standing | None = twin.get_execution_options().get(STANDING)
    return engine.connect() if standing is None else standing.lend({BEGIN: begin})


def _postgresql(where: sa.URL, size: int, more: int, options: dict[str, Any]) -> sa.Engine:
    engine = sa.create_engine(
        where.set(drivername="postgresql+psycopg"),
        pool_size=size,
        max_overflow=more,
        pool_recycle=1800,
        pool_use_lifo=True,
        pool_reset_on_return=None,  # `_leave_nothing_open` asks first whether anything is open
        isolation_level="AUTOCOMMIT",
        **options,
    )
    sa.event.listen(engine, "connect", _prepare_postgresql)
    sa.event.listen(engine, "reset", _leave_nothing_open)
    return engine


def _keep_apart(engine: sa.Engine, other: sa.Engine) -> None:
    """Keep an engine for what stands apart with another; they are closed together."""
    born = os.getpid()

    def close(_: sa.Engine) -> None:
        # in a fork the connections are still the parent's, which goes on with them
        other.dispose(close=os.getpid() == born)

    sa.event.listen(other, "connect", _prepare_apart)
    sa.event.listen(engine, "engine_disposed", close)
    engine.update_execution_options(**{APART: other})


def _let_stand(engine: sa.Engine, most: int) -> sa.Engine:
    """Let connections of its reading twin stand ready; they are closed with the engine."""
    born, twin = os.getpid(), deferred(engine)
    standing = Standing(twin, most)

    def close(_: sa.Engine) -> None:
        # in a fork the connections are still the parent's, which goes on with them
        if os.getpid() == born:
            standing.close()
        else:
            standing.leave()

    sa.event.listen(engine, "engine_disposed", close)
    twin.update_execution_options(**{STANDING: standing})
    return engine


def _with_twin(engine: sa.Engine, writing: str, reading: str) -> sa.Engine:
    """Return the engine with its reading twin, made once: a request should not pay for it."""
    twin = engine.execution_options(**{BEGIN: reading})
    engine.update_execution_options(**{BEGIN: writing, READING: twin})
    return engine


def _begin(connection: sa.Connection) -> None:
    statement = connection.get_execution_options().get(BEGIN)
    if not statement:
        return
    if connection.dialect.name == "postgresql":
        connection.info[OPENING] = Opening(statement)
    else:
        connection.exec_driver_sql(statement)


def _prepare_sqlite(connection: Any, record: object) -> None:
    connection.isolation_level = None  # the driver must not begin or commit by itself
    for pragma in SQLITE_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    teach(connection)


def _prepare_postgresql(connection: psycopg.Connection[Any], record: object) -> None:
    connection.adapters.register_loader("uuid", TextLoader)
    connection.execute("SET TIME ZONE 'UTC'")
    connection.execute("SET jit = off")  # compiling a small statement takes longer than running it


def _leave_nothing_open(connection: psycopg.Connection[Any], record: object, state: object) -> None:
    """Undo what a connection that goes back to the pool left undecided."""
    getattr(record, "info", {}).pop(OPENING, None)
    if connection.pgconn.transaction_status != psycopg.pq.TransactionStatus.IDLE:
        connection.rollback()


def _prepare_apart(connection: psycopg.Connection[Any], record: object) -> None:
    connection.execute("SET synchronous_commit = off")
    connection.execute(f"SET lock_timeout = '{LONGEST_WAIT}s'")


def _json_text(value: Any) -> str:
    return orjson.dumps(value).decode()
