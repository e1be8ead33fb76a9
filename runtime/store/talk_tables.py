"""The tables of what people say and keep beside records: comments, files, follows, notifications.

Comes in: the MetaData they shall belong to. Goes out: a table a function. A record is named by its
entity and id without a foreign key, because it may be any; whoever reads such a row asks the
record's own right first. People are ids in `ab_user`, again without a key: what they said stays.
"""

from __future__ import annotations

import sqlalchemy as sa

from runtime.jobs.columns import UtcDateTime, small_json, text_id


def comment_table(metadata: sa.MetaData) -> sa.Table:
    """What people wrote about a record; `mentions` are the ids of the accounts that were told."""
    return sa.Table(
        "sw_comment",
        metadata,
        sa.Column("id", text_id(), primary_key=True),
        sa.Column("entity", sa.String(63), nullable=False),
        sa.Column("record_id", sa.String(64), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("mentions", small_json()),
        sa.Column("actor_id", sa.Integer, nullable=False),
        sa.Column("actor_name", sa.String(200), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("edited_at", UtcDateTime),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Index("ix_sw_comment_record", "entity", "record_id", "id"),
    )


def attachment_table(metadata: sa.MetaData) -> sa.Table:
    """Which file is attached to which record."""
    return sa.Table(
        "sw_attachment",
        metadata,
        sa.Column("id", text_id(), primary_key=True),
        sa.Column("entity", sa.String(63), nullable=False),
        sa.Column("record_id", sa.String(64), nullable=False),
        sa.Column("file_id", text_id(), nullable=False),
        sa.Column("actor_id", sa.Integer, nullable=False),
        sa.Column("actor_name", sa.String(200), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Index("ix_sw_attachment_record", "entity", "record_id", "id"),
        sa.Index("ix_sw_attachment_file", "file_id"),
    )


def follow_table(metadata: sa.MetaData) -> sa.Table:
    """Who wants to be told about a record."""
    return sa.Table(
        "sw_follow",
        metadata,
        sa.Column("entity", sa.String(63), primary_key=True),
        sa.Column("record_id", sa.String(64), primary_key=True),
        sa.Column("user_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Index("ix_sw_follow_user_id", "user_id"),
    )


def notification_table(metadata: sa.MetaData) -> sa.Table:
    """What somebody shall be told; written by `runtime/notifications.py` alone."""
    read_at = sa.Column("read_at", UtcDateTime)
    return sa.Table(
        "sw_notification",
        metadata,
        sa.Column("id", text_id(), primary_key=True),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("entity", sa.String(63)),
        sa.Column("record_id", sa.String(64)),
        sa.Column("title", sa.String(500)),
        sa.Column("params", small_json()),
        sa.Column("actor_id", sa.Integer),
        sa.Column("actor_name", sa.String(200)),
        sa.Column("created_at", UtcDateTime, nullable=False),
        read_at,
        sa.Index("ix_sw_notification_user", "user_id", "id"),
        sa.Index(
            "ix_sw_notification_unread",
            "user_id",
            postgresql_where=read_at.is_(None),
            sqlite_where=read_at.is_(None),
        ),
        sa.Index("ix_sw_notification_record", "entity", "record_id"),
    )


def telling_table(metadata: sa.MetaData) -> sa.Table:
    """Whom a workflow told of a record: a row a person and channel, never what was said.

    Rows of one telling share `sending_id`; both ids sort by time.
    """
    return sa.Table(
        "sw_telling",
        metadata,
        sa.Column("id", text_id(), primary_key=True),
        sa.Column("sending_id", text_id(), nullable=False),
        sa.Column("entity", sa.String(63), nullable=False),
        sa.Column("record_id", sa.String(64), nullable=False),
        sa.Column("told", small_json(), nullable=False),
        sa.Column("channel", sa.String(12), nullable=False),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("notice_id", text_id(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("why", sa.String(40)),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("settled_at", UtcDateTime),
        sa.Index("ix_sw_telling_record", "entity", "record_id", "sending_id"),
        sa.Index("ix_sw_telling_notice", "notice_id"),
    )
