"""A job: a copy of everything about one person, with the rights of whoever asked for it."""

from __future__ import annotations

from runtime.jobs.worker import JobRuntime
from runtime.operations.copy_person import JOB

NAME = JOB
QUEUE = "bulk"
TIMEOUT = 3600
ATTEMPTS = 3


def run(run_id: str, runtime: JobRuntime) -> None:
    """Write the file."""
    from runtime.exporting.person import write_copy  # noqa: PLC0415 (it loads the pages)

    write_copy(run_id, runtime)
