"""A database as files and back: SQLite by its backup API, PostgreSQL by COPY; no other program.

A copy is one state of the database, however much is written meanwhile: SQLite copies pages of one
transaction, PostgreSQL reads all tables in one REPEATABLE READ transaction. A PostgreSQL copy holds
rows, not tables: those are made by whoever loads it, from the definitions that were copied with it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import sql

SQLITE_FILE = "database.sqlite"
COLUMNS = """
select c.relname, a.attname
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where n.nspname = current_schema() and c.relkind = 'r' and a.attgenerated = ''
order by c.relname, a.attnum
"""
SEQUENCES = """
select sequencename, last_value from pg_sequences
where schemaname = current_schema() and last_value is not null order by 1
"""
KEYS = """
select c.relname, k.conname, pg_get_constraintdef(k.oid)
from pg_constraint k join pg_class c on c.oid = k.conrelid
join pg_namespace n on n.oid = c.relnamespace
where k.contype = 'f' and n.nspname = current_schema() order by 1, 2
"""


class CopyDoesNotFit(Exception):
    """What was copied is not what the database has place for, or is damaged."""


def copy_out(engine: sa.Engine, folder: Path) -> dict[str, int]:
    """Write one state of the database into a folder; return rows by table."""
    if engine.dialect.name == "sqlite":
        return _sqlite_out(engine, folder / SQLITE_FILE)
    return _postgresql_out(engine, folder)


def tables_in(engine: sa.Engine) -> list[str]:
    """Return the tables that a database has."""
    return sorted(sa.inspect(engine).get_table_names())


def load(engine: sa.Engine, folder: Path, counts: Mapping[str, int]) -> None:
    """Bring a copy into a PostgreSQL database that has its tables; what they hold goes.

    Raises:
        CopyDoesNotFit: a table or a column is not there, or a number of rows is another.

    """
    with _connection(engine) as connection, connection.transaction():
        connection.execute("set local statement_timeout = 0")
        keys = connection.execute(KEYS).fetchall()
        for table, name, _ in keys:
            _do(connection, "alter table {} drop constraint {}", table, name)
        known = _columns(connection)
        missing = sorted(set(counts) - set(known))
        if missing:
            raise CopyDoesNotFit(f"there is no table {missing[0]} here")
        for table in known:
            # what only grows may be emptied here alone, before it holds anything of the shop
            _do(connection, "alter table {} disable trigger user", table)
            _do(connection, "delete from {}", table)
        for table, count in counts.items():
            _fill(connection, folder, table, table, count)
        for table in known:
            _do(connection, "alter table {} enable trigger user", table)
        for table, name, rule in keys:
            add = sql.SQL("alter table {} add constraint {} " + rule)
            connection.execute(add.format(sql.Identifier(table), sql.Identifier(name)))
        _set_sequences(connection, folder)


@contextmanager
def keys_later(connection: sa.Connection) -> Iterator[None]:
    """Let rows come in any order inside; at the end every reference must lead somewhere."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        yield
        return
    quote = connection.dialect.identifier_preparer.quote_identifier
    keys = connection.exec_driver_sql(KEYS).all()
    for table, name, _ in keys:
        connection.exec_driver_sql(f"ALTER TABLE {quote(table)} DROP CONSTRAINT {quote(name)}")
    yield
    for table, name, rule in keys:
        connection.exec_driver_sql(
            f"ALTER TABLE {quote(table)} ADD CONSTRAINT {quote(name)} {rule}"
        )


def try_load(engine: sa.Engine, folder: Path, counts: Mapping[str, int], scratch: str) -> None:
    """Load a copy into tables of their own and throw them away; the shop's own are not touched.

    Raises:
        CopyDoesNotFit: as for `load`.

    """
    if engine.dialect.name == "sqlite":
        _check_sqlite(folder / SQLITE_FILE, counts)
        return
    with _connection(engine) as connection, connection.transaction(force_rollback=True):
        here = connection.execute("select current_schema()").fetchone()
        assert here is not None
        _do(connection, "create schema {}", scratch)
        connection.execute("set local statement_timeout = 0")
        for table, count in counts.items():
            made = sql.SQL("create table {}.{} (like {}.{} including all)").format(
                *map(sql.Identifier, (scratch, table, here[0], table))
            )
            connection.execute(made)
            _fill(connection, folder, table, f"{scratch}.{table}", count)


