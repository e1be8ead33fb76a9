"""A job: one change, deletion or return of many records, asked for by a person; or its undoing.

Each record is its own transaction, and its row is written in it: no worker changes one twice. What
a record was is kept in its row as far as the person may read it, so that undoing gives it back to
every record that is still as this run left it. A preview undoes each change at once and keeps what
would have become of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import sqlalchemy as sa

from runtime.errors import RequestError
from runtime.jobs import many
from runtime.jobs.many import Done, Now, Target
from runtime.jobs.rows import write_numbered
from runtime.jobs.tables import ROW
from runtime.jobs.worker import JobRuntime
from runtime.messages import Actor, Incoming, Outcome
from runtime.operations import bulk
from runtime.operations.bulk import CHANGES
from runtime.pipeline import authorize, handle
from runtime.runtime import Runtime
from runtime.store.engine import read
from runtime.store.rows import is_masked_form, json_function

NAME = CHANGES
QUEUE = "bulk"


def run(run_id: str, runtime: JobRuntime) -> None:
    """Change record after record."""
    given = runtime.run.input
    office: Runtime = runtime.application
    many.work_through(run_id, runtime, partial(_change, office, given, run_id))


def _change(
    office: Runtime,
    given: Mapping[str, Any],
    run_id: str,
    actor: Actor,
    targets: Sequence[Target],
    now: Now,
) -> Done:
    entity = str(given["entity"])
    request = str(given.get("request") or run_id)
    incoming = Incoming(
        "bulk",
        entity,
        actor,
        values=given["body"],
        source="job",
        request_id=request,
        reason=str(given.get("reason") or ""),
    )
    kept: set[int] = set()
    outcomes: list[tuple[int, Outcome]] = []
    before = _before(office, incoming, targets)
    for one, body in _bodies(office, given, targets):
        who = now()
        if who is None:
            outcomes.append((one.position, Outcome(one.id, many.GONE)))
            continue
        try:
            plan = _plan(office, replace(incoming, actor=who, values=body))
        except RequestError as refusal:
            outcomes.append((one.position, bulk.refused(one.id, refusal)))
            continue

        def write_down(connection: sa.Connection, outcome: Outcome, at: int = one.position) -> None:
            write_numbered(connection, run_id, entity, [(at, outcome)], before)

        became = bulk.change_one(plan, office, one.id, one.version, write_down)
        outcomes.append((one.position, became))
        if became.status == "ok" and not plan.call.preview:
            kept.add(one.position)
    return Done(outcomes, frozenset(kept))


def _plan(office: Runtime, incoming: Incoming) -> bulk.Plan:
    grant = authorize(incoming, office)
    return bulk.plan(bulk.parse(incoming, grant, office), grant, office)


def _bodies(
    office: Runtime, given: Mapping[str, Any], targets: Sequence[Target]
) -> Iterator[tuple[Target, dict[str, Any]]]:
    """Yield with each record what is wanted of it: the same of all, or what it was."""
    undone = given.get("undo_of")
    values: Mapping[str, Any] = {}
    if undone and given["body"]["operation"] == "update":
        ids = [one.id for one in targets]
        asked = sa.select(ROW.c.record_id, ROW.c.before).where(
            ROW.c.run_id == str(undone), ROW.c.record_id.in_(ids)
        )
        with read(office.engine) as connection:
            values = {row.record_id: row.before for row in connection.execute(asked)}
    for one in targets:
        body = {**given["body"], "ids": [one.id]}
        if one.id in values:
            body["values"] = values[one.id]
        yield one, body


def _before(
    office: Runtime, incoming: Incoming, targets: Sequence[Target]
) -> Mapping[str, dict[str, Any]]:
    """Return what records are, in API form, where all of it can be given back to them."""
    body = incoming.values
    names = list(body.get("values") or ())
    if body["operation"] != "update" or body.get("preview") or not targets:
        return {}
    query = {
        "ids": (",".join(one.id for one in targets),),
        "fields": (",".join(("id", *names)),),
        "limit": (str(len(targets)),),
    }
    asked = Incoming("list", incoming.entity, incoming.actor, query=query, source="job")
    found = handle(asked, office)
    if isinstance(found, RequestError):
        return {}
    catalog = office.compiled.field_types
    entity = office.app.entities[incoming.entity]
    if any(catalog[entity.fields[name].type].relation == "references" for name in names):
        return {}
    make = json_function(found.plan.shown, catalog, found.plan.veiled)
    rows = (make(row) for row in found.rows)
    return {
        str(row["id"]): {name: _plain(row[name]) for name in names}
        for row in rows
        if all(name in row and not is_masked_form(row[name]) for name in names)
    }


def _plain(value: Any) -> Any:
    """Return a value as a payload holds it: a reference is its id."""
    return value.get("id") if isinstance(value, dict) and set(value) <= {"id"} else value
