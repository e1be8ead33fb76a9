"""A job: a saved export whose time has come, for each of its recipients."""

from __future__ import annotations

from runtime.jobs.worker import JobRuntime

NAME = "send_export"
QUEUE = "default"


def run(run_id: str, runtime: JobRuntime) -> None:
    """Queue a file for everybody it is for."""
    from runtime.exporting.sending import send  # noqa: PLC0415 (it loads the pages)

    send(run_id, runtime)
