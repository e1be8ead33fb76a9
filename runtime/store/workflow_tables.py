"""The tables of running state machines: what was fired, which timers wait, which tasks are open.

Comes in: the MetaData they shall belong to. Goes out: a table a function. A record is named by its
entity and id without a foreign key, because it may be any, and its story outlives it. The log only
grows; a row of it names the entry into a state, and timers and tasks belong to that entry.
"""

from __future__ import annotations

import sqlalchemy as sa

from runtime.jobs.columns import UtcDateTime, small_json, text_id

ARMED, FIRED, CANCELLED, DEAD = "armed", "fired", "cancelled", "dead"
TIMER_STATES = (ARMED, FIRED, CANCELLED, DEAD)
"""What can become of a timer; a dead one waits for a person."""

TRANSITION, WATCHDOG, REMINDER = "transition", "watchdog", "reminder"
"""Kinds of timers: one fires a transition, one says that a state did not move on, one tells people
that a record still stands in it."""


def workflow_log_table(metadata: sa.MetaData) -> sa.Table:
    """Every edge that was taken; where a migration or an import wrote a state, without a name.

    The audit row of the same version, signed and sealed, tells the same change of the columns.
    `outcome` is `fired`, or `skipped` where an optional transition was refused. `cause` is the key
    of the outside event behind it, `cause_log_id` the step that made this one happen.
    """
    cause = sa.Column("cause", sa.String(200))
    batch = sa.Column("batch_id", text_id())
    return sa.Table(
        "sw_workflow_log",
        metadata,
        sa.Column("id", text_id(), primary_key=True),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("entity", sa.String(63), nullable=False),
        sa.Column("record_id", sa.String(64), nullable=False),
        sa.Column("workflow", sa.String(63), nullable=False),
        sa.Column("transition", sa.String(63), nullable=False),
        sa.Column("from_state", sa.String(40), nullable=False),
        sa.Column("to_state", sa.String(40), nullable=False),
        sa.Column("outcome", sa.String(12), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("actor_id", sa.Integer),
        sa.Column("actor_name", sa.String(200), nullable=False),
        sa.Column("actor_kind", sa.String(12), nullable=False),
        sa.Column("real_id", sa.Integer),
        sa.Column("real_name", sa.String(200)),
        sa.Column("emergency", sa.String(36)),
        sa.Column("roles", small_json()),
        sa.Column("source", sa.String(12), nullable=False),
        sa.Column("input", small_json()),
        sa.Column("read", small_json()),
        sa.Column("before", small_json()),
        sa.Column("after", small_json()),
        sa.Column("reason", sa.Text),
        sa.Column("record_version", sa.Integer),
        cause,
        sa.Column("cause_log_id", text_id()),
        batch,
        sa.Column("approval_id", text_id()),
        sa.Column("request_id", sa.String(64)),
        sa.Column("address", sa.String(64)),
        sa.Column("erased_by", text_id()),
        sa.Index("ix_sw_workflow_log_record", "entity", "record_id", "id"),
        sa.Index("ix_sw_workflow_log_edge", "entity", "workflow", "transition", "id"),
        sa.Index(
            "ix_sw_workflow_log_cause",
            "entity",
            "record_id",
            "cause",
            postgresql_where=cause.is_not(None),
            sqlite_where=cause.is_not(None),
        ),
        sa.Index(
            "ix_sw_workflow_log_batch",
            "batch_id",
            "record_id",
            postgresql_where=batch.is_not(None),
            sqlite_where=batch.is_not(None),
        ),
    )


def timer_table(metadata: sa.MetaData) -> sa.Table:
    """What fires by itself; `entered` is the log row of the entry, or the record of a first one."""
    status = sa.Column("status", sa.String(12), nullable=False)
    return sa.Table(
        "sw_timer",
        metadata,
        sa.Column("id", text_id(), primary_key=True),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("entity", sa.String(63), nullable=False),
        sa.Column("record_id", sa.String(64), nullable=False),
        sa.Column("workflow", sa.String(63), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("transition", sa.String(63), nullable=False),
        sa.Column("entered", text_id(), nullable=False),
        sa.Column("armed_at", UtcDateTime, nullable=False),
        sa.Column("due_at", UtcDateTime, nullable=False),
        sa.Column("next_at", UtcDateTime, nullable=False),
        status,
        sa.Column("attempts", sa.Integer, nullable=False, default=0, server_default="0"),
        sa.Column("error", sa.Text),
        sa.Column("ended_at", UtcDateTime),
        sa.Column("updated_by", sa.Integer),
        sa.UniqueConstraint("entered", "kind", "transition"),
        sa.Index(
            "ix_sw_timer_due",
            "next_at",
            postgresql_where=status == sa.literal_column("'armed'"),
            sqlite_where=status == sa.literal_column("'armed'"),
        ),
        sa.Index("ix_sw_timer_record", "entity", "record_id", "workflow"),
    )


def task_table(metadata: sa.MetaData) -> sa.Table:
    """What people are asked to do about a record while it stays in a state."""
    closed_at = sa.Column("closed_at", UtcDateTime)
    return sa.Table(
        "sw_task",
        metadata,
        sa.Column("id", text_id(), primary_key=True),
        sa.Column("name", sa.String(63), nullable=False),
        sa.Column("roles", small_json(), nullable=False),
        sa.Column("entity", sa.String(63), nullable=False),
        sa.Column("record_id", sa.String(64), nullable=False),
        sa.Column("title", sa.String(500)),
        sa.Column("workflow", sa.String(63), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("log_id", text_id(), nullable=False),
        sa.Column("opened_at", UtcDateTime, nullable=False),
        closed_at,
        sa.Column("closed_by", sa.Integer),
        sa.Index(
            "ix_sw_task_open",
            "opened_at",
            postgresql_where=closed_at.is_(None),
            sqlite_where=closed_at.is_(None),
        ),
        sa.Index("ix_sw_task_record", "entity", "record_id", "workflow"),
    )
