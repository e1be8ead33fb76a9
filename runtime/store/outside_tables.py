"""The tables of what goes on with other systems: settings, calls, events and incidents.

Comes in: the MetaData they shall belong to. Goes out: a table a function. A record is named by its
entity and id without a foreign key, because it may be any, and what was asked for outlives it.
"""

from __future__ import annotations

import sqlalchemy as sa

from runtime.jobs.columns import UtcDateTime, small_json, text_id

WAITING, DONE, FAILED, UNDONE, STUCK, SKIPPED, KEPT = (
    "waiting",
    "done",
    "failed",
    "undone",
    "stuck",
    "skipped",
    "kept",
)
"""What became of a call: `stuck` is unknown until a person says it, `skipped` was never made,
`kept` could not be taken back and a person knows."""

NEW, HANDLED, IGNORED, GIVEN_UP = "new", "handled", "ignored", "given_up"
"""What became of an event."""

OPEN, CLOSED = "open", "closed"
"""What became of an incident."""


def connector_table(metadata: sa.MetaData) -> sa.Table:
    """How each connector is used, and whether it answers: one row a connector that was touched."""
    return sa.Table(
        "sw_connector",
        metadata,
        sa.Column("name", sa.String(63), primary_key=True),
        sa.Column("mode", sa.String(12)),
        sa.Column("failures", sa.Integer, nullable=False, default=0, server_default="0"),
        sa.Column("open_until", UtcDateTime),
        sa.Column("last_at", UtcDateTime),
        sa.Column("last_code", sa.String(100)),
        sa.Column("updated_at", UtcDateTime),
        sa.Column("updated_by", sa.String(200)),
    )


def connector_setting_table(metadata: sa.MetaData) -> sa.Table:
    """Addresses and credentials, encrypted under the installation's key; never in the audit."""
    return sa.Table(
        "sw_connector_setting",
        metadata,
        sa.Column("connector", sa.String(63), primary_key=True),
        sa.Column("mode", sa.String(12), primary_key=True),
        sa.Column("name", sa.String(63), primary_key=True),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.Column("updated_by", sa.String(200), nullable=False),
    )


def call_table(metadata: sa.MetaData) -> sa.Table:
    """Every call of another system, with its key, written before it was ever made.

    Calls of one transition share `log_id`; they are made in the order of their ids. A call that is
    being taken back keeps its row: `undo_key` is then the key of that.
    """
    status = sa.Column("status", sa.String(12), nullable=False)
    return sa.Table(
        "sw_call",
        metadata,
        sa.Column("id", text_id(), primary_key=True),
        sa.Column("key", sa.String(200), nullable=False, unique=True),
        sa.Column("entity", sa.String(63), nullable=False),
        sa.Column("record_id", sa.String(64), nullable=False),
        sa.Column("log_id", text_id(), nullable=False),
        sa.Column("workflow", sa.String(63), nullable=False),
        sa.Column("transition", sa.String(63), nullable=False),
        sa.Column("operation", sa.String(130), nullable=False),
        sa.Column("values", small_json(), nullable=False),
        sa.Column("on_success", small_json()),
        sa.Column("on_failure", small_json()),
        sa.Column("undo", sa.String(130), nullable=False),
        status,
        sa.Column("is_settled", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("undo_key", sa.String(200)),
        sa.Column("attempts", sa.Integer, nullable=False, default=0, server_default="0"),
        sa.Column("next_at", UtcDateTime, nullable=False),
        sa.Column("lease_until", UtcDateTime),
        sa.Column("lease_token", text_id()),
        sa.Column("output", small_json()),
        sa.Column("code", sa.String(100)),
        sa.Column("message", sa.String(500)),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("settled_at", UtcDateTime),
        sa.Index("ix_sw_call_record", "entity", "record_id", "id"),
        sa.Index("ix_sw_call_log", "log_id", "id"),
        sa.Index(
            "ix_sw_call_waiting",
            "next_at",
            postgresql_where=status == sa.literal_column("'waiting'"),
            sqlite_where=status == sa.literal_column("'waiting'"),
        ),
    )


def event_table(metadata: sa.MetaData) -> sa.Table:
    """Every event another system sent, stored before anything was done about it."""
    status = sa.Column("status", sa.String(12), nullable=False)
    return sa.Table(
        "sw_webhook",
        metadata,
        sa.Column("id", text_id(), primary_key=True),
        sa.Column("provider", sa.String(63), nullable=False),
        sa.Column("webhook", sa.String(63), nullable=False),
        sa.Column("event_id", sa.String(200), nullable=False),
        sa.Column("event_type", sa.String(100), nullable=False),
        sa.Column("body", small_json(), nullable=False),
        sa.Column("body_hash", sa.String(64), nullable=False),
        sa.Column("is_empty", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("received_at", UtcDateTime, nullable=False),
        sa.Column("deliveries", sa.Integer, nullable=False, default=1, server_default="1"),
        status,
        sa.Column("attempts", sa.Integer, nullable=False, default=0, server_default="0"),
        sa.Column("next_at", UtcDateTime, nullable=False),
        sa.Column("entity", sa.String(63)),
        sa.Column("record_id", sa.String(64)),
        sa.Column("error", sa.Text),
        sa.Column("settled_at", UtcDateTime),
        sa.UniqueConstraint("provider", "event_id"),
        sa.Index(
            "ix_sw_webhook_new",
            "next_at",
            postgresql_where=status == sa.literal_column("'new'"),
            sqlite_where=status == sa.literal_column("'new'"),
        ),
        sa.Index("ix_sw_webhook_received", "received_at"),
    )


def incident_table(metadata: sa.MetaData) -> sa.Table:
    """What a person must look at; at most one is open about one thing."""
    state = sa.Column("state", sa.String(12), nullable=False)
    about = (sa.Column("about", sa.String(12), nullable=False), sa.Column("about_id", text_id()))
    return sa.Table(
        "sw_incident",
        metadata,
        sa.Column("id", text_id(), primary_key=True),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("entity", sa.String(63), nullable=False),
        sa.Column("record_id", sa.String(64)),
        *about,
        sa.Column("facts", small_json(), nullable=False),
        state,
        sa.Column("opened_at", UtcDateTime, nullable=False),
        sa.Column("closed_at", UtcDateTime),
        sa.Column("closed_by", sa.Integer),
        sa.Column("closed_name", sa.String(200)),
        sa.Column("outcome", sa.String(12)),
        sa.Column("reason", sa.Text),
        sa.Index(
            "ix_sw_incident_open",
            "about",
            "about_id",
            "kind",
            unique=True,
            postgresql_where=state == sa.literal_column("'open'"),
            sqlite_where=state == sa.literal_column("'open'"),
        ),
        sa.Index("ix_sw_incident_record", "entity", "record_id", "id"),
        sa.Index("ix_sw_incident_state", "state", "entity", "id"),
    )
