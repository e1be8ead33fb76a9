"""`python -m benchmarks.importing UCI_FILE`: our import beside django-import-export and COPY.

Takes the first rows of the UCI Online Retail file that all of them can take (with a customer, and
sold, not returned), and writes them into the same tables as customers, orders and lines. Ours goes
through the pipeline: rights, checks, totals, order numbers, an audit row and an event a record. The
peer makes no number, checks nothing but types and writes no audit; COPY is the limit.
"""

from __future__ import annotations

import csv
import gzip
import os
import resource
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
import psycopg

from benchmarks import database
from benchmarks.contenders import EVERYBODY
from benchmarks.run import HERE, QUIET, prepare, prepare_peer

COLUMNS = ("id", "invoice", "customer", "country", "placed_at", "item", "quantity", "price")
TABLES = ("order_line", "order", "customer", "sw_outbox")
Row = dict[str, str]


@click.command()
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.option("--rows", default=50_000, show_default=True)
@click.option("--rounds", default=2, show_default=True)
@click.option("--only", default="", help="Ways whose names begin so, with commas.")
@click.option("--folder", type=click.Path(path_type=Path), help="Where PostgreSQL keeps its files.")
def main(file: Path, rows: int, rounds: int, only: str, folder: Path | None) -> None:
    """Import the same rows in every way, in turn."""
    base = database.start_server(folder or HERE.parent / "var" / "benchmark")
    url = database.with_database(base, "shopwright_benchmark_import")
    prepare(url, HERE / "definitions")
    for one in EVERYBODY:
        if one.name == "drf":
            prepare_peer(one, url)
    with tempfile.TemporaryDirectory() as data:
        taken = Path(data, "invoices.csv")
        count = take(file, taken, rows)
        ways: dict[str, Callable[[], None]] = {
            "ours": lambda: ours(taken, url, data),
            "django-import-export": lambda: django(taken, url, "plain"),
            "in bulk: django-import-export": lambda: django(taken, url, "bulk"),
            "COPY": lambda: copy(taken, url),
        }
        for number in range(rounds):
            for name, way in ways.items():
                if not name.startswith(tuple(only.split(","))):
                    continue
                empty(url)
                seconds, used = timed(way)
                click.echo(
                    f"{number + 1} {name:<32}{seconds:8.1f} s {count / seconds:9.0f} rows/s"
                    f" {used / count * 1e6:8.0f} µs of processor a row  {written(url)}"
                    f"  load {os.getloadavg()[0]:.1f}"
                )


def take(file: Path, target: Path, rows: int) -> int:
    """Write the first rows that everybody can take; return how many."""
    with gzip.open(file, "rt", encoding="utf-8") as source, target.open("w", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS)
        writer.writeheader()
        count = 0
        for row in csv.DictReader(source):
            if not row["CustomerID"] or int(row["Quantity"]) <= 0:
                continue
            writer.writerow(
                {
                    "id": str(uuid.uuid5(uuid.NAMESPACE_OID, str(count))),
                    "invoice": row["InvoiceNo"],
                    "customer": row["CustomerID"].partition(".")[0],
                    "country": row["Country"],
                    "placed_at": row["InvoiceDate"],
                    "item": row["Description"] or row["StockCode"],
                    "quantity": row["Quantity"],
                    "price": f"{float(row['UnitPrice']):.2f}",
                }
            )
            count += 1
            if count == rows:
                break
    return count


def ours(
    file: Path,
    url: str,
    data: str,
    definitions: Path = HERE / "definitions",
    mapping: str = "invoices",
) -> None:
    """Import as an operator does from the command line."""
    environment = {
        **os.environ,
        **QUIET,
        "DATABASE_URL": url,
        "SHOPWRIGHT_DATA": data,
        "SHOPWRIGHT_DEFINITIONS": str(definitions),
    }
    command = [sys.executable, "app.py", "import", str(file), "--map", mapping]
    subprocess.run(command, cwd=HERE.parent, env=environment, check=True, stdout=subprocess.DEVNULL)


def django(file: Path, url: str, way: str, peer: str = "import_export") -> None:
    """Import with the peer, in a process of its own: its settings are global."""
    command = [sys.executable, "-m", f"benchmarks.peers.{peer}", str(file), way]
    environment = {**os.environ, "DATABASE_URL": url, "PYTHONPATH": str(HERE.parent)}
    subprocess.run(command, cwd=HERE.parent, env=environment, check=True, stdout=subprocess.DEVNULL)


def copy(file: Path, url: str) -> None:
    """Write the rows that come of the file by COPY; nothing undercuts that."""
    with file.open() as source:
        rows = list(csv.DictReader(source))
    now = datetime.now(UTC)  # noqa: TID251 (the benchmark's own clock)
    customers = {row["customer"]: (str(uuid.uuid4()), row["country"]) for row in rows}
    orders = {row["invoice"]: (str(uuid.uuid4()), row) for row in rows}
    same = (now, now, 1)
    with psycopg.connect(url) as connection, connection.cursor() as cursor:

        def put(table: str, columns: str, made: Iterator[tuple[object, ...]]) -> None:
            names = f"{columns}, created_at, updated_at, version"
            with cursor.copy(f'COPY "{table}" ({names}) FROM STDIN'.encode()) as sink:
                for one in made:
                    sink.write_row((*one, *same))

        put(
            "customer",
            "id, code, name, city",
            ((known, code, code, city) for code, (known, city) in customers.items()),
        )
        put(
            "order",
            "id, note, customer, status, placed_at",
            (
                (known, invoice, customers[row["customer"]][0], "paid", f"{row['placed_at']}+00")
                for invoice, (known, row) in orders.items()
            ),
        )
        put(
            "order_line",
            'id, "order", item, quantity, price, amount, position',
            (
                (
                    row["id"],
                    orders[row["invoice"]][0],
                    row["item"],
                    row["quantity"],
                    round(float(row["price"]) * 100),
                    int(row["quantity"]) * round(float(row["price"]) * 100),
                    position,
                )
                for position, row in enumerate(rows)
            ),
        )


def timed(way: Callable[[], None]) -> tuple[float, float]:
    """Return seconds of the clock, and of the processor without the database's."""
    before, begin = _used(), time.perf_counter()
    way()
    return time.perf_counter() - begin, _used() - before


def _used() -> float:
    both = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(each.ru_utime + each.ru_stime for each in map(resource.getrusage, both))


def empty(url: str, tables: Sequence[str] = TABLES) -> None:
    """Empty the tables; the audit lets nobody, and only grows."""
    names = ", ".join(f'"{name}"' for name in tables)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"TRUNCATE {names} CASCADE".encode())
        connection.execute("CHECKPOINT")


def written(url: str, tables: Sequence[str] = TABLES) -> str:
    """Return how many rows stand where."""
    with psycopg.connect(url) as connection:
        counts = [
            (name, connection.execute(f'SELECT count(*) FROM "{name}"'.encode()).fetchone())
            for name in tables
        ]
    return ", ".join(f"{name} {found[0]}" for name, found in counts if found and found[0])


if __name__ == "__main__":
    main()