def _sqlite_out(engine: sa.Engine, path: Path) -> dict[str, int]:
    where = engine.url.database
    assert where, "a shop has a database file"
    with closing(sqlite3.connect(where)) as source, closing(sqlite3.connect(path)) as target:
        # in one step: between two of them somebody's write would make it begin again
        source.backup(target, pages=-1)
        target.execute("pragma journal_mode = delete")
        return _counts(target)


def _check_sqlite(path: Path, counts: Mapping[str, int]) -> None:
    with closing(sqlite3.connect(path)) as connection:
        (said,) = connection.execute("pragma quick_check(1)").fetchone()
        if said != "ok":
            raise CopyDoesNotFit(str(said))
        broken = connection.execute("pragma foreign_key_check").fetchone()
        if broken is not None:
            raise CopyDoesNotFit(f"a row of {broken[0]} names one of {broken[2]} that is not there")
        found = _counts(connection)
    for table, count in counts.items():
        if found.get(table) != count:
            raise CopyDoesNotFit(f"{table} has {found.get(table)} rows, not {count}")


def _counts(connection: sqlite3.Connection) -> dict[str, int]:
    asked = "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'"
    names = sorted(name for (name,) in connection.execute(asked))
    quoted = {name: '"' + name.replace('"', '""') + '"' for name in names}
    return {
        name: connection.execute(f"select count(*) from {text}").fetchone()[0]
        for name, text in quoted.items()
    }


def _postgresql_out(engine: sa.Engine, folder: Path) -> dict[str, int]:
    counts: dict[str, int] = {}
    with _connection(engine) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        with connection.transaction():
            connection.execute("set local statement_timeout = 0")
            for table, columns in _columns(connection).items():
                asked = sql.SQL("copy {} ({}) to stdout").format(
                    sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
                )
                head = "\t".join(columns).encode() + b"\n"
                with (folder / f"{table}.copy").open("wb") as out, connection.cursor() as cursor:
                    out.write(head)
                    with cursor.copy(asked) as rows:
                        for piece in rows:
                            out.write(piece)
                    counts[table] = cursor.rowcount
            kept = connection.execute(SEQUENCES).fetchall()
    lines = "".join(f"{name}\t{value}\n" for name, value in kept)
    (folder / "sequences.copy").write_text(lines, "utf-8")
    return counts


def _fill(
    connection: psycopg.Connection[Any], folder: Path, table: str, place: str, count: int
) -> None:
    with (folder / f"{table}.copy").open("rb") as file, connection.cursor() as cursor:
        columns = file.readline().decode().rstrip("\n").split("\t")
        asked = sql.SQL("copy {} ({}) from stdin").format(
            sql.Identifier(*place.split(".")),
            sql.SQL(", ").join(map(sql.Identifier, columns)),
        )
        try:
            with cursor.copy(asked) as rows:
                while piece := file.read(1 << 20):
                    rows.write(piece)
        except (psycopg.DataError, psycopg.IntegrityError, psycopg.ProgrammingError) as error:
            raise CopyDoesNotFit(f"{table}: {str(error).splitlines()[0]}") from error
        if cursor.rowcount != count:
            raise CopyDoesNotFit(f"{table} has {cursor.rowcount} rows, not {count}")


def _set_sequences(connection: psycopg.Connection[Any], folder: Path) -> None:
    known = {
        name for (name,) in connection.execute("select sequencename from pg_sequences").fetchall()
    }
    for line in (folder / "sequences.copy").read_text("utf-8").splitlines():
        name, _, value = line.partition("\t")
        if name in known:
            connection.execute("select setval(%s::regclass, %s)", (f'"{name}"', int(value)))


def _columns(connection: psycopg.Connection[Any]) -> dict[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for table, column in connection.execute(COLUMNS).fetchall():
        found.setdefault(table, []).append(column)
    return dict(found)


def _do(connection: psycopg.Connection[Any], statement: str, *names: str) -> None:
    connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@contextmanager
def _connection(engine: sa.Engine) -> Iterator[psycopg.Connection[Any]]:
    """Open a connection beside the pool: a long snapshot must not keep one that requests need."""
    where = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(where) as connection:
        yield connection
