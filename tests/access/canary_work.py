"""Work done in a shop of canaries, so that jobs, alerts, files and imports have something to tell.

Comes in: any app. Goes out: definitions of a job that writes every record into files and of an
alert on every record, and the same done: runs, files and uploads, with who asked for them. New
entities are among them without touching this file.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from generator.model.app import App
from generator.model.entity import Entity
from runtime.alerts import looking
from runtime.importing.asked import Asked
from runtime.jobs import desk as jobs
from runtime.jobs.starting import every_kind, start_run
from runtime.jobs.work.import_rows import NAME
from runtime.jobs.worker import WorkerSetup, work_on
from runtime.messages import Actor
from tests.access.canaries import Filled, raw

JOB = "all_of_it"
NOT_TOLD = {"norole"}
"""Roles that operate nothing and are told nothing; all others are."""
PLAIN = {"text", "long_text", "code", "email", "phone", "money", "integer", "decimal"}


@dataclass
class Work:
    """What was done, and what it left."""

    setup: WorkerSetup
    runs: list[str] = field(default_factory=list)
    files: list[tuple[str, str]] = field(default_factory=list)
    """The run and the file."""
    uploads: dict[str, str] = field(default_factory=dict)
    """By entity, each of the owner."""
    names: list[str] = field(default_factory=list)
    """Of jobs and alerts."""


def definitions(app: App) -> dict[str, str]:
    """Return the job and the alerts, by file."""
    named = ", ".join(one for one in app.roles if one not in NOT_TOLD)
    steps = "".join(f"  - {{export: {one}, format: csv}}\n" for one in whole(app))
    found = {
        f"trade/{JOB}.job.yaml": f"""
job: {JOB}
label: {{en: All of it, zh: 全部}}
role: owner
operators: [{named}]
do:
{steps}"""
    }
    for one in whole(app):
        found[f"trade/every_{one}.alert.yaml"] = f"""
alert: every_{one}
label: {{en: "Every {one}", zh: "每个 {one}"}}
of: {one}
where: "version > 0"
role: owner
tell: [{named}]
"""
    return found


def whole(app: App) -> list[str]:
    """Return the entities whose records are no parts of others."""
    return [one.name for one in app.entities.values() if not one.child_of]


def do_work(filled: Filled, results: Path) -> Work:
    """Do it all as the owner: imports that are refused, steps that are refused, files, alerts."""
    runtime = filled.shop.runtime
    kinds = every_kind(runtime.app)
    setup = WorkerSetup(runtime.engine, runtime.clock, kinds, runtime, results=results)
    done = Work(setup, names=[*runtime.app.jobs, *runtime.app.alerts])
    owner = filled.shop.actor
    for entity in runtime.app.entities.values():
        if not entity.child_of and not entity.ledger:
            done.uploads[entity.name], run = _imported(filled, entity, owner)
            done.runs.append(run)
    for one in runtime.app.workflows:
        for workflow in runtime.app.workflows[one].values():
            edge = workflow.transitions[0].name
            body = {
                "operation": "transition",
                "workflow": workflow.name,
                "transition": edge,
                "input": {},
                "ids": filled.records[one],
                "background": True,
            }
            done.runs.append(str(filled.shop.done("bulk", one, body).row))
    done.runs.append(start_run(runtime, JOB, {"parameters": {}}, by=owner))
    for run in done.runs:
        kind = jobs.find_run(runtime, owner, run).job
        assert work_on(setup, kind, run, "test") == "succeeded", kind
        done.files += [(run, one.id) for one in jobs.files_of(runtime, run)]
    for alert in runtime.app.alerts.values():
        looking.look(runtime, alert)
    return done


def _imported(filled: Filled, entity: Entity, owner: Actor) -> tuple[str, str]:
    """Send a file of every plain value of an entity, to be created once more: none is new."""
    runtime = filled.shop.runtime
    names = [one.name for one in _columns(entity)]
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(names)
    for row in raw(runtime, entity):
        lines.writerow([_written(row[name]) for name in names])
    assert filled.files is not None
    kept = filled.files.keep(f"{entity.name}.csv", text.getvalue().encode(), owner.id)
    asked = Asked(
        entity.name,
        kept.id,
        kept.name,
        columns={name: name for name in names},
        mode="create",
        key=entity.key,
        time_zone="UTC",
    )
    return kept.id, start_run(runtime, NAME, asked.told(), by=owner)


def _columns(entity: Entity) -> Iterator[Any]:
    for one in entity.fields.values():
        is_plain = one.type in PLAIN and one.sensitivity != "secret"
        if is_plain and not one.readonly and one.computed is None:
            yield one


def _written(value: Any) -> str:
    return "" if value is None else str(value)
