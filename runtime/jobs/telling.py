"""What of a run is told to whom: everything to who asked for it, to others what they might ask.

Comes in: a run, and somebody who may see that it is there. Goes out: the rows and files of it that
they may have. What became of records is said in words to the person who asked, in their rights;
whoever only operates such work may see less of the records, or nothing. So they are told how many
and under which code, the record only where they may read it, and the words only where they read
everything that words about such a record can tell. A file of a person's run is that person's; one
that a job wrote is for those who could have written the same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from generator.field_types._ids import WRITTEN
from generator.model.job import Job, Step
from generator.model.text import Label
from rules.permissions import ALWAYS, Grant
from runtime.errors import Forbidden, NotFound, RequestError
from runtime.exporting import rights
from runtime.jobs import desk
from runtime.messages import Actor, Incoming
from runtime.operations import _reading, copy_person
from runtime.operations.export import JOB
from runtime.pipeline import handle
from runtime.runtime import Runtime

FOR_ONE = (JOB, copy_person.JOB)
"""Jobs whose file is for the person who asked, with the rights of the day they take it."""
EXPORT = "export"
"""The step that writes records into a file."""
NOT_ALL = Label(
    {
        "en": "This file holds more than your rights show you.",
        "zh": "该文件的内容超出您的查看权限。",
    }
)
PAGE = 200
"""Records of one look at what somebody may read."""


@dataclass(frozen=True, slots=True)
class ToldRow:
    """What became of a record, as somebody is told."""

    position: int
    entity: str
    record_id: str
    """Empty where they may not read it."""
    status: str
    code: str | None
    message: Mapping[str, Any] | None
    version: int | None
    is_changed: bool


def is_theirs(runtime: Runtime, actor: Actor, run: Any) -> bool:
    """Return whether somebody asked for a run that acts in their own name."""
    own = bool(actor.id) and str(run.created_by) == str(actor.id)
    return own and run.job not in runtime.app.jobs


def rows(
    runtime: Runtime,
    actor: Actor,
    run: Any,
    *,
    refused: bool,
    after: int = -1,
    limit: int = desk.MOST_ROWS,
) -> Sequence[ToldRow]:
    """Return what became of records as somebody is told, in order."""
    found = desk.rows_of(runtime, run.id, refused=refused, after=after, limit=limit)
    if is_theirs(runtime, actor, run):
        return [_whole(one) for one in found]
    readable = _readable(runtime, actor, found)
    told = {one.entity: _sees_everything(runtime, actor, one.entity) for one in found}
    return [
        ToldRow(
            one.position,
            one.entity,
            one.record_id if (one.entity, one.record_id) in readable else "",
            one.status,
            one.code,
            one.message if told[one.entity] else None,
            one.version if (one.entity, one.record_id) in readable else None,
            one.is_changed,
        )
        for one in found
    ]


def files(runtime: Runtime, actor: Actor, run: Any) -> Sequence[Any]:
    """Return the files of a run that somebody may take today."""
    found = desk.files_of(runtime, run.id)
    return [one for one in found if may_take(runtime, actor, run, one)]


def file_of(runtime: Runtime, actor: Actor, run_id: str, file_id: str) -> Any:
    """Return a file that somebody may take now.

    Raises:
        NotFound: there is none, not for them, or its time is over.
        Forbidden: they may not export all that is in it, today, or see less of it than when it was
            made.

    """
    run = desk.find_run(runtime, actor, run_id)
    found = next((one for one in desk.files_of(runtime, run_id) if one.id == file_id), None)
    if found is None:
        raise NotFound(desk.EXPIRED)
    if run.job in FOR_ONE:
        if not may_take(runtime, actor, run, found):
            raise NotFound(desk.EXPIRED)
        for told in run.result.get("exports") or (run.result["export"],):
            rights.check(runtime, replace(actor, roles=actor.lasting), told)
        return found
    if not may_take(runtime, actor, run, found):
        raise Forbidden(NOT_ALL)
    return found


def may_take(runtime: Runtime, actor: Actor, run: Any, file: Any) -> bool:
    """Return whether somebody may take a file of a run today."""
    if run.job in FOR_ONE:
        return run.state == "succeeded" and is_theirs(runtime, actor, run)
    entity = file.entity
    if entity and runtime.matrix.grant(actor.roles, entity, "export") is None:
        return False
    job = runtime.app.jobs.get(run.job)
    if job is None:
        return is_theirs(runtime, actor, run)
    steps = [one for one in job.steps if one.word == EXPORT and one.given.get("entity") == entity]
    return all(_could_write(runtime, actor, job, one) for one in steps)


def _whole(row: Any) -> ToldRow:
    return ToldRow(*(getattr(row, name) for name in ToldRow.__dataclass_fields__))


def _readable(runtime: Runtime, actor: Actor, found: Sequence[Any]) -> Collection[tuple[str, str]]:
    """Return which records of some rows somebody may read: a look an entity and page."""
    wanted: dict[str, dict[str, None]] = {}
    for row in found:
        if row.entity in runtime.app.entities and WRITTEN.fullmatch(row.record_id):
            wanted.setdefault(row.entity, {})[row.record_id] = None
    readable: set[tuple[str, str]] = set()
    for entity, asked in wanted.items():
        ids = list(asked)
        for start in range(0, len(ids), PAGE):
            readable |= _read(runtime, actor, entity, ids[start : start + PAGE])
    return readable


def _read(runtime: Runtime, actor: Actor, entity: str, ids: Sequence[str]) -> set[tuple[str, str]]:
    query = {"ids": (",".join(ids),), "fields": ("id",), "limit": (str(PAGE),)}
    query["archived"] = ("all",)
    answer = handle(Incoming("list", entity, actor, query=query, source="job"), runtime)
    if isinstance(answer, RequestError):
        return set()
    place = [path.text for path in answer.plan.paths].index("id")
    return {(entity, str(row[place])) for row in answer.rows}


def _sees_everything(runtime: Runtime, actor: Actor, entity: str) -> bool:
    """Return whether somebody reads all that words about a record of an entity can tell."""
    known = ("sees everything", entity, actor.roles)
    return bool(runtime.remembered.get(known, lambda: _all_open(runtime, actor, entity)))


def _all_open(runtime: Runtime, actor: Actor, entity: str) -> bool:
    entities = runtime.app.entities
    seen, left = set(), [entity]
    while left:
        name = left.pop()
        if name in seen:
            continue
        seen.add(name)
        model, grant = entities.get(name), runtime.matrix.grant(actor.roles, name, "read")
        if model is None or grant is None or not grant.is_wide:
            return False
        shown = {one.name for one in model.fields.values() if one.sensitivity != "secret"}
        if not shown <= grant.open | ALWAYS:
            return False
        left += [one.target for one in model.fields.values() if one.target in entities]
    return True


def _could_write(runtime: Runtime, actor: Actor, job: Job, step: Step) -> bool:
    """Return whether somebody sees all that a job's role wrote into a file."""
    entity = str(step.given["entity"])
    role = Actor(0, job.name, frozenset({job.role}), kind="job")
    wrote = runtime.matrix.grant(role.roles, entity, "export")
    if wrote is None:
        return True
    names = tuple(step.given["fields"])
    query = {"fields": (",".join(names),)} if names else {}
    asked = Incoming("export", entity, role, query=query, source="job")
    plan = _reading.plan_read(_reading.parse_read(asked, wrote, runtime), wrote, runtime)
    for path in plan.paths:
        here, action = entity, "export"
        for field in path.steps:
            theirs = runtime.matrix.grant(actor.roles, here, action)
            jobs = runtime.matrix.grant(role.roles, here, action)
            if theirs is None or (jobs is not None and not _as_much(theirs, jobs, field.name)):
                return False
            here, action = field.target, "read"
    return True


def _as_much(theirs: Grant, jobs: Grant, name: str) -> bool:
    """Return whether one grant shows of a field whatever another one shows of it."""
    guarded = (theirs.require, theirs.forbid) == (jobs.require, jobs.forbid)
    free = not (theirs.require or theirs.forbid)
    rows = theirs.rows is None or (
        jobs.rows is not None and jobs.tests_by_text <= theirs.tests_by_text
    )
    masked = name in jobs.masked and name in theirs.read
    return rows and (free or guarded) and (name in theirs.open or name in ALWAYS or masked)
