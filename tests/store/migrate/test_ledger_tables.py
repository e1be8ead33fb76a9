"""The tables of ledgers: what a post need not ask or write, and a database made before that."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
import sqlalchemy.exc

from generator.build import tables
from generator.compile import Compiled, compile_definitions
from generator.model.entity import Entity
from runtime.store.migrate.apply import apply, create_all
from runtime.store.migrate.make import make_plan
from runtime.store.migrate.target import build_target
from tests.store.migrate.shop import (
    NOW,
    compiled,
    differences,
    entity,
    insert,
    values_of,
    words,
)

SHIPPED = Path(__file__).parents[3] / "definitions"
STOCK = """
ledger: stock
label: {en: Stock, zh: 库存}
key: {item: item}
unit: integer
buckets:
  on_hand: {en: On hand, zh: 在库}
  held: {en: Held, zh: 预留}
kinds:
  receive: {label: {en: Receipt, zh: 入库}, move: {on_hand: +q}}
  keep: {label: {en: Hold, zh: 占用}, move: {held: +q}}
  use: {label: {en: Use, zh: 使用}, move: {held: -q, on_hand: -q}}
  free: {label: {en: Release, zh: 释放}, move: {held: -q}}
guards:
  - {that: held >= 0, kinds: [free], code: NOT_HELD, message: {en: None is held., zh: 无预留。}}
holds: {bucket: held, hold: keep, commit: use, release: free, for: PT30M}
"""


def shop(label: str = "Item") -> Compiled:
    """Return a shop with a ledger; another label is another model, with tables of its own."""
    files = entity("item", "name: {type: text}", label=f"{{en: {label}, zh: 商品}}")
    return compiled({**files, "stock.ledger.yaml": STOCK})


def posted(engine: sa.Engine, made: Compiled) -> str:
    """Write an item, its balance and an entry; return the item."""
    with engine.begin() as connection:
        item = insert(connection, made, "item", name="cap")
        balance = insert(connection, made, "stock", item=item, on_hand=3, held=0)
        change = {"kind": "receive", "quantity": 3, "on_hand": 3, "on_hand_after": 3}
        change |= {"held": 0, "held_after": 0}
        insert(connection, made, "stock_entry", balance=balance, item=item, **change)
    return item


def foreign(engine: sa.Engine, table: str) -> set[str]:
    return {one["constrained_columns"][0] for one in sa.inspect(engine).get_foreign_keys(table)}


def indexed(engine: sa.Engine, table: str) -> set[str]:
    found = sa.inspect(engine).get_indexes(table)
    return {str(column) for one in found for column in one["column_names"]}


def test_a_post_changes_nothing_that_an_index_of_its_balance_has(engine: sa.Engine) -> None:
    for made in (shop(), compile_definitions(SHIPPED)):
        target = build_target(made, engine.dialect).metadata.tables
        assert made.app.ledgers
        for ledger in made.app.ledgers.values():
            changed = {*ledger.buckets, *ledger.formulas, "version", "updated_at", "updated_by"}
            of_indexes = {
                column.name for one in target[ledger.name].indexes for column in one.columns
            }
            assert not changed & of_indexes, ledger.name


def test_what_an_entry_is_for_stays_as_long_as_the_entry(engine: sa.Engine) -> None:
    made = shop()
    create_all(engine, made, now=NOW)
    item = posted(engine, made)
    assert foreign(engine, "stock_entry") == {"balance", "reverses", "hold"}
    assert foreign(engine, "stock_hold") == {"balance"}
    assert foreign(engine, "stock") == {"item"}
    target = build_target(made, engine.dialect).metadata.tables
    for table, where in (("item", target["item"].c.id == item), ("stock", sa.true())):
        with pytest.raises(sqlalchemy.exc.IntegrityError), engine.begin() as connection:
            connection.execute(target[table].delete().where(where))


def test_a_database_made_before_loses_what_is_no_longer_asked_and_no_row(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(tables, "_proved", lambda entity, app: ())
        before.setattr(Entity, "newest_by", "updated_at")
        made = shop("Thing")
        create_all(engine, made, now=NOW)
    posted(engine, made)
    assert foreign(engine, "stock_entry") == {"item", "balance", "reverses", "hold"}
    assert {"updated_at"} <= indexed(engine, "stock") & indexed(engine, "stock_entry")
    made = shop()
    plan = make_plan(engine, made)
    assert plan.steps, words(plan)
    apply(engine, made, plan, now=NOW, allow=frozenset())
    assert make_plan(engine, made).is_empty
    assert differences(engine, made) == []
    assert foreign(engine, "stock_entry") == {"balance", "reverses", "hold"}
    assert "updated_at" not in indexed(engine, "stock") | indexed(engine, "stock_entry")
    assert values_of(engine, made, "stock_entry", "quantity", "on_hand_after") == [(3, 3)]
