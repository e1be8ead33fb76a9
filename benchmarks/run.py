"""`python app.py benchmark`: our back office beside its peers, on one PostgreSQL, in one run.

It makes all it needs: a server (or `--database-url`), our tables, the rows, the peers' users.
All contenders run at once and are asked in turn, round after round, so that what else the machine
does hits them alike. Results go to `benchmarks/results/` and, with `--write`, to RESULTS.md.
"""

from __future__ import annotations

import contextlib
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import orjson

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from benchmarks import database, load, report, small  # noqa: E402 (the path comes first)
from benchmarks.contenders import (  # noqa: E402 (likewise)
    EVERYBODY,
    PASSWORD,
    SERVERS,
    USER,
    Contender,
    Request,
    Server,
    ask,
)
from benchmarks.works import FIELDS, WORKS, Work, World  # noqa: E402 (likewise)
from generator.compile import compile_definitions  # noqa: E402 (likewise)
from runtime.store.engine import make_engine  # noqa: E402 (likewise)
from runtime.store.migrate.apply import apply  # noqa: E402 (likewise)
from runtime.store.migrate.make import make_plan  # noqa: E402 (likewise)
from runtime.web.users import create_user, list_users, sync_roles  # noqa: E402 (likewise)

QUIET = {
    "SHOPWRIGHT_LOG": "json",
    "SHOPWRIGHT_SECRET_KEY": "benchmark-" * 4,
    "SHOPWRIGHT_WATCH": "",
    "SHOPWRIGHT_PRODUCTION": "",
}


@click.command()
@click.option("--full", is_flag=True, help="1 000 000 orders instead of 10 000.")
@click.option("--orders", type=int, help="So many orders.")
@click.option("--seconds", default=4.0, show_default=True, help="Length of one sample.")
@click.option("--rounds", default=3, show_default=True)
@click.option("--connections", default=16, show_default=True)
@click.option("--only", help="Works, by name with commas: a,b,create.")
@click.option("--contenders", default="ours,fab,drf,bare", show_default=True)
@click.option("--servers", default="granian,gunicorn", show_default=True)
@click.option("--database-url", help="A PostgreSQL to use; otherwise one is started.")
@click.option("--folder", type=click.Path(path_type=Path), help="Where the started one lives.")
@click.option("--small/--no-small", "with_small", default=True, help="Start-up, expression, rows.")
@click.option("--write", is_flag=True, help="Also write benchmarks/RESULTS.md.")
def main(
    full: bool,
    orders: int | None,
    seconds: float,
    rounds: int,
    connections: int,
    only: str | None,
    contenders: str,
    servers: str,
    database_url: str | None,
    folder: Path | None,
    with_small: bool,
    write: bool,
) -> None:
    """Measure this machine."""
    orders = orders or (database.FULL if full else database.SMALL)
    base = database_url or database.start_server(folder or HERE.parent / "var" / "benchmark")
    url = database.with_database(base, f"shopwright_benchmark_{orders}")
    click.echo(f"{orders} orders at {url}")
    prepare(url, HERE / "definitions")
    database.fill(url, orders)
    database.forget_created(url)
    wanted = [each for each in EVERYBODY if each.name in contenders.split(",")]
    for each in wanted:
        prepare_peer(each, url)
    works = [work for work in WORKS if only is None or work.name in only.split(",")]
    samples = {}
    if works:
        with running(wanted, [s for s in SERVERS if s in servers.split(",")], url) as up:
            samples = compare(
                works, up, World(database.describe(url), url), rounds, seconds, connections
            )
    measured = {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",  # noqa: TID251 (the date of the report)
        "machine": machine(url, orders, rounds, seconds, connections),
        "samples": samples,
        "small": measure_small(base) if with_small else {},
    }
    target = HERE / "results"
    target.mkdir(exist_ok=True)
    name = measured["date"].replace(" ", "_").replace(":", "")
    (target / f"{name}.json").write_bytes(orjson.dumps(measured, option=orjson.OPT_INDENT_2))
    click.echo(report.page(measured))
    if write:
        (HERE / "RESULTS.md").write_text(report.page(measured))


def prepare(url: str, definitions: Path) -> None:
    """Bring our tables into a database, with one clerk who can sign in."""
    compiled = compile_definitions(definitions)
    engine = make_engine(url)
    try:
        plan = make_plan(engine, compiled)
        if plan.is_new_release:
            now = datetime.now(UTC)  # noqa: TID251 (the benchmark's own clock)
            apply(engine, compiled, plan, now=now, allow=frozenset({"drop", "narrow"}))
        sync_roles(engine, compiled.app)
        if not list_users(engine):
            create_user(engine, USER, PASSWORD, ["clerk"], first_name="Ben", email="b@example.com")
    finally:
        engine.dispose()


def prepare_peer(contender: Contender, url: str) -> None:
    """Make a peer's own tables and user, in a process of its own: its settings are global."""
    module = contender.target.partition(":")[0]
    if contender.name in {"ours", "bare"}:
        return
    script = f"import sys; from {module} import prepare; prepare(sys.argv[1])"
    subprocess.run(
        [sys.executable, "-c", script, url],
        check=True,
        cwd=HERE.parent,
        env={**os.environ, "DATABASE_URL": url, "PYTHONPATH": str(HERE.parent)},
    )


