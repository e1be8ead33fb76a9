"""A job: stored formulas that read a record which changed, when more follow than one request does.

It was promised in the transaction of the change. Each batch is one transaction with the run's
checkpoint, and computing a record twice changes nothing, so it may stop anywhere.
"""

from __future__ import annotations

from runtime.jobs.worker import JobRuntime
from runtime.messages import Actor, Incoming
from runtime.operations import _reading
from runtime.operations._renewing import JOB, follow_on
from runtime.operations._work import Work
from runtime.runtime import Runtime
from runtime.store.engine import write

NAME = JOB
QUEUE = "bulk"


def run(run_id: str, runtime: JobRuntime) -> None:
    """Compute batch after batch again; what the definitions no longer know is left alone."""
    office: Runtime = runtime.application
    given, after = runtime.run.input, str(runtime.run.checkpoint or "")
    actor = Actor(0, "formulas", frozenset(), kind="job")
    incoming = Incoming("update", str(given["entity"]), actor, source="job", request_id=run_id)
    while given["entity"] in office.app.entities:
        runtime.run.pause_point()
        with write(office.engine) as connection:
            context = _reading.context(office, actor)
            work = Work(connection, office, incoming, context["now"], context)
            after = follow_on(work, incoming.entity, given["way"], given["sources"], after)
            runtime.run.advance(connection, checkpoint=after)
        if not after:
            return
