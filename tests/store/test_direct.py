"""What is asked again through libpq answers, fails and is forgotten as by a cursor; PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from runtime.store import inserts
from runtime.store.direct import Direct, direct, names_of
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


def test_several_go_together_and_answer_one_by_one(engine: sa.Engine) -> None:
    statement = asking(engine)
    with stepwise(engine) as connection:
        way = direct(connection)
        ready = way.ready([statement.call({"least": 2}), (b"BEGIN", ()), (b"COMMIT", ())])
        assert ready is not None
        assert way.run(ready) == [[(2, "ä")], [], []]
        assert way.ready([(b"COMMIT", ()), (b"SELECT $1::int", (1,))]) is None
        assert statement.rows(connection, {"least": 3}) == []


def test_behind_one_that_fails_nothing_is_run(engine: sa.Engine) -> None:
    statement = asking(engine)
    with stepwise(engine) as connection:
        way = direct(connection)
        insert = b"INSERT INTO thing VALUES (7, 'g')"
        calls = [(b"BEGIN", ()), (insert, ()), (insert, ()), (b"COMMIT", ())]
        ready = way.ready([*calls, statement.call({"least": 7})])
        assert ready is not None
        with pytest.raises(psycopg.errors.UniqueViolation):
            way.run(ready)
        driver = connection.connection.dbapi_connection
        assert isinstance(driver, psycopg.Connection)
        driver.rollback()
        assert statement.rows(connection, {"least": 7}) == []


def test_who_waits_for_a_lock_lets_other_threads_go_on(engine: sa.Engine) -> None:
    locked, done = threading.Event(), threading.Event()

    def hold() -> None:
        with write(engine) as connection:
            connection.execute(table.delete().where(table.c.number == 1))
            locked.set()
            assert done.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    assert locked.wait(30)
    asking(engine)
    threading.Timer(0.2, done.set).start()
    with stepwise(engine) as connection:
        way = direct(connection)
        ready = way.ready([(b"UPDATE thing SET name = 'b'", ()), (b"SELECT number FROM thing", ())])
        assert ready is not None
        assert way.run(ready) == [[], [(2,)]]
    holder.join(30)


def test_together_what_is_refused_is_refused_whole_and_told_alike(engine: sa.Engine) -> None:
    rows = [{"number": number, "name": None} for number in range(20, 20 + OFTEN + 1)]

    def add(*some: dict[str, Any]) -> None:
        with write(engine) as connection, inserts.together(connection) as batch:
            for row in some:
                inserts.insert_many(connection, table, [row])
            batch.commits = True

    for row in rows:
        add(row)
    with pytest.raises(sa.exc.IntegrityError) as refused:
        add({"number": 99, "name": None}, rows[0])
    assert isinstance(refused.value.orig, psycopg.errors.UniqueViolation)
    add({"number": 98, "name": None})
    with stepwise(engine) as connection:
        assert connection.execute(sa.select(sa.func.max(table.c.number))).scalar_one() == 98


def test_a_commit_that_is_refused_says_why(engine: sa.Engine) -> None:
    with write(engine) as connection:
        connection.execute(
            sa.text("CREATE TABLE late (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
        )

    def twice() -> None:
        with write(engine) as connection:
            connection.execute(sa.text("INSERT INTO late VALUES (1), (1)"))

    with pytest.raises(sa.exc.IntegrityError):
        twice()
    with stepwise(engine) as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM late")).scalar_one() == 0


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


def test_what_was_lost_while_several_went_together_is_used_no_more(engine: sa.Engine) -> None:
    asking(engine)
    with stepwise(engine) as connection:
        way, driver = direct(connection), connection.connection.dbapi_connection
        assert isinstance(driver, psycopg.Connection)
        end = b"SELECT pg_terminate_backend(pg_backend_pid())"
        ready = way.ready([(end, ()), (b"SELECT 1", ())])
        assert ready is not None
        with pytest.raises(psycopg.OperationalError):
            way.run(ready)
        assert driver.closed


def test_who_is_interrupted_while_it_waits_leaves_the_pool_whole(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    statement = Prepared(
        table.update().where(table.c.number == sa.bindparam("own")).values(name="z"), engine.dialect
    )
    for _ in range(OFTEN):
        with write(engine) as connection:
            statement.send(connection, {"own": 0})

    def interrupted(self: Direct, what: int) -> None:
        raise TimeoutError

    def change() -> None:
        with write(engine) as connection:
            statement.send(connection, {"own": 1})

    with monkeypatch.context() as patched:
        patched.setattr(Direct, "_wait", interrupted)
        with pytest.raises(sa.exc.OperationalError) as seen:
            change()
    told: BaseException | None = seen.value
    while told is not None and not isinstance(told, TimeoutError):
        told = told.__context__
    assert told is not None
    change()
    with stepwise(engine) as connection:
        asked = sa.select(table.c.name).order_by(table.c.number)
        assert connection.execute(asked).scalars().all() == ["z", "ä"]
