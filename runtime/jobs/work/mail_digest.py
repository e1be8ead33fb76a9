"""A job: what a person was told since their last summary, in one e-mail."""

from __future__ import annotations

from runtime.jobs.worker import JobRuntime
from runtime.mailing import sending
from runtime.runtime import Runtime

NAME = sending.DIGEST
ATTEMPTS = 8
PAUSE = 30
TIMEOUT = 120


def run(run_id: str, runtime: JobRuntime) -> None:
    """Send it; a day without news has none."""
    office: Runtime = runtime.application
    given = runtime.run.input
    sending.send_digest(office, runtime.run, int(given["person"]), str(given["day"]))
