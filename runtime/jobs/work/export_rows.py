"""A job: a file of records for one person, with the rights they have when it is written."""

from __future__ import annotations

from runtime.jobs.worker import JobRuntime
from runtime.operations.export import JOB

NAME = JOB
QUEUE = "bulk"
TIMEOUT = 6 * 3600
ATTEMPTS = 3


def run(run_id: str, runtime: JobRuntime) -> None:
    """Write the file."""
    from runtime.exporting.making import write_file  # noqa: PLC0415 (it loads the pages)

    write_file(run_id, runtime)
