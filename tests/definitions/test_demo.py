"""The demo shop is seeded whole, adds up, and fills the tabs an operator looks at."""

import csv
from decimal import Decimal
from itertools import islice
from pathlib import Path

import pytest

from runtime.importing.choosing import Wish as ImportWish
from runtime.importing.choosing import choose, without_states
from runtime.importing.loading import Loading, load
from runtime.importing.report import Verdict
from runtime.importing.tables import Reading
from runtime.messages import Actor, Incoming, Result
from runtime.pipeline import handle
from runtime.seed import Seeded, seed
from runtime.web.screens import export_columns, export_page, import_columns
from runtime.web.screens.visit import Visit
from runtime.web.spreadsheets import write_csv
from tests.databases import sqlite_url
from tests.offices import NOON, Office, open_office

DEFINITIONS = Path(__file__).parents[2] / "definitions"
DATA = DEFINITIONS / "data"
SYSTEM = Actor(0, "System", frozenset({"administrator"}), kind="system")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Office, Seeded]:
    office = open_office(DEFINITIONS, sqlite_url(tmp_path_factory.mktemp("demo")))
    return office, seed(office.runtime, DATA, SYSTEM)


def rows(entity: str) -> list[dict[str, str]]:
    with (DATA / f"{entity}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def number(entity: str) -> int:
    """How many records a file holds; where rows hold parts too, one first cell is one record."""
    found = rows(entity)
    has_parts = any(name.startswith(("lines.", "items.", "members.")) for name in found[0])
    return len({row[next(iter(row))] for row in found}) if has_parts else len(found)


def test_every_row_becomes_a_record(demo: tuple[Office, Seeded]) -> None:
    office, done = demo
    app = office.runtime.app
    files = [file.stem for file in DATA.glob("*.csv")]
    assert done.created == {n: number(n) for n in files if not app.entities[n].child_of}
    for name in files:
        assert len(office.all(name, "id", sort="id")) == number(name), name


def test_the_orders_add_up_to_the_rows_of_the_files(demo: tuple[Office, Seeded]) -> None:
    office, _ = demo
    goods = sum(
        Decimal(row["unit_price"]) * int(row["quantity"]) - Decimal(row["discount"])
        for row in rows("order_line")
    )
    extras = sum(Decimal(row["amount"]) for row in rows("order_adjustment"))
    totals = [order["total"] for order in office.all("order", "total")]
    assert sum(totals) == (goods + extras) * 1000


def test_an_operator_finds_work_under_every_tab(demo: tuple[Office, Seeded]) -> None:
    office, _ = demo
    views = office.runtime.app.entities["order"].list.views
    counts = {view.name: len(office.all("order", "id", view=view.name)) for view in views}
    assert min(counts.values()) > 0, counts
    assert counts["all"] == 413


def test_the_shop_is_always_busy_today(demo: tuple[Office, Seeded]) -> None:
    office, _ = demo
    placed = sorted(order["placed_at"] for order in office.all("order", "placed_at"))
    assert (NOON - placed[-1]).total_seconds() < 3600
    assert 50 <= (NOON - placed[0]).days <= 60


def test_a_clerk_chooses_a_sku_and_gets_its_code_and_price(demo: tuple[Office, Seeded]) -> None:
    office, _ = demo
    variant = office.all("variant", "sku,price")[0]
    store = next(s["id"] for s in office.all("store", "code") if s["code"] == "SH01")
    values = {"store": store, "lines": [{"variant": variant["id"], "quantity": 2}]}
    here = {"stores": [store]}
    made = office.done("create", "order", "order_clerk", person=here, values=values)
    order = office.read("order", str(made.row[0]))
    assert order["total"] == 2 * variant["price"]
    line = office.all("order_line", "sku", order=order["id"])[0]
    assert line["sku"] == variant["sku"]


def test_what_a_list_exports_is_imported_again_and_changes_nothing(
    demo: tuple[Office, Seeded], tmp_path: Path
) -> None:
    runtime, told = demo[0].runtime, dict[str, tuple[object, list[str]]]()
    boss = Actor(1, "boss", frozenset({"administrator"}), locale="zh", time_zone="Asia/Shanghai")
    for entity in runtime.app.entities.values():
        rights = (
            runtime.matrix.grant(boss.roles, entity.name, one) for one in ("export", "import")
        )
        # who works where is found by four references of which three are empty: by nothing at all
        if entity.child_of or entity.name == "staff" or None in rights:
            continue
        visit = Visit(runtime, boss).asking("export", entity.name)
        listed = export_columns.readable(visit, entity.name, entity.list.columns)
        named = export_page.with_key(entity, listed)
        columns = export_columns.readable(visit, entity.name, named)
        needed = ",".join(("id", *export_columns.needs(visit, entity.name, columns)))
        asked = Incoming("export", entity.name, boss, query={"fields": (needed,)}, source="screen")
        answer = handle(asked, runtime)
        assert isinstance(answer, Result), entity.name
        headings = export_page.heading(visit, columns)
        known = import_columns.targets(visit, entity)
        means = import_columns.guesses(headings, known, entity).values()
        key = import_columns.key_of(entity, tuple(means))
        if not {*key} <= {path.partition(".")[0] for path in means}:
            told[entity.name] = (headings, [f"the wizard does not find {key}"])
        some = islice(export_page.rows(visit, columns, answer), 15)
        file = tmp_path / f"{entity.name}.csv"
        file.write_bytes(b"".join(write_csv(headings, some)))
        chosen = choose(ImportWish(entity.name, "", "", (), Reading()), file, runtime)
        targets = without_states(chosen.targets, runtime.app, runtime.compiled.field_types)
        verdicts: list[Verdict] = []
        loading = Loading(
            *(runtime, boss, verdicts.append, lambda tally: None),
            dry_run=True,
            time_zone=chosen.time_zone,
            locale="zh",
        )
        (tally,) = load(loading, chosen.table, targets)
        if tally.unchanged != tally.rows or verdicts:
            told[entity.name] = (tally, [one.message.text("en") for one in verdicts[:2]])
    assert not told


def test_teams_fill_with_the_orders_that_name_them(demo: tuple[Office, Seeded]) -> None:
    office, _ = demo
    teams = office.all("group_buy_team", "group_buy.code,joined,status", sort="number")
    told = [(one["group_buy.code"], one["joined"], one["status"]) for one in teams]
    assert told == [
        ("GB-MUG", 1, "open"),
        ("GB-MUG", 2, "open"),
        ("GB-LUNCH", 1, "open"),
        ("GB-MUG", 3, "formed"),
        ("GB-LUNCH", 2, "formed"),
    ]
