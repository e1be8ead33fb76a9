"""Python, SQLite and PostgreSQL give every expression the same value on every row."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generator.expressions.compile import Expression, parse
from generator.expressions.functions import FUNCTIONS
from generator.expressions.sql import binds, condition, refutation, value
from generator.expressions.sql_functions import SQL
from generator.expressions.types import Boolean
from generator.model.text import NOWHERE
from tests.databases import plain_engine, postgres_url, sqlite_url
from tests.generator.expressions.grow import KINDS, Plant
from tests.generator.expressions.shop import CONTEXT, NOBODY, SCOPE, TABLES, fill, shop

SHOP = shop(1)


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, sa.Engine]]:
    found = {
        "SQLite": plain_engine(sqlite_url(tmp_path_factory.mktemp("expressions"))),
        "PostgreSQL": plain_engine(postgres_url()),
    }
    for engine in found.values():
        fill(engine, SHOP.rows)
    yield found
    for engine in found.values():
        engine.dispose()


def expression(text: str) -> Expression:
    found, problems = parse(text, NOWHERE, SCOPE)
    assert found is not None, f"{text}: {problems}"
    return found


def assert_agreement(
    engines: Mapping[str, sa.Engine], found: Expression, context: Mapping[str, Any]
) -> None:
    expected = {key: found.function(facts, context) for key, facts in SHOP.orders.items()}
    key = TABLES.table("order").c.id
    for name, engine in engines.items():
        with engine.connect() as connection:
            parameters = binds(found, context, TABLES)
            rows = connection.execute(sa.select(key, value(found, TABLES)), parameters)
            values = {row[0]: row[1] for row in rows}
            if isinstance(found.type, Boolean):
                values = {row: None if one is None else bool(one) for row, one in values.items()}
            assert values == expected, f"{name}: {found.text}"
            if not isinstance(found.type, Boolean):
                continue
            for test, wanted in ((condition, True), (refutation, False)):
                query = sa.select(key).where(test(found, TABLES))
                passed = set(connection.execute(query, parameters).scalars())
                keys = {row for row, one in expected.items() if one is wanted}
                assert passed == keys, f"{name} {test.__name__}: {found.text}"


TRAPS = """
not any(lines, sku == 'a')
not not any(lines, sku == 'a')
all(lines, sku == 'a')
not all(lines, sku != 'a')
any(lines, not (sku == 'a' or amount > 1))
not (any(lines, gift) and urgent)
any(lines, gift) == urgent
any(lines, gift) is null
(any(lines, gift) if urgent else all(lines, gift)) is null
not exists(lines)
exists(lines, pieces > 1)
not exists(customer.orders, status == 'paid')
any(lines, any(parts, name == this.note))
not any(lines, not any(parts, weight > 1.5))
all(lines, this.total > amount)
status in []
status not in []
note in []
code in ['a', note]
code not in ['a', note]
not (code not in ['a', note])
code not in ['a', 'A', '中文']
customer in actor.customers
customer not in actor.customers
customer in actor.customers and customer not in actor.customers
(customer not in actor.customers) == (customer in actor.customers)
(not urgent) is null
(customer in actor.customers) is null
(note in []) is null
not (customer not in actor.customers)
note in tags
note not in tags
'中文' in tags
actor.name in tags
due not in [customer.born]
0 if due not in [customer.born] else 1
due not in [customer.born, today]
not customer.active
customer.level.rank * 2 > customer.level.rank + 1
customer.level.name in ['a', '中文']
customer.level.name not in ['a', '中文']
customer.name == customer.level.name
contains(customer.name, 'a')
not contains(customer.name, customer.level.name)
not (customer.credit > total)
customer.level.id == actor.id
customer.level == actor.id
net
net > 10
overdue > 3
overdue + net
sum(customer.orders.net)
any(customer.orders, overdue > 0)
customer.born in []
today in [customer.born, today]
not (today in [customer.born, today])
customer.born not in []
customer.level in levels
customer.level not in levels
not (customer.level not in levels)
actor.id in levels
(actor.id in levels) == urgent
code in levels
'00000000-0000-7000-8000-000000000001' not in levels
levels.count
count(levels, rank > 1)
any(levels, name == this.note)
not any(levels, id in actor.customers)
exists(levels)
sum(levels.rank)
any(customer.orders, actor.id in levels)
customer == actor.customer
customer.id == actor.customer
customer != actor.customer
customer.id == id
id == actor.id
id == code
id in [code, note]
(customer if urgent else null) == customer
coalesce(customer, actor.id) == actor.id
contains(id, '7000')
0.1 + 0.2 == 0.3
total * 0.1
total * rate
total * rate > 10
total * total
total + discount + total + discount + total + discount + total + discount + total + discount
-total
total - discount
total >= 99.99
1 < quantity <= 3
quantity * quantity * quantity * quantity
quantity // 2
quantity % 2
-7 // 2
-7 % 2
7 // -2
7 % -2
quantity // quantity
quantity % quantity
round(total / quantity, 2)
round(total / quantity, 0)
round(quantity / total, 4)
round(total / 0, 2)
round(total * rate, 2)
round(total, 0)
round(total, 5)
round(-0.5)
round(2.5)
round(0.5)
round(quantity / 2)
round(round(total / 3, 2) / round(discount / 7, 3), 1)
round(avg(lines.amount), 2)
round(avg(lines.pieces), 1)
sum(lines.amount)
sum(lines, amount * pieces)
sum(lines, amount * product.price)
sum(lines, sum(parts.weight))
sum(lines.product.price)
sum(customer.orders.total)
sum(lines, amount if gift else 0)
min(lines.amount)
max(lines.promised)
min(lines, pieces * 2)
lines.count
count(lines)
count(lines, gift)
count(lines, not gift)
count(customer.orders)
min(total, discount, 3)
max(due, today)
abs(total)
contains(note, '%')
contains(note, '_')
contains(note, '')
contains(note, code)
contains(note, "\\\\")
starts_with(note, 'a')
starts_with(note, 'A')
starts_with(note, '')
starts_with(note, '100%')
starts_with(note, code)
ends_with(note, 'b')
ends_with(note, '')
ends_with(note, code)
ends_with(note, '丰')
lower(note) == 'ab'
lower(note)
upper(note)
upper(note) == upper(code)
length(note)
length(note + code)
note + code
note + '中文' == code
note == "张三丰"
note == actor.name
note != code
due + days(1)
due - days(400)
due + days(quantity)
due + lead
due - lead
placed + lead
placed - lead
placed + hours(1) > now
now - placed
now - placed > days(2)
today - due
today - due > 30
date(placed)
date(placed) == today
date(placed) < due
year(placed) * 100 + month(placed)
year(due)
month(due)
day(due)
day(placed)
due == '2026-11-22'
due in ['2026-11-22', '2024-02-29']
placed >= '2026-11-22T08:00:00+08:00'
opens < '10:00'
lead > hours(1)
lead * 2
min(lead, days(1))
round(lead / hours(1), 2)
placed is null
customer is null
customer.level is null
customer.level.name is not null
customer.level.rank > 1
not (customer.level.rank > 1)
customer.level.name == note
customer.active
not customer.active
urgent and null
urgent or null
null is null
not urgent == customer.active
(urgent == customer.active) == (customer.active == actor.senior)
urgent != true
urgent if urgent is not null else customer.active
(total if urgent else discount) > 5
total if urgent else null
coalesce(total, discount, 0)
coalesce(note, code, 'x')
coalesce(urgent, false)
coalesce(due, today)
coalesce(placed, now)
coalesce(status, 'draft') == 'draft'
total <= actor.limit
coalesce(null, actor.senior)
(null if urgent else actor.senior) == urgent
actor.senior
not actor.senior or urgent
actor.limit * 2
'x' if urgent else 'y'
total if total > discount else discount if discount > 0 else 0
this.total + 1
length(note) * 10 > total
(placed if urgent else now) + minutes(1)
""".strip().splitlines()


def test_every_function_has_its_sql() -> None:
    assert set(SQL) == {*FUNCTIONS, "abs", "date"}


@pytest.mark.parametrize("text", TRAPS)
def test_a_known_trap_means_the_same_everywhere(
    text: str, engines: Mapping[str, sa.Engine]
) -> None:
    assert_agreement(engines, expression(text), CONTEXT)


@pytest.mark.parametrize("text", [text for text in TRAPS if "actor" in text])
def test_an_actor_without_values_is_unknown_everywhere(
    text: str, engines: Mapping[str, sa.Engine]
) -> None:
    assert_agreement(engines, expression(text), NOBODY)


def grown(seed: int, wanted: int) -> Iterator[tuple[Expression, bool]]:
    """Yield different expressions of a seed, and whether nobody in particular asks."""
    pick, known = random.Random(seed), set[str]()
    while len(known) < wanted:
        plant = Plant(pick.choice)
        kind = plant.one(*KINDS, "boolean", "boolean", "number")
        text = plant.grow(kind, plant.one(1, 2, 3, 4))
        found, _ = parse(text, NOWHERE, SCOPE)
        if found is not None and text not in known:
            known.add(text)
            yield found, plant.one(False, True)


def assert_agreements(
    engines: Mapping[str, sa.Engine], several: Sequence[Expression], context: Mapping[str, Any]
) -> None:
    """Ask for many expressions in one statement; whichever differs is asked for alone."""
    key = TABLES.table("order").c.id
    columns: list[Any] = [key]
    parameters: dict[str, Any] = {}
    for number, one in enumerate(several):
        parameters |= binds(one, context, TABLES)
        columns.append(value(one, TABLES).label(f"v{number}"))
        if isinstance(one.type, Boolean):
            for name, test in (("t", condition), ("f", refutation)):
                columns.append(sa.case((test(one, TABLES), 1), else_=0).label(f"{name}{number}"))
    for engine in engines.values():
        with engine.connect() as connection:
            rows = connection.execute(sa.select(*columns), parameters).mappings().all()
        assert len(rows) == len(SHOP.orders)
        for number, one in enumerate(several):
            for row in rows:
                expected = one.function(SHOP.orders[row["id"]], context)
                there = row[f"v{number}"]
                alike = there == expected
                if isinstance(one.type, Boolean):
                    told = (bool(row[f"t{number}"]), bool(row[f"f{number}"]))
                    alike = (None if there is None else bool(there)) is expected and told == (
                        expected is True,
                        expected is False,
                    )
                if not alike:
                    assert_agreement(engines, one, context)
                assert alike, one.text


MANY, AT_ONCE = 2_000, 20


def test_two_thousand_grown_expressions_mean_the_same_everywhere(
    engines: Mapping[str, sa.Engine],
) -> None:
    waiting: dict[bool, list[Expression]] = {False: [], True: []}
    for found, nobody in grown(20261122, MANY):
        waiting[nobody].append(found)
    for nobody, several in waiting.items():
        for start in range(0, len(several), AT_ONCE):
            context = NOBODY if nobody else CONTEXT
            assert_agreements(engines, several[start : start + AT_ONCE], context)


def test_random_expressions_mean_the_same_everywhere(
    engines: Mapping[str, sa.Engine], request: pytest.FixtureRequest
) -> None:
    examples = 2_500 if request.config.getoption("--long") else 50

    @settings(max_examples=examples, database=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def agree(data: st.DataObject) -> None:
        plant = Plant(lambda among: data.draw(st.sampled_from(among)))
        kind = plant.one(*KINDS, "boolean", "boolean", "number")
        text = plant.grow(kind, plant.one(1, 2, 3, 4))
        found, problems = parse(text, NOWHERE, SCOPE)
        if found is None:
            # What is well typed may still be too much: digits, parts, or nothing but null.
            assert problems[0].code in {"D503", "D508", "D509", "D510", "D512"}, (text, problems)
            return
        assert_agreement(engines, found, plant.one(CONTEXT, NOBODY))

    agree()
