"""Connections that stand ready between requests are as good as new ones; PostgreSQL only."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator

import psycopg
import pytest
import sqlalchemy as sa

from runtime.store.engine import make_engine, read, write
from tests.databases import postgres_url

pytestmark = pytest.mark.postgres

WHO = sa.text("SELECT pg_backend_pid()")


@pytest.fixture
def engine() -> Iterator[sa.Engine]:
    engine = make_engine(postgres_url(), pool_size=4)
    yield engine
    engine.dispose()


def backend(engine: sa.Engine) -> int:
    with read(engine) as connection:
        return int(connection.execute(WHO).scalar_one())


def is_open(connection: sa.Connection) -> bool:
    """Return whether the server is within a transaction, after what was asked last."""
    connection.execute(WHO)
    driver = connection.connection.dbapi_connection
    assert isinstance(driver, psycopg.Connection)
    return driver.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS


def open_backends(url: sa.URL) -> int:
    """Return how many connections the database has, beside the one that asks."""
    other = sa.create_engine(url.set(drivername="postgresql+psycopg"), poolclass=sa.NullPool)
    count = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    with other.connect() as connection:
        return int(connection.execute(count).scalar_one())


def cut_off(url: sa.URL, backends: list[int]) -> None:
    """End connections from outside, and wait until they have ended."""
    other = sa.create_engine(url.set(drivername="postgresql+psycopg"), poolclass=sa.NullPool)
    with other.connect() as connection:
        for each in backends:
            connection.execute(sa.text("SELECT pg_terminate_backend(:pid, 10000)"), {"pid": each})


def test_the_next_request_gets_the_same_connection(engine: sa.Engine) -> None:
    assert len({backend(engine) for _ in range(5)}) == 1


def test_no_two_requests_share_one(engine: sa.Engine) -> None:
    together = threading.Barrier(6)
    seen: list[int] = []

    def ask() -> None:
        with read(engine) as connection:
            together.wait(30)
            seen.append(int(connection.execute(WHO).scalar_one()))
            together.wait(30)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(seen)) == 6


def test_writers_still_find_connections_when_readers_had_them_all(engine: sa.Engine) -> None:
    test_no_two_requests_share_one(engine)
    with write(engine) as one, write(engine) as two:
        assert one.execute(WHO).scalar_one() != two.execute(WHO).scalar_one()


def test_what_a_request_left_open_is_undone_before_the_next(engine: sa.Engine) -> None:
    with read(engine) as connection:
        connection.exec_driver_sql("BEGIN")
        connection.exec_driver_sql("CREATE TABLE left_behind (number integer)")
    with read(engine) as connection:
        found = connection.exec_driver_sql("SELECT to_regclass('left_behind')").scalar_one()
    assert found is None


def test_after_a_failed_statement_the_connection_answers_again(engine: sa.Engine) -> None:
    before = backend(engine)
    with pytest.raises(sa.exc.ProgrammingError), read(engine) as connection:
        connection.exec_driver_sql("SELECT nothing FROM nowhere")
    assert backend(engine) == before


def test_one_that_was_cut_off_fails_once_and_takes_the_others_with_it(engine: sa.Engine) -> None:
    with read(engine) as one, read(engine) as two:
        lost = [int(each.execute(WHO).scalar_one()) for each in (one, two)]
    cut_off(engine.url, lost)
    with pytest.raises(sa.exc.OperationalError):
        backend(engine)
    assert {backend(engine) for _ in range(3)}.isdisjoint(lost)


def test_they_are_closed_with_the_engine(engine: sa.Engine) -> None:
    backend(engine)
    engine.dispose()
    assert open_backends(engine.url) == 0
    assert backend(engine), "an engine that was closed opens anew"


def test_they_end_with_an_engine_that_nobody_holds_any_more() -> None:
    engine = make_engine(postgres_url(), pool_size=4)
    url = engine.url
    backend(engine)
    assert open_backends(url) == 1
    del engine
    gc.collect()
    assert open_backends(url) == 0


def test_a_fork_leaves_them_to_its_parent(engine: sa.Engine) -> None:
    before = backend(engine)
    child = os.fork()
    if not child:
        try:
            engine.dispose(close=False)
            os._exit(0 if backend(engine) != before else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert backend(engine) == before


def test_who_writes_gets_one_that_stands_ready_and_it_reads_as_before(engine: sa.Engine) -> None:
    before = backend(engine)
    for _ in range(3):
        with write(engine) as connection:
            assert int(connection.execute(WHO).scalar_one()) == before
            assert is_open(connection)
        with read(engine) as connection:
            assert int(connection.execute(WHO).scalar_one()) == before
            assert not is_open(connection)


def test_what_failed_in_a_transaction_is_undone_before_the_next(engine: sa.Engine) -> None:
    def fail() -> None:
        with write(engine) as connection:
            connection.exec_driver_sql("CREATE TABLE half_made (number integer)")
            connection.exec_driver_sql("SELECT nothing FROM nowhere")

    with pytest.raises(sa.exc.ProgrammingError):
        fail()
    with read(engine) as connection:
        assert connection.exec_driver_sql("SELECT to_regclass('half_made')").scalar_one() is None


def test_a_writer_whose_connection_was_cut_off_fails_and_the_next_one_writes(
    engine: sa.Engine,
) -> None:
    def fail() -> None:
        with write(engine) as connection:
            cut_off(engine.url, [int(connection.execute(WHO).scalar_one())])
            connection.exec_driver_sql("CREATE TABLE never_made (number integer)")

    with pytest.raises(sa.exc.OperationalError):
        fail()
    with write(engine) as connection:
        found = connection.exec_driver_sql("SELECT to_regclass('never_made')").scalar_one()
    assert found is None


def test_a_transaction_that_asks_nothing_leaves_nothing_behind(engine: sa.Engine) -> None:
    with write(engine):
        pass
    with read(engine) as connection:
        assert not is_open(connection)
