"""Jobs that the back office has by itself and that run by the clock, without any definition.

Comes in: the definitions and how long the log is kept. Goes out: each as a `Job`, so that whoever
reads the log finds it among the jobs, with its times and its runs, and may start it; and its
schedule. Where the log is kept for ever there is none.
"""

from __future__ import annotations

from generator.cron import read_cron
from generator.model import job as model
from generator.model.app import App
from generator.model.job import Cron, Job
from generator.model.text import NOWHERE, Label
from rules.administering import LOG, roles_with
from runtime.audit_keep import Keep
from runtime.jobs.scheduler import Schedule
from runtime.jobs.work import trim_log
from runtime.runtime import Runtime

RULE = "20 4 * * *"
"""Daily, when shops sleep and the log was proved."""


def own_schedules(app: App, keep: Keep) -> tuple[Schedule, ...]:
    """Return what the scheduler starts beside the jobs of the definitions."""
    if keep.is_forever:
        return ()
    return (Schedule(trim_log.NAME, trim_log.NAME, _rule(app)),)


def own_jobs(runtime: Runtime) -> tuple[Job, ...]:
    """Return them as jobs that whoever administers the log operates."""
    if runtime.audit_keep.is_forever:
        return ()
    return (runtime.remembered.get(("own job", trim_log.NAME), lambda: _trim_log(runtime)),)


def own_job(runtime: Runtime, name: str) -> Job | None:
    """Return one of them; None where there is none of that name."""
    return next((job for job in own_jobs(runtime) if job.name == name), None)


def _rule(app: App) -> model.Schedule:
    cron = read_cron(RULE)
    assert isinstance(cron, Cron)
    return model.Schedule(cron, 0, app.time_zone, None, RULE)


def _trim_log(runtime: Runtime) -> Job:
    kept = runtime.audit_keep.label
    return Job(
        name=trim_log.NAME,
        label=Label({"en": "Remove old entries of the log", "zh": "清除到期的操作日志"}),
        help=Label(
            {
                "en": f"The log is kept: {kept.text('en')}. Whole sealed ranges that are older go, "
                "each proved before; their seals stay, and the log tells of each.",
                "zh": f"日志保留时间：{kept.text('zh')}。到期的封存区间经核验后整段删除；"
                "封印保留，每次删除都记入日志。",
            }
        ),
        schedule=_rule(runtime.app),
        missed=model.RUN_ONCE,
        queue=trim_log.QUEUE,
        alone=trim_log.ALONE,
        timeout=3600,
        attempts=trim_log.ATTEMPTS,
        pause=5,
        late=trim_log.LATE,
        role="",
        operators=roles_with(runtime.matrix, LOG),
        parameters={},
        steps=(),
        keep=0,
        span=NOWHERE,
    )
