"""A job: what a workflow tells somebody outside goes to them by e-mail."""

from __future__ import annotations

from runtime.jobs.worker import JobRuntime
from runtime.mailing import outsiders
from runtime.runtime import Runtime

NAME = outsiders.JOB
ATTEMPTS = 8
PAUSE = 30
TIMEOUT = 120


def run(run_id: str, runtime: JobRuntime) -> None:
    """Send it, unless there is nobody to send it to."""
    office: Runtime = runtime.application
    outsiders.send(office, str(runtime.run.input["telling"]))
