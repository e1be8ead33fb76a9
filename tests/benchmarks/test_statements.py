"""How many statements an operation sends is fixed: not by rows, lines, or what they point at.

Counted where SQLAlchemy tells its listeners, at the pipeline's own door; what the REST endpoints
add is counted in `tests/web`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from generator.build.tables import NAMING
from generator.compile import compile_definitions
from runtime.commands.context import make_runtime
from runtime.messages import Actor, Incoming, Result
from runtime.pipeline import handle
from runtime.runtime import Runtime
from runtime.store.engine import APART, make_engine
from tests.databases import postgres_url, sqlite_url

DEFINITIONS = Path(__file__).resolve().parents[2] / "benchmarks" / "definitions"
CLERK = Actor(1, "Ann", frozenset({"clerk"}))
LINE = {"item": "Shirt", "quantity": 2, "price": "10.50"}
SHOWN = {"fields": ("number,customer.name,total",), "status": ("draft",), "limit": ("100",)}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Runtime]:
    engine = make_engine(sqlite_url(tmp_path) if request.param == "sqlite" else postgres_url())
    runtime = make_runtime(compile_definitions(DEFINITIONS), engine)
    metadata = sa.MetaData(naming_convention=NAMING)
    for table in (*runtime.schema.tables.values(), *vars(runtime.system).values()):
        table.to_metadata(metadata)
    metadata.create_all(engine)
    yield runtime
    engine.dispose()


@contextmanager
def counted(runtime: Runtime) -> Iterator[list[str]]:
    """Collect the statements sent inside, without those that open a transaction."""
    sent: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            sent.append(statement)

    other = runtime.engine.get_execution_options().get(APART)
    engines = [runtime.engine] if other is None else [runtime.engine, other]
    for engine in engines:
        sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        for engine in engines:
            sa.event.remove(engine, "before_cursor_execute", note)


def ask(runtime: Runtime, operation: str, entity: str, **asked: Any) -> Result:
    outcome = handle(Incoming(operation, entity, CLERK, **asked), runtime)
    assert isinstance(outcome, Result), outcome
    return outcome


def order(runtime: Runtime, lines: int = 1) -> str:
    code = f"C{runtime.make_id()[-12:]}"
    buyer = ask(runtime, "create", "customer", values={"code": code, "name": "Li"}).row[0]
    made = ask(runtime, "create", "order", values={"customer": buyer, "lines": [LINE] * lines})
    return str(made.row[0])


@pytest.mark.parametrize("rows", [5, 60])
def test_a_list_is_one_statement_and_one_for_each_include(shop: Runtime, rows: int) -> None:
    for _ in range(rows):
        order(shop)
    with counted(shop) as plain:
        found = ask(shop, "list", "order", query=SHOWN)
    with counted(shop) as counting:
        ask(shop, "list", "order", query={**SHOWN, "count": ("capped",)})
    with counted(shop) as including:
        ask(shop, "list", "order", query={**SHOWN, "include": ("lines,customer",)})
    assert len(found.rows) == rows
    assert [len(plain), len(counting), len(including)] == [1, 2, 2]


@pytest.mark.parametrize("lines", [1, 11])
def test_a_detail_with_its_lines_is_two_statements(shop: Runtime, lines: int) -> None:
    record_id = order(shop, lines)
    with counted(shop) as sent:
        found = ask(shop, "read", "order", record_id=record_id, query={"include": ("lines",)})
    assert len(found.included["lines"][record_id]) == lines
    assert len(sent) == 2


@pytest.mark.parametrize("lines", [1, 11])
def test_creating_sends_the_same_few_statements_however_many_lines(
    shop: Runtime, lines: int
) -> None:
    buyer = ask(shop, "create", "customer", values={"code": "C1", "name": "Li"}).row[0]
    with counted(shop) as sent:
        ask(shop, "create", "order", values={"customer": buyer, "lines": [LINE] * lines})
    # the customer, the number, and what is written: PostgreSQL takes it all in one statement
    assert len(sent) == (3 if shop.engine.dialect.name == "postgresql" else 6)


@pytest.mark.parametrize("lines", [1, 11])
def test_changing_a_field_sends_the_same_few_statements(shop: Runtime, lines: int) -> None:
    record_id = order(shop, lines)
    with counted(shop) as sent:
        ask(shop, "update", "order", record_id=record_id, version=1, values={"note": "soon"})
    # the order as it was, without its lines; the change and what is told of it
    assert len(sent) == (2 if shop.engine.dialect.name == "postgresql" else 4)


def test_pages_of_every_size_share_the_statement_of_their_includes(shop: Runtime) -> None:
    for _ in range(3):
        order(shop)
    texts = []
    for some in ("2", "3"):
        with counted(shop) as sent:
            ask(shop, "list", "order", query={"limit": (some,), "include": ("lines",)})
        texts.append(sent[1])
    assert texts[0] == texts[1]
