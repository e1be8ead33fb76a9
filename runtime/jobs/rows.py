"""What became of the records of a run: an `Outcome` in, a row of `sw_job_row` out."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from runtime.jobs.tables import ROW
from runtime.messages import Outcome
from runtime.store import inserts


def write_rows(
    connection: sa.Connection, run_id: str, entity: str, first: int, outcomes: Sequence[Outcome]
) -> None:
    """Write outcomes in the transaction of the checkpoint that counts them; `first` is a number."""
    rows = []
    for number, one in enumerate(outcomes, first):
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
            }
        )
    if rows:
        inserts.insert_many(connection, ROW, rows)
