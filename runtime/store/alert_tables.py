"""The tables of alerts: those that stand or stood, and every look at one, for its chart and trace.

Comes in: the MetaData they shall belong to. Goes out: a table a function. Numbers are kept as the
text of a decimal, exact in both databases.
"""

from __future__ import annotations

import sqlalchemy as sa

from runtime.jobs.columns import UtcDateTime, small_json, text_id


def alert_table(metadata: sa.MetaData) -> sa.Table:
    """Return `sw_alert`: what is, or was, not as it should be; one open row a subject."""
    ended = sa.Column("ended_at", UtcDateTime)
    return sa.Table(
        "sw_alert",
        metadata,
        sa.Column("id", text_id(), primary_key=True),
        sa.Column("alert", sa.String(63), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("value", sa.String(60)),
        sa.Column("opened_at", UtcDateTime, nullable=False),
        sa.Column("told_at", UtcDateTime),
        sa.Column("taken_at", UtcDateTime),
        sa.Column("taken_by", sa.Integer),
        sa.Column("taken_name", sa.String(200)),
        sa.Column("note", sa.String(500)),
        sa.Column("escalated_at", UtcDateTime),
        ended,
        sa.Index(
            "ix_sw_alert_open",
            "alert",
            "subject",
            unique=True,
            postgresql_where=ended.is_(None),
            sqlite_where=ended.is_(None),
        ),
        sa.Index("ix_sw_alert_ended", "alert", "ended_at"),
    )


def alert_look_table(metadata: sa.MetaData) -> sa.Table:
    """Return `sw_alert_look`: what each look found and what came of it."""
    return sa.Table(
        "sw_alert_look",
        metadata,
        sa.Column("id", text_id(), primary_key=True),
        sa.Column("alert", sa.String(63), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("value", sa.String(60)),
        sa.Column("verdict", sa.String(12), nullable=False),
        sa.Column("why", small_json(), nullable=False),
        sa.Index("ix_sw_alert_look_alert", "alert", "at"),
    )
