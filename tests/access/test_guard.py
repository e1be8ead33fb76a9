"""A statement on records that no plan made is refused before the database sees it."""

import pytest
import sqlalchemy as sa

from runtime.store.engine import make_engine, read, reading_together, write
from runtime.store.guard import Unplanned, system, watch
from tests.access.branches import Branches


def test_raw_statements_on_records_are_refused(branches: Branches) -> None:
    runtime = branches.shop.runtime
    table = runtime.schema.tables["order"]
    statements = (
        sa.select(table),
        sa.select(sa.func.count()).select_from(table),
        sa.text('SELECT 1 FROM "order"'),
        sa.text("SELECT 1 FROM customer"),
        sa.select(runtime.schema.tables["order.watchers"]),
        sa.select(sa.literal(1)).where(sa.exists(sa.select(1).select_from(table))),
    )
    for statement in statements:
        for door in (read, write):
            with door(runtime.engine) as connection, pytest.raises(Unplanned):
                connection.execute(statement)
        with (
            reading_together(runtime.engine),
            read(runtime.engine) as connection,
            pytest.raises(Unplanned),
        ):
            connection.execute(statement)
    for change in (table.delete(), table.update().values(note="x"), table.insert().values(id="1")):
        with write(runtime.engine) as connection, pytest.raises(Unplanned):
            connection.execute(change)


def test_the_engine_says_why_it_asks_for_itself(branches: Branches) -> None:
    runtime = branches.shop.runtime
    counted = sa.select(sa.func.count()).select_from(runtime.schema.tables["order"])
    with read(runtime.engine) as connection:
        assert connection.execute(system(counted, "a test")).scalar_one() >= 4


def test_the_products_own_tables_are_not_watched(branches: Branches) -> None:
    with read(branches.shop.runtime.engine) as connection:
        connection.execute(sa.select(branches.shop.runtime.system.audit.c.id).limit(1)).all()


def test_each_database_has_its_own_guard(branches: Branches) -> None:
    """Another back office in the same process, with other tables, opens nothing here."""
    other = make_engine("sqlite://")
    watch(other, ["elsewhere"])
    table = branches.shop.runtime.schema.tables["order"]
    with read(branches.shop.runtime.engine) as connection, pytest.raises(Unplanned):
        connection.execute(sa.select(table))
    with read(other) as connection, pytest.raises(Unplanned):
        connection.execute(sa.text("SELECT 1 FROM elsewhere"))
