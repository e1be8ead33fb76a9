"""The tables of background work beside the outbox: runs, their log lines, and schedules.

`sw_job_run` is queue, inbox and history at once: a run that is `queued` is handed to Redis until
somebody claims it, and its row carries how far it came, under a token only the claimer knows.
"""

from __future__ import annotations

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
        sa.Index("ix_sw_job_run_job", "job", "created_at"),
    )


def job_log_table(metadata: sa.MetaData) -> sa.Table:
    """Return `sw_job_log`, the lines a run wrote, as a table of this metadata."""
    return sa.Table(
        "sw_job_log",
        metadata,
        sa.Column("id", text_id(), primary_key=True),
        sa.Column(
            "run_id",
            text_id(),
            sa.ForeignKey("sw_job_run.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("level", sa.String(8), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Index("ix_sw_job_log_run", "run_id", "id"),
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
    )


def job_tables(metadata: sa.MetaData) -> tuple[sa.Table, ...]:
    """Return every table of background work, the outbox included, as tables of this metadata."""
    makers = (outbox_table, job_run_table, job_log_table, schedule_table)
    return tuple(make(metadata) for make in makers)


_system = sa.MetaData()
RUN = job_run_table(_system)
LOG = job_log_table(_system)
SCHEDULE = schedule_table(_system)
"""The tables as statements name them; the schema's own copies are made by the functions above."""
