"""Why an alert did or did not tell anybody of one record: what was asked of it, one after another.

Comes in: an alert that somebody sees, a record that they may read. Goes out: every condition with
whether it holds now, and what became of the record so far. A condition is asked in the name of the
alert's role, through the plans that the alert itself looks by.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from generator.model.alert import EACH, Alert
from generator.model.text import Label
from rules.alerts import is_quiet
from runtime.alerts import measuring
from runtime.errors import NotFound
from runtime.messages import Actor, Incoming, Result
from runtime.pipeline import handle
from runtime.runtime import Runtime
from runtime.store import fetch
from runtime.store.engine import read

REACH, DURING, AMONG, WHERE = "reach", "during", "among", "where"
"""What is asked: may the alert's role list it, is it of the stretch, of the whole, does it fit."""
NO_RECORD = Label({"en": "There is no such record.", "zh": "没有这条记录。"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known of an alert and a record."""

    asked: tuple[tuple[str, bool], ...]
    """What was asked in order, and whether it holds; what follows a no is not asked."""
    standing: Any
    """The row of the alert about this record that is open or ended last; None where there is none,
    and where the alert is about a number."""
    looked_at: datetime | None
    """When anybody looked last; what happened since is not known to the alert."""
    is_quiet: bool
    """Nobody is told at this hour."""
    told_again_after: datetime | None
    """Before, the same thing is not told anew."""

    @property
    def counts(self) -> bool:
        """Whether the record is one that the alert is about, now."""
        return all(holds for _, holds in self.asked)


def why(runtime: Runtime, actor: Actor, alert: Alert, record_id: str) -> Answer:
    """Return why an alert did or did not tell of a record.

    Raises:
        NotFound: there is no such record, or not for them.

    """
    seen = Incoming("read", alert.entity, actor, record_id, query={"fields": ("id",)})
    if not isinstance(handle(seen, runtime), Result):
        raise NotFound(NO_RECORD)
    row, looked_at = _known(runtime, alert, record_id)
    ended = row.ended_at if row is not None else None
    return Answer(
        tuple(_asked(runtime, alert, record_id)),
        row,
        looked_at,
        is_quiet(alert.quiet, runtime.clock()),
        ended + timedelta(seconds=alert.again) if ended is not None else None,
    )


def _asked(runtime: Runtime, alert: Alert, record_id: str) -> list[tuple[str, bool]]:
    span = alert.during
    since = runtime.clock() - timedelta(seconds=span.seconds) if span is not None else None
    stretch = measuring.range_of(alert, since, None)
    questions: list[tuple[str, Mapping[str, tuple[str, ...]], tuple[Any, ...]]] = [
        (REACH, {}, ()),
    ]
    if span is not None:
        questions.append((DURING, stretch, ()))
    if alert.among is not None:
        questions.append((AMONG, stretch, (alert.among,)))
    if alert.where is not None:
        questions.append((WHERE, stretch, (alert.among, alert.where)))
    found = []
    for name, query, where in questions:
        plan = measuring.plan_of(runtime, alert, {**query, "ids": (record_id,)}, where)
        with read(runtime.engine) as connection:
            holds = bool(fetch.page(connection, runtime.statements, plan).rows)
        found.append((name, holds))
        if not holds:
            break
    return found


def _known(runtime: Runtime, alert: Alert, record_id: str) -> tuple[Any, datetime | None]:
    one, looks = runtime.system.alert, runtime.system.alert_look
    latest = sa.select(sa.func.max(looks.c.at)).where(looks.c.alert == alert.name)
    mine = (
        sa.select(one)
        .where(one.c.alert == alert.name, one.c.subject == record_id)
        .order_by(one.c.opened_at.desc())
        .limit(1)
    )
    with read(runtime.engine) as connection:
        at = connection.execute(latest).scalar()
        row = connection.execute(mine).first() if alert.measure == EACH else None
    return row, at
