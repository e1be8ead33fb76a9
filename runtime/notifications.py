"""`notify`: what somebody shall be told becomes a row, in the caller's transaction.

A notice is facts, never a sentence and never an address: `kind` says what happened (mention,
comment, change, …), `params` what a sentence about it needs, and whoever shows it words it in the
reader's language. About a record only its entity and id are kept, because a notice outlives rights:
the bell looks the record's title up through what its reader may read on that day, and shows nothing
of a record, nor of `params`, to somebody who may not read it any more. `title` is for notices that
are about no record, such as a job. Who wants its kind by e-mail at once gets it through the outbox,
by an event that names nothing but the notice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from runtime import tellings
from runtime.jobs.outbox import Event, emit
from runtime.mailing import wishes
from runtime.mailing.wishes import Wishes
from runtime.runtime import Runtime
from runtime.store import inserts

LONGEST_EXCERPT = 140
"""Characters of a comment that a notice repeats."""
MAILED = "notice.mail"
"""The topic of the event that a notice shall be sent at once."""
TOPICS = (
    "mention",
    "comment",
    "attach",
    "change",
    "create",
    "delete",
    "restore",
    "workflow",
    "job",
    "alert",
)
"""Kinds of notices that people choose one by one."""
ROLE = "role"
ROLES = frozenset(
    {
        "role_requested",
        "role_granted",
        "role_rejected",
        "role_revoked",
        "role_ended",
        "role_expired",
        "role_ends_soon",
        "role_suspended",
        "role_restored",
    }
)
"""Kinds about roles held for a time; nobody switches them off."""
REVIEW = "review_began"
"""That everybody's roles are to be looked at: told to whoever administers."""
LEFT, ORPHANED = "approver_left", "approval_orphaned"
"""That somebody who decided about requests has left: to others who may, or that there are none."""
EMERGENCIES = frozenset({"emergency_began", "emergency_ended"})
"""Kinds about roles taken in an emergency; nobody switches them off."""


WORKFLOW = "workflow"
"""What a notice of a transition is called."""
JOB = "job"
ALERT = "alert"
ALERTS = frozenset({ALERT, "alert_escalated"})
"""Kinds about what is watched: that it is so, and that nobody took it on."""


BY_MAIL = "by_mail"
"""In the params of a notice: it goes by e-mail at once, whatever its reader chose."""


HOOK = "webhook_paused"
"""That a webhook waits for a person; by e-mail it comes with what jobs have to say."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that one person shall be told."""

    user_id: int
    """The id in `ab_user`."""
    kind: str
    """mention, comment, change, create, delete, restore or a name of the notifier's own."""
    entity: str = ""
    record_id: str = ""
    title: str = ""
    """What it is about when that is no record."""
    params: Mapping[str, Any] = field(default_factory=dict)
    """Small facts for the sentence: `text` is an excerpt, `comment` the id of a comment."""
    actor_id: int = 0
    """Who did it; 0 for the system."""
    actor_name: str = ""
    sending: str = ""
    """The id of what several are told at once; the page of the record then says whom."""


def topic_of(kind: str) -> str:
    """Return what people choose by e-mail: all about roles is one topic, all about alerts too."""
    if kind in ALERTS:
        return ALERT
    if kind == HOOK:
        return JOB
    return ROLE if kind in ROLES | EMERGENCIES | {REVIEW, LEFT, ORPHANED} else kind


def event_of(kind: str, params: Mapping[str, Any]) -> str:
    """Return what people choose for one message of workflows alone; empty where it is none."""
    name = str(params.get("name") or "")
    return f"{WORKFLOW}.{name}" if kind == WORKFLOW and name else ""


def notify(
    connection: sa.Connection, runtime: Runtime, notices: Sequence[Notice], now: datetime
) -> int:
    """Write notices into the caller's transaction, and who gets an e-mail; return how many.

    One statement, two more where this back office sends e-mail, and one for each telling.

    Args:
        connection: a connection that may write.
        runtime: the back office.
        notices: whoever did something is not told of it; such notices are left out.
        now: aware UTC.

    """
    told = [one for one in notices if one.user_id and one.user_id != one.actor_id]
    rows = [
        {
            "id": runtime.make_id(),
            "user_id": one.user_id,
            "kind": one.kind,
            "entity": one.entity or None,
            "record_id": one.record_id or None,
            "title": one.title[:500] or None,
            "params": dict(one.params),
            "actor_id": one.actor_id or None,
            "actor_name": one.actor_name or None,
            "created_at": now,
            "read_at": None,
        }
        for one in told
    ]
    if rows:
        inserts.insert_many(connection, runtime.system.notification, rows)
        mailed = _mail(connection, runtime, rows, now) if runtime.mail.is_open else frozenset()
        for sending in dict.fromkeys(one.sending for one in told if one.sending):
            same = [row for row, one in zip(rows, told, strict=True) if one.sending == sending]
            tellings.note(connection, runtime, sending, same, mailed)
    return len(rows)


def _mail(
    connection: sa.Connection, runtime: Runtime, rows: Sequence[Mapping[str, Any]], now: datetime
) -> frozenset[int]:
    """Write an event for each notice that somebody wants at once; return who gets any letter."""
    wanted = wishes.of_people(connection, runtime, {row["user_id"] for row in rows})
    ways = {
        row["id"]: way(row["kind"], row["params"], wanted.get(row["user_id"], wishes.NOTHING))
        for row in rows
    }
    events = [
        Event(MAILED, runtime.system.notification.name, made)
        for made, how in ways.items()
        if how == wishes.NOW
    ]
    if events:
        emit(connection, events, now, runtime.make_id)
    return frozenset(row["user_id"] for row in rows if ways[row["id"]])


def way(kind: str, params: Mapping[str, Any], wanted: Wishes) -> str:
    """Return how a notice goes by e-mail: at once, in the summary, or empty for not at all."""
    if params.get(BY_MAIL):
        return wishes.NOW
    return wanted.way(topic_of(kind), event_of(kind, params))


def excerpt(text: str) -> str:
    """Return the beginning of a text, on one line."""
    short = " ".join(text.split())
    return short if len(short) <= LONGEST_EXCERPT else short[: LONGEST_EXCERPT - 1] + "…"
