"""A job: one notice goes to its reader by e-mail, at once."""

from __future__ import annotations

from runtime.jobs.worker import JobRuntime
from runtime.mailing import sending
from runtime.runtime import Runtime

NAME = sending.NOTICE
ATTEMPTS = 8
PAUSE = 30
TIMEOUT = 120


def run(run_id: str, runtime: JobRuntime) -> None:
    """Send it, unless it was read meanwhile or is not wanted any more."""
    office: Runtime = runtime.application
    sending.send_notice(office, str(runtime.run.input["notice"]))
