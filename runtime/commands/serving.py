"""Commands that keep running: the web server, workers, the scheduler, and all of them as one."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import sqlalchemy as sa
from granian import Granian
from granian.constants import Interfaces
from sqlalchemy.exc import SQLAlchemyError

from generator.compile import Compiled
from runtime import emergencies, followers, role_requests, supervisor
from runtime.alerts import looking, noticing
from runtime.commands.context import (
    compiled_of,
    engine_of,
    mail_of,
    make_runtime,
    outside_of,
    settings_of,
)
from runtime.commands.demo import file_store, prepare_demo
from runtime.commands.language import LOCALE, refusal, say
from runtime.commands.ports import (
    free_port,
    one_run_only,
    refuse_busy_port,
    told_address,
)
from runtime.expiring import expire
from runtime.exporting import clock as exports
from runtime.hooks import sending as hooks
from runtime.hooks import spreading
from runtime.jobs import outbox, pool, redis_server, results, scheduler
from runtime.jobs.declared import schedules_of
from runtime.jobs.own import own_schedules
from runtime.jobs.queue import JobQueue
from runtime.jobs.scheduler import Periodic
from runtime.jobs.starting import every_kind
from runtime.jobs.watching import beat, watch_jobs
from runtime.jobs.worker import WorkerSetup
from runtime.mailing import sending
from runtime.metrics import prometheus
from runtime.outside import call_runs, events, timers
from runtime.outside.relay import TOPICS, deliver_outside
from runtime.processes import stop_on_signals
from runtime.runtime import Runtime, utc_now
from runtime.settings import Settings
from runtime.store.audit_chain import seal_waiting
from runtime.store.audit_key import audit_key
from runtime.store.engine import read
from runtime.store.migrate.releases import Release, last_release
from runtime.store.migrate.rollback import release_definitions
from runtime.tidying import tidy_files
from runtime.web import assets
from runtime.web.directory import NO_LIBRARY, lacks_library
from runtime.web.people import review_rhythm

ENTRY = str(Path(__file__).resolve().parents[2] / "app.py")
log = logging.getLogger(__name__)

BEAT_SECONDS = 10.0
"""How often a process says that it is alive."""
LOOK_SECONDS = 3.0
"""How often a worker looks whether another release was applied."""

HOST = click.option("--host", help="The address to listen on; SHOPWRIGHT_HOST if missing.")
PORT = click.option(
    "--port", type=click.IntRange(1, 65535), help="The port; SHOPWRIGHT_PORT if missing."
)


@click.command()
@HOST
@PORT
@click.option("--watch", is_flag=True, help="Load changed definitions while running.")
@LOCALE
@click.pass_context
def serve(
    context: click.Context, host: str | None, port: int | None, watch: bool, locale: str
) -> None:
    """Serve screens and REST."""
    settings = settings_of(context)
    watch = watch or settings.watch
    if not watch:
        from runtime.web import process  # noqa: PLC0415 (other commands start without Flask)

        process.keep(settings.definitions, compiled_of(settings, locale))
    _refuse_unsafe(settings, locale)
    _refuse_mute(settings, locale)
    address, number = host or settings.host, port or settings.port
    refuse_busy_port(address, number, locale)
    _refuse_unbuilt(locale)
    if watch:
        context.meta["environment"]["SHOPWRIGHT_WATCH"] = "1"
    Granian(
        "app:create_wsgi",
        factory=True,
        interface=Interfaces.WSGI,
        address=address,
        port=number,
        workers=settings.web_workers,
        blocking_threads=settings.web_threads,
        backpressure=64,
        log_access=False,
        log_enabled=settings.log_level == "DEBUG",
        respawn_failed_workers=True,
    ).serve()


@click.command()
@LOCALE
@click.pass_context
def worker(context: click.Context, locale: str) -> None:
    """Run the background jobs of the queues."""
    settings = settings_of(context)
    with engine_of(settings) as engine:
        release = applied_release(engine, locale)
        compiled = release_definitions(release)
        setup = WorkerSetup(
            engine=engine,
            clock=utc_now,
            kinds=every_kind(compiled.app),
            application=_application(settings, compiled, engine),
            results=settings.data / results.FOLDER,
            finished=prometheus.observe_job,
        )
        end_at_next_release(settings, release.number)
        beat_on(settings, compiled)
        pool.run_pool(redis_url(settings), settings.job_workers, setup)


@click.command(name="scheduler")
@LOCALE
@click.pass_context
def run_scheduler(context: click.Context, locale: str) -> None:
    """Run schedules, timers, the outbox relay and the watchdog."""
    settings = settings_of(context)
    stop = stop_on_signals()
    with engine_of(settings) as engine:
        queue = JobQueue(redis_url(settings))
        release = applied_release(engine, locale)
        compiled = release_definitions(release)
        kinds = every_kind(compiled.app)
        schedules = (*schedules_of(compiled.app), *own_schedules(compiled.app, settings.audit_keep))
        application = _application(settings, compiled, engine)
        end_at_next_release(settings, release.number)
        watch, tidy = _at_home(settings, application)
        deliver = deliver_outside(application, kinds)
        work = scheduler.housekeeping(
            engine,
            queue,
            kinds,
            deliver,
            TOPICS,
            utc_now,
            watch=watch,
            tidy=tidy,
            spread=lambda connection, rows: spreading.spread(connection, application, rows),
        )
        key = audit_key(settings.secret_key)
        seal = Periodic("seal", timedelta(minutes=1), lambda: seal_waiting(engine, key, utc_now()))
        outside = (
            Periodic("timers", timedelta(seconds=1), timers.Poller(application)),
            Periodic("calls", timedelta(minutes=1), lambda: call_runs.wake(application)),
            Periodic("webhooks", timedelta(seconds=1), lambda: hooks.wake(application)),
            Periodic("ledgers", timedelta(seconds=5), lambda: expire(application)),
            Periodic("summaries", timedelta(minutes=1), lambda: sending.queue_digests(application)),
            Periodic("exports", timedelta(seconds=5), lambda: exports.tick(application, kinds)),
        )
        beats = timedelta(seconds=BEAT_SECONDS)
        watched = (
            Periodic(
                "jobs", timedelta(seconds=30), lambda: watch_jobs(application, kinds, schedules)
            ),
            Periodic("beat", beats, lambda: _beat(application, "scheduler", {})),
        )
        every = (*work, seal, *outside, *watched)
        scheduler.run_scheduler(engine, schedules, kinds, every, utc_now, stop)


@click.command()
@HOST
@PORT
@click.option("--demo/--no-demo", default=True, help="Load the demo shop into an empty database.")
@click.option("--watch/--no-watch", default=True, help="Load changed definitions while running.")
@LOCALE
@click.pass_context
def run(
    context: click.Context,
    host: str | None,
    port: int | None,
    demo: bool,
    watch: bool,
    locale: str,
) -> None:
    """Run everything in one process tree: database, Redis, web, workers, scheduler."""
    settings = settings_of(context)
    address, number = host or settings.host, port or settings.port
    refuse_busy_port(address, number, locale)
    _refuse_unsafe(settings, locale)
    _refuse_mute(settings, locale)
    _refuse_unbuilt(locale)
    settings.data.mkdir(parents=True, exist_ok=True)
    with one_run_only(settings.data, locale):
        compiled = compiled_of(settings, locale)
        logins = prepare_demo(settings, compiled, with_rows=demo, locale=locale)
        metrics = settings.data / "metrics"
        prometheus.clear(metrics)
        simulated = _simulator_port(settings, compiled)
        environment = {
            **context.meta["environment"],
            "SHOPWRIGHT_SIMULATOR_PORT": str(simulated),
            "SHOPWRIGHT_HOST": address,
            "SHOPWRIGHT_PORT": str(number),
            "SHOPWRIGHT_DATA": str(settings.data),
            "REDIS_URL": redis_url(settings),
            "PROMETHEUS_MULTIPROC_DIR": str(metrics),
            **({"SHOPWRIGHT_WATCH": "1"} if watch else {}),
        }

        def announce() -> None:
            reached = told_address(address, number)
            say(locale, f"\n  The back office is at {reached}\n", f"\n  后台地址：{reached}\n")
            widest = max((len(name) for name, *_ in logins), default=0)
            for name, password, roles in logins:
                click.echo(f"    {name:<{widest}} {password:<24} {roles}")
            say(locale, "\n  Ctrl-C stops it.\n", "\n  按 Ctrl-C 停止。\n")

        tree = services(settings, address, number, simulated)
        code = supervisor.run(tree, environment, announce)
    context.exit(code)


def services(
    settings: Settings, host: str, port: int, simulated: int = 0
) -> Sequence[supervisor.Service]:
    """Return the processes of the tree, in the order in which they start."""
    found = []
    if not settings.redis_url:
        found.append(redis_server.redis_service(settings.data))
    if simulated:
        argv = [sys.executable, ENTRY, "simulator", "--port", str(simulated)]
        is_up = supervisor.http_ready(f"http://127.0.0.1:{simulated}/healthz")
        found.append(supervisor.Service("simulator", argv, ready=is_up))
    ready = supervisor.http_ready(f"{told_address(host, port)}/readyz")
    return [
        *found,
        supervisor.Service("worker", [sys.executable, ENTRY, "worker"]),
        supervisor.Service("scheduler", [sys.executable, ENTRY, "scheduler"]),
        supervisor.Service("web", [sys.executable, ENTRY, "serve"], ready=ready),
    ]


def _application(settings: Settings, compiled: Compiled, engine: sa.Engine) -> Runtime:
    """Return the back office that jobs work with."""
    outside, old = outside_of(settings), settings.old_secret_keys
    mail = mail_of(settings)
    keep = settings.audit_keep
    return make_runtime(compiled, engine, settings.secret_key, outside, old, mail, keep)


def _beat(application: Runtime, kind: str, told: Mapping[str, Any]) -> None:
    beat(application, f"{kind} {socket.gethostname()}:{os.getpid()}", kind, told)


def _at_home(settings: Settings, application: Runtime) -> tuple[outbox.Watch, Callable[[], object]]:
    """Return what the scheduler does beside jobs: telling followers, and tidying the files."""
    files = file_store(application, settings)

    def watch(connection: sa.Connection, rows: Sequence[outbox.OutboxRow]) -> None:
        followers.tell(connection, application, rows)
        noticing.notice(connection, application, rows)

    def tidy() -> None:
        tidy_files(application, files)
        events.forget_bodies(application)
        role_requests.tidy(application)
        emergencies.tidy(application)
        review_rhythm.tidy(application)
        looking.forget(application)
        hooks.forget(application)
        results.forget(application.engine, settings.data / results.FOLDER, utc_now())

    return watch, tidy


def _simulator_port(settings: Settings, compiled: Compiled) -> int:
    """Return where the simulator shall listen; 0 where there is nothing to simulate."""
    if not settings.simulator_url or not compiled.app.connectors:
        return 0
    return free_port(urlsplit(settings.simulator_url).port or 0)


def redis_url(settings: Settings) -> str:
    """Return the address of Redis: the one given, or the embedded server's socket."""
    return settings.redis_url or redis_server.socket_url(settings.data)


