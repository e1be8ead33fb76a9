"""`start_run`: background work begins here, whoever wants it; the one door beside the relay.

A run is a row. It is written in a transaction, seen on the page of runs from then on, and worked on
by whichever worker takes it, also after a restart of everything.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import sqlalchemy as sa

from generator.model.app import App
from runtime.jobs import declared, registry, runs
from runtime.jobs.registry import JobKind
from runtime.messages import Actor
from runtime.runtime import Runtime
from runtime.store.engine import write


def every_kind(app: App) -> Mapping[str, JobKind]:
    """Return every job there is, by name: those of the engine and those of the definitions."""
    return {**_engine_kinds(), **declared.kinds_of(app)}


def start_run(
    runtime: Runtime,
    job: str,
    given: Mapping[str, Any],
    *,
    by: Actor | None = None,
    connection: sa.Connection | None = None,
    unique_key: str | None = None,
    source: str = "",
    retry_of: str | None = None,
) -> str:
    """Queue a run of a job and return its id; it is at `/jobs/runs/ID` from now on.

    The job is a file of `runtime/jobs/work/` (NAME, QUEUE, ATTEMPTS, TIMEOUT and
    `run(run_id, runtime)`) or one of the definitions. While it works, `runtime.run` is the run:
    `.input` is `given`; `.progress(done, total, message)` tells how far it is and stops it where
    somebody asked for that; `.advance(connection, done=…, checkpoint=…)` does the same in the
    transaction of an effect; `.note(text)` writes its log; `.succeed(connection, result)` ends it
    with a small JSON value. An exception is written down and it is tried again.

    Args:
        runtime: the back office.
        job: its name; LookupError where there is none of it.
        given: what it is told, small and JSON; ids, never records.
        by: who wants it: they see the run and may cancel it. None for the back office itself.
        connection: a transaction that the run shall be part of; one of its own if missing.
        unique_key: a second request with the same key is the same run, ever.
        source: schedule, person, workflow or system; by `by` if missing.
        retry_of: the run whose refused records this one tries again.

    """
    kind = runtime.remembered.get(("job kinds",), lambda: every_kind(runtime.app)).get(job)
    if kind is None:
        raise LookupError(f"no job is called {job!r}")
    run = runs.NewRun(
        job=kind.name,
        queue=kind.queue,
        input=given,
        created_by=str(by.id) if by is not None and by.id else None,
        unique_key=unique_key,
        max_attempts=kind.attempts,
        alone=kind.alone,
        source=source or ("person" if by is not None and by.id else "system"),
        retry_of=retry_of,
    )
    if connection is not None:
        return runs.create(connection, run, runtime.clock())
    with write(runtime.engine) as own:
        return runs.create(own, run, runtime.clock())


@cache
def _engine_kinds() -> Mapping[str, JobKind]:
    return registry.find_kinds()
