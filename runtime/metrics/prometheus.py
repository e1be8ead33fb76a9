"""Counters and histograms for Prometheus: observations go in, the text of `/metrics` comes out.

Several processes serve one shop, so each keeps its numbers in a memory-mapped file and `render`
adds them up. prometheus_client decides this once, when it is imported, from the environment
variable `PROMETHEUS_MULTIPROC_DIR`: the supervisor gives every child one empty directory. Without
it the numbers are this process's own. Jobs are counted by the worker that forks them, because a
file for each of a million short-lived processes would never be read again.

Labels come from definitions and closed sets only, never from what a caller typed.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector

from runtime.metrics.steps import NAMES, RENDER

CONTENT_TYPE = CONTENT_TYPE_LATEST

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
STEP_SECONDS = (0.0001, 0.00025, 0.0005, *SECONDS[:-2])
JOB_SECONDS = (0.01, 0.1, 0.5, 1.0, 5.0, 30.0, 120.0, 600.0, 3600.0)
STATEMENTS = (1, 2, 3, 5, 8, 13, 21, 34, 55, 100)

_registry = CollectorRegistry()

_requests = Counter(
    "shopwright_requests",
    "Requests answered.",
    ("operation", "entity", "status"),
    registry=_registry,
)
_request_seconds = Histogram(
    "shopwright_request_seconds",
    "Seconds from the first byte in to the last byte out.",
    ("operation",),
    buckets=SECONDS,
    registry=_registry,
)
_step_seconds = Histogram(
    "shopwright_step_seconds",
    "Seconds in each step of the pipeline.",
    ("step",),
    buckets=STEP_SECONDS,
    registry=_registry,
)
_of_step = {name: _step_seconds.labels(name) for name in (*NAMES, RENDER)}
_statements = Histogram(
    "shopwright_request_statements",
    "Database statements of one request.",
    ("operation",),
    buckets=STATEMENTS,
    registry=_registry,
)
_transitions = Counter(
    "shopwright_transitions",
    "Transitions asked for, by what became of them: fired, repeated, or the code of the refusal.",
    ("entity", "transition", "source", "outcome"),
    registry=_registry,
)
_jobs = Counter("shopwright_jobs", "Runs of jobs that ended.", ("job", "state"), registry=_registry)
_job_seconds = Histogram(
    "shopwright_job_seconds",
    "Seconds one start of a run took.",
    ("job",),
    buckets=JOB_SECONDS,
    registry=_registry,
)


def observe_request(
    operation: str,
    entity: str,
    status: int,
    seconds: float,
    steps: Mapping[str, float],
    statements: int,
) -> None:
    """Count one answered request: its seconds in all, its seconds by step, its statements."""
    _counted(operation, entity, status).inc()
    request_seconds, sent = _of_operation(operation)
    request_seconds.observe(seconds)
    sent.observe(statements)
    for step, took in steps.items():
        _of_step[step].observe(took)


def observe_transition(entity: str, transition: str, source: str, outcome: str) -> None:
    """Count one transition that was asked for; it is named as `workflow.name`."""
    _transitions.labels(entity, transition, source, outcome).inc()


def observe_job(job: str, state: str, seconds: float) -> None:
    """Count one start of a run and how it ended."""
    _jobs.labels(job, state).inc()
    _job_seconds.labels(job).observe(seconds)


def render(directory: Path | None = None) -> bytes:
    """Return the metrics as text: of all processes that share a directory, or of this one."""
    if directory is None:
        return generate_latest(_registry)
    shared = CollectorRegistry()
    MultiProcessCollector(shared, path=str(directory))  # type: ignore[no-untyped-call]
    return generate_latest(shared)


def gauges(rows: Mapping[str, Mapping[str, float]]) -> bytes:
    """Return numbers that are so now as text: by metric, and by what it is about."""
    lines = []
    for name, values in rows.items():
        lines.append(f"# TYPE shopwright_{name} gauge")
        lines += [f'shopwright_{name}{{of="{of}"}} {value:g}' for of, value in values.items()]
    return "".join(f"{line}\n" for line in lines).encode()


def clear(directory: Path) -> None:
    """Make an empty directory for a fresh start; the files of ended processes would count again."""
    directory.mkdir(parents=True, exist_ok=True)
    for file in directory.glob("*.db"):
        file.unlink(missing_ok=True)


@cache
def _counted(operation: str, entity: str, status: int) -> Counter:
    """Return the counter of such requests; finding it by its labels takes as long as counting."""
    return _requests.labels(operation, entity, str(status))


@cache
def _of_operation(operation: str) -> tuple[Histogram, Histogram]:
    return _request_seconds.labels(operation), _statements.labels(operation)
