"""Commands that keep running: the web server, the workers, the scheduler, and all of them as one."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click
from granian import Granian
from granian.constants import Interfaces

from runtime import supervisor
from runtime.commands.context import compiled_of, engine_of, make_runtime, settings_of
from runtime.commands.demo import prepare_demo
from runtime.jobs import dispatch, pool, redis_server, registry, scheduler
from runtime.jobs.queue import JobQueue
from runtime.jobs.worker import WorkerSetup
from runtime.metrics import prometheus
from runtime.processes import stop_on_signals
from runtime.runtime import utc_now
from runtime.settings import Settings

HOME = Path(__file__).resolve().parents[2]
ENTRY = str(HOME / "app.py")


@click.command()
@click.option("--host", help="The address to listen on.")
@click.option("--port", type=int, help="The port to listen on.")
@click.option("--watch", is_flag=True, help="Load changed definitions while running.")
@click.pass_context
def serve(context: click.Context, host: str | None, port: int | None, watch: bool) -> None:
    """Serve screens and REST."""
    settings = settings_of(context)
    compiled_of(settings)
    if watch:
        context.meta["environment"]["SHOPWRIGHT_WATCH"] = "1"
    Granian(
        "app:create_wsgi",
        factory=True,
        interface=Interfaces.WSGI,
        address=host or settings.host,
        port=port or settings.port,
        workers=settings.web_workers,
        blocking_threads=settings.web_threads,
        backpressure=64,
        log_access=False,
        respawn_failed_workers=True,
        working_dir=HOME,
    ).serve()


@click.command()
@click.pass_context
def worker(context: click.Context) -> None:
    """Run the background jobs of the queues."""
    settings = settings_of(context)
    compiled = compiled_of(settings)
    with engine_of(settings) as engine:
        setup = WorkerSetup(
            engine=engine,
            clock=utc_now,
            kinds=registry.find_kinds(),
            application=make_runtime(compiled, engine),
            finished=prometheus.observe_job,
        )
        pool.run_pool(redis_url(settings), settings.job_workers, setup)


@click.command(name="scheduler")
@click.pass_context
def run_scheduler(context: click.Context) -> None:
    """Run schedules, the outbox relay and the watchdog."""
    settings = settings_of(context)
    stop = stop_on_signals()
    with engine_of(settings) as engine:
        kinds = registry.find_kinds()
        queue = JobQueue(redis_url(settings))
        deliver = dispatch.deliver_to_jobs({}, kinds, utc_now)
        work = scheduler.housekeeping(engine, queue, kinds, deliver, (), utc_now)
        scheduler.run_scheduler(engine, (), kinds, work, utc_now, stop)


@click.command()
@click.option("--demo/--no-demo", default=True, help="Load the demo shop into an empty database.")
@click.option("--watch/--no-watch", default=True, help="Load changed definitions while running.")
@click.pass_context
def run(context: click.Context, demo: bool, watch: bool) -> None:
    """Run everything in one process tree: database, Redis, web, workers, scheduler."""
    settings = settings_of(context)
    settings.data.mkdir(parents=True, exist_ok=True)
    logins = prepare_demo(settings, compiled_of(settings), with_rows=demo)
    environment = context.meta["environment"]
    if watch:
        environment["SHOPWRIGHT_WATCH"] = "1"

    def announce() -> None:
        click.echo(f"\n  The back office is at http://{settings.host}:{settings.port}\n")
        for name, password, roles in logins:
            click.echo(f"    {name:<18} {password:<22} {roles}")
        click.echo("\n  Ctrl-C stops it.\n")

    context.exit(supervisor.run(services(settings), environment, announce))


def services(settings: Settings) -> Sequence[supervisor.Service]:
    """Return the processes of the tree, in the order in which they start."""
    found = []
    if not settings.redis_url:
        found.append(redis_server.redis_service(settings.data))
    ready = supervisor.http_ready(f"http://{_reachable(settings.host)}:{settings.port}/readyz")
    return [
        *found,
        supervisor.Service("worker", [sys.executable, ENTRY, "worker"]),
        supervisor.Service("scheduler", [sys.executable, ENTRY, "scheduler"]),
        supervisor.Service("web", [sys.executable, ENTRY, "serve"], ready=ready),
    ]


def redis_url(settings: Settings) -> str:
    """Return the address of Redis: the one given, or the embedded server's socket."""
    return settings.redis_url or redis_server.socket_url(settings.data)


def _reachable(host: str) -> str:
    return "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 (compared, not bound)


COMMANDS = (serve, worker, run_scheduler, run)
