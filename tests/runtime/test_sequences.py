"""Running numbers: never one twice, whoever else saves; gaps only where the definition allows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from generator.compile import compile_definitions
from runtime.store import sequences
from runtime.store.engine import apart, write
from tests.databases import postgres_url, sqlite_url
from tests.shop import Shop, open_shop, write_folder

BILL = """entity: bill
label: {en: Bill, zh: 账单}
title: "{number}"
fields:
  number: {type: sequence, pattern: "B{n:04}", label: {en: No, zh: 编号}}
  strict: {type: sequence, pattern: "S{n}", gapless: true, start: 100, label: {en: S, zh: 严格}}
  code: {type: code, unique: true, label: {en: Code, zh: 代码}}
"""
FILES = {
    "app.yaml": "app: office\nlabel: {en: Office, zh: 办公室}",
    "roles.yaml": "roles:\n  clerk: {label: {en: Clerk, zh: 职员}}",
    "bill.entity.yaml": BILL,
    "bill.access.yaml": "access: bill\ngrants:\n  clerk:\n    bill: all",
}
THREADS, EACH = 8, 6


@pytest.fixture(params=["sqlite", "postgresql"])
def bills(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    folder = write_folder(tmp_path / "bills", FILES)
    url = sqlite_url(tmp_path) if request.param == "sqlite" else postgres_url()
    opened = open_shop(url, folder)
    yield opened
    opened.runtime.engine.dispose()


def has_gaps(shop: Shop) -> bool:
    return shop.runtime.engine.dialect.name == "postgresql"


def make(shop: Shop, code: str = "") -> tuple[str, str]:
    row = shop.row(shop.done("create", "bill", {"code": code or None}))
    return row["number"], row["strict"]


def together(act: Callable[[int], object]) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(act, range(THREADS)))


def test_numbers_of_many_writers_are_all_different_and_rise_for_each(bills: Shop) -> None:
    made: dict[int, list[tuple[str, str]]] = {}

    def act(number: int) -> None:
        made[number] = [make(bills) for _ in range(EACH)]

    together(act)
    for numbers in made.values():
        assert [number for number, _ in numbers] == sorted(number for number, _ in numbers)
        assert [strict for _, strict in numbers] == sorted(strict for _, strict in numbers)
    every = sorted(one for numbers in made.values() for one in numbers)
    count = THREADS * EACH
    assert [number for number, _ in every] == [f"B{at:04}" for at in range(1, count + 1)]
    assert {strict for _, strict in every} == {f"S{at}" for at in range(100, 100 + count)}


def test_a_save_that_fails_leaves_a_gap_only_where_numbers_may_have_gaps(bills: Shop) -> None:
    assert make(bills, "one") == ("B0001", "S100")
    bills.refused("create", "bill", {"code": "one"})
    assert make(bills, "two") == ("B0003" if has_gaps(bills) else "B0002", "S101")


def test_failing_saves_among_others_never_give_a_number_twice(bills: Shop) -> None:
    make(bills, "taken")
    numbers: list[tuple[str, str]] = []

    def act(number: int) -> None:
        for _ in range(EACH):
            if number % 2:
                bills.refused("create", "bill", {"code": "taken"})
            else:
                numbers.append(make(bills))

    together(act)
    assert len({number for number, _ in numbers}) == len(numbers) == THREADS // 2 * EACH
    strict = sorted(int(one.removeprefix("S")) for _, one in numbers)
    assert strict == list(range(101, 101 + len(numbers)))


def test_a_save_does_not_wait_for_one_that_has_drawn_its_number(bills: Shop) -> None:
    engine, table = bills.runtime.engine, bills.runtime.system.sequence
    if not has_gaps(bills):
        pytest.skip("SQLite lets one write at a time whatever is drawn")
    with write(engine) as first:
        assert sequences.draw(first, table, "x") == 1
        with write(engine) as second:
            assert sequences.draw(second, table, "x", 3) == 2
        assert sequences.draw(first, table, "x") == 5


def test_what_is_undone_on_purpose_gives_its_numbers_back(bills: Shop) -> None:
    engine, table = bills.runtime.engine, bills.runtime.system.sequence

    with engine.connect() as connection, sequences.drawn_inside(connection):
        assert sequences.draw(connection, table, "x", 1000) == 1
        connection.rollback()
    with write(engine) as connection:
        assert sequences.draw(connection, table, "x") == 1


def test_a_higher_start_is_where_the_next_number_comes_from_and_a_lower_one_changes_nothing(
    bills: Shop,
) -> None:
    engine, table = bills.runtime.engine, bills.runtime.system.sequence
    with write(engine) as connection:
        drawn = [sequences.draw(connection, table, "x", start=start) for start in (5, 5, 100, 1, 0)]
    assert drawn == [5, 6, 100, 101, 102]


def test_a_lock_that_never_ends_is_an_error_and_not_a_standstill(bills: Shop) -> None:
    if not has_gaps(bills):
        pytest.skip("SQLite sees for itself who waits")
    engine, table = bills.runtime.engine, bills.runtime.system.sequence
    with write(engine) as holder:
        sequences.draw(holder, table, "x", gapless=True)
        with apart(engine) as waiting:
            waiting.exec_driver_sql("SET lock_timeout = '50ms'")
        with pytest.raises(sa.exc.OperationalError), write(engine) as other:
            sequences.draw(other, table, "x")


def test_gapless_is_yes_or_no(tmp_path: Path) -> None:
    compiled = compile_definitions(write_folder(tmp_path, FILES))
    fields = compiled.app.entities["bill"].fields
    assert (fields["number"].args["gapless"], fields["strict"].args["gapless"]) == (False, True)
