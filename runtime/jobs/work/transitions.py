"""A job: one transition of many records, asked for by a person on a frozen selection.

Each record is its own transaction, with the roles the person holds when it is their turn. The log
rows of the batch say what is done, so the job may stop anywhere and go on, or be asked for again.
"""

from __future__ import annotations

from collections.abc import Sequence

from runtime.errors import RequestError
from runtime.jobs import many
from runtime.jobs.many import Done, Target
from runtime.jobs.worker import JobRuntime
from runtime.messages import Actor, Incoming
from runtime.operations import _bulk_firing
from runtime.operations.bulk import JOB
from runtime.runtime import Runtime

NAME = JOB
QUEUE = "bulk"


def run(run_id: str, runtime: JobRuntime) -> None:
    """Fire the transition of record after record."""
    office: Runtime = runtime.application
    given = runtime.run.input

    def fire(actor: Actor, targets: Sequence[Target]) -> Done:
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
            return Done([(one.position, _bulk_firing.refused(one.id, refusal)) for one in targets])
        fired = _bulk_firing.fire_each(office, batch, [(one.id, one.version) for one in targets])
        return Done(many.numbered(targets, fired))

    many.work_through(run_id, runtime, fire)
