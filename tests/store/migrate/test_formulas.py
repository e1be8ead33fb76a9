"""Rules and formulas that arrive while rows are there."""

from __future__ import annotations

import sqlalchemy as sa

from runtime.store.migrate.apply import apply, create_all
from runtime.store.migrate.make import make_plan
from tests.store.migrate.shop import NOW, codes, compiled, entity, insert, values_of, words


def check(that: str) -> str:
    """Return the YAML of one check."""
    return f'checks:\n  - {{that: "{that}", code: TOO_LOW, message: {{en: Low, zh: 低}}}}\n'


def test_a_new_check_counts_the_records_it_rejects(engine: sa.Engine) -> None:
    before = compiled(entity("product", "name: {type: text}\nprice: {type: money}"))
    create_all(engine, before, now=NOW)
    with engine.begin() as connection:
        for price in (-1, -2, 5, None):
            insert(connection, before, "product", price=price)
    after = compiled(
        entity("product", "name: {type: text}\nprice: {type: money}", check("price >= 0"))
    )
    plan = make_plan(engine, after)
    assert codes(plan) == {"REJECTED": 2}
    assert (
        plan.findings[0]
        .words.text("en")
        .startswith("the new check TOO_LOW rejects 2 records of Product")
    )
    assert plan.consents == frozenset()
    apply(engine, after, plan, now=NOW)
    assert codes(make_plan(engine, after)) == {}


def test_a_check_is_asked_under_the_new_names(engine: sa.Engine) -> None:
    before = compiled(entity("product", "name: {type: text}\nprice: {type: money}"))
    create_all(engine, before, now=NOW)
    with engine.begin() as connection:
        insert(connection, before, "product", price=-1)
    fields = "name: {type: text}\ncost: {type: money, renamed_from: price}"
    after = compiled(entity("article", fields, "renamed_from: product\n" + check("cost >= 0")))
    assert codes(make_plan(engine, after)) == {"REJECTED": 1}


def test_a_check_of_a_field_that_is_not_there_yet_is_not_asked(engine: sa.Engine) -> None:
    before = compiled(entity("product", "name: {type: text}"))
    create_all(engine, before, now=NOW)
    with engine.begin() as connection:
        insert(connection, before, "product", name="a")
    after = entity("product", "name: {type: text}\nprice: {type: money}", check("price >= 0"))
    assert codes(make_plan(engine, compiled(after))) == {}


def order(total: str) -> dict[str, str]:
    """Return an order with lines and two kept formulas."""
    return {
        **entity(
            "order",
            f"note: {{type: text}}\nlines: {{type: children, of: line}}\n{total}",
            'title: "{note}"',
        ),
        **entity(
            "line",
            "price: {type: money}\nquantity: {type: integer}\n"
            'amount: {type: money, computed: "price * quantity", stored: true}',
            'child_of: order\ntitle: "{id}"',
        ),
    }


def test_a_new_kept_formula_is_worked_out_for_old_records(engine: sa.Engine) -> None:
    bare = {
        **entity(
            "order", "note: {type: text}\nlines: {type: children, of: line}", 'title: "{note}"'
        ),
        **entity(
            "line",
            "price: {type: money}\nquantity: {type: integer}",
            'child_of: order\ntitle: "{id}"',
        ),
    }
    before = compiled(bare)
    create_all(engine, before, now=NOW)
    with engine.begin() as connection:
        first = insert(connection, before, "order", note="a")
        for place, (price, quantity) in enumerate([(150, 2), (99, 1)]):
            insert(
                connection,
                before,
                "line",
                order=first,
                position=place,
                price=price,
                quantity=quantity,
            )
        insert(connection, before, "order", note="empty")
    total = 'total: {type: money, computed: "sum(lines.amount)", stored: true}'
    after = compiled(order(total))
    plan = make_plan(engine, after)
    assert words(plan)[-2:] == [
        "works out 'amount' for every record of Line",
        "works out 'total' for every record of Order",
    ]
    apply(engine, after, plan, now=NOW)
    assert values_of(engine, after, "line", "amount") == [300, 99]
    assert values_of(engine, after, "order", "total")[0] == 399
    assert make_plan(engine, after).is_empty
    doubled = compiled(order(total.replace("sum(lines.amount)", "sum(lines.amount) * 2")))
    plan = make_plan(engine, doubled)
    assert words(plan) == ["works out 'total' for every record of Order"]
    apply(engine, doubled, plan, now=NOW)
    assert values_of(engine, doubled, "order", "total")[0] == 798
