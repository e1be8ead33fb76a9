"""A real file with all its dirt, through the shop's own map: what is in the tables adds up.

The sample in `data/` is tested always. With `--long --data DIR` the whole file is read from
`DIR/uci_online_retail/online_retail.csv.gz`, half a million rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.databases import postgres_url, sqlite_url
from tests.importing.conftest import Desk, Imported
from tests.importing.control import control_of
from tests.shop import open_shop

DEFINITIONS = Path(__file__).parents[2] / "definitions"
SAMPLE = Path(__file__).parent / "data" / "online_retail_sample.csv"
PLACES = 1000
"""Amounts of an order keep three decimals."""


@pytest.fixture(params=["sqlite", "postgresql"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    url = sqlite_url(tmp_path) if request.param == "sqlite" else postgres_url()
    shop = open_shop(url, DEFINITIONS, "administrator")
    # as the command line does it: only it may say in which state an old order begins
    shop.actor = replace(shop.actor, kind="system")
    desk = Desk(shop, tmp_path)
    for entity in ("currency", "region"):
        assert not desk.load(DEFINITIONS / "data" / f"{entity}.csv", entity).verdicts
    yield desk
    desk.shop.runtime.engine.dispose()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give the whole file to the test of control sums where it was asked for."""
    if "file" in metafunc.fixturenames:
        files, folder = [SAMPLE], metafunc.config.getoption("--data")
        if folder and metafunc.config.getoption("--long"):
            files.append(folder / "uci_online_retail" / "online_retail.csv.gz")
        metafunc.parametrize("file", files, ids=["sample", "whole"][: len(files)])


def test_every_row_is_in_the_tables_and_they_add_up(desk: Desk, file: Path) -> None:
    control = control_of(file)
    done = desk.load(file, map_name="uci_online_retail")
    assert refused(done) == []
    customers, products, orders = done.tallies
    assert customers.created == desk.shop.count("customer") == len(control.customers)
    assert products.created == desk.shop.count("product") == len(control.items)
    assert orders.created == desk.shop.count("order") == len(control.invoices)
    assert desk.shop.count("order_line") == control.rows
    assert amount(desk, "SELECT sum(amount) FROM order_line") == control.total
    assert by_month(desk) == control.by_month
    assert by_country(desk) == told_by_code(control.by_country)
    guests = 'SELECT count(*) FROM "order" WHERE customer IS NULL'
    assert number(desk, guests) < orders.created
    assert number(desk, "SELECT count(*) FROM order_line WHERE variant IS NULL") == 0
    assert number(desk, "SELECT count(*) FROM sw_audit WHERE entity = 'order'") == orders.created


def test_the_sample_again_changes_nothing(desk: Desk) -> None:
    desk.load(SAMPLE, map_name="uci_online_retail")
    before = desk.shop.count("sw_audit")
    again = desk.load(SAMPLE, map_name="uci_online_retail")
    assert [(one.created, one.updated, one.rejected) for one in again.tallies] == [(0, 0, 0)] * 3
    assert desk.shop.count("sw_audit") == before


def test_dirt_becomes_what_it_is(desk: Desk) -> None:
    desk.load(SAMPLE, map_name="uci_online_retail")
    kinds = dict(pairs(desk, 'SELECT kind, count(*) FROM "order" GROUP BY kind'))
    assert set(kinds) == {"sale", "return", "adjustment"}
    states = 'SELECT DISTINCT kind, status, payment_status, shipment_status FROM "order"'
    with desk.shop.runtime.engine.connect() as connection:
        found = {tuple(row) for row in connection.execute(sa.text(states))}
    assert found == {
        ("sale", "closed", "paid", "delivered"),
        ("return", "cancelled", "refunded", "returned"),
        ("adjustment", "closed", "paid", "delivered"),
    }
    returns = number(desk, "SELECT count(*) FROM \"order\" WHERE external_number LIKE 'C%'")
    assert kinds["return"] == returns
    assert number(desk, "SELECT count(*) FROM customer WHERE code LIKE '%.0'") == 0


COUNTRIES = {
    "Australia": "AU", "Austria": "AT", "Bahrain": "BH", "Belgium": "BE", "Brazil": "BR",
    "Canada": "CA", "Channel Islands": "JE", "Cyprus": "CY", "Czech Republic": "CZ",
    "Denmark": "DK", "EIRE": "IE", "Finland": "FI", "France": "FR", "Germany": "DE",
    "Greece": "GR", "Hong Kong": "HK", "Iceland": "IS", "Israel": "IL", "Italy": "IT",
    "Japan": "JP", "Lebanon": "LB", "Lithuania": "LT", "Malta": "MT", "Netherlands": "NL",
    "Norway": "NO", "Poland": "PL", "Portugal": "PT", "RSA": "ZA", "Saudi Arabia": "SA",
    "Singapore": "SG", "Spain": "ES", "Sweden": "SE", "Switzerland": "CH", "USA": "US",
    "United Arab Emirates": "AE", "United Kingdom": "GB",
    "European Community": "", "Unspecified": "",
}  # fmt: skip
"""All 38 names of the file; the last two are no country, and their orders have none."""


def told_by_code(sums: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Return sums by the code of a country; a name the table lacks is a KeyError."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for name, total in sums.items():
        found[COUNTRIES[name]] += total
    return dict(found)


def refused(done: Imported) -> list[tuple[int, str, str, str]]:
    """Return the first verdicts; a list to look at when it is not empty."""
    return done.reasons[:5]


def pairs(desk: Desk, statement: str) -> list[tuple[str, int]]:
    with desk.shop.runtime.engine.connect() as connection:
        return [(row[0], int(row[1])) for row in connection.execute(sa.text(statement))]


def number(desk: Desk, statement: str) -> int:
    with desk.shop.runtime.engine.connect() as connection:
        return int(connection.execute(sa.text(statement)).scalar_one())


def amount(desk: Desk, statement: str) -> Decimal:
    return Decimal(number(desk, statement)) / PLACES


def by_month(desk: Desk) -> dict[str, Decimal]:
    if desk.shop.runtime.engine.dialect.name == "postgresql":
        month = "to_char(placed_at AT TIME ZONE 'UTC', 'YYYY-MM')"
    else:
        month = "substr(placed_at, 1, 7)"
    found = pairs(desk, f'SELECT {month}, sum(total) FROM "order" GROUP BY 1')
    return {name: Decimal(total) / PLACES for name, total in found}


def by_country(desk: Desk) -> dict[str, Decimal]:
    found = pairs(
        desk,
        "SELECT coalesce(region.code, ''), sum(total) FROM \"order\" "
        'LEFT JOIN region ON region.id = "order".region GROUP BY 1',
    )
    return {name: Decimal(total) / PLACES for name, total in found}