@contextlib.contextmanager
def running(contenders: list[Contender], servers: list[str], url: str) -> Iterator[list[Server]]:
    """Start every contender under every server; stop them all at the end."""
    with tempfile.TemporaryDirectory() as data:
        environment = {
            **QUIET,
            "DATABASE_URL": url,
            "SHOPWRIGHT_DATA": data,
            "SHOPWRIGHT_DEFINITIONS": str(HERE / "definitions"),
        }
        up: list[Server] = []
        try:
            for contender in contenders:
                for name in servers:
                    server = Server(contender, name, environment)
                    up.append(server)
                    click.echo(f"{server.name}: up after {server.start():.1f} s")
            yield up
        finally:
            for server in up:
                server.stop()


def compare(
    works: list[Work],
    up: list[Server],
    world: World,
    rounds: int,
    seconds: float,
    connections: int,
) -> dict[str, dict[str, list[dict[str, float]]]]:
    """Ask every contender for every work, round after round."""
    samples: dict[str, dict[str, list[dict[str, float]]]] = {work.name: {} for work in works}
    for number in range(rounds):
        for work in works:
            for server in up:
                found = sample(work, server, world, seconds, connections)
                if found is not None:
                    samples[work.name].setdefault(server.name, []).append(found)
                    click.echo(
                        f"{number + 1} {work.name:<7}{server.name:<15}{found['per_second']:9.1f}/s"
                        f"  99 % in {found['p99']:.0f} ms  load {found['machine_load']:.1f}"
                    )
            if work.name == "create":
                database.forget_created(world.url)
    return samples


def sample(
    work: Work, server: Server, world: World, seconds: float, connections: int
) -> dict[str, float] | None:
    """Measure one work of one contender once; None when it does not do this work."""
    seconds, connections = max(seconds, work.at_least), min(connections, work.connections)
    who = server.contender.name
    headers = server.headers(browser=work.browser)
    here = world
    if work.name == "deep" and who == "ours":
        here = World(world.data, world.url, deep_page(server, headers, world))
    requests = work.make(here, who)
    if not requests:
        return None
    first = requests[0]
    status, _, body = ask(
        server.port, Request(first.method, first.path, first.body, {**headers, **first.headers})
    )
    if not 200 <= status < 300:
        click.echo(f"  {work.name} {server.name}: {status} {body[:160]!r}")
        return None
    load.run(server.port, requests[1:] or requests, headers, min(1.0, seconds), connections)
    requests = work.make(here, who) or requests if work.name == "patch" else requests
    database.settle(world.url)
    done = load.run(server.port, requests, headers, seconds, connections)
    return {
        "per_second": done.per_second,
        "p99": done.p99,
        "refused": done.refused,
        "machine_load": os.getloadavg()[0],
    }


def deep_page(server: Server, headers: Mapping[str, str], world: World) -> str:
    """Return the address of the deep page: its cursor is learnt from the page that starts there."""
    at, _ = world.data.deep
    path = f"/api/v1/order?status=paid&sort=-placed_at&limit=25&fields={FIELDS}"
    moment = at.replace("+", "%2B")
    status, _, body = ask(
        server.port, Request("GET", f"{path}&placed_at[lte]={moment}", headers=headers)
    )
    if status != 200:
        raise RuntimeError(f"the page before the deep one: {status} {body[:200]!r}")
    cursor = orjson.loads(body)["page"]["next"]
    return f"{path}&after={cursor}"


def measure_small(base: str) -> dict[str, dict[str, float]]:
    """Return what is measured without load."""
    url = database.with_database(base, "shopwright_benchmark_hundred")
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        hundred = small.hundred_entities(Path(one))
        prepare(url, hundred)
        environment = {**QUIET, "DATABASE_URL": url, "SHOPWRIGHT_DATA": two}
        environment["SHOPWRIGHT_DEFINITIONS"] = str(hundred)
        found = {"start-up with 100 entities, one worker": small.start_up(environment, 3)}
    with tempfile.TemporaryDirectory() as folder:
        found["µs an expression of ten operators"] = small.expression(Path(folder))
    found["µs a row from tuple to JSON"] = small.dump_rows()
    return found


def machine(url: str, orders: int, rounds: int, seconds: float, connections: int) -> dict[str, Any]:
    """Return what one must know to read the figures."""
    return {
        "processors": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "PostgreSQL": database.version(url),
        "data": f"{orders} orders, {orders * 3} lines, {orders // 10} customers",
        "load": f"{load.generator()}, {connections} connections, {rounds} rounds of {seconds:g} s",
        "everything on one machine": "PostgreSQL, load generator, servers",
        "load average at the end": ", ".join(f"{each:.1f}" for each in os.getloadavg()),
        "commit": database.commit(),
    }


if __name__ == "__main__":
    main()
