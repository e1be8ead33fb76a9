"""A job: what one subscription has to be told is sent, one delivery after the other.

The tries of a delivery are ours, in its row; those of the job only cover a database that is away.
"""

from __future__ import annotations

from runtime.hooks import sending
from runtime.jobs.worker import JobRuntime
from runtime.runtime import Runtime

NAME = sending.JOB
QUEUE = sending.QUEUE
ATTEMPTS = 3
TIMEOUT = 120


def run(run_id: str, runtime: JobRuntime) -> None:
    """Send what waits; a subscription that is gone has nothing."""
    office: Runtime = runtime.application
    sending.drain(office, str(runtime.run.input["hook"]))
