"""Reviews of rights: a snapshot of who holds what, and what a reviewer said to each line.

A line is a fact of the day of the snapshot; deciding it changes what people hold, never the line's
own facts. So a report made years later says what the reviewer saw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from runtime.jobs.columns import UtcDateTime, small_json, text_id
from runtime.store.engine import read

KEEP, REVOKE, SUSPEND = "keep", "revoke", "suspend"
MOST = 100


@dataclass(frozen=True, slots=True)
class Review:
    """One round of looking at every right."""

    id: str
    created_at: datetime
    created_by: int
    created_name: str
    closed_at: datetime | None = None
    closed_name: str | None = None
    lines: int = 0
    open: int = 0
    """Lines nobody decided yet."""
    revoked: int = 0
    """Lines that were revoked or suspended."""


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """One role of one person, as it was."""

    id: str
    review_id: str
    user_id: int
    user_name: str
    role: str
    via: str
    """How it is held: `own`, `group:NAME` or `request:ID`; of a token, which gives what its owner
    has, `token:ID`."""
    facts: Mapping[str, Any]
    """Cells, findings, and when the person was last seen; see `runtime/reviewing.py`."""
    decision: str | None = None
    decided_by: int | None = None
    decided_name: str | None = None
    decided_at: datetime | None = None
    said: str | None = None


def review_table(metadata: sa.MetaData) -> sa.Table:
    """Return the table: one row a review."""
    return sa.Table(
        "sw_review",
        metadata,
        sa.Column("id", text_id(), primary_key=True),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("created_by", sa.Integer, nullable=False),
        sa.Column("created_name", sa.String(200), nullable=False),
        sa.Column("closed_at", UtcDateTime),
        sa.Column("closed_name", sa.String(200)),
    )


def review_line_table(metadata: sa.MetaData) -> sa.Table:
    """Return the table: one row a person and role of a review."""
    return sa.Table(
        "sw_review_line",
        metadata,
        sa.Column("id", text_id(), primary_key=True),
        sa.Column("review_id", text_id(), nullable=False),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("user_name", sa.String(200), nullable=False),
        sa.Column("role", sa.String(200), nullable=False),
        sa.Column("via", sa.String(200), nullable=False),
        sa.Column("facts", small_json(), nullable=False),
        sa.Column("decision", sa.String(12)),
        sa.Column("decided_by", sa.Integer),
        sa.Column("decided_name", sa.String(200)),
        sa.Column("decided_at", UtcDateTime),
        sa.Column("said", sa.Text),
        sa.Index("ix_sw_review_line_review", "review_id", "id"),
    )


def begin(
    connection: sa.Connection,
    tables: tuple[sa.Table, sa.Table],
    one: Review,
    lines: Sequence[ReviewLine],
) -> None:
    """Keep a new review with its lines."""
    review, line = tables
    names = ("id", "created_at", "created_by", "created_name")
    connection.execute(review.insert(), {name: getattr(one, name) for name in names})
    rows = [{name: getattr(each, name) for name in _LINE} for each in lines]
    if rows:
        connection.execute(line.insert(), rows)


def every(engine: sa.Engine, tables: tuple[sa.Table, sa.Table]) -> Sequence[Review]:
    """Return the latest reviews with their counts: one statement."""
    return _reviews(engine, tables, None)


def find(engine: sa.Engine, tables: tuple[sa.Table, sa.Table], review_id: str) -> Review | None:
    """Return one review; None when there is none of this id."""
    found = _reviews(engine, tables, review_id)
    return found[0] if found else None


def _reviews(
    engine: sa.Engine, tables: tuple[sa.Table, sa.Table], review_id: str | None
) -> Sequence[Review]:
    review, line = tables
    decided = line.c.decision
    counts = (
        sa.func.count(line.c.id),
        sa.func.sum(sa.case((decided.is_(None) & line.c.id.is_not(None), 1), else_=0)),
        sa.func.sum(sa.case((decided.in_((REVOKE, SUSPEND)), 1), else_=0)),
    )
    asked = (
        sa.select(*review.c, *counts)
        .select_from(review.outerjoin(line, line.c.review_id == review.c.id))
        .group_by(*review.c)
        .order_by(review.c.id.desc())
        .limit(MOST)
    )
    if review_id is not None:
        asked = asked.where(review.c.id == review_id)
    with read(engine) as connection:
        return [Review(*row[:-3], *map(int, row[-3:])) for row in connection.execute(asked)]


def lines_of(engine: sa.Engine, table: sa.Table, review_id: str) -> Sequence[ReviewLine]:
    """Return the lines of a review in the order of the snapshot."""
    asked = sa.select(table).where(table.c.review_id == review_id).order_by(table.c.id)
    with read(engine) as connection:
        return [_line(row) for row in connection.execute(asked)]


def find_line(engine: sa.Engine, table: sa.Table, line_id: str) -> ReviewLine | None:
    """Return one line."""
    with read(engine) as connection:
        row = connection.execute(sa.select(table).where(table.c.id == line_id)).first()
    return None if row is None else _line(row)


def decide(
    connection: sa.Connection,
    table: sa.Table,
    line_id: str,
    decision: str,
    by: tuple[int, str],
    now: datetime,
    said: str,
) -> bool:
    """Keep what a reviewer said; False when somebody said something before."""
    change = (
        table.update()
        .where(table.c.id == line_id, table.c.decision.is_(None))
        .values(decision=decision, decided_by=by[0], decided_name=by[1], decided_at=now, said=said)
        .returning(table.c.id)
    )
    return connection.execute(change).first() is not None


def restore(
    connection: sa.Connection, table: sa.Table, line_id: str, by: tuple[int, str], now: datetime
) -> bool:
    """Keep what was suspended after all; False when it is not suspended any more."""
    change = (
        table.update()
        .where(table.c.id == line_id, table.c.decision == SUSPEND)
        .values(decision=KEEP, decided_by=by[0], decided_name=by[1], decided_at=now)
        .returning(table.c.id)
    )
    return connection.execute(change).first() is not None


def close(
    connection: sa.Connection, table: sa.Table, review_id: str, name: str, now: datetime
) -> bool:
    """Close a review; False when it is closed already."""
    change = (
        table.update()
        .where(table.c.id == review_id, table.c.closed_at.is_(None))
        .values(closed_at=now, closed_name=name)
        .returning(table.c.id)
    )
    return connection.execute(change).first() is not None


_LINE = tuple(ReviewLine.__dataclass_fields__)


def _line(row: Any) -> ReviewLine:
    return ReviewLine(**{name: getattr(row, name) for name in _LINE})
