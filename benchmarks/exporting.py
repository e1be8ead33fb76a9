"""`python -m benchmarks.exporting`: an export of every order beside COPY TO on the same rows.

Ours is the job as a worker does it, in a process of its own: rights, audit, one state of the
database, titles of referred records, harmless texts, a file on the disk. COPY writes the same five
columns of the same join in the same order to the disk and asks nothing; nothing undercuts it.
Seconds, rows a second and the most memory of the process that wrote are told.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import click
import psycopg
import sqlalchemy as sa

from benchmarks import database
from benchmarks.run import HERE, USER, prepare

COPIED = """COPY (SELECT o.number, c.name, o.status, o.placed_at, o.total / 1000.0
FROM "order" o JOIN customer c ON c.id = o.customer
ORDER BY o.placed_at DESC, o.id) TO STDOUT (FORMAT csv)"""
ASKED = ("number", "customer.name", "status", "placed_at", "total")


@click.command()
@click.option("--orders", default=database.FULL, show_default=True)
@click.option("--rounds", default=2, show_default=True)
@click.option("--folder", type=click.Path(path_type=Path), help="Where PostgreSQL keeps its files.")
def main(orders: int, rounds: int, folder: Path | None) -> None:
    """Export the same rows in both ways, in turn."""
    base = database.start_server(folder or HERE.parent / "var" / "benchmark")
    url = database.with_database(base, f"shopwright_benchmark_{orders}")
    prepare(url, HERE / "definitions")
    database.fill(url, orders)
    for _ in range(rounds):
        for way in ("ours", "copy"):
            call = f"from benchmarks.exporting import {way}; {way}({url!r})"
            subprocess.run([sys.executable, "-c", call], cwd=HERE.parent, check=True)


def ours(url: str) -> None:
    """Work on a run of the export here and now."""
    from generator.compile import compile_definitions  # noqa: PLC0415 (its memory is measured)
    from runtime.commands.context import make_runtime  # noqa: PLC0415
    from runtime.jobs import runs  # noqa: PLC0415
    from runtime.jobs.starting import every_kind  # noqa: PLC0415
    from runtime.jobs.worker import WorkerSetup, work_on  # noqa: PLC0415
    from runtime.operations.export import JOB  # noqa: PLC0415
    from runtime.store.engine import make_engine  # noqa: PLC0415
    from runtime.store.engine import write as writing  # noqa: PLC0415

    engine = make_engine(url)
    runtime = make_runtime(compile_definitions(HERE / "definitions"), engine, "x" * 40)
    with engine.connect() as connection:
        asked = sa.text("SELECT id FROM ab_user WHERE username = :name")
        person = connection.execute(asked, {"name": USER}).scalar_one()
    told = {"entity": "order", "columns": [*ASKED], "form": "csv", "locale": "en"}
    told |= {"time_zone": "UTC", "query": {"sort": ["-placed_at"]}}
    with writing(engine) as connection:
        run = runs.NewRun(JOB, queue="bulk", input=told, created_by=str(person))
        run_id = runs.create(connection, run, runtime.clock())
    with tempfile.TemporaryDirectory() as folder:
        kinds = every_kind(runtime.app)
        setup = WorkerSetup(engine, runtime.clock, kinds, runtime, results=Path(folder))
        before = time.monotonic()
        state = work_on(setup, JOB, run_id, "benchmark")
        seconds = time.monotonic() - before
        size = sum(one.stat().st_size for one in Path(folder).rglob("*") if one.is_file())
    with engine.connect() as connection:
        asked = sa.text("SELECT done FROM sw_job_run WHERE id = :run")
        rows = connection.execute(asked, {"run": run_id}).scalar_one()
    _tell(f"ours ({state})", seconds, rows, size)


def copy(url: str) -> None:
    """Write the same columns by COPY."""
    with tempfile.TemporaryFile() as file, psycopg.connect(url) as connection:
        before = time.monotonic()
        with connection.cursor().copy(COPIED.encode()) as pieces:
            for piece in pieces:
                file.write(piece)
        seconds = time.monotonic() - before
        row = connection.execute('SELECT count(*) FROM "order"').fetchone()
        assert row is not None
        _tell("COPY TO", seconds, row[0], file.tell())


def _tell(way: str, seconds: float, rows: int, size: int) -> None:
    # of this program alone: what `getrusage` tells begins with the process it was forked from
    status = Path("/proc/self/status").read_text()
    most = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    now = datetime.now(UTC)  # noqa: TID251 (the benchmark's own clock)
    click.echo(
        f"{now:%H:%M:%S} {way:20} {seconds:7.1f} s {rows / seconds:10,.0f} rows/s "
        f"{size / 1e6:7.1f} MB {most:6.0f} MB of memory"
    )


if __name__ == "__main__":
    main()
