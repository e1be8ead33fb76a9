"""What an engine promises, on both databases."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from generator.field_types._ids import id_type
from runtime.jobs.columns import small_json
from runtime.store.engine import make_engine, read, write

ID = "01930000-0000-7000-8000-000000000001"


@pytest.fixture
def table(engine: sa.Engine) -> sa.Table:
    """Return a table with an id, a number and JSON, with one row."""
    metadata = sa.MetaData()
    table = sa.Table(
        "thing",
        metadata,
        sa.Column("id", id_type(), primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("more", small_json()),
    )
    metadata.create_all(engine)
    with write(engine) as connection:
        connection.execute(table.insert(), {"id": ID, "number": 0, "more": {"名": ["ä", 1]}})
    return table


def test_ids_are_texts_and_json_keeps_its_characters(engine: sa.Engine, table: sa.Table) -> None:
    with read(engine) as connection:
        row = connection.execute(sa.select(table)).one()
    assert (row.id, row.more) == (ID, {"名": ["ä", 1]})
    assert type(row.id) is str


def test_a_write_is_undone_by_an_exception(engine: sa.Engine, table: sa.Table) -> None:
    with pytest.raises(sa.exc.IntegrityError), write(engine) as connection:
        connection.execute(
            table.insert(), [{"id": ID[:-1] + "2", "number": 1}, {"id": ID, "number": 1}]
        )
    with read(engine) as connection:
        assert connection.execute(sa.select(table.c.id)).scalars().all() == [ID]


def test_writers_wait_in_line_and_no_increment_is_lost(engine: sa.Engine, table: sa.Table) -> None:
    failures: list[Exception] = []

    def add() -> None:
        try:
            for _ in range(20):
                with write(engine) as connection:
                    rows = sa.select(table.c.number).with_for_update()
                    number = connection.execute(rows).scalar_one()
                    connection.execute(table.update().values(number=number + 1))
        except sa.exc.DBAPIError as error:
            failures.append(error)

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with read(engine) as connection:
        assert connection.execute(sa.select(table.c.number)).scalar_one() == 80


def test_a_reader_sees_what_was_committed_while_somebody_writes(
    engine: sa.Engine, table: sa.Table
) -> None:
    with write(engine) as writer:
        writer.execute(table.update().values(number=7))
        with read(engine) as reader:
            assert reader.execute(sa.select(table.c.number)).scalar_one() == 0
    with read(engine) as reader:
        assert reader.execute(sa.select(table.c.number)).scalar_one() == 7


def test_foreign_keys_are_kept(engine: sa.Engine, table: sa.Table) -> None:
    part = sa.Table(
        "part", table.metadata, sa.Column("thing", id_type(), sa.ForeignKey("thing.id"))
    )
    part.create(engine)
    with pytest.raises(sa.exc.IntegrityError), write(engine) as connection:
        connection.execute(part.insert(), {"thing": ID[:-1] + "2"})


def test_times_are_utc_in_the_session(engine: sa.Engine) -> None:
    if engine.dialect.name == "postgresql":
        with read(engine) as connection:
            assert connection.execute(sa.text("SHOW timezone")).scalar_one() == "UTC"
    else:
        with read(engine) as connection:
            assert connection.execute(sa.text("PRAGMA journal_mode")).scalar_one() == "wal"
            assert connection.execute(sa.text("PRAGMA foreign_keys")).scalar_one() == 1


def test_another_database_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'mysql' is not a database we know"):
        make_engine("mysql://localhost/shop")
