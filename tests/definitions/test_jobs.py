"""The jobs that are shipped: each comes due, and each does its work on an empty shop."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from generator.compile import compile_definitions
from rules.schedules import next_runs
from runtime.jobs.starting import every_kind, start_run
from runtime.jobs.worker import WorkerSetup, work_on
from runtime.store.engine import make_engine
from runtime.store.migrate.apply import create_all
from tests.databases import sqlite_url
from tests.shop import NOON, reopen_shop

DEFINITIONS = Path(__file__).resolve().parents[2] / "definitions"


def test_every_shipped_job_comes_due_and_does_its_work(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    engine = make_engine(url)
    create_all(engine, compile_definitions(DEFINITIONS), now=NOON)
    engine.dispose()
    runtime = reopen_shop(url, DEFINITIONS, "administrator").runtime
    kinds = every_kind(runtime.app)
    results = tmp_path / "results"
    setup = WorkerSetup(runtime.engine, runtime.clock, kinds, runtime, results=results)
    assert runtime.app.jobs
    for job in runtime.app.jobs.values():
        if job.schedule is not None:
            zone = ZoneInfo(job.schedule.zone)
            assert len(list(islice(next_runs(job.schedule, NOON, zone), 2))) == 2, job.name
        run_id = start_run(runtime, job.name, {})
        assert work_on(setup, job.name, run_id, "test") == "succeeded", job.name
    runtime.engine.dispose()
