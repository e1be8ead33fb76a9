"""Emergencies as data: what somebody can take, what runs, what waits to be looked into.

Comes in: a visit and the uses they may know of. Goes out: one frozen page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from runtime import emergencies
from runtime.store.emergencies import Use
from runtime.store.engine import read
from runtime.web.people.access_page import held_label
from runtime.web.people.pages import Choice, When, when
from runtime.web.screens import removed_entries
from runtime.web.screens.visit import Visit


@dataclass(frozen=True, slots=True)
class UseCard:
    """One time that somebody took a role."""

    id: str
    who: str
    label: str
    reason: str
    began: When
    until: When
    state_label: str
    tone: str
    rows: int
    """What the audit holds of it."""
    removed: bool
    """Whether entries of that time are there no more."""
    log: str
    """The page of the log that tells of it; empty for who may not read the log."""
    ended: str
    looked: str
    said: str
    may_end: bool
    may_review: bool


@dataclass(frozen=True, slots=True)
class EmergencyPage:
    """Everything `people/emergencies.html` draws."""

    waiting: tuple[UseCard, ...]
    others: tuple[UseCard, ...]
    roles: tuple[Choice, ...]
    minutes: Mapping[str, int]
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


def emergency_page(
    visit: Visit,
    uses: Sequence[Use],
    values: Mapping[str, str],
    errors: Mapping[str, str],
    *,
    reads_log: bool,
) -> EmergencyPage:
    """Return the page; what its reader shall look into comes first."""
    runtime = visit.runtime
    now, rows = runtime.clock(), _rows(visit, uses)
    watched = emergencies.watched_by(runtime, visit.actor)
    gone = removed_entries.removed_until(visit, min((one.started_at for one in uses), default=None))
    cards = [_card(visit, one, rows, watched, now, gone, reads_log) for one in uses]
    taken = emergencies.can_be_taken(runtime, visit.actor) if visit.actor.emergency is None else ()
    return EmergencyPage(
        waiting=tuple(one for one in cards if one.may_review or one.may_end),
        others=tuple(one for one in cards if not (one.may_review or one.may_end)),
        roles=tuple(
            Choice(name, held_label(visit, name), name == values.get("role")) for name in taken
        ),
        minutes={
            name: role.break_glass.minutes
            for name, role in visit.app.roles.items()
            if role.break_glass is not None
        },
        values=values,
        errors=errors,
    )


def _card(
    visit: Visit,
    one: Use,
    rows: Mapping[str, int],
    watched: frozenset[str],
    now: datetime,
    gone: datetime | None,
    reads_log: bool,
) -> UseCard:
    t = visit.t
    runs, mine = one.runs(now), one.user_id == visit.actor.id
    label, tone = t("Looked into", "emergency"), "success"
    if runs:
        label, tone = t("Runs", "emergency"), "critical"
    elif one.reviewed_at is None:
        label, tone = t("To be looked into", "emergency"), "attention"
    return UseCard(
        id=one.id,
        who=one.user_name,
        label=held_label(visit, one.role),
        reason=one.reason,
        began=when(visit, one.started_at),
        until=when(visit, one.ended_at or one.until),
        state_label=label,
        tone=tone,
        rows=rows.get(one.id, 0),
        removed=gone is not None and one.started_at <= gone,
        log=f"/audit/?emergency={one.id}" if reads_log else "",
        ended=one.ended_name or "",
        looked=one.reviewed_name or "",
        said=one.said or "",
        may_end=runs and (mine or one.role in watched),
        may_review=not runs and not mine and one.role in watched and one.reviewed_at is None,
    )


def _rows(visit: Visit, uses: Sequence[Use]) -> dict[str, int]:
    """Return how many rows of the audit carry each use: one statement."""
    if not uses:
        return {}
    audit = visit.runtime.system.audit.c
    asked = (
        sa.select(audit.emergency, sa.func.count())
        .where(
            audit.actor_id.in_(sorted({one.user_id for one in uses})),
            audit.emergency.in_([one.id for one in uses]),
        )
        .group_by(audit.emergency)
    )
    with read(visit.runtime.engine) as connection:
        return {str(use): int(count) for use, count in connection.execute(asked)}
