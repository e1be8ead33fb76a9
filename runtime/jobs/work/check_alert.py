"""A job: one look at one alert; what it means is written down and told in one transaction."""

from __future__ import annotations

from runtime.alerts import looking, noticing
from runtime.jobs.worker import JobRuntime
from runtime.runtime import Runtime

NAME = noticing.LOOK
QUEUE = noticing.QUEUE
ATTEMPTS = noticing.ATTEMPTS
TIMEOUT = 120


def run(run_id: str, runtime: JobRuntime) -> None:
    """Look; an alert that is declared no more has nothing to be looked at."""
    office: Runtime = runtime.application
    alert = office.app.alerts.get(str(runtime.run.input["alert"]))
    if alert is not None:
        looking.look(office, alert)
