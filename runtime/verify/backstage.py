"""Background work on the stage: a job is run and an alert looked at, here and now.

A job does what its steps say in the name of its role, through the same door as anybody; a look
opens and ends what it finds. Nobody is told: the people of a scenario have no accounts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from generator.model.alert import EACH
from runtime.alerts import desk, looking
from runtime.errors import RequestError
from runtime.jobs import runs
from runtime.jobs.declared import kinds_of
from runtime.jobs.desk import checked
from runtime.jobs.worker import WorkerSetup, work_on
from runtime.store.engine import write
from runtime.verify.stage import Stage, plain_api


def run_job(stage: Stage, name: str, given: Mapping[str, Any]) -> RequestError | str | None:
    """Run a job to its end; return why it did not succeed."""
    runtime = stage.runtime
    job = runtime.app.jobs[name]
    kinds = kinds_of(runtime.app)
    try:
        told = {"parameters": checked(runtime, job, plain_api(given))}
    except RequestError as refusal:
        return refusal
    with write(runtime.engine) as connection:
        run_id = runs.create(connection, runs.NewRun(name, input=told, max_attempts=1), stage.now)
    results = stage.file.parent / "results"
    setup = WorkerSetup(
        runtime.engine, lambda: stage.now, kinds, application=runtime, results=results
    )
    state = work_on(setup, name, run_id, "scenario")
    if state == "succeeded":
        return None
    table = runtime.system.job_run
    with write(runtime.engine) as connection:
        error = connection.execute(sa.select(table.c.error).where(table.c.id == run_id)).scalar()
    last = (str(error or "").strip().splitlines() or [""])[-1]
    return f"run: {name} ended as {state}: {last}"


def look_at(stage: Stage, name: str) -> RequestError | None:
    """Look at an alert once; return why that is refused."""
    try:
        looking.look(stage.runtime, stage.runtime.app.alerts[name])
    except RequestError as refusal:
        return refusal
    return None


def standing(stage: Stage) -> tuple[str, ...]:
    """Return what stands: records by their names, an alert about a number by its own."""
    names = {record_id: name for name, record_id in stage.ids.items()}
    found = []
    for alert in stage.runtime.app.alerts.values():
        for row in desk.standing(stage.runtime, alert.name):
            each = alert.measure == EACH
            found.append(names.get(row.subject, row.subject) if each else alert.name)
    return tuple(sorted(found))
