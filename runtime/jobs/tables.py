"""The tables of background work beside the outbox: runs with their log lines, rows and files,
schedules, and who is alive.

`sw_job_run` is queue, inbox and history at once: a run that is `queued` is handed to Redis until
somebody claims it, and its row carries how far it came, under a token only the claimer knows.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from runtime.jobs.columns import UtcDateTime, small_json, text_id
from runtime.jobs.outbox import outbox_table

STATES = ("queued", "running", "succeeded", "failed", "cancelled")
FINAL = ("succeeded", "failed", "cancelled")


def job_run_table(metadata: sa.MetaData) -> sa.Table:
    """Return `sw_job_run` as a table of this metadata."""
    state = sa.Column("state", sa.String(12), nullable=False)
    return sa.Table(
        "sw_job_run",
        metadata,
        sa.Column("id", text_id(), primary_key=True),
        sa.Column("job", sa.String(64), nullable=False),
        sa.Column("queue", sa.String(16), nullable=False),
        sa.Column("unique_key", sa.String(200), unique=True),
        state,
        sa.Column("input", small_json()),
        sa.Column("created_by", sa.String(64)),
        sa.Column("outbox_id", text_id()),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("due_at", UtcDateTime, nullable=False),
        sa.Column("handed_at", UtcDateTime),
        sa.Column("started_at", UtcDateTime),
        sa.Column("finished_at", UtcDateTime),
        sa.Column("attempt", sa.Integer, nullable=False, server_default="0"),
        sa.Column("max_attempts", sa.Integer, nullable=False),
        sa.Column("lease_until", UtcDateTime),
        sa.Column("lease_token", text_id()),
        sa.Column("worker", sa.String(100)),
        sa.Column("cancel_requested", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("done", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("total", sa.BigInteger),
        sa.Column("message", sa.String(500)),
        sa.Column("checkpoint", small_json()),
        sa.Column("result", small_json()),
        sa.Column("error", sa.Text),
        sa.Column("source", sa.String(12), nullable=False, server_default="system"),
        sa.Column("slot_at", UtcDateTime),
        sa.Column("alone", sa.String(100)),
        sa.Column("attempt_at", UtcDateTime),
        sa.Column("counts", small_json()),
        sa.Column("retry_of", text_id()),
        sa.CheckConstraint(
            "state in ('queued','running','succeeded','failed','cancelled')",
            name="state",
        ),
        sa.Index(
            "ix_sw_job_run_due",
            "queue",
            "due_at",
            postgresql_where=state == sa.literal_column("'queued'"),
            sqlite_where=state == sa.literal_column("'queued'"),
        ),
        sa.Index(
            "ix_sw_job_run_lease",
            "lease_until",
            postgresql_where=state == sa.literal_column("'running'"),
            sqlite_where=state == sa.literal_column("'running'"),
        ),
        sa.Index(
            "ix_sw_job_run_alone",
            "alone",
            unique=True,
            postgresql_where=state == sa.literal_column("'running'"),
            sqlite_where=state == sa.literal_column("'running'"),
        ),
        sa.Index("ix_sw_job_run_job", "job", "created_at"),
        sa.Index("ix_sw_job_run_person", "created_by", "created_at"),
        sa.Index("ix_sw_job_run_finished", "state", "finished_at"),
    )


def job_log_table(metadata: sa.MetaData) -> sa.Table:
    """Return `sw_job_log`, the lines a run wrote, as a table of this metadata."""
    return sa.Table(
        "sw_job_log",
        metadata,
        sa.Column("id", text_id(), primary_key=True),
        _of_run(nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("level", sa.String(8), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("code", sa.String(40)),
        sa.Column("params", small_json()),
        sa.Index("ix_sw_job_log_run", "run_id", "id"),
    )


def job_row_table(metadata: sa.MetaData) -> sa.Table:
    """Return `sw_job_row`: what became of each record that a run was about."""
    return sa.Table(
        "sw_job_row",
        metadata,
        _of_run(primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("entity", sa.String(63), nullable=False),
        sa.Column("record_id", sa.String(64), nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("code", sa.String(100)),
        sa.Column("message", small_json()),
        sa.Column("version", sa.Integer),
        sa.Column("is_changed", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("before", small_json()),
        sa.Index("ix_sw_job_row_status", "run_id", "status", "position"),
    )


def job_file_table(metadata: sa.MetaData) -> sa.Table:
    """Return `sw_job_file`: what a run made; the bytes lie in the folder of results."""
    return sa.Table(
        "sw_job_file",
        metadata,
        sa.Column("id", text_id(), primary_key=True),
        _of_run(nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("media_type", sa.String(127), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("rows", sa.BigInteger),
        sa.Column("entity", sa.String(63)),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.Index("ix_sw_job_file_run", "run_id"),
        sa.Index("ix_sw_job_file_expires", "expires_at"),
    )


def heartbeat_table(metadata: sa.MetaData) -> sa.Table:
    """Return `sw_heartbeat`: when each process that keeps the shop going was last seen."""
    return sa.Table(
        "sw_heartbeat",
        metadata,
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("told", small_json()),
    )


def schedule_table(metadata: sa.MetaData) -> sa.Table:
    """Return `sw_schedule`: for each schedule the next slot, which exactly one process may take."""
    return sa.Table(
        "sw_schedule",
        metadata,
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("rule", sa.String(200), nullable=False),
        sa.Column("next_at", UtcDateTime, nullable=False),
        sa.Column("last_at", UtcDateTime),
        sa.Column("known_at", UtcDateTime),
        sa.Column("paused_at", UtcDateTime),
        sa.Column("paused_by", sa.String(200)),
    )


def job_tables(metadata: sa.MetaData) -> tuple[sa.Table, ...]:
    """Return every table of background work, the outbox included, as tables of this metadata."""
    makers = (
        outbox_table,
        job_run_table,
        job_log_table,
        job_row_table,
        job_file_table,
        schedule_table,
        heartbeat_table,
    )
    return tuple(make(metadata) for make in makers)


def _of_run(**options: Any) -> sa.Column[str]:
    """Return the column that names a run; what belongs to one goes with it."""
    leads = sa.ForeignKey("sw_job_run.id", ondelete="CASCADE")
    return sa.Column("run_id", text_id(), leads, **options)


_system = sa.MetaData()
RUN = job_run_table(_system)
LOG = job_log_table(_system)
ROW = job_row_table(_system)
FILE = job_file_table(_system)
HEARTBEAT = heartbeat_table(_system)
SCHEDULE = schedule_table(_system)
"""The tables as statements name them; the schema's own copies are made by the functions above."""
