"""A job: the next call of one transition's run, under its stored key.

The attempts of a run are ours, in the row of the call; those of the job only cover a database that
is away or a record that is busy.
"""

from __future__ import annotations

from runtime.jobs.worker import JobRuntime
from runtime.outside import call_runs, calls
from runtime.runtime import Runtime

NAME = call_runs.JOB
QUEUE = "critical"
ATTEMPTS = 20
TIMEOUT = 300


def run(run_id: str, runtime: JobRuntime) -> None:
    """Take a call, make it, settle it; nothing to take is nothing to do."""
    office: Runtime = runtime.application
    taken = calls.take(office, str(runtime.run.input["log"]))
    if taken is not None:
        calls.settle(office, taken, calls.make(taken))
