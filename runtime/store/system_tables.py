"""The engine's own tables, prefixed `sw_`: releases, audit, outbox, jobs, sequences, files, tokens.

Comes in: the MetaData they shall belong to. Goes out: one frozen value with a table an attribute.
Users are named by their id in `ab_user` without a foreign key: what they did outlives them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import sqlalchemy as sa

from runtime.jobs.columns import UtcDateTime, small_json, text_id
from runtime.jobs.outbox import outbox_table
from runtime.jobs.tables import (
    heartbeat_table,
    job_file_table,
    job_log_table,
    job_row_table,
    job_run_table,
    schedule_table,
)
from runtime.store.alert_tables import alert_look_table, alert_table
from runtime.store.approvals import approval_table, approval_vote_table
from runtime.store.emergencies import emergency_table
from runtime.store.hook_tables import hook_attempt_table, hook_delivery_table, hook_table
from runtime.store.list_tables import saved_export_table, saved_view_table, selection_table
from runtime.store.outside_tables import (
    call_table,
    connector_setting_table,
    connector_table,
    event_table,
    incident_table,
)
from runtime.store.promotions import promotion_table
from runtime.store.recents import recent_table
from runtime.store.reviews import review_line_table, review_table
from runtime.store.role_requests import role_request_table
from runtime.store.second_factors import second_factor_table
from runtime.store.talk_tables import (
    attachment_table,
    comment_table,
    follow_table,
    notification_table,
    telling_table,
)
from runtime.store.workflow_tables import task_table, timer_table, workflow_log_table

PREFIX = "sw_"


@dataclass(frozen=True)
class SystemTables:
    """Every table of the engine."""

    release: sa.Table
    audit: sa.Table
    audit_seal: sa.Table
    audit_removal: sa.Table
    audit_gone: sa.Table
    outbox: sa.Table
    job_run: sa.Table
    job_log: sa.Table
    job_row: sa.Table
    job_file: sa.Table
    heartbeat: sa.Table
    schedule: sa.Table
    idempotency: sa.Table
    sequence: sa.Table
    file: sa.Table
    token: sa.Table
    setting: sa.Table
    saved_view: sa.Table
    saved_export: sa.Table
    selection: sa.Table
    epoch: sa.Table
    recent: sa.Table
    comment: sa.Table
    attachment: sa.Table
    follow: sa.Table
    notification: sa.Table
    telling: sa.Table
    second_factor: sa.Table
    approval: sa.Table
    connector: sa.Table
    connector_setting: sa.Table
    call: sa.Table
    event: sa.Table
    incident: sa.Table
    workflow_log: sa.Table
    timer: sa.Table
    task: sa.Table
    approval_vote: sa.Table
    role_request: sa.Table
    review: sa.Table
    review_line: sa.Table
    emergency: sa.Table
    promotion: sa.Table
    alert: sa.Table
    alert_look: sa.Table
    hook: sa.Table
    hook_delivery: sa.Table
    hook_attempt: sa.Table


def system_tables(metadata: sa.MetaData) -> SystemTables:
    """Return the engine's tables as tables of this metadata."""
    return SystemTables(
        release=_release(metadata),
        audit=_audit(metadata),
        audit_seal=_audit_seal(metadata),
        audit_removal=_audit_removal(metadata),
        audit_gone=_audit_gone(metadata),
        outbox=outbox_table(metadata),
        job_run=job_run_table(metadata),
        job_log=job_log_table(metadata),
        job_row=job_row_table(metadata),
        job_file=job_file_table(metadata),
        heartbeat=heartbeat_table(metadata),
        schedule=schedule_table(metadata),
        idempotency=_idempotency(metadata),
        sequence=_sequence(metadata),
        file=_file(metadata),
        token=_token(metadata),
        setting=_setting(metadata),
        saved_view=saved_view_table(metadata),
        saved_export=saved_export_table(metadata),
        selection=selection_table(metadata),
        epoch=_epoch(metadata),
        recent=recent_table(metadata),
        comment=comment_table(metadata),
        attachment=attachment_table(metadata),
        follow=follow_table(metadata),
        notification=notification_table(metadata),
        telling=telling_table(metadata),
        second_factor=second_factor_table(metadata),
        approval=approval_table(metadata),
        connector=connector_table(metadata),
        connector_setting=connector_setting_table(metadata),
        call=call_table(metadata),
        event=event_table(metadata),
        incident=incident_table(metadata),
        workflow_log=workflow_log_table(metadata),
        timer=timer_table(metadata),
        task=task_table(metadata),
        approval_vote=approval_vote_table(metadata),
        role_request=role_request_table(metadata),
        review=review_table(metadata),
        review_line=review_line_table(metadata),
        emergency=emergency_table(metadata),
        promotion=promotion_table(metadata),
        alert=alert_table(metadata),
        alert_look=alert_look_table(metadata),
        hook=hook_table(metadata),
        hook_delivery=hook_delivery_table(metadata),
        hook_attempt=hook_attempt_table(metadata),
    )


@cache
def own_tables() -> SystemTables:
    """Return the tables as statements name them; the schema's own copies are made by a plan."""
    return system_tables(sa.MetaData())


