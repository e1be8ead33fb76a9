"""The allow-list of jobs: packages of job files go in, `JobKind`s by name come out.

A job is found by listing a folder, never by a name that travels: what Redis carries is looked up
here, and a name that is not here is refused.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from generator.model.job import QUEUES

DEFAULT_PACKAGES = ("runtime.jobs.work",)

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")


@dataclass(frozen=True, slots=True)
class JobKind:
    """One kind of background work."""

    name: str
    run: Callable[[str, Any], None]
    """Called with the run's id and a `runtime.jobs.worker.JobRuntime`."""
    queue: str = "default"
    """`critical`, `default` or `bulk`."""
    attempts: int = 5
    """How often a run may start before it is given to a person."""
    timeout: int = 3600
    """Seconds after which a run is interrupted and tried again."""
    pause: int = 5
    """Seconds before the second attempt; each pause is twice the one before."""
    alone: str = ""
    """Two runs with this key never work at once."""
    late: int = 1800
    """Seconds behind its time after which a person is told; 0 for never."""


def find_kinds(packages: tuple[str, ...] = DEFAULT_PACKAGES) -> Mapping[str, JobKind]:
    """Return every job kind of these packages; ValueError names the file at fault."""
    kinds: dict[str, JobKind] = {}
    for package_name in packages:
        package = importlib.import_module(package_name)
        for found in sorted(pkgutil.iter_modules(package.__path__), key=lambda each: each.name):
            kind = read_kind(importlib.import_module(f"{package_name}.{found.name}"))
            if kind.name in kinds:
                raise ValueError(
                    f"two files declare the job {kind.name!r}; the second is {found.name}.py"
                )
            kinds[kind.name] = kind
    return kinds


def read_kind(module: ModuleType) -> JobKind:
    """Return what a job file declares; ValueError when NAME or run is missing or malformed."""
    name, run = getattr(module, "NAME", None), getattr(module, "run", None)
    if not isinstance(name, str) or not _NAME.match(name) or not callable(run):
        raise ValueError(
            f"{module.__name__} is no job: it needs NAME (lower_snake) and def run(run_id, runtime)"
        )
    options = {
        option: getattr(module, option.upper())
        for option in ("queue", "attempts", "timeout", "pause", "alone", "late")
        if hasattr(module, option.upper())
    }
    kind = JobKind(name, run, **options)
    if kind.queue not in QUEUES:
        raise ValueError(
            f"{module.__name__}: no queue is called {kind.queue!r}; there are {', '.join(QUEUES)}"
        )
    return kind
