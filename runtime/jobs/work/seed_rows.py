"""A job: seed a folder of rows while the back office is already open.

What is there already is left alone, so an interrupted run simply starts over where it stopped.
"""

from __future__ import annotations

from pathlib import Path

from runtime.jobs.worker import JobRuntime
from runtime.messages import Actor
from runtime.seed import Seeded, seed

NAME = "seed_rows"
QUEUE = "bulk"


def run(run_id: str, runtime: JobRuntime) -> None:
    """Seed the folder that the run's input names, as every role of the app together."""
    application = runtime.application
    actor = Actor(0, "system", frozenset(application.app.roles), kind="job")

    def note(done: Seeded) -> None:
        count = sum(done.created.values()) + sum(done.skipped.values())
        runtime.run.pause_point()
        with runtime.engine.begin() as connection:
            runtime.run.advance(connection, done=count)

    done = seed(application, Path(str(runtime.run.input["folder"])), actor, after_batch=note)
    with runtime.engine.begin() as connection:
        runtime.run.succeed(connection, {"created": sum(done.created.values())})
