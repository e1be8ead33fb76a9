"""Definitions change while rows are there: what is kept, what is refused, what is said."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from generator.compile import Compiled
from runtime.store.migrate.apply import apply, create_all
from runtime.store.migrate.faults import ConsentNeeded, PlanBlocked
from runtime.store.migrate.make import make_plan
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

EVERYTHING = frozenset({"drop", "narrow"})


def start(engine: sa.Engine, files: dict[str, str], **rows: list[dict[str, object]]) -> Compiled:
    """Create the tables of some files and fill them."""
    shop = compiled(files)
    create_all(engine, shop, now=NOW)
    with engine.begin() as connection:
        for table, every in rows.items():
            for row in every:
                insert(connection, shop, table, **row)
    return shop


def change(engine: sa.Engine, files: dict[str, str], *allow: str) -> Compiled:
    """Apply other files and check that nothing is left to do."""
    shop = compiled(files)
    apply(engine, shop, make_plan(engine, shop), now=NOW, allow=frozenset(allow))
    assert make_plan(engine, shop).is_empty
    assert differences(engine, shop) == []
    return shop


NOTE = entity("order", "note: {type: text}")


def test_a_new_field_is_added_and_rows_stay(engine: sa.Engine) -> None:
    start(engine, NOTE, order=[{"note": "a"}, {"note": "b"}])
    more = entity("order", "note: {type: text}\ntotal: {type: money}")
    plan = make_plan(engine, compiled(more))
    assert words(plan) == ["adds the field 'total' to Order"]
    assert words(plan, "zh") == ["为“order”添加字段“Total”（total）"]
    shop = change(engine, more)
    assert values_of(engine, shop, "order", "note", "total") == [("a", None), ("b", None)]


def test_a_new_required_field_needs_a_default_when_there_are_rows(engine: sa.Engine) -> None:
    start(engine, NOTE, order=[{"note": "a"}, {"note": "b"}])
    shop = compiled(entity("order", "note: {type: text}\nkind: {type: text, required: true}"))
    plan = make_plan(engine, shop)
    assert codes(plan) == {"NO_DEFAULT": 2}
    with pytest.raises(PlanBlocked, match="2 records have no value"):
        apply(engine, shop, plan, now=NOW, allow=EVERYTHING)
    with_default = entity(
        "order", "note: {type: text}\nkind: {type: text, required: true, default: it's 100%}"
    )
    shop = change(engine, with_default)
    assert values_of(engine, shop, "order", "kind") == ["it's 100%"] * 2


def test_a_new_required_field_is_added_to_an_empty_table(engine: sa.Engine) -> None:
    start(engine, NOTE)
    change(engine, entity("order", "note: {type: text}\nkind: {type: text, required: true}"))


def test_a_field_that_becomes_required_counts_the_rows_without_a_value(engine: sa.Engine) -> None:
    start(engine, NOTE, order=[{"note": "a"}, {"note": None}])
    shop = compiled(entity("order", "note: {type: text, required: true}"))
    assert codes(make_plan(engine, shop)) == {"NO_DEFAULT": 1}
    shop = change(engine, entity("order", "note: {type: text, required: true, default: none}"))
    assert values_of(engine, shop, "order", "note") == ["a", "none"]


def test_a_removed_field_is_dropped_only_with_consent(engine: sa.Engine) -> None:
    start(
        engine,
        entity("order", "note: {type: text}\nold: {type: text, index: true}"),
        order=[{"note": "a", "old": "x"}, {"note": "b"}],
    )
    shop = compiled(NOTE)
    plan = make_plan(engine, shop)
    assert plan.consents == {"drop"}
    assert codes(plan) == {"VALUES_DROPPED": 1}
    with pytest.raises(ConsentNeeded, match="--allow drop"):
        apply(engine, shop, plan, now=NOW, allow=frozenset({"narrow"}))
    shop = change(engine, NOTE, "drop")
    assert values_of(engine, shop, "order", "note") == ["a", "b"]


def test_a_removed_entity_is_dropped_only_with_consent(engine: sa.Engine) -> None:
    both = {**NOTE, **entity("shop", "name: {type: text}\nlast: {type: reference, to: order}")}
    start(engine, both, shop=[{"name": "x"}])
    shop = compiled(NOTE)
    plan = make_plan(engine, shop)
    assert "removes Shop with all its records" in words(plan)
    assert codes(plan) == {"RECORDS_DROPPED": 1}
    with pytest.raises(ConsentNeeded):
        apply(engine, shop, plan, now=NOW)
    change(engine, NOTE, "drop")
    assert not sa.inspect(engine).has_table("shop")


def test_a_renamed_field_keeps_its_values_and_its_index(engine: sa.Engine) -> None:
    start(
        engine,
        entity("order", "note: {type: text, unique: true, index: true}"),
        order=[{"note": "a"}, {"note": "b"}],
    )
    renamed = entity("order", "remark: {type: text, unique: true, renamed_from: note}")
    plan = make_plan(engine, compiled(renamed))
    assert "renames the field 'note' of Order to 'remark' and keeps its values" in words(plan)
    assert plan.consents == frozenset()
    shop = change(engine, renamed)
    assert values_of(engine, shop, "order", "remark") == ["a", "b"]


def test_a_renamed_entity_keeps_its_records_links_and_children(engine: sa.Engine) -> None:
    def shop_of(name: str, more: str = "") -> dict[str, str]:
        return {
            **entity("customer", f"name: {{type: text}}\nlast: {{type: reference, to: {name}}}"),
            **entity(
                name,
                "note: {type: text, unique: true}\n"
                "customer: {type: reference, to: customer}\n"
                "watchers: {type: references, to: customer}\n"
                "lines: {type: children, of: line}",
                f'{more}\ntitle: "{{note}}"',
            ),
            **entity("line", "text: {type: text}", f"child_of: {name}"),
        }

    before = start(engine, shop_of("order"))
    with engine.begin() as connection:
        alice = insert(connection, before, "customer", name="Alice")
        first = insert(connection, before, "order", note="first", customer=alice)
        insert(connection, before, "line", order=first, text="one", position=0)
        link = build(before, engine, "order__watchers")
        connection.execute(link.insert(), {"source_id": first, "target_id": alice, "position": 0})
    after = change(engine, shop_of("purchase", "renamed_from: order"))
    assert values_of(engine, after, "purchase", "note", "customer") == [("first", alice)]
    assert values_of(engine, after, "line", "text", "purchase") == [("one", first)]
    with engine.connect() as connection:
        links = connection.execute(sa.select(build(after, engine, "purchase__watchers"))).all()
    assert [tuple(row)[:2] for row in links] == [(first, alice)]
    assert not sa.inspect(engine).has_table("order")


def build(shop: Compiled, engine: sa.Engine, table: str) -> sa.Table:
    from runtime.store.migrate.target import build_target

    return build_target(shop, engine.dialect).metadata.tables[table]


def test_a_declared_rename_may_stay_in_the_file(engine: sa.Engine) -> None:
    start(engine, NOTE, order=[{"note": "a"}])
    renamed = entity("order", "remark: {type: text, renamed_from: note}")
    change(engine, renamed)
    again = entity("order", "remark: {type: text, renamed_from: note}\nnote: {type: text}")
    shop = change(engine, again)
    assert values_of(engine, shop, "order", "remark", "note") == [("a", None)]


def test_a_longer_text_is_safe_and_a_shorter_one_counts_what_it_cuts(engine: sa.Engine) -> None:
    start(engine, entity("order", "note: {type: text, max: 10}"), order=[{"note": "0123456789"}])
    plan = make_plan(engine, compiled(entity("order", "note: {type: text, max: 20}")))
    assert words(plan)[0] == "changes 'note' of Order from 10 characters to 20 characters"
    assert words(plan, "zh")[0] == "将“order”的“Note”（note）由 10 个字符改为 20 个字符"
    assert plan.consents == frozenset()
    change(engine, entity("order", "note: {type: text, max: 20}"))
    shorter = entity("order", "note: {type: text, max: 4}")
    plan = make_plan(engine, compiled(shorter))
    assert plan.consents == {"narrow"}
    assert codes(plan) == {"ALTERED": 1}
    shop = change(engine, shorter, "narrow")
    assert values_of(engine, shop, "order", "note") == ["0123"]


def test_more_decimals_keep_the_amount_and_fewer_round_it(engine: sa.Engine) -> None:
    def of(places: int) -> dict[str, str]:
        return entity("order", f"total: {{type: money, places: {places}}}", 'title: "{id}"')

    start(engine, of(2), order=[{"total": 1250}, {"total": -5}, {"total": None}])
    shop = change(engine, of(4))
    assert values_of(engine, shop, "order", "total") == [125000, -500, None]
    plan = make_plan(engine, compiled(of(1)))
    assert words(plan, "zh")[0] == "将“order”的“Total”（total）由 4 位小数改为 1 位小数"
    assert (plan.consents, codes(plan)) == ({"narrow"}, {"ALTERED": 1})
    shop = change(engine, of(1), "narrow")
    assert values_of(engine, shop, "order", "total") == [125, -1, None]


def test_an_amount_too_large_for_more_decimals_stops_the_plan(engine: sa.Engine) -> None:
    def of(places: int) -> dict[str, str]:
        return entity("order", f"total: {{type: money, places: {places}}}", 'title: "{id}"')

    start(engine, of(0), order=[{"total": 9_000_000_000_000_000}])
    plan = make_plan(engine, compiled(of(4)))
    assert codes(plan) == {"DOES_NOT_FIT": 1}
    assert plan.obstacles


CONVERSIONS = [
    ("{type: text}", "{type: integer}", ["12", " -7 ", "x", None], [12, -7, None, None]),
    ("{type: text}", "{type: money}", ["12.5", "0.005", "1e3"], [1250, 1, None]),
    ("{type: money}", "{type: text}", [1250, -5, 0], ["12.50", "-0.05", "0.00"]),
    ("{type: integer}", "{type: text}", [12, -7], ["12", "-7"]),
    ("{type: boolean}", "{type: text}", [True, False, None], ["true", "false", None]),
    ("{type: text}", "{type: boolean}", ["yes", "False", "?"], [True, False, None]),
    ("{type: boolean}", "{type: integer}", [True, False, None], [1, 0, None]),
    ("{type: integer}", "{type: boolean}", [1, 0, None], [True, False, None]),
    ("{type: integer}", "{type: money}", [3, None], [300, None]),
    ("{type: text}", "{type: tags}", ["red", None], [["red"], None]),
]


@pytest.mark.parametrize(("before", "after", "values", "expected"), CONVERSIONS)
def test_another_type_converts_what_has_a_counterpart(
    engine: sa.Engine, before: str, after: str, values: list[object], expected: list[object]
) -> None:
    start(
        engine,
        entity("thing", f"value: {before}", 'title: "{id}"'),
        thing=[{"value": value} for value in values],
    )
    shop = change(engine, entity("thing", f"value: {after}", 'title: "{id}"'), "narrow")
    assert values_of(engine, shop, "thing", "value") == expected


def test_dates_and_times_convert_both_ways(engine: sa.Engine) -> None:
    def of(kind: str) -> dict[str, str]:
        return entity("thing", f"value: {{type: {kind}}}", 'title: "{id}"')

    texts = ["2026-02-28", "2026-02-31", "soon"]
    start(engine, of("text"), thing=[{"value": text} for text in texts])
    plan = make_plan(engine, compiled(of("date")))
    assert codes(plan) == {"LOST": 2}
    change(engine, of("date"), "narrow")
    change(engine, of("datetime"))
    shop = change(engine, of("text"))
    assert values_of(engine, shop, "thing", "value") == ["2026-02-28T00:00:00Z", None, None]
    change(engine, of("datetime"), "narrow")
    change(engine, of("date"), "narrow")
    shop = change(engine, of("text"))
    assert values_of(engine, shop, "thing", "value") == ["2026-02-28", None, None]


def test_a_type_without_a_counterpart_empties_the_field_with_consent(engine: sa.Engine) -> None:
    start(
        engine,
        entity("thing", "v: {type: boolean, index: true}", 'title: "{id}"'),
        thing=[{"v": True}],
    )
    dated = entity("thing", "v: {type: date, index: true}", 'title: "{id}"')
    plan = make_plan(engine, compiled(dated))
    assert (plan.consents, codes(plan)) == ({"drop"}, {"VALUES_DROPPED": 1})
    shop = change(engine, dated, "drop")
    assert values_of(engine, shop, "thing", "v") == [None]


def test_a_new_unique_rule_counts_the_values_that_repeat(engine: sa.Engine) -> None:
    rows: list[dict[str, object]] = [
        {"note": note} for note in ("a", "a", "b", "b", "c", None, None)
    ]
    start(engine, NOTE, order=rows)
    shop = compiled(entity("order", "note: {type: text, unique: true}"))
    plan = make_plan(engine, shop)
    assert codes(plan) == {"NOT_UNIQUE": 2}
    with pytest.raises(PlanBlocked, match="2 values of 'note' occur more than once in Order"):
        apply(engine, shop, plan, now=NOW, allow=EVERYTHING)


def test_a_unique_rule_comes_and_goes(engine: sa.Engine) -> None:
    start(engine, NOTE, order=[{"note": "a"}, {"note": "b"}])
    change(engine, entity("order", "note: {type: text, unique: true}"))
    change(engine, NOTE)
    change(engine, entity("order", "note: {type: text, index: true}"))
    change(engine, NOTE)


def test_an_option_that_is_removed_counts_the_records_that_have_it(engine: sa.Engine) -> None:
    def of(options: str) -> dict[str, str]:
        return entity("order", f"s: {{type: choice, options: {{{options}}}}}", 'title: "{id}"')

    start(engine, of("a: A, b: B"), order=[{"s": "a"}, {"s": "b"}, {"s": "b"}])
    shop = compiled(of("a: A, c: C"))
    plan = make_plan(engine, shop)
    assert codes(plan) == {"OPTION_REMOVED": 2}
    with pytest.raises(ConsentNeeded, match="2 records of Order still have 'b'"):
        apply(engine, shop, plan, now=NOW)
    assert apply(engine, shop, plan, now=NOW, allow=frozenset({"narrow"})) == 2


def test_a_reference_to_another_entity_counts_the_links_to_nothing(engine: sa.Engine) -> None:
    def of(target: str) -> dict[str, str]:
        return {
            **entity("a", "name: {type: text}"),
            **entity("b", "name: {type: text}"),
            **entity("order", f"to_it: {{type: reference, to: {target}}}", 'title: "{id}"'),
        }

    before = start(engine, of("a"))
    with engine.begin() as connection:
        insert(connection, before, "order", to_it=insert(connection, before, "a", name="x"))
    plan = make_plan(engine, compiled(of("b")))
    assert codes(plan) == {"NO_TARGET": 1}
    with engine.begin() as connection:
        connection.execute(sa.text('UPDATE "order" SET to_it = NULL'))
    change(engine, of("b"))


def test_a_rename_onto_a_field_that_is_still_there_is_refused(engine: sa.Engine) -> None:
    start(engine, entity("order", "a: {type: text}\nb: {type: text}", 'title: "{a}"'))
    plan = make_plan(
        engine, compiled(entity("order", "b: {type: text, renamed_from: a}", 'title: "{b}"'))
    )
    assert codes(plan) == {"RENAME_TAKEN": 1}


def test_many_changes_at_once_keep_the_rows(engine: sa.Engine) -> None:
    start(
        engine,
        entity("order", "a: {type: text}\nb: {type: integer}\nc: {type: text}", 'title: "{a}"'),
        order=[{"a": "x", "b": 1, "c": "gone"}, {"a": "y", "b": 2}],
    )
    shop = change(
        engine,
        entity(
            "purchase",
            "first: {type: text, renamed_from: a, required: true, unique: true}\n"
            "b: {type: decimal, places: 3}\n"
            "a: {type: boolean, default: true, required: true}",
            'renamed_from: order\ntitle: "{first}"',
        ),
        "drop",
    )
    rows = values_of(engine, shop, "purchase", "first", "b", "a")
    assert rows == [("x", 1000, True), ("y", 2000, True)]


def with_watchers(name: str, more: str = "") -> dict[str, str]:
    """Return an order with a many-to-many field of a name."""
    field = f"{name}: {{type: references, to: customer{more}}}" if name else ""
    return {
        **entity("customer", "name: {type: text}"),
        **entity("order", f"note: {{type: text}}\n{field}", 'title: "{note}"'),
    }


def test_a_many_to_many_field_comes_is_renamed_and_goes(engine: sa.Engine) -> None:
    before = start(engine, with_watchers(""))
    with engine.begin() as connection:
        alice = insert(connection, before, "customer", name="Alice")
        first = insert(connection, before, "order", note="first")
    shop = change(engine, with_watchers("watchers"))
    with engine.begin() as connection:
        link = build(shop, engine, "order__watchers")
        connection.execute(link.insert(), {"source_id": first, "target_id": alice, "position": 0})
    shop = change(engine, with_watchers("friends", ", renamed_from: watchers"))
    with engine.connect() as connection:
        rows = connection.execute(sa.select(build(shop, engine, "order__friends"))).all()
    assert [tuple(row)[:2] for row in rows] == [(first, alice)]
    plan = make_plan(engine, compiled(with_watchers("")))
    assert words(plan) == ["removes 'friends' of Order with all its records"]
    assert words(plan, "zh") == ["删除“order”的“Friends”（friends）及其全部记录"]
    assert (plan.consents, codes(plan)) == ({"drop"}, {"RECORDS_DROPPED": 1})
    change(engine, with_watchers(""), "drop")


def test_a_rule_of_deleting_changes_in_place(engine: sa.Engine) -> None:
    def of(rule: str) -> dict[str, str]:
        link = f"customer: {{type: reference, to: customer, on_delete: {rule}}}"
        return {
            **entity("customer", "name: {type: text}"),
            **entity("order", f"note: {{type: text}}\n{link}", 'title: "{note}"'),
        }

    before = start(engine, of("restrict"))
    with engine.begin() as connection:
        alice = insert(connection, before, "customer", name="Alice")
        insert(connection, before, "order", note="first", customer=alice)
    shop = change(engine, of("clear"))
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM customer"))
    assert values_of(engine, shop, "order", "note", "customer") == [("first", None)]


def test_an_entity_becomes_the_child_of_another(engine: sa.Engine) -> None:
    bare = {**entity("order", "note: {type: text}"), **entity("line", "text: {type: text}")}
    start(engine, bare, line=[{"text": "alone"}])
    child = {
        **entity("order", "note: {type: text}\nlines: {type: children, of: line}"),
        **entity("line", "text: {type: text}", "child_of: order"),
    }
    assert codes(make_plan(engine, compiled(child))) == {"NO_DEFAULT": 1}
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM line"))
    change(engine, child)


def test_reserved_words_of_sql_are_names_like_others(engine: sa.Engine) -> None:
    def of(fields: str, more: str = "") -> dict[str, str]:
        return entity("group", fields, f'{more}\ntitle: "{{select}}"')

    start(
        engine,
        of("select: {type: text}\nwhere: {type: integer}"),
        group=[{"select": "a", "where": 1}],
    )
    shop = change(
        engine,
        of(
            "select: {type: text, max: 300, unique: true}\n"
            "from: {type: integer, renamed_from: where, index: true}"
        ),
    )
    assert values_of(engine, shop, "group", "select", "from") == [("a", 1)]


def test_names_longer_than_a_database_keeps_are_shortened_alike(engine: sa.Engine) -> None:
    long = "a_very_long_name_of_a_field_that_goes"
    files = entity(
        "an_entity_with_a_very_long_name", f"{long}: {{type: text, unique: true}}", 'title: "{id}"'
    )
    start(engine, files)
    change(engine, files)
