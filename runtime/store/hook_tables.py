"""The tables of outgoing webhooks: who is told of what, what is told, and every try at telling it.

Comes in: the MetaData they shall belong to. Goes out: a table a function. A record is named by its
entity and id without a foreign key, because it may be any, and what was told of it outlives it.
"""

from __future__ import annotations

import sqlalchemy as sa

from runtime.jobs.columns import UtcDateTime, small_json, text_id

ON, PAUSED, OFF = "on", "paused", "off"
"""How a subscription stands: a paused one collects what happens, one that is off does not."""
WAITING, SENT, LEFT, DEAD = "waiting", "sent", "left", "dead"
"""What became of a delivery: `left` was not to be told, `dead` could not be in all its tries."""


def hook_table(metadata: sa.MetaData) -> sa.Table:
    """Return `sw_hook`: subscriptions, each with its owner and its sealed secrets."""
    return sa.Table(
        "sw_hook",
        metadata,
        sa.Column("id", text_id(), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("url", sa.String(2000), nullable=False),
        sa.Column("entity", sa.String(63), nullable=False),
        sa.Column("events", small_json(), nullable=False),
        sa.Column("filter", sa.String(2000), nullable=False),
        sa.Column("fields", small_json(), nullable=False),
        sa.Column("owner_id", sa.Integer, nullable=False),
        sa.Column("skips_own", sa.Boolean, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("why", sa.String(40)),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("sealed_before", sa.Text),
        sa.Column("before_until", UtcDateTime),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("failing_since", UtcDateTime),
        sa.Column("hold_until", UtcDateTime),
        sa.Column("lease_until", UtcDateTime),
        sa.Column("sent_at", UtcDateTime),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("created_by", sa.Integer, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )


def hook_delivery_table(metadata: sa.MetaData) -> sa.Table:
    """Return `sw_hook_delivery`: one row an event and subscription; its id is told with it."""
    status = sa.Column("status", sa.String(12), nullable=False)
    is_waiting = status == sa.literal_column(f"'{WAITING}'")
    return sa.Table(
        "sw_hook_delivery",
        metadata,
        sa.Column("id", text_id(), primary_key=True),
        sa.Column("hook_id", text_id(), nullable=False),
        sa.Column("outbox_id", text_id(), nullable=False),
        sa.Column("event", sa.String(20), nullable=False),
        sa.Column("entity", sa.String(63), nullable=False),
        sa.Column("record_id", sa.String(64), nullable=False),
        sa.Column("told", small_json(), nullable=False),
        sa.Column("happened_at", UtcDateTime, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        status,
        sa.Column("why", sa.String(40)),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", UtcDateTime, nullable=False),
        sa.Column("lease_until", UtcDateTime),
        sa.Column("settled_at", UtcDateTime),
        sa.Index("ix_sw_hook_delivery_once", "hook_id", "outbox_id", unique=True),
        sa.Index(
            "ix_sw_hook_delivery_waiting",
            "hook_id",
            "record_id",
            "outbox_id",
            postgresql_where=is_waiting,
            sqlite_where=is_waiting,
        ),
        sa.Index(
            "ix_sw_hook_delivery_next",
            "hook_id",
            "outbox_id",
            postgresql_where=is_waiting,
            sqlite_where=is_waiting,
        ),
        sa.Index("ix_sw_hook_delivery_log", "hook_id", "id"),
        sa.Index("ix_sw_hook_delivery_settled", "settled_at"),
    )


def hook_attempt_table(metadata: sa.MetaData) -> sa.Table:
    """Return `sw_hook_attempt`: what was sent and what was answered, cut to what helps."""
    return sa.Table(
        "sw_hook_attempt",
        metadata,
        sa.Column("id", text_id(), primary_key=True),
        sa.Column("delivery_id", text_id(), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("code", sa.String(60), nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("milliseconds", sa.Integer, nullable=False),
        sa.Column("sent_headers", small_json(), nullable=False),
        sa.Column("sent_body", sa.Text, nullable=False),
        sa.Column("got_headers", small_json(), nullable=False),
        sa.Column("got_body", sa.Text, nullable=False),
        sa.Index("ix_sw_hook_attempt_delivery", "delivery_id", "id"),
    )
