"""From nothing to all tables: FAB's, the engine's and the entities', in one plan."""

from __future__ import annotations

import sqlalchemy as sa

from runtime.store.engine import read
from runtime.store.migrate.apply import apply, create_all
from runtime.store.migrate.make import make_plan
from runtime.store.migrate.releases import find_release, last_release, releases
from tests.store.migrate.shop import NOW, compiled, differences, entity

SHOP = {
    **entity("customer", "name: {type: text, required: true}", "key: [name]"),
    **entity(
        "order",
        """
note: {type: text}
total: {type: money}
customer: {type: reference, to: customer}
lines: {type: children, of: order_line}
watchers: {type: references, to: customer}
status: {type: choice, options: {open: Open, done: Done}, default: open, required: true}
""",
        'title: "{note}"',
    ),
    **entity("order_line", "text: {type: text}\namount: {type: money}", "child_of: order"),
}


def test_an_empty_database_gets_every_table_and_alembic_sees_no_difference(
    engine: sa.Engine,
) -> None:
    shop = compiled(SHOP)
    assert create_all(engine, shop, now=NOW, by="first run") == 1
    assert {"ab_user", "sw_audit", "customer", "order", "order__watchers"} <= set(
        sa.inspect(engine).get_table_names()
    )
    assert differences(engine, shop) == []


def test_a_database_to_which_nothing_was_applied_has_no_release(engine: sa.Engine) -> None:
    with read(engine) as connection:
        assert last_release(connection) is None
    assert releases(engine) == ()


def test_a_second_plan_of_the_same_definitions_is_empty(engine: sa.Engine) -> None:
    shop = compiled(SHOP)
    create_all(engine, shop, now=NOW)
    plan = make_plan(engine, shop)
    assert plan.is_empty
    assert not plan.is_new_release
    assert plan.drift == ()
    assert apply(engine, shop, plan, now=NOW) == 1


def test_a_release_keeps_the_definition_files(engine: sa.Engine) -> None:
    shop = compiled(SHOP)
    create_all(engine, shop, now=NOW, by="alice")
    assert [line.number for line in releases(engine)] == [1]
    release = find_release(engine, 1)
    assert (release.number, release.applied_by, release.applied_at) == (1, "alice", NOW)
    assert release.definitions["customer.entity.yaml"] == SHOP["customer.entity.yaml"]


def test_two_entities_that_point_at_each_other_are_created(engine: sa.Engine) -> None:
    ring = compiled(
        entity("egg", "name: {type: text}\nhen: {type: reference, to: hen}")
        | entity("hen", "name: {type: text}\negg: {type: reference, to: egg}")
    )
    create_all(engine, ring, now=NOW)
    assert make_plan(engine, ring).is_empty
    assert differences(engine, ring) == []


def test_rows_can_be_added_to_the_tables_of_the_login(engine: sa.Engine) -> None:
    create_all(engine, compiled(SHOP), now=NOW)
    with engine.begin() as connection:
        for name in ("Admin", "Public"):
            connection.execute(sa.text("INSERT INTO ab_role (name) VALUES (:name)"), {"name": name})
        ids = connection.execute(sa.text("SELECT id FROM ab_role ORDER BY id")).scalars().all()
    assert ids == [1, 2]


def test_a_database_that_the_login_made_itself_is_taken_over_as_it_is(engine: sa.Engine) -> None:
    from flask_appbuilder.security.sqla.models import User

    User.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO ab_role (id, name) VALUES (7, 'Admin')"))
    shop = compiled(SHOP)
    plan = make_plan(engine, shop)
    assert not [step for step in plan.steps if step.table.startswith("ab_")]
    apply(engine, shop, plan, now=NOW)
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT name FROM ab_role")).scalar_one() == "Admin"
