"""Small jobs a second: ours with its rows in the database, beside bare RQ, in the same Redis.

`python -m benchmarks.jobs` puts so many jobs that do nothing into three queues and lets three
workers take them, in turn ours and bare, some rounds. *Bare* is `rq.Worker` and a function that
returns: RQ forks a process for each job, and so does ours. Ours writes beside that: the run before
it is queued, who claimed it with a lease, its progress, how it ended, all in PostgreSQL with
durable commits, and looks afterwards how it ended. Queueing and working are timed apart; working
from when a tenth of the jobs was taken, so that the start of the workers is left out.
"""

from __future__ import annotations

import multiprocessing
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import click
import sqlalchemy as sa
from redis import Redis
from rq import Queue, Worker

from benchmarks.database import start_server, with_database
from generator.model.job import QUEUES
from runtime.jobs import queue, runs
from runtime.jobs.pool import run_pool
from runtime.jobs.queue import LANES, JobQueue
from runtime.jobs.redis_server import RedisServer
from runtime.jobs.registry import JobKind
from runtime.jobs.tables import RUN, job_tables
from runtime.jobs.worker import JobRuntime, WorkerSetup
from runtime.runtime import utc_now
from runtime.store.engine import make_engine, write

FIRST = 0.1
"""The share of the jobs that is taken before time counts: the workers have started by then."""


def nothing() -> None:
    """Do nothing, as bare RQ calls it."""


def counted(run_id: str, runtime: JobRuntime) -> None:
    """Do nothing, tell how far it is, and end well."""
    with runtime.engine.begin() as connection:
        runtime.run.advance(connection, done=1, total=1)
        runtime.run.succeed(connection)


KINDS = {"counted": JobKind("counted", counted)}


def queue_bare(redis: Redis, url: str, count: int) -> None:
    """Put jobs into RQ."""
    queues = [Queue(name, connection=redis) for name in QUEUES]
    for number in range(count):
        queues[number % len(queues)].enqueue_call(nothing, result_ttl=0)


def queue_ours(redis: Redis, url: str, count: int) -> None:
    """Write runs, each in a transaction of its own, and hand them over."""
    engine, jobs = make_engine(url), JobQueue(_address(redis))
    for number in range(count):
        name = QUEUES[number % len(QUEUES)]
        with write(engine) as connection:
            run_id = runs.create(connection, runs.NewRun("counted", queue=name), utc_now())
        jobs.enqueue("counted", run_id, name, run_id)
    engine.dispose()


def work_bare(address: str, url: str) -> None:
    """Take jobs until somebody ends it, by as many workers as ours has."""
    context = multiprocessing.get_context("fork")
    for position in range(len(LANES)):
        context.Process(target=_bare_worker, args=(address, position)).start()


def _bare_worker(address: str, position: int) -> None:
    redis = Redis.from_url(address)
    queues = [Queue(name, connection=redis) for name in queue.queues_of(position)]
    Worker(queues, connection=redis).work(logging_level="WARNING", burst=True)


def work_ours(address: str, url: str) -> None:
    """Run our pool of workers until somebody ends it."""
    run_pool(address, len(LANES), WorkerSetup(make_engine(url), utc_now, KINDS))


Ways = dict[str, tuple[Callable[[Redis, str, int], None], Callable[[str, str], None]]]
WAYS: Ways = {"bare RQ": (queue_bare, work_bare), "ours": (queue_ours, work_ours)}


def measure(way: str, address: str, url: str, count: int) -> tuple[float, float]:
    """Return jobs queued and jobs worked on a second."""
    redis = Redis.from_url(address)
    redis.flushdb()
    put, work = WAYS[way]
    begun = time.perf_counter()
    put(redis, url, count)
    queued = count / (time.perf_counter() - begun)
    worker = multiprocessing.get_context("spawn").Process(target=work, args=(address, url))
    worker.start()
    try:
        after = int(count * FIRST)
        _until(redis, count - after)
        begun = time.perf_counter()
        _until(redis, 0)
        worked = (count - after) / (time.perf_counter() - begun)
        if way == "ours":
            _all_ended(url)
        time.sleep(1)  # the processes of the last jobs end
    finally:
        worker.terminate()
        worker.join()
    return queued, worked


def _until(redis: Redis, left: int) -> None:
    """Wait until no more than so many jobs wait."""
    while sum(int(redis.llen(Queue(name, connection=redis).key)) for name in QUEUES) > left:
        time.sleep(0.005)


def _all_ended(url: str) -> None:
    engine = make_engine(url)
    open_ = sa.select(sa.func.count()).where(RUN.c.state != "succeeded").select_from(RUN)
    for _ in range(200):
        with engine.connect() as connection:
            left = connection.execute(open_).scalar_one()
        if not left:
            break
        time.sleep(0.05)
    assert not left, f"{left} runs did not succeed"
    engine.dispose()


def _address(redis: Redis) -> str:
    return f"unix://{redis.connection_pool.connection_kwargs['path']}?db=0"


@click.command()
@click.option("--database-url", help="A PostgreSQL with an empty database.")
@click.option("--jobs", default=600, help="Of one sample.")
@click.option("--rounds", default=3, help="Samples of each, in turn.")
def main(database_url: str | None, jobs: int, rounds: int) -> None:
    """Print jobs a second, queued and worked on, and what share of bare RQ's they are."""
    with tempfile.TemporaryDirectory() as place, RedisServer(Path(place) / "redis") as server:
        url = database_url or with_database(
            start_server(Path(place) / "data"), f"jobs_{uuid.uuid4().hex}"
        )
        tables, engine = sa.MetaData(), make_engine(url)
        job_tables(tables)
        tables.create_all(engine)
        engine.dispose()
        found: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
        for _ in range(rounds):
            for way in WAYS:
                found[way].append(measure(way, server.url, url, jobs))
    for place_, what in enumerate(("queued", "worked on")):
        base = statistics.median(one[place_] for one in found["bare RQ"])
        for way, samples in found.items():
            rates = [one[place_] for one in samples]
            middle = statistics.median(rates)
            click.echo(
                f"{what:<10} {way:<8} {middle:8.0f}/s  {middle / base:5.0%} of bare"
                f"  ({min(rates):.0f} to {max(rates):.0f})"
            )


if __name__ == "__main__":
    main()
