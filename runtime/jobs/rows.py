"""What became of the records of a run: an `Outcome` in, a row of `sw_job_row` out.

A row may keep what the record was before, in API form: that is what undoing gives back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from runtime.jobs.tables import ROW
from runtime.messages import Outcome
from runtime.store import inserts


def write_rows(
    connection: sa.Connection, run_id: str, entity: str, first: int, outcomes: Sequence[Outcome]
) -> None:
    """Write outcomes in the transaction of the checkpoint that counts them; `first` is a number."""
    write_numbered(connection, run_id, entity, list(enumerate(outcomes, first)))


def write_numbered(
    connection: sa.Connection,
    run_id: str,
    entity: str,
    numbered: Sequence[tuple[int, Outcome]],
    before: Mapping[str, Any] | None = None,
) -> None:
    """Write outcomes by their places; `before` is by record what it was."""
    rows = []
    for number, one in numbered:
        error = one.errors[0] if one.errors else None
        rows.append(
            {
                "run_id": run_id,
                "position": number,
                "entity": entity,
                "record_id": one.record_id,
                "status": one.status,
                "code": str(error.code)[:100] if error else None,
                "message": dict(one.message.texts) if one.message else None,
                "version": one.version,
                "is_changed": one.changed,
                "before": (before or {}).get(one.record_id),
            }
        )
    if rows:
        inserts.insert_many(connection, ROW, rows)
