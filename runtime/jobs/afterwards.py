"""What a person does with a run over many records that has ended: the rest again, undo, carry out.

Each is a run of its own, in the name of whoever asked for the first one; what it does to a record
is asked of that record's rights again. A run is undone once, a preview is carried out once: the
second wish is the same run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from generator.model.text import Label
from runtime.errors import Conflict
from runtime.jobs import desk
from runtime.jobs.desk import ABOUT
from runtime.jobs.starting import start_run
from runtime.jobs.tables import FINAL, ROW
from runtime.operations import _bulk_firing
from runtime.operations.bulk import CHANGES, JOB
from runtime.runtime import Runtime
from runtime.store.engine import read, write
from runtime.store.trail import Note, Trail

NOTHING = Label({"en": "There is nothing to do here any more.", "zh": "没有可处理的记录。"})
OPPOSITE = {"update": "update", "delete": "restore", "restore": "delete"}
"""What undoes what; an update by the values from before."""


@dataclass(frozen=True)
class Offers:
    """What may be done with a run that has ended."""

    rest: bool = False
    """Some records were refused and may be tried again."""
    undo: bool = False
    carry_out: bool = False
    """It was a preview."""


def offers(runtime: Runtime, run: Any, person: int) -> Offers:
    """Return what somebody may do with a run; asks no more than its row."""
    if run.job not in (CHANGES, JOB) or run.state not in FINAL or run.created_by != str(person):
        return Offers()
    counts: Mapping[str, int] = run.counts or {}
    if is_preview(run):
        return Offers(carry_out=run.state == "succeeded" and bool(counts.get("ok")))
    rest = any(count for status, count in counts.items() if status not in ("ok", "gone"))
    return Offers(rest, bool(counts.get("ok")) and _can_go_back(runtime, run))


def is_preview(run: Any) -> bool:
    """Return whether a run only tried what it would do."""
    return (run.input or {}).get("body", {}).get("preview") is True


def start_rest(runtime: Runtime, trail: Trail, run_id: str) -> str:
    """Try the records again that a run was refused, as they are now; return the new run.

    Raises:
        NotFound: there is no such run, or not for them.
        Conflict: nothing is left to be tried.

    """
    run = _own(runtime, trail, run_id)
    if not offers(runtime, run, _person(trail)).rest:
        raise Conflict(NOTHING)
    asked = (
        sa.select(ROW.c.record_id)
        .where(ROW.c.run_id == run.id, ROW.c.status.not_in(("ok", "gone")))
        .order_by(ROW.c.position)
    )
    with read(runtime.engine) as connection:
        ids = [str(one) for one in connection.execute(asked).scalars()]
    entity = str(run.input["entity"])
    left = _bulk_firing.with_versions(runtime, entity, [(one, None) for one in ids])
    told = {**run.input, "targets": [list(one) for one in left]}
    if run.input.get("undo_of"):
        # what was changed since stays: its versions are those that the first run left
        told["targets"] = [one for one in run.input["targets"] if one[0] in set(ids)]
    return _start(runtime, trail, run, told, "")


def start_undo(runtime: Runtime, trail: Trail, run_id: str) -> str:
    """Give back what a run changed, where nobody has changed it since; return the new run.

    Raises:
        NotFound: there is no such run, or not for them.
        Conflict: it cannot be undone.

    """
    run = _own(runtime, trail, run_id)
    if not offers(runtime, run, _person(trail)).undo:
        raise Conflict(NOTHING)
    asked = sa.select(ROW.c.record_id, ROW.c.version).where(
        ROW.c.run_id == run.id,
        ROW.c.status == "ok",
        ROW.c.is_changed,
        ROW.c.version.is_not(None),
    )
    operation = str(run.input["body"]["operation"])
    if operation == "update":
        asked = asked.where(ROW.c.before.is_not(None))
    with read(runtime.engine) as connection:
        found = connection.execute(asked.order_by(ROW.c.position))
        targets = [[str(row.record_id), row.version] for row in found]
    if not targets:
        raise Conflict(NOTHING)
    told = {
        **run.input,
        "body": {**run.input["body"], "operation": OPPOSITE[operation]},
        "targets": targets,
        "undo_of": run.id,
    }
    return _start(runtime, trail, run, told, f"undo-{run.id}")


def carry_out(runtime: Runtime, trail: Trail, run_id: str) -> str:
    """Do what a preview tried, to the records it was about; return the new run.

    Raises:
        NotFound: there is no such run, or not for them.
        Conflict: it was no preview, or nothing could be done.

    """
    run = _own(runtime, trail, run_id)
    if not offers(runtime, run, _person(trail)).carry_out:
        raise Conflict(NOTHING)
    body = {key: value for key, value in run.input["body"].items() if key != "preview"}
    return _start(runtime, trail, run, {**run.input, "body": body}, f"do-{run.id}")


def _start(runtime: Runtime, trail: Trail, run: Any, told: Mapping[str, Any], key: str) -> str:
    with write(runtime.engine) as connection:
        started = start_run(
            runtime,
            run.job,
            told,
            by=trail.actor,
            connection=connection,
            unique_key=key or None,
            retry_of=run.id,
        )
        trail.write(connection, Note("job_started", ABOUT, started, run.job))
    return started


def _can_go_back(runtime: Runtime, run: Any) -> bool:
    """Return whether what a run did can be given back; a step of a workflow cannot."""
    if run.job != CHANGES or run.input.get("undo_of"):
        return False
    entity = runtime.app.entities.get(str(run.input["entity"]))
    operation = str(run.input["body"]["operation"])
    return entity is not None and (operation == "update" or entity.archive)


def _own(runtime: Runtime, trail: Trail, run_id: str) -> Any:
    assert trail.actor is not None, "whoever is not signed in was asked to before"
    return desk.find_run(runtime, trail.actor, run_id)


def _person(trail: Trail) -> int:
    assert trail.actor is not None
    return trail.actor.id
