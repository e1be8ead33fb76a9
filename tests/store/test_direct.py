"""What is asked again through libpq answers, fails and is forgotten as by a cursor; PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
import sqlalchemy as sa

from runtime.store.direct import direct, names_of
from runtime.store.engine import make_engine, stepwise, write
from runtime.store.prepared import Prepared
from tests.databases import postgres_url

pytestmark = pytest.mark.postgres

OFTEN = 8
"""Runs after which psycopg has prepared a statement for certain."""

table = sa.Table(
    "thing",
    sa.MetaData(),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("name", sa.String),
)


@pytest.fixture
def engine() -> Iterator[sa.Engine]:
    engine = make_engine(postgres_url())
    table.create(engine)
    with write(engine) as connection:
        connection.execute(table.insert(), [{"number": 1, "name": "a"}, {"number": 2, "name": "ä"}])
    yield engine
    engine.dispose()


def asking(engine: sa.Engine) -> Prepared:
    """Return a statement that was asked so often that psycopg has prepared it on a connection."""
    statement = Prepared(
        sa.select(table.c.number, table.c.name).where(table.c.number >= sa.bindparam("least")),
        engine.dialect,
    )
    with stepwise(engine) as connection:
        for _ in range(OFTEN):
            assert statement.rows(connection, {"least": 2}) == [(2, "ä")]
    return statement


def is_prepared(connection: sa.Connection) -> bool:
    driver = connection.connection.dbapi_connection
    assert isinstance(driver, psycopg.Connection)
    return bool(names_of(driver))


def test_what_is_asked_often_no_longer_needs_a_cursor(engine: sa.Engine) -> None:
    statement = asking(engine)
    with stepwise(engine) as connection:
        text = statement._sent
        assert direct(connection).rows(text, (2,)) == [(2, "ä")]
        assert direct(connection).rows(text, (3,)) == []
        assert direct(connection).rows(b"SELECT 1", ()) is None
        assert statement.rows(connection, {"least": 1}) == [(1, "a"), (2, "ä")]
        assert statement.rows(connection, {"least": 3}) == []


def test_after_a_rollback_it_is_prepared_anew(engine: sa.Engine) -> None:
    statement = asking(engine)

    def fail() -> None:
        with write(engine) as connection:
            connection.execute(table.delete())
            for _ in range(OFTEN):
                assert statement.rows(connection, {"least": 1}) == []
            assert is_prepared(connection)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with write(engine) as connection:
        assert not is_prepared(connection)
        for _ in range(OFTEN):
            assert statement.rows(connection, {"least": 2}) == [(2, "ä")]
        assert is_prepared(connection)


def test_a_savepoint_that_is_undone_leaves_its_transaction_working(engine: sa.Engine) -> None:
    statement = asking(engine)
    with write(engine) as connection:
        for _ in range(OFTEN):
            statement.rows(connection, {"least": 1})
        undone = connection.begin_nested()
        connection.execute(table.delete())
        assert statement.rows(connection, {"least": 1}) == []
        undone.rollback()
        assert statement.rows(connection, {"least": 2}) == [(2, "ä")]


def test_a_refusal_of_the_database_is_the_same_error(engine: sa.Engine) -> None:
    added = Prepared(
        table.insert().values(number=sa.bindparam("new"), name=sa.bindparam("called")),
        engine.dialect,
    )
    with write(engine) as connection:
        for number in range(10, 10 + OFTEN):
            added.send(connection, {"new": number, "called": None})

    def add(*numbers: int) -> None:
        with write(engine) as connection:
            for number in numbers:
                added.send(connection, {"new": number, "called": None})

    with pytest.raises(sa.exc.IntegrityError) as refused:
        add(99, 10)
    assert isinstance(refused.value.orig, psycopg.errors.UniqueViolation)
    assert refused.value.orig.diag.constraint_name
    with stepwise(engine) as connection:
        assert connection.execute(sa.select(sa.func.max(table.c.number))).scalar_one() < 99


def test_a_lost_connection_leaves_the_pool(engine: sa.Engine) -> None:
    statement = asking(engine)
    with stepwise(engine) as connection:
        driver = connection.connection.dbapi_connection
        assert isinstance(driver, psycopg.Connection)
        with psycopg.connect(dsn(engine), autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", (driver.info.backend_pid,))
        with pytest.raises(sa.exc.OperationalError) as lost:
            statement.rows(connection, {"least": 2})
    assert lost.value.connection_invalidated
    with stepwise(engine) as connection:
        assert statement.rows(connection, {"least": 2}) == [(2, "ä")]


def dsn(engine: sa.Engine) -> str:
    return engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
