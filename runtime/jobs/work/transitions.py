"""A job: one transition of many records, asked for by a person on a frozen selection.

Each record is its own transaction, with the roles the person holds when it is their turn. The log
rows of the batch say what is done, so the job may stop anywhere and go on, or be asked for again.
"""

from __future__ import annotations

from collections.abc import Sequence

from runtime.errors import RequestError
from runtime.jobs import many
from runtime.jobs.many import Done, Now, Target
from runtime.jobs.worker import JobRuntime
from runtime.messages import Actor, Incoming, Outcome
from runtime.operations import _bulk_firing
from runtime.operations._bulk_firing import Batch
from runtime.operations.bulk import JOB
from runtime.runtime import Runtime

NAME = JOB
QUEUE = "bulk"


def run(run_id: str, runtime: JobRuntime) -> None:
    """Fire the transition of record after record."""
    office: Runtime = runtime.application
    given = runtime.run.input

    def batch_of(actor: Actor) -> Batch:
        incoming = Incoming(
            "bulk",
            str(given["entity"]),
            actor,
            values=given["body"],
            source="job",
            request_id=str(given.get("request") or run_id),
        )
        return _bulk_firing.batch_of(office, incoming, given["body"])

    def fire_one(one: Target, done: frozenset[str], who: Actor | None) -> Outcome:
        if one.id in done:
            return Outcome(one.id, "ok", one.version, changed=False)
        if who is None:
            return Outcome(one.id, many.GONE)
        try:
            batch = batch_of(who)
        except RequestError as refusal:
            return _bulk_firing.refused(one.id, refusal)
        return _bulk_firing.fire_one(office, batch, one.id, one.version)

    def fire(actor: Actor, targets: Sequence[Target], now: Now) -> Done:
        try:
            done = _bulk_firing.done_before(office, batch_of(actor))
        except RequestError as refusal:
            return Done([(one.position, _bulk_firing.refused(one.id, refusal)) for one in targets])
        return Done([(one.position, fire_one(one, done, now())) for one in targets])

    many.work_through(run_id, runtime, fire)
