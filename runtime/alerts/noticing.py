"""Records that changed let the alerts about them be looked at soon: events in, runs out.

Called with every batch that the relay takes out of the outbox. However many records change, an
alert is looked at once in ten seconds at most: the slot is part of the run's key.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from runtime.jobs import runs
from runtime.jobs.outbox import OutboxRow
from runtime.runtime import Runtime

LOOK = "check_alert"
"""The job that looks at one alert."""
QUEUE = "default"
ATTEMPTS = 3
SLOT = 10
"""Seconds."""


def notice(connection: sa.Connection, runtime: Runtime, rows: Sequence[OutboxRow]) -> int:
    """Queue a look at every alert about the records of these events; return how many there are."""
    touched = {row.entity for row in rows}
    alerts = [one for one in runtime.app.alerts.values() if one.on_change and one.entity in touched]
    now = runtime.clock()
    slot = int(now.timestamp()) // SLOT + 1
    due = datetime.fromtimestamp(slot * SLOT, UTC) + timedelta(0)
    for one in alerts:
        run = runs.NewRun(
            LOOK,
            queue=QUEUE,
            input={"alert": one.name},
            unique_key=f"{LOOK}-{one.name}-{slot}",
            max_attempts=ATTEMPTS,
            due_at=due,
        )
        runs.create(connection, run, now)
    return len(alerts)
