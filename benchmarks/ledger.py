"""Guarded posts a second: the bare statement, inside a job, and through REST, in turn.

`python -m benchmarks.ledger --database-url postgresql://…` measures four processes of one
connection each on one hot balance and on 200, for some seconds, some rounds; without a URL it
starts a PostgreSQL of its own, with durable commits. *Bare* is the single statement by psycopg,
prepared: the balance is changed under its guard and an entry of five columns with a unique key is
written, committed each time, into tables with nothing else: no audit, no event, no cause, no stamp.
*Job* is one entry in a transaction of its own (`Posting.post`), which writes what ours always
writes: the balance with its version and stamps, and an entry of 21 columns with eight indexes and
what the balance was after it. *REST* is our API with JSON in and out, rights, audit, outbox and an
Idempotency-Key, asked in the process: neither a socket nor a server stands between, as the load
would take the second core from them, and who asks is known. *Job of 50* and *REST of 50* are fifty
entries in one transaction (`Posting.post`), as a job or a request with `entries` posts them; a post
is still one entry. *Holds* are what a job of ours posts: holds whose time is over, given back by
four processes as well (`benchmarks.holds`). At the end entries and balances are compared.
"""

from __future__ import annotations

import multiprocessing
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import click
import orjson
import psycopg
import sqlalchemy as sa

from benchmarks import holds
from benchmarks.database import start_server, with_database
from generator.compile import compile_definitions
from generator.model.ledger import POST
from rules.blockers import Blocker
from rules.ledger.entries import Key, entry
from runtime.files import FileStore
from runtime.messages import Actor, Incoming
from runtime.pipeline import handle
from runtime.runtime import Runtime, new_id, utc_now
from runtime.store.engine import make_engine, read, write
from runtime.store.ledger_verify import replay
from runtime.store.ledgers import Posting
from runtime.store.migrate.apply import create_all
from runtime.store.posted import Cause
from runtime.store.schema import build_schema
from runtime.store.system_tables import system_tables
from runtime.web.rest import Api
from runtime.web.wire import JSON, Asked

HERE = Path(__file__).resolve().parent
PROCESSES, KEYS, MANY, PLENTY = 4, 200, 50, 10**12
HOLDS, EXPIRED = "holds", 12_000
WARM = 8
"""Posts before a sample begins: so often a statement runs before the driver prepares it."""
CLERK = Actor(1, "clerk", frozenset({"clerk"}))
BARE = """
WITH done AS (
  UPDATE bare_balance SET held = held + $1
  WHERE item = $2 AND on_hand - held - $1 >= 0 RETURNING id
)
INSERT INTO bare_entry (id, balance, quantity, post_key, created_at)
SELECT $3, id, $1, $4, now() FROM done RETURNING id
"""
TABLES = """
CREATE TABLE bare_balance (
  id uuid PRIMARY KEY, item uuid NOT NULL UNIQUE, on_hand bigint NOT NULL, held bigint NOT NULL);
CREATE TABLE bare_entry (
  id uuid PRIMARY KEY, balance uuid NOT NULL, quantity bigint NOT NULL,
  post_key text UNIQUE, created_at timestamptz NOT NULL)
"""

Turn = Callable[[Sequence[str]], None]
"""One post to the balance of each of some items, together."""


def open_runtime(url: str) -> Runtime:
    """Return the back office over a database that has its tables."""
    compiled = compile_definitions(HERE / "counters")
    engine = make_engine(url, pool_size=2)
    schema = build_schema(compiled, engine.dialect.name)
    return Runtime(compiled, engine, schema, system_tables(sa.MetaData()))


def prepare(url: str) -> list[str]:
    """Make the tables, the items and their stock; return the items."""
    compiled = compile_definitions(HERE / "counters")
    engine = make_engine(url)
    create_all(engine, compiled, now=datetime(2026, 1, 1, tzinfo=UTC))
    runtime, items = open_runtime(url), []
    for number in range(KEYS):
        made: Any = handle(
            Incoming("create", "item", CLERK, values={"name": f"Item {number}"}), runtime
        )
        items.append(str(made.row[0]))
        values = {"kind": "receive", "key": {"item": items[-1]}, "quantity": PLENTY}
        handle(Incoming(POST, "stock", CLERK, values=values), runtime)
    holds.open_seats(runtime, items, PLENTY)
    with psycopg.connect(_plain(url), autocommit=True) as connection:
        connection.execute(TABLES.encode())
        for item in items:
            row = (str(uuid.uuid4()), item, PLENTY)
            connection.execute("INSERT INTO bare_balance VALUES (%s, %s, %s, 0)", row)
    runtime.engine.dispose()
    engine.dispose()
    return items


