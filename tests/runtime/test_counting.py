"""Groups of filters, named periods, tallies, aggregates and exports: all through the one plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from runtime.errors import BadRequest, Forbidden
from runtime.messages import Actor, Incoming, Result
from runtime.operations import tally
from runtime.pipeline import handle
from runtime.store import deadline, tallies
from runtime.store.engine import read
from runtime.store.periods import PERIODS, bounds, is_period
from runtime.store.spans import UNITS, last_day
from tests.shop import NOON, Shop, person

SUNDAY = NOON.date()


@pytest.fixture
def desk(shop: Shop) -> Shop:
    buyers = {}
    for code, name in (("A", "Ann"), ("B", "Bo")):
        made = shop.done("create", "customer", {"code": code, "name": name, "vip": code == "A"})
        buyers[code] = str(made.row[0])
    for number, buyer, status in ((1, "A", "paid"), (2, "A", "draft"), (3, "B", "paid")):
        lines = [{"item": "Cup", "quantity": number, "price": "1.10"}]
        values = {"customer": buyers[buyer], "status": status, "lines": lines}
        shop.done("create", "order", values)
    return shop


def totals(shop: Shop, **query: str) -> list[str]:
    found = shop.done("list", "order", query={"sort": "total", **query})
    return [row["total"] for row in shop.rows(found)]


def test_a_group_asks_for_one_of_its_filters(desk: Shop) -> None:
    query = {"status": "paid", "customer.name~1": "Ann", "total[gte]~1": "3"}
    assert totals(desk, **query) == ["1.10", "3.30"]
    assert totals(desk, **{**query, "status": "draft"}) == ["2.20"]


def test_match_any_asks_for_one_filter_or_all_of_a_group(desk: Shop) -> None:
    query = {"match": "any", "status": "draft", "customer.name~1": "Bo", "status~1": "paid"}
    assert totals(desk, **query) == ["2.20", "3.30"]
    assert totals(desk, **{**query, "status~1": "draft"}) == ["2.20"]


@pytest.mark.parametrize("key", ["total~0", "total~12", "total[gte]~a", "nothing~1", "match"])
def test_a_group_that_means_nothing_is_refused(desk: Shop, key: str) -> None:
    assert isinstance(desk.refused("list", "order", query={key: "1"}), BadRequest)


def test_a_period_is_told_in_the_zone_of_the_one_who_asks(desk: Shop) -> None:
    # it is noon in UTC, so a new day has begun in Kiritimati
    there = replace(desk.actor, time_zone="Pacific/Kiritimati")
    here = desk.done("list", "order", query={"created_at[within]": "today"})
    far = desk.done("list", "order", query={"created_at[within]": "yesterday"}, actor=there)
    near = desk.done("list", "order", query={"created_at[within]": "today"}, actor=there)
    assert (len(here.rows), len(far.rows), len(near.rows)) == (3, 0, 3)
    refused = desk.refused("list", "order", query={"created_at[within]": "some_day"})
    assert "last_7_days" in str(refused.message)


@pytest.mark.parametrize("name", sorted(PERIODS))
def test_every_period_has_days_and_an_end(name: str) -> None:
    for day in (date(2024, 2, 29), date(2026, 1, 1), date(2026, 12, 31), SUNDAY):
        first, after = bounds(name, day)
        assert first < after


def test_periods_mean_what_people_mean() -> None:
    day = timedelta(days=1)
    assert bounds("last_7_days", SUNDAY) == (SUNDAY - 6 * day, SUNDAY + day)
    assert bounds("this_week", SUNDAY) == (date(2026, 11, 16), date(2026, 11, 23))
    assert bounds("last_month", date(2026, 1, 31)) == (date(2025, 12, 1), date(2026, 1, 1))
    assert bounds("this_quarter", SUNDAY) == (date(2026, 10, 1), date(2027, 1, 1))
    assert bounds("last_quarter", date(2026, 2, 1)) == (date(2025, 10, 1), date(2026, 1, 1))
    assert bounds("2025-12", SUNDAY) == (date(2025, 12, 1), date(2026, 1, 1))
    assert bounds("2025", SUNDAY) == (date(2025, 1, 1), date(2026, 1, 1))
    assert not any(map(is_period, ("2025-13", "2025-1", "25", "9999", "2025-01-01", "٢٠٢٥", "")))
    assert bounds("last_year", SUNDAY) == (date(2025, 1, 1), date(2026, 1, 1))


def test_several_lists_are_counted_by_one_statement(desk: Shop) -> None:
    lists = [
        {},
        {"view": ("paid",)},
        {"customer.name": ("Ann",), "q": ("SO",)},
        {"total[gte]": ("2",), "status": ("paid",)},
        {"gone": ("1",)},
    ]
    seen: list[str] = []
    sa.event.listen(
        desk.runtime.engine, "before_cursor_execute", lambda *given: seen.append(given[2])
    )
    found = handle(Incoming("tally", "order", desk.actor, values=lists), desk.runtime)
    assert isinstance(found, Result)
    assert found.row == (3, 2, 2, 1, None)
    assert len([text for text in seen if "SELECT" in text]) == 1


def test_a_statement_ends_at_its_deadline_and_the_connection_lives_on(shop: Shop) -> None:
    endless = sa.text(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    )
    with read(shop.runtime.engine) as connection:
        with pytest.raises(deadline.TooSlow), deadline.within(connection, tallies.EACH):
            connection.execute(endless)
        assert connection.execute(sa.text("SELECT 1")).scalar_one() == 1


def make_customers_endless(desk: Shop) -> None:
    endless = (
        "CREATE VIEW customer AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
        " SELECT stored.* FROM n CROSS JOIN stored LIMIT 1000000000000000"
    )
    with desk.runtime.engine.begin() as connection:
        for text in ("ALTER TABLE customer RENAME TO stored", endless):
            connection.execute(sa.text(text))


def test_a_list_that_takes_too_long_costs_no_other_its_count(desk: Shop) -> None:
    make_customers_endless(desk)
    lists = [{"name": ("Ann",)}, {"name": ("Nobody",)}, {"gone": ("1",)}, {"name": ("Bo",)}]
    found = handle(Incoming("tally", "customer", desk.actor, values=lists), desk.runtime)
    assert isinstance(found, Result)
    assert found.row == (1001, None, None, 1001)
    alone = handle(Incoming("tally", "customer", desk.actor, values=lists[1:2]), desk.runtime)
    assert isinstance(alone, Result)
    assert alone.row == (None,)


def test_lists_that_spend_all_the_time_leave_one_behind_them_its_share(desk: Shop) -> None:
    make_customers_endless(desk)
    lists = [*({"name": (f"Nobody {number}",)} for number in range(3)), {"name": ("Bo",)}]
    incoming = Incoming("tally", "customer", desk.actor, values=lists)
    grant = desk.runtime.matrix.grant(desk.actor.roles, "customer", "list")
    assert grant is not None
    plans = tally.plan(tally.parse(incoming, grant, desk.runtime), grant, desk.runtime).lists
    asked = [one for one in plans if one is not None]
    seen: list[str] = []
    sa.event.listen(
        desk.runtime.engine, "before_cursor_execute", lambda *given: seen.append(given[2])
    )
    with read(desk.runtime.engine) as connection:
        found = tallies.counts(connection, desk.runtime.statements, asked, 2 * tallies.EACH)
    assert found == (None, None, None, 1001)
    assert len([text for text in seen if "SELECT" in text]) == 1 + len(lists)


def test_groups_come_with_counts_and_exact_sums(desk: Shop) -> None:
    query = {"group": "status", "sum": "total", "max": "total"}
    found = desk.done("aggregate", "order", query=query)
    assert [tuple(row) for row in found.rows] == [("paid", 2, 440, 330), ("draft", 1, 220, 220)]
    by_name = desk.done("aggregate", "order", query={"group": "customer.name", "status": "paid"})
    assert [tuple(row) for row in by_name.rows] == [("Ann", 1), ("Bo", 1)]
    every = desk.done("aggregate", "order", query={"sum": "total,discount"})
    assert [tuple(row) for row in every.rows] == [(3, 660, 0)]


def test_moments_make_groups_by_day_month_and_year_in_the_zone_of_who_asks(desk: Shop) -> None:
    # it is noon in UTC, so a new day has begun in Kiritimati
    there = replace(desk.actor, time_zone="Pacific/Kiritimati")

    def first(unit: str, **more: Actor) -> list[tuple[object, ...]]:
        query = {"group": f"created_at:{unit}", "sum": "total"}
        return [tuple(row) for row in desk.done("aggregate", "order", query=query, **more).rows]

    assert first("day") == [(SUNDAY, 3, 660)]
    assert first("day", actor=there) == [(SUNDAY + timedelta(days=1), 3, 660)]
    assert first("month") == [(date(2026, 11, 1), 3, 660)]
    assert first("year") == [(date(2026, 1, 1), 3, 660)]


@pytest.mark.parametrize("unit", UNITS)
def test_a_stretch_ends_the_day_before_the_next_begins(unit: str) -> None:
    first = date(2023, 1, 1)
    for _ in range(40):
        after = last_day(first, unit) + timedelta(days=1)
        assert after > first
        assert after == date(after.year, 1 if unit == "year" else after.month, after.day)
        assert unit == "day" or after.day == 1
        first = after


@pytest.mark.parametrize(
    "query",
    [
        {"group": "created_at:week"},
        {"group": "status:month"},
        {"sum": "status"},
        {"sum": "nothing"},
        {"sum": "customer.vip"},
        {"group": "lines"},
        {"group": "a,b,c,d"},
        {"group": "nothing"},
        {"nonsense": "1"},
    ],
)
def test_an_aggregate_that_means_nothing_is_refused(desk: Shop, query: dict[str, str]) -> None:
    assert isinstance(desk.refused("aggregate", "order", query=query), BadRequest)


def test_who_may_only_list_neither_sums_nor_exports(desk: Shop) -> None:
    guest = person("guest")
    assert isinstance(desk.refused("aggregate", "customer", actor=guest), Forbidden)
    assert isinstance(desk.refused("export", "customer", actor=guest), Forbidden)


def test_an_export_walks_every_page_once(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.operations.export.PAGE", 3)
    for number in range(10):
        shop.done("create", "customer", {"code": f"C{number:02}", "name": f"N{number % 2}"})
    query = {"sort": "name", "fields": "code", "code[ne]": "C04"}
    found = shop.done("export", "customer", query=query)
    place = [path.text for path in found.plan.paths].index("code")
    pages = [[row[place] for row in page] for page in found.pages]
    assert [len(page) for page in pages] == [3, 3, 3]
    codes = [code for page in pages for code in page]
    assert sorted(codes[:4]) == ["C00", "C02", "C06", "C08"]
    assert sorted(codes[4:]) == ["C01", "C03", "C05", "C07", "C09"]
