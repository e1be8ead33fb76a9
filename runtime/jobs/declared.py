"""Jobs of the definitions as the workers and the scheduler know them.

Comes in: the `App`. Goes out: a `JobKind` and, where it has one, a `Schedule` for each job. The
steps are done one after another; the checkpoint says which is next and how far it was, so that a
run whose worker died goes on there.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from generator.model.app import App
from generator.model.job import Job
from runtime.alerts.noticing import LOOK
from runtime.jobs.doing import Doing
from runtime.jobs.registry import JobKind
from runtime.jobs.scheduler import Schedule
from runtime.jobs.worker import JobRuntime


def kinds_of(app: App) -> Mapping[str, JobKind]:
    """Return the jobs of the definitions, as workers know them."""
    return {
        job.name: JobKind(
            job.name,
            partial(_run, job),
            job.queue,
            job.attempts,
            job.timeout,
            job.pause,
            job.alone,
            job.late,
        )
        for job in app.jobs.values()
    }


def schedules_of(app: App) -> tuple[Schedule, ...]:
    """Return the schedules of the definitions: those of jobs, and the looks of alerts."""
    jobs = (
        Schedule(job.name, job.name, job.schedule, job.missed)
        for job in app.jobs.values()
        if job.schedule is not None
    )
    looks = (
        Schedule(f"{LOOK}:{one.name}", LOOK, one.schedule, input={"alert": one.name})
        for one in app.alerts.values()
    )
    return (*jobs, *looks)


def _run(job: Job, run_id: str, runtime: JobRuntime) -> None:
    doing = Doing.of(job, run_id, runtime)
    words = runtime.application.compiled.catalogs["steps"]
    for number in range(doing.step, len(job.steps)):
        step = job.steps[number]
        runtime.run.pause_point()
        doing.begin(number)
        words[step.word].run(step, doing)
    doing.end()