def bare(url: str) -> Turn:
    """Return the single statement alone."""
    connection = psycopg.connect(_plain(url), autocommit=True)
    cursor = psycopg.RawCursor(connection)
    statement = BARE.encode()

    def post(items: Sequence[str]) -> None:
        (item,) = items
        cursor.execute(statement, (1, item, new_id(), new_id()), prepare=True)
        assert cursor.fetchone() is not None

    return post


def job(url: str) -> Turn:
    """Return a post as a job makes it."""
    runtime = open_runtime(url)
    ledger = runtime.app.ledgers["stock"]

    def post(items: Sequence[str]) -> None:
        made = []
        for item in items:
            key: Key = (item,)
            one = entry(ledger, "take", key, 1, post_key=new_id())
            assert not isinstance(one, Blocker)
            made.append(one)
        with write(runtime.engine) as connection:
            Posting(connection, runtime.book, utc_now(), new_id).post(made, Cause())

    return post


def rest(url: str) -> Turn:
    """Return a post as the API answers it."""
    runtime = open_runtime(url)
    api = Api(runtime, FileStore(HERE, runtime.engine, runtime.system.file, utc_now, new_id))

    def post(items: Sequence[str]) -> None:
        entries = [{"kind": "take", "key": {"item": item}, "quantity": 1} for item in items]
        body = orjson.dumps(entries[0] if len(entries) == 1 else {"entries": entries})
        headers = {"content-type": JSON, "idempotency-key": new_id()}
        asked = Asked("POST", "stock/post", "", headers, lambda _=0: body, CLERK, "en", "r", "::1")
        answer = api.answer(asked)
        assert answer.status == 201, answer.body

    return post


WAYS: dict[str, tuple[Callable[[str], Turn], int]] = {
    "bare": (bare, 1),
    "job": (job, 1),
    "rest": (rest, 1),
    f"job of {MANY}": (job, MANY),
    f"rest of {MANY}": (rest, MANY),
}
"""By name: what posts, and how many entries at a time."""


def work(way: str, url: str, items: list[str], seconds: float, start: Any, out: Any) -> None:
    """Post as often as one process can, and tell how often."""
    make, many = WAYS[way]
    post = make(url)
    for _ in range(WARM):
        post([items[0]] * many)
    start.wait()
    count, place, end = 0, 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        post([items[(place + 7 * at) % len(items)] for at in range(many)])
        place = (place + 7 * many) % len(items)
        count += many
    out.put(count)


def measure(way: str, url: str, items: list[str], seconds: float) -> float:
    """Return posts a second of all processes together."""
    context = multiprocessing.get_context("spawn")
    start, out = context.Barrier(PROCESSES), context.Queue()
    started = [
        context.Process(target=work, args=(way, url, items[n:] + items[:n], seconds, start, out))
        for n in range(PROCESSES)
    ]
    for one in started:
        one.start()
    total: int = sum(out.get() for _ in started)
    for one in started:
        one.join()
    return total / seconds


@click.command()
@click.option("--database-url", help="A PostgreSQL with an empty database.")
@click.option("--seconds", default=4.0, help="Of one sample.")
@click.option("--rounds", default=3, help="Samples of each, in turn.")
def main(database_url: str | None, seconds: float, rounds: int) -> None:
    """Print posts a second and what share of the bare statement they are."""
    with tempfile.TemporaryDirectory() as place:
        own = database_url or with_database(start_server(Path(place)), f"ledger_{uuid.uuid4().hex}")
        items = prepare(own)
        for name, chosen in (("one hot key", items[:1]), (f"{KEYS} keys", items)):
            found: dict[str, list[float]] = {way: [] for way in (*WAYS, HOLDS)}
            back_office = partial(open_runtime, own)
            for _ in range(rounds):
                for way in WAYS:
                    found[way].append(measure(way, own, chosen, seconds))
                found[HOLDS].append(holds.give_back(back_office, chosen, EXPIRED, PROCESSES))
            base = statistics.median(found["bare"])
            for way, rates in found.items():
                middle = statistics.median(rates)
                click.echo(
                    f"{name:<12} {way:<10} {middle:8.0f}/s  {middle / base:5.0%} of bare"
                    f"  ({min(rates):.0f} to {max(rates):.0f})"
                )
        runtime = open_runtime(own)
        with read(runtime.engine) as connection:
            seen = [replay(connection, runtime.book(name)) for name in ("stock", holds.LEDGER)]
        entries, drifts = sum(one.entries for one in seen), sum(len(one.drifts) for one in seen)
        click.echo(f"{entries} entries; {drifts} balances do not agree")
        runtime.engine.dispose()


def _plain(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")


if __name__ == "__main__":
    main()
