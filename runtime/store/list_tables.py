"""Tables of lists: how somebody arranged or exports one, which records an action was asked for."""

from __future__ import annotations

import sqlalchemy as sa

from runtime.jobs.columns import UtcDateTime, small_json, text_id


def saved_view_table(metadata: sa.MetaData) -> sa.Table:
    """A list as somebody arranged it, by its query string; shared with everybody or with a role."""
    return sa.Table(
        "sw_saved_view",
        metadata,
        sa.Column("id", text_id(), primary_key=True),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("entity", sa.String(63), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("shared", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("role", sa.String(63)),
        sa.Column("position", sa.Integer, nullable=False, server_default="0"),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Index("ix_sw_saved_view_entity", "entity", "user_id"),
    )


def selection_table(metadata: sa.MetaData) -> sa.Table:
    """Records frozen for an action, by a token only its maker can use, with what undoes it."""
    return sa.Table(
        "sw_selection",
        metadata,
        sa.Column("id", text_id(), primary_key=True),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("entity", sa.String(63), nullable=False),
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("content", small_json(), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Index("ix_sw_selection_user_id", "user_id", "created_at"),
    )


def saved_export_table(metadata: sa.MetaData) -> sa.Table:
    """An export that is asked for again: its columns, list and format, when it is sent, to whom."""
    return sa.Table(
        "sw_saved_export",
        metadata,
        sa.Column("id", text_id(), primary_key=True),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("entity", sa.String(63), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("content", small_json(), nullable=False),
        sa.Column("shared", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("role", sa.String(63)),
        sa.Column("cron", sa.String(100)),
        sa.Column("zone", sa.String(64)),
        sa.Column("recipients", small_json()),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.Index("ix_sw_saved_export_user_id", "user_id", "entity"),
    )