def _refuse_unsafe(settings: Settings, locale: str) -> None:
    faults = settings.production_faults()
    if faults:
        heading = ("Not safe for production:", "不能用于生产环境：")
        told = ["\n  ".join(one.text(language) for one in faults) for language in ("en", "zh")]
        raise refusal(locale, f"{heading[0]}\n  {told[0]}", f"{heading[1]}\n  {told[1]}")


def _refuse_mute(settings: Settings, locale: str) -> None:
    """End the command when people sign in at a directory that nothing here can speak to."""
    if lacks_library(settings.sign_in_url):
        raise refusal(locale, NO_LIBRARY.text("en"), NO_LIBRARY.text("zh"))


def _refuse_unbuilt(locale: str) -> None:
    try:
        assets.load()
    except assets.AssetsMissing as missing:
        raise refusal(
            locale,
            f"{missing} `make run` does it by itself.",
            "前端文件尚未生成：请执行 `python assets/build.py`；`make run` 会自动执行。",
        ) from missing


def applied_release(engine: sa.Engine, locale: str) -> Release:
    """Return the release that jobs work with: that of the database, whatever the folder holds."""
    with read(engine) as connection:
        release = last_release(connection)
    if release is None:
        raise refusal(
            locale,
            "The database has no release yet. Run `apply` first.",
            "数据库尚无版本，请先执行 `apply`。",
        )
    return release


def end_at_next_release(settings: Settings, mine: int) -> None:
    """End this process politely when another release is applied; its supervisor starts it anew."""

    def look() -> None:
        with engine_of(settings) as engine:
            while _number(engine) in (mine, None):
                pause.wait(LOOK_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)

    pause = threading.Event()
    threading.Thread(target=look, name="releases", daemon=True).start()


def beat_on(settings: Settings, compiled: Compiled) -> None:
    """Say every few seconds that this worker is alive, from a thread with its own connections."""

    def tell() -> None:
        with engine_of(settings) as engine:
            application = make_runtime(compiled, engine, settings.secret_key)
            while True:
                try:
                    _beat(application, "worker", {"processes": settings.job_workers})
                except SQLAlchemyError:
                    log.warning("the heartbeat could not be written")
                pause.wait(BEAT_SECONDS)

    pause = threading.Event()
    threading.Thread(target=tell, name="heartbeat", daemon=True).start()


def _number(engine: sa.Engine) -> int | None:
    """Return the number of the last release; None while the database is away."""
    try:
        with read(engine) as connection:
            release = last_release(connection)
    except SQLAlchemyError:
        return None
    return release.number if release else None
