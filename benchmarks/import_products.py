"""`python -m benchmarks.import_products`: products that point at others, ours beside two peers.

Makes a file of products from a fixed seed, each with a brand and a category that are there, and
writes it into the same tables by our import (rights, checks, references, an audit row and an event
a record), by django-import-export, plainly and in bulk, and by COPY, which is the limit. The same
in a file of SQLite, where the limit is `executemany`.
"""

from __future__ import annotations

import csv
import os
import random
import sqlite3
import tempfile
import uuid
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click
import psycopg

from benchmarks import database
from benchmarks.importing import django, empty, ours, timed, written
from benchmarks.run import HERE, prepare

COLUMNS = ("id", "code", "name", "brand", "category", "price", "weight")
BRANDS, CATEGORIES = 200, 1_000
WRITTEN = ("product", "sw_outbox")
PLAINLY = 10_000
"""Rows for the peer's plain way, which takes a tenth of the speed of its other one."""
SEED = 20_261_122


@click.command()
@click.option("--rows", default=100_000, show_default=True)
@click.option("--rounds", default=2, show_default=True)
@click.option("--only", default="", help="Ways whose names begin so, with commas.")
@click.option("--folder", type=click.Path(path_type=Path), help="Where PostgreSQL keeps its files.")
def main(rows: int, rounds: int, only: str, folder: Path | None) -> None:
    """Import the same products in every way, in turn."""
    base = database.start_server(folder or HERE.parent / "var" / "benchmark")
    url = database.with_database(base, "shopwright_benchmark_products")
    definitions = HERE / "products"
    prepare(url, definitions)
    _point_at(url)
    with tempfile.TemporaryDirectory() as data:
        whole, some = Path(data, "products.csv"), Path(data, "some.csv")
        make(whole, rows)
        make(some, min(rows, PLAINLY))
        peer = "import_products"
        ways: dict[str, tuple[Path, int, Callable[[Path], None]]] = {
            "ours": (whole, rows, lambda file: ours(file, url, data, definitions, "products")),
            "django-import-export": (
                some,
                min(rows, PLAINLY),
                lambda file: django(file, url, "plain", peer),
            ),
            "in bulk: django-import-export": (
                whole,
                rows,
                lambda file: django(file, url, "bulk", peer),
            ),
            "COPY": (whole, rows, lambda file: copy(file, url)),
        }
        empty_shop, fresh = Path(data, "empty.db"), partial(_fresh, Path(data, "empty.db"))
        prepare(f"sqlite:///{empty_shop}", definitions)
        _point_at_in(empty_shop)
        ways["ours on SQLite"] = (
            whole,
            rows,
            lambda file: ours(
                file, f"sqlite:///{_fresh(empty_shop)}", data, definitions, "products"
            ),
        )
        ways["executemany on SQLite"] = (
            whole,
            rows,
            lambda file: execute_many(file, fresh()),
        )
        for number in range(rounds):
            for name, (file, count, way) in ways.items():
                if not name.startswith(tuple(only.split(","))):
                    continue
                empty(url, WRITTEN)
                seconds, used = timed(partial(way, file))
                click.echo(
                    f"{number + 1} {name:<32}{seconds:8.1f} s {count / seconds:9.0f} rows/s"
                    f" {used / count * 1e6:8.0f} µs of processor a row  {written(url, WRITTEN)}"
                    f"  load {os.getloadavg()[0]:.1f}"
                )


def make(target: Path, rows: int) -> None:
    """Write the file: the same rows every time."""
    chance = random.Random(SEED)
    with target.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(COLUMNS)
        for number in range(rows):
            writer.writerow(
                (
                    uuid.uuid5(uuid.NAMESPACE_OID, str(number)),
                    f"P{number:07}",
                    f"Product {number} of the file",
                    f"B{chance.randrange(BRANDS)}",
                    f"C{chance.randrange(CATEGORIES)}",
                    f"{chance.randrange(100, 100_000) / 100:.2f}",
                    chance.randrange(10, 9_000),
                )
            )


def copy(file: Path, url: str) -> None:
    """Write the rows that come of the file by COPY; nothing undercuts that."""
    now = datetime.now(UTC)  # noqa: TID251 (the benchmark's own clock)
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        brands: dict[str, str] = dict(cursor.execute("SELECT code, id FROM brand").fetchall())
        categories: dict[str, str] = dict(
            cursor.execute("SELECT code, id FROM category").fetchall()
        )
        into = (
            "COPY product (id, code, name, brand, category, price, weight, created_at, updated_at,"
            " version) FROM STDIN"
        )
        with file.open() as source, cursor.copy(into) as sink:
            for row in csv.DictReader(source):
                there = (brands[row["brand"]], categories[row["category"]])
                cents = round(float(row["price"]) * 100)
                own = (row["id"], row["code"], row["name"], *there, cents, row["weight"])
                sink.write_row((*own, now, now, 1))


def execute_many(file: Path, database: Path) -> None:
    """Write the rows that come of the file into SQLite, in one statement and one transaction."""
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")  # noqa: TID251 (as above)
    with closing(sqlite3.connect(database)) as connection, file.open() as source:
        brands = dict(connection.execute("SELECT code, id FROM brand"))
        categories = dict(connection.execute("SELECT code, id FROM category"))
        connection.executemany(
            "INSERT INTO product (id, code, name, brand, category, price, weight, created_at,"
            " updated_at, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
            (
                (
                    row["id"],
                    row["code"],
                    row["name"],
                    brands[row["brand"]],
                    categories[row["category"]],
                    round(float(row["price"]) * 100),
                    row["weight"],
                    now,
                    now,
                )
                for row in csv.DictReader(source)
            ),
        )
        connection.commit()


def _fresh(database: Path) -> Path:
    """Return a copy of a database that nothing was written to."""
    copied = database.with_name("shop.db")
    for ending in ("", "-wal", "-shm"):
        copied.with_name(f"shop.db{ending}").unlink(missing_ok=True)
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(copied)) as target:
        source.backup(target)
    return copied


def _point_at_in(database: Path) -> None:
    """Make what the products of a file of SQLite point at."""
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")  # noqa: TID251 (as above)
    with closing(sqlite3.connect(database)) as connection:
        for table, mark, count in (("brand", "B", BRANDS), ("category", "C", CATEGORIES)):
            connection.executemany(
                f"INSERT INTO {table} (id, code, name, created_at, updated_at, version)"
                " VALUES (?, ?, ?, ?, ?, 1)",
                [
                    (str(uuid.uuid4()), f"{mark}{number}", f"{mark} {number}", now, now)
                    for number in range(count)
                ],
            )
        connection.commit()


def _point_at(url: str) -> None:
    """Make what the products point at, once."""
    now = datetime.now(UTC)  # noqa: TID251 (the benchmark's own clock)
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for table, mark, count in (("brand", "B", BRANDS), ("category", "C", CATEGORIES)):
            cursor.executemany(
                f"INSERT INTO {table} (id, code, name, created_at, updated_at, version)"
                " VALUES (%s, %s, %s, %s, %s, 1) ON CONFLICT DO NOTHING",
                [
                    (str(uuid.uuid4()), f"{mark}{number}", f"{mark} {number}", now, now)
                    for number in range(count)
                ],
            )


if __name__ == "__main__":
    main()