def _release(metadata: sa.MetaData) -> sa.Table:
    """One row each time definitions were applied; the latest says what the database holds."""
    return sa.Table(
        "sw_release",
        metadata,
        sa.Column("id", text_id(), primary_key=True),
        sa.Column("number", sa.Integer, nullable=False, unique=True),
        sa.Column("applied_at", UtcDateTime, nullable=False),
        sa.Column("applied_by", sa.String(200), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("returns_to", sa.Integer),
        sa.Column("definitions", small_json(), nullable=False),
        sa.Column("facts", small_json(), nullable=False),
        sa.Column("shape", small_json(), nullable=False),
        sa.Column("renames", small_json(), nullable=False),
        sa.Column("plan", small_json(), nullable=False),
    )


def _audit(metadata: sa.MetaData) -> sa.Table:
    """Who changed what; written in the transaction of the change and never altered."""
    return sa.Table(
        "sw_audit",
        metadata,
        sa.Column("id", text_id(), primary_key=True),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("actor_id", sa.Integer),
        sa.Column("actor_name", sa.String(200), nullable=False),
        sa.Column("actor_kind", sa.String(12), nullable=False),
        sa.Column("real_id", sa.Integer),
        sa.Column("real_name", sa.String(200)),
        sa.Column("operation", sa.String(63), nullable=False),
        sa.Column("entity", sa.String(63), nullable=False),
        sa.Column("record_id", sa.String(64)),
        sa.Column("record_title", sa.String(500)),
        sa.Column("record_version", sa.Integer),
        sa.Column("before", small_json()),
        sa.Column("after", small_json()),
        sa.Column("reason", sa.Text),
        sa.Column("source", sa.String(12), nullable=False),
        sa.Column("request_id", sa.String(64)),
        sa.Column("address", sa.String(64)),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("signature", sa.String(80)),
        sa.Column("emergency", sa.String(36)),
        sa.Column("erased_by", text_id()),
        sa.Column("erased_signature", sa.String(80)),
        sa.Index("ix_sw_audit_record", "entity", "record_id", "id"),
        sa.Index("ix_sw_audit_actor", "actor_id", "id"),
        sa.Index("ix_sw_audit_request", "request_id"),
    )


def _audit_seal(metadata: sa.MetaData) -> sa.Table:
    """What the audit held up to a moment; each seal covers the one before, so none can be taken."""
    return sa.Table(
        "sw_audit_seal",
        metadata,
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("first_id", text_id(), nullable=False),
        sa.Column("last_id", text_id(), nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("seal", sa.String(80), nullable=False),
    )


def _audit_removal(metadata: sa.MetaData) -> sa.Table:
    """Which seals have outlived their rows: what was removed, when, by which rule, and the proof.

    A seal itself stays as it is; what allows its rows to go is a row here, and nothing else.
    """
    return sa.Table(
        "sw_audit_removal",
        metadata,
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("first_id", text_id(), nullable=False),
        sa.Column("last_id", text_id(), nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("total", sa.BigInteger, nullable=False),
        sa.Column("keep", sa.String(20), nullable=False),
        sa.Column("removed_at", UtcDateTime, nullable=False),
        sa.Column("told", text_id(), nullable=False),
        sa.Column("mark", sa.String(80), nullable=False),
        sa.Index("ix_sw_audit_removal_last_id", "last_id"),
    )


def _audit_gone(metadata: sa.MetaData) -> sa.Table:
    """Deleted records about a person whose entries went: an erasure still finds them by these."""
    return sa.Table(
        "sw_audit_gone",
        metadata,
        sa.Column("entity", sa.String(63), primary_key=True),
        sa.Column("record_id", sa.String(64), primary_key=True),
        sa.Column("above", small_json(), nullable=False),
    )


def _idempotency(metadata: sa.MetaData) -> sa.Table:
    """What was answered to a request with an `Idempotency-Key`."""
    return sa.Table(
        "sw_idempotency",
        metadata,
        sa.Column("actor_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("key", sa.String(255), primary_key=True),
        sa.Column("request_hash", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("answer", small_json()),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Index("ix_sw_idempotency_created_at", "created_at"),
    )


def _sequence(metadata: sa.MetaData) -> sa.Table:
    """The next number of every sequence; a name includes its period, such as `order/2026-11`."""
    return sa.Table(
        "sw_sequence",
        metadata,
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("next", sa.BigInteger, nullable=False),
    )


def _file(metadata: sa.MetaData) -> sa.Table:
    """What is known of an uploaded file; its bytes lie in the folder of files, named by hash.

    `source` is a hash of the address it was last fetched from.
    """
    return sa.Table(
        "sw_file",
        metadata,
        sa.Column("id", text_id(), primary_key=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("media_type", sa.String(127), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("width", sa.Integer),
        sa.Column("height", sa.Integer),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("created_by", sa.Integer),
        sa.Column("source", sa.String(64)),
        sa.Index("ix_sw_file_sha256", "sha256"),
        sa.Index("ix_sw_file_source", "source"),
    )


def _token(metadata: sa.MetaData) -> sa.Table:
    """Personal access tokens; only their hash is kept, the prefix tells people which is which."""
    return sa.Table(
        "sw_token",
        metadata,
        sa.Column("id", text_id(), primary_key=True),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("prefix", sa.String(16), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False, unique=True),
        sa.Column("scopes", small_json()),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime),
        sa.Column("last_used_at", UtcDateTime),
        sa.Column("revoked_at", UtcDateTime),
        sa.Index("ix_sw_token_user_id", "user_id"),
    )


def _setting(metadata: sa.MetaData) -> sa.Table:
    """What a person chose for themselves: theme, columns of a list, language."""
    return sa.Table(
        "sw_setting",
        metadata,
        sa.Column("user_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("key", sa.String(200), primary_key=True),
        sa.Column("value", small_json()),
        sa.Column("updated_at", UtcDateTime, nullable=False),
    )


def _epoch(metadata: sa.MetaData) -> sa.Table:
    """Counters that tell every process that something it keeps in memory has changed."""
    return sa.Table(
        "sw_epoch",
        metadata,
        sa.Column("name", sa.String(63), primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
    )
