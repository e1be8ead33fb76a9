"""Saved exports by the clock: a slot becomes one run, and that a run for each recipient.

The export of an owner who has left, or may not export such records any more, ends: nobody gets
anything of it, and whoever administers is told. Each recipient's file is a run of their own, in
their own name: it holds what they may see on that day, or is not made at all.
"""

from __future__ import annotations

import sqlalchemy as sa

from generator.model.job import RUN_ONCE
from generator.model.job import Schedule as Rule
from rules.administering import PEOPLE, roles_with
from runtime.exporting import saved
from runtime.exporting.saved import Saved
from runtime.jobs import runs
from runtime.jobs.scheduler import Schedule
from runtime.jobs.worker import JobRuntime
from runtime.mailing import wishes
from runtime.messages import Actor
from runtime.notifications import Notice, notify
from runtime.operations.export import JOB
from runtime.runtime import Runtime
from runtime.store import accounts
from runtime.store.engine import read, write
from runtime.web.readers import reader_of

SEND = "send_export"
ENDED = "export_ended"
"""The notice that the schedule of somebody who has left was ended."""


def schedules(runtime: Runtime) -> tuple[Schedule, ...]:
    """Return the schedules of saved exports; of what passed unseen the last is sent."""
    return tuple(
        Schedule(
            saved.slot_name(one.id),
            SEND,
            Rule(saved.rule_of(one.schedule), 0, one.schedule.zone, None, one.schedule.cron),
            RUN_ONCE,
            {"export": one.id},
        )
        for one in saved.scheduled(runtime)
        if one.schedule is not None
    )


def send(run_id: str, working: JobRuntime) -> None:
    """Queue a file for each recipient of an export, with the end of this run."""
    office: Runtime = working.application
    export = saved.by_id(office, str(working.run.input["export"]))
    if export is None or export.schedule is None:
        return
    owner = reader_of(office, export.owner)
    entity = export.wish.entity
    if owner is None or office.matrix.grant(owner.roles, entity, "export") is None:
        _end(working, export)
        return
    wanted = [reader_of(office, one) for one in _people(office, export)]
    readers = [
        one
        for one in wanted
        if one is not None and office.matrix.grant(one.roles, entity, "export") is not None
    ]
    passed = len(wanted) - len(readers)
    with write(office.engine) as connection:
        for reader in readers:
            _queue(connection, office, run_id, export, reader)
        if passed:
            runs.write_log(
                connection,
                run_id,
                office.clock(),
                "warning",
                f"{passed} of {len(wanted)} recipients may not have it.",
                code="passed_over",
                params={"passed": passed, "all": len(wanted)},
            )
        working.run.succeed(connection, {"sent": len(readers)})


def _people(office: Runtime, export: Saved) -> list[int]:
    assert export.schedule is not None
    plan, now = export.schedule, office.clock()
    named = list(plan.people)
    if plan.roles:
        with read(office.engine) as connection:
            requests = office.system.role_request
            named += accounts.numbers_holding(connection, plan.roles, requests, now)
    return list(dict.fromkeys(named or [export.owner]))


def _queue(
    connection: sa.Connection, office: Runtime, run_id: str, export: Saved, reader: Actor
) -> None:
    assert export.schedule is not None
    told = {
        **export.wish.told(),
        "entity": export.wish.entity,
        "saved": export.id,
        "time_zone": export.schedule.zone,
        "locale": _locale(office, reader),
        "scopes": None,
    }
    run = runs.NewRun(
        JOB,
        queue="bulk",
        input=told,
        created_by=str(reader.id),
        unique_key=f"{run_id}-{reader.id}",
        source="schedule",
    )
    runs.create(connection, run, office.clock())


def _locale(office: Runtime, reader: Actor) -> str:
    known = wishes.load(office, reader.id).locale
    return known if known in office.app.locales else office.app.locales[0]


def _end(working: JobRuntime, export: Saved) -> None:
    office: Runtime = working.application
    now = office.clock()
    with write(office.engine) as connection:
        saved.stop(connection, office, export.id)
        roles = roles_with(office.matrix, PEOPLE)
        requests = office.system.role_request
        told = accounts.numbers_holding(connection, roles, requests, now)
        notices = [Notice(one, ENDED, title=export.name) for one in told]
        notify(connection, office, notices, now)
        working.run.succeed(connection, {"sent": 0})
