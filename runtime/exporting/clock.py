"""The clock of saved exports: asks for them and hands their slots to the scheduler's own tick."""

from __future__ import annotations

from collections.abc import Mapping

from runtime.jobs import scheduler
from runtime.jobs.registry import JobKind
from runtime.runtime import Runtime


def tick(runtime: Runtime, kinds: Mapping[str, JobKind]) -> int:
    """Make a run for each saved export whose time has come; return how many."""
    from runtime.exporting.sending import schedules  # noqa: PLC0415 (it loads the pages)

    found = schedules(runtime)
    return scheduler.tick(runtime.engine, found, kinds, runtime.clock()) if found else 0
