"""What rights cost: a list and a record within a two-grant scope, masks and one cell that depends
on the row, beside the same for somebody who may see everything.

`python benchmarks/rights.py` makes a small database, asks both in turn through the whole pipeline
up to the JSON, and prints the processor time of each: other programs on the machine do not count.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import click

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from benchmarks.shop import open_shop  # noqa: E402 (the path comes first)
from runtime.messages import Actor, Incoming, Result  # noqa: E402 (likewise)
from runtime.pipeline import handle  # noqa: E402 (likewise)
from runtime.runtime import Runtime  # noqa: E402 (likewise)
from runtime.web.render import Renderer  # noqa: E402 (likewise)

ACCESS = """access: sales
grants:
  clerk:
    customer: all
    order: all
  guest:
    customer: {allow: view, fields: {masked: {phone: phone}}}
    order:
      - allow: view
        rows: "status in ['draft', 'paid']"
        fields: {masked: {note: full}}
      - allow: view
        rows: "customer.city == 'Lyon'"
        fields: {read: [number, customer, status, placed_at, note, lines]}
"""
RECORDS, ROUNDS, CALLS = 500, 15, 40
FIELDS = "number,customer.name,customer.phone,status,placed_at,note,total"
STATES = ("draft", "paid")


@click.command()
@click.option("--database-url", help="Another database than a SQLite file; it must be empty.")
def main(database_url: str | None) -> None:
    """Print what rights cost."""
    with tempfile.TemporaryDirectory() as place:
        shutil.copytree(HERE / "definitions", Path(place) / "shop")
        (Path(place) / "shop" / "sales.access.yaml").write_text(ACCESS, encoding="utf-8")
        runtime = open_shop(Path(place) / "shop", database_url or f"sqlite:///{place}/rights.db")
        record = fill(runtime)
        for name, query, record_id in (
            ("list of 50", {"fields": (FIELDS,), "limit": ("50",)}, ""),
            ("one record", {"include": ("lines,customer",)}, record),
        ):
            wide, narrow = measured(runtime, query, record_id)
            click.echo(
                f"{name}: everything {wide:.3f} ms, within rights {narrow:.3f} ms, "
                f"{narrow / wide:.2f} times"
            )
        runtime.engine.dispose()


def fill(runtime: Runtime) -> str:
    """Make the records, all of them open to both callers; return the id of one."""
    clerk, record = Actor(1, "clerk", frozenset({"clerk"})), ""
    cities = [
        _made(runtime, clerk, "customer", code=str(n), name=f"C{n}", city=city, phone="13812345678")
        for n, city in enumerate(("Lyon", "Nice", "Lille", "Lyon"))
    ]
    for number in range(RECORDS):
        record = _made(
            runtime,
            clerk,
            "order",
            customer=cities[number % len(cities)],
            status=STATES[number % len(STATES)],
            note=f"note {number}",
            lines=[{"item": "tea", "quantity": 2, "price": "3.50"}] * 3,
        )
    return record


def _made(runtime: Runtime, actor: Actor, entity: str, **values: object) -> str:
    answer = handle(Incoming("create", entity, actor, values=values), runtime)
    assert isinstance(answer, Result), answer
    return str(answer.row[0])


def measured(
    runtime: Runtime, query: Mapping[str, tuple[str, ...]], record_id: str
) -> tuple[float, float]:
    """Return the median processor time of a call in ms: of the clerk, of the guest."""
    people = [Actor(n, role, frozenset({role})) for n, role in enumerate(("clerk", "guest"), 1)]
    renderer = Renderer(runtime.compiled.field_types)
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for actor, spent in zip(people, times, strict=True):
            began = time.process_time()
            for _ in range(CALLS):
                _asked(runtime, renderer, actor, query, record_id)
            spent.append((time.process_time() - began) / CALLS * 1000)
    return statistics.median(times[0]), statistics.median(times[1])


def _asked(
    runtime: Runtime,
    renderer: Renderer,
    actor: Actor,
    query: Mapping[str, tuple[str, ...]],
    record_id: str,
) -> None:
    operation = "read" if record_id else "list"
    answer = handle(Incoming(operation, "order", actor, record_id, query=query), runtime)
    assert isinstance(answer, Result), getattr(answer, "errors", answer)
    body = renderer.record(answer) if record_id else renderer.page(answer)
    assert b'"m":1' in body or actor.name == "clerk"


if __name__ == "__main__":
    main()
