"""A job: one transition of many records, asked for by a person on a frozen selection.

Each record is its own transaction, with the roles the person holds when it is their turn. The log
rows of the batch say what is done, so the job may stop anywhere and go on, or be asked for again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from runtime.errors import RequestError
from runtime.jobs.rows import write_rows
from runtime.jobs.worker import JobRuntime
from runtime.messages import Actor, Incoming, Outcome
from runtime.operations import _bulk_firing
from runtime.operations.bulk import JOB
from runtime.runtime import Runtime
from runtime.store import accounts
from runtime.store.engine import read, write

NAME = JOB
QUEUE = "bulk"
CHUNK = 50
"""Records between two looks at whether somebody stopped it."""
MOST_TOLD = 500
"""Refused records that the result names."""


def run(run_id: str, runtime: JobRuntime) -> None:
    """Fire the transition of record after record; what was refused stands in the result."""
    office: Runtime = runtime.application
    given = runtime.run.input
    targets = [(str(one), version) for one, version in given["targets"]]
    kept = dict(runtime.run.checkpoint or {"at": 0, "counts": {}, "refused": []})
    counts: Counter[str] = Counter(kept["counts"])
    refused = list(kept["refused"])
    at = int(kept["at"])
    while at < len(targets):
        runtime.run.pause_point()
        chunk = targets[at : at + CHUNK]
        outcomes = _chunk(office, given, runtime.run.claim.created_by, run_id, chunk)
        for outcome in outcomes:
            counts[outcome.status] += 1
            if outcome.status != "ok" and len(refused) < MOST_TOLD:
                refused.append(_told(outcome))
        at += len(chunk)
        with write(office.engine) as connection:
            entity = str(given["entity"])
            write_rows(connection, run_id, entity, at - len(chunk), outcomes)
            runtime.run.advance(
                connection,
                done=at,
                total=len(targets),
                counts=dict(counts),
                checkpoint={"at": at, "counts": dict(counts), "refused": refused},
            )
    with write(office.engine) as connection:
        runtime.run.succeed(connection, {"counts": dict(counts), "refused": refused})


def _chunk(
    office: Runtime,
    given: Mapping[str, Any],
    person: str | None,
    run_id: str,
    chunk: list[tuple[str, Any]],
) -> list[Outcome]:
    actor = _actor(office, given, person)
    if actor is None:
        return [Outcome(record_id, "forbidden") for record_id, _ in chunk]
    incoming = Incoming(
        "bulk",
        str(given["entity"]),
        actor,
        values=given["body"],
        source="job",
        request_id=str(given.get("request") or run_id),
    )
    try:
        batch = _bulk_firing.batch_of(office, incoming, given["body"])
    except RequestError as refusal:
        return [_bulk_firing.refused(record_id, refusal) for record_id, _ in chunk]
    return list(_bulk_firing.fire_each(office, batch, chunk))


def _actor(office: Runtime, given: Mapping[str, Any], person: str | None) -> Actor | None:
    """Return the person with the roles they hold now; None when they may not sign in any more."""
    with read(office.engine) as connection:
        found = accounts.by_ids(connection, [int(person or 0)])
    if not found:
        return None
    facts = {name: tuple(value) for name, value in given["person"].items()}
    return replace(
        found[0].actor, person=facts, time_zone=given["time_zone"], locale=given["locale"]
    )


def _told(outcome: Outcome) -> dict[str, Any]:
    error = outcome.errors[0] if outcome.errors else None
    return {
        "id": outcome.record_id,
        "status": outcome.status,
        "code": error.code if error else "",
        "message": dict(outcome.message.texts) if outcome.message else {},
    }
