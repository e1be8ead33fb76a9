"""A job: one stored event of another system is handled, once."""

from __future__ import annotations

from runtime.jobs.worker import JobRuntime
from runtime.outside import events
from runtime.runtime import Runtime

NAME = events.JOB
QUEUE = "critical"
ATTEMPTS = 20
TIMEOUT = 120


def run(run_id: str, runtime: JobRuntime) -> None:
    """Handle it; one that is handled already is nothing to do."""
    office: Runtime = runtime.application
    events.process(office, str(runtime.run.input["event"]))
