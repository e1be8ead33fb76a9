"""Applying: sealed plans, consents, failures at every step, two at once, drift, rollback."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from generator.compile import Compiled, compile_definitions
from runtime.store.engine import make_engine, read
from runtime.store.migrate.apply import apply, apply_saved, create_all
from runtime.store.migrate.faults import (
    ApplyFailed,
    ConsentNeeded,
    MigrationError,
    PlanOutdated,
    UnknownRelease,
)
from runtime.store.migrate.make import make_plan
from runtime.store.migrate.releases import find_release, releases, write_release
from runtime.store.migrate.render import plan_json, render_plan
from runtime.store.migrate.rollback import plan_rollback
from runtime.store.migrate.shapes import reflected, schema_json
from tests.store.migrate.shop import (
    NOW,
    codes,
    compiled,
    differences,
    entity,
    insert,
    values_of,
    words,
)

BEFORE = {
    **entity("customer", "name: {type: text, max: 40}"),
    **entity(
        "order",
        "note: {type: text}\ntotal: {type: money}\ncustomer: {type: reference, to: customer}",
        'title: "{note}"',
    ),
}
AFTER = {
    **entity("customer", "name: {type: text, max: 60, unique: true}\ncity: {type: text}"),
    **entity(
        "purchase",
        "remark: {type: text, renamed_from: note, required: true, default: none}\n"
        "total: {type: money, places: 4}\n"
        "customer: {type: reference, to: customer}\n"
        "open: {type: boolean, required: true, default: true}",
        'renamed_from: order\ntitle: "{remark}"',
    ),
    **entity("region", "name: {type: text}"),
}


@pytest.fixture
def filled(engine: sa.Engine) -> sa.Engine:
    """Return a database at release 1 with a customer and two orders."""
    shop = compiled(BEFORE)
    create_all(engine, shop, now=NOW)
    with engine.begin() as connection:
        alice = insert(connection, shop, "customer", name="Alice")
        insert(connection, shop, "order", note="a", total=1250, customer=alice)
        insert(connection, shop, "order", total=1)
    return engine


def picture(engine: sa.Engine) -> dict[str, Any]:
    """Return the schema and the rows of all tables of entities."""
    with engine.connect() as connection:
        shapes = schema_json(reflected(connection))
        tables = [name for name in shapes if not name.startswith("ab_")]
        quote = engine.dialect.identifier_preparer.quote
        rows = {
            name: sorted(map(str, connection.execute(sa.text(f"SELECT * FROM {quote(name)}"))))
            for name in tables
        }
    return {"shapes": shapes, "rows": rows}


class Broken(Exception):
    """The failure a test injects."""


@contextmanager
def failing_after(engine: sa.Engine, count: int) -> Iterator[None]:
    """Raise after the given number of statements that change something."""
    left = count

    def check(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        nonlocal left
        if statement.lstrip().split(" ", 1)[0].upper() in CHANGING:
            left -= 1
            if left == 0:
                raise Broken

    sa.event.listen(engine, "after_cursor_execute", check)
    try:
        yield
    finally:
        sa.event.remove(engine, "after_cursor_execute", check)


CHANGING = {"ALTER", "CREATE", "DROP", "INSERT", "UPDATE", "DELETE"}


def test_a_failure_after_any_statement_leaves_the_database_as_it_was(filled: sa.Engine) -> None:
    shop = compiled(AFTER)
    plan = make_plan(filled, shop)
    before = picture(filled)
    count = sum(len(step.sql) for step in plan.steps) + 2  # the release and its epoch
    for number in range(1, count + 1):
        with failing_after(filled, number), pytest.raises(Broken):
            apply(filled, shop, plan, now=NOW)
        assert picture(filled) == before, f"after statement {number}"
    assert apply(filled, shop, plan, now=NOW) == 2
    assert differences(filled, shop) == []
    rows = values_of(filled, shop, "purchase", "remark", "total", "open")
    assert rows == [("a", 125000, True), ("none", 100, True)]


def _killed_while_applying(url: str, folder: str, place: int) -> None:
    engine = make_engine(url)
    shop = compile_definitions(Path(folder))
    plan = make_plan(engine, shop)
    changes = itertools.count(1)

    def die(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.startswith(("ALTER", "CREATE", "DROP", "UPDATE")) and next(changes) == place:
            os.kill(os.getpid(), signal.SIGKILL)

    sa.event.listen(engine, "after_cursor_execute", die)
    apply(engine, shop, plan, now=NOW)


def _others(engine: sa.Engine) -> int:
    """Return how many other sessions a PostgreSQL database still has."""
    if engine.dialect.name == "sqlite":
        return 0
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    with engine.connect() as connection:
        return int(connection.exec_driver_sql(others).scalar_one()) - 1


@pytest.mark.parametrize("place", [1, 4])
def test_a_killed_apply_is_undone_and_a_second_one_completes(
    engine: sa.Engine, tmp_path: Path, place: int
) -> None:
    create_all(engine, compiled(BEFORE), now=NOW)
    before = picture(engine)
    folder = tmp_path / "definitions"
    for name, text in {"app.yaml": "app: shop\nlabel: Shop\ncurrency: EUR\n", **AFTER}.items():
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    url = engine.url.render_as_string(hide_password=False)
    engine.dispose()
    context = multiprocessing.get_context("spawn")
    child = context.Process(target=_killed_while_applying, args=(url, str(folder), place))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    deadline = time.monotonic() + 120
    while _others(engine):
        assert time.monotonic() < deadline, "the server keeps the killed session"
        time.sleep(0.05)
    assert picture(engine) == before
    shop = compiled(AFTER)
    assert apply(engine, shop, make_plan(engine, shop), now=NOW) == 2


def test_of_several_applies_at_once_exactly_one_wins(filled: sa.Engine) -> None:
    shop = compiled(AFTER)
    plan = make_plan(filled, shop)
    outcomes: list[object] = []
    gate = threading.Barrier(4)

    def run() -> None:
        gate.wait()
        try:
            outcomes.append(apply(filled, shop, plan, now=NOW))
        except MigrationError as error:
            outcomes.append(type(error))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, outcomes)) == sorted(map(str, [2, *[PlanOutdated] * 3]))
    assert [release.number for release in releases(filled)] == [2, 1]


def test_a_plan_from_a_file_is_applied_when_nothing_changed(filled: sa.Engine) -> None:
    shop = compiled(AFTER)
    saved = orjson.loads(orjson.dumps(plan_json(make_plan(filled, shop))))
    assert saved["consents"] == []
    assert apply_saved(filled, shop, saved, now=NOW) == 2


def test_a_plan_from_a_file_is_refused_when_the_schema_changed(filled: sa.Engine) -> None:
    shop = compiled(AFTER)
    saved = plan_json(make_plan(filled, shop))
    with filled.begin() as connection:
        connection.execute(sa.text("ALTER TABLE customer ADD COLUMN nickname VARCHAR(10)"))
    with pytest.raises(PlanOutdated, match="the database schema was altered"):
        apply_saved(filled, shop, saved, now=NOW)


def test_a_plan_from_a_file_is_refused_when_the_definitions_changed(filled: sa.Engine) -> None:
    saved = plan_json(make_plan(filled, compiled(AFTER)))
    with pytest.raises(PlanOutdated, match="the definitions changed"):
        apply_saved(filled, compiled(BEFORE), saved, now=NOW)


def test_a_plan_from_a_file_is_refused_after_another_release(filled: sa.Engine) -> None:
    shop = compiled(AFTER)
    saved = plan_json(make_plan(filled, shop))
    labels_only = compiled(
        {**BEFORE, **entity("customer", "name: {type: text, max: 40}", "icon: user")}
    )
    assert apply(filled, labels_only, make_plan(filled, labels_only), now=NOW) == 2
    with pytest.raises(PlanOutdated, match="release 2 was applied meanwhile"):
        apply_saved(filled, shop, saved, now=NOW)


def test_a_forged_plan_file_is_refused(filled: sa.Engine) -> None:
    shop = compiled(AFTER)
    saved = plan_json(make_plan(filled, shop))
    saved["steps"][0]["sql"] = ["DROP TABLE customer"]
    saved["seal"] = "0" * 64
    with pytest.raises(PlanOutdated):
        apply_saved(filled, shop, saved, now=NOW)
    assert sa.inspect(filled).has_table("customer")


def test_rows_that_came_after_the_plan_are_counted_again(filled: sa.Engine) -> None:
    shop = compiled(AFTER)
    plan = make_plan(filled, shop)
    with filled.begin() as connection:
        for _ in range(2):
            insert(connection, compiled(BEFORE), "customer", name="Bob")
    with pytest.raises(MigrationError, match="1 value of 'name' occurs more than once"):
        apply(filled, shop, plan, now=NOW)


def test_new_definitions_without_a_change_of_tables_become_a_release(filled: sa.Engine) -> None:
    shop = compiled({**BEFORE, **entity("customer", "name: {type: text, max: 40}", "icon: user")})
    plan = make_plan(filled, shop)
    assert plan.is_empty
    assert plan.is_new_release
    assert "become release 2" in render_plan(plan)
    assert apply(filled, shop, plan, now=NOW) == 2


def test_what_was_altered_by_hand_is_named_and_mended(filled: sa.Engine) -> None:
    quote = filled.dialect.identifier_preparer.quote
    with filled.begin() as connection:
        connection.execute(sa.text("ALTER TABLE customer ADD COLUMN nickname VARCHAR(10)"))
        connection.execute(sa.text(f"DROP INDEX {quote('ix_order_customer')}"))
        connection.execute(sa.text("CREATE INDEX ix_own ON customer (name)"))
    plan = make_plan(filled, compiled(BEFORE))
    assert {label.text("en") for label in plan.drift} == {
        "the column nickname of customer was added by hand",
        "the index ix_own of customer was added by hand",
        "the index ix_order_customer of order is gone",
    }
    assert words(plan) == ["indexes Order by 'customer'"]
    assert "手工" in render_plan(plan, "zh")
    assert apply(filled, compiled(BEFORE), plan, now=NOW) == 2
    with filled.connect() as connection:
        shape = reflected(connection)["customer"]
    assert "nickname" in shape.columns
    assert "ix_own" in {index.name for index in shape.indexes}


def test_columns_added_by_hand_survive_a_copy_of_the_table(filled: sa.Engine) -> None:
    with filled.begin() as connection:
        connection.execute(sa.text("ALTER TABLE customer ADD COLUMN nickname VARCHAR(10)"))
        connection.execute(sa.text("UPDATE customer SET nickname = 'Al'"))
        connection.execute(sa.text("CREATE INDEX ix_own ON customer (nickname)"))
    shop = compiled(AFTER)
    apply(filled, shop, make_plan(filled, shop), now=NOW)
    with filled.connect() as connection:
        assert connection.execute(sa.text("SELECT nickname FROM customer")).scalar_one() == "Al"
        names = {index.name for index in reflected(connection)["customer"].indexes}
    assert "ix_own" in names


def test_a_table_that_is_not_ours_is_left_alone(filled: sa.Engine) -> None:
    with filled.begin() as connection:
        connection.execute(sa.text("CREATE TABLE notes_of_somebody (id INTEGER PRIMARY KEY)"))
    plan = make_plan(filled, compiled(BEFORE))
    assert plan.is_empty
    assert plan.drift == ()


def test_rollback_returns_to_the_definitions_of_a_release(
    filled: sa.Engine, tmp_path: Path
) -> None:
    shop = compiled(AFTER)
    apply(filled, shop, make_plan(filled, shop), now=NOW)
    old, plan = plan_rollback(filled, 1)
    assert plan.returns_to == 1
    assert plan.consents == {"drop", "narrow"}
    with pytest.raises(ConsentNeeded):
        apply(filled, old, plan, now=NOW)
    assert apply(filled, old, plan, now=NOW, allow=frozenset({"drop", "narrow"})) == 3
    latest, *_ = releases(filled)
    assert (latest.number, latest.returns_to, latest.digest) == (3, 1, old.app.digest)
    assert differences(filled, compiled(BEFORE)) == []


def test_rollback_undoes_declared_renames_and_keeps_the_rows(filled: sa.Engine) -> None:
    renamed = compiled(
        {
            **entity(
                "client",
                "full_name: {type: text, max: 40, renamed_from: name}",
                "renamed_from: customer",
            ),
            **entity(
                "order",
                "note: {type: text}\ntotal: {type: money}\n"
                "client: {type: reference, to: client, renamed_from: customer}",
                'title: "{note}"',
            ),
        }
    )
    apply(filled, renamed, make_plan(filled, renamed), now=NOW)
    old, plan = plan_rollback(filled, 1)
    assert plan.consents == frozenset()
    assert apply(filled, old, plan, now=NOW) == 3
    assert values_of(filled, old, "customer", "name") == ["Alice"]
    assert differences(filled, old) == []


def test_the_files_of_a_release_can_be_written_to_a_folder(
    filled: sa.Engine, tmp_path: Path
) -> None:
    write_release(find_release(filled, 1), tmp_path / "old")
    assert compile_definitions(tmp_path / "old").app.digest == compiled(BEFORE).app.digest
    with pytest.raises(FileExistsError):
        write_release(find_release(filled, 1), tmp_path / "old")
    with pytest.raises(UnknownRelease):
        find_release(filled, 9)


def test_a_plan_is_read_in_both_languages_with_its_sql(filled: sa.Engine) -> None:
    plan = make_plan(filled, compiled(AFTER))
    english, chinese = render_plan(plan, "en", sql=True), render_plan(plan, "zh")
    assert "renames 'order' to Purchase and keeps its records" in english
    assert "ALTER TABLE" in english
    assert "adds the field 'city' to Customer" in english
    assert "1 record of Purchase gets the default of 'remark'" in english
    assert "将“order”更名为“purchase”，记录保留" in chinese
    assert "ALTER TABLE" not in chinese
    assert codes(plan)["BACKFILLED"] == 1


def test_a_step_the_database_refuses_is_named(engine: sa.Engine) -> None:
    shop = compiled(BEFORE)
    create_all(engine, shop, now=NOW)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE VIEW names AS SELECT name FROM customer"))
    fewer = compiled({**BEFORE, **entity("customer", "city: {type: text}")})
    plan = make_plan(engine, fewer)
    with pytest.raises(ApplyFailed, match="names"):
        apply(engine, fewer, plan, now=NOW, allow=frozenset({"drop"}))
    assert make_plan(engine, shop).is_empty


def test_readers_are_not_disturbed_while_a_plan_is_made(filled: sa.Engine) -> None:
    with read(filled) as connection:
        connection.execute(sa.text("SELECT 1"))
        assert make_plan(filled, compiled(AFTER)).steps


def _shop_of(count: int) -> Compiled:
    files: dict[str, str] = {}
    for number in range(count):
        fields = "\n".join(f"f{place}: {{type: text}}" for place in range(10))
        if number:
            fields += f"\nbefore: {{type: reference, to: e{number - 1}}}"
        files |= entity(f"e{number}", fields, 'title: "{f0}"')
    return compiled(files)


def test_a_hundred_entities_are_created(engine: sa.Engine) -> None:
    shop = _shop_of(100)
    create_all(engine, shop, now=NOW)
    assert make_plan(engine, shop).is_empty
