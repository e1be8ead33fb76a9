"""One statement that changes a record at the version it was read, and writes all that goes with it.

Comes in: a batch that waits (`inserts`): the change of one record, its audit row, its event. Goes
out: whether the record still had that version. If not, nothing is written: every row of the batch
is inserted from what the change returned. PostgreSQL looks at the version again after it waited for
somebody else's change (EvalPlanQual), so nobody need lock the record between reading and writing.

Decided here: the statement also writes nothing when it comes late. Seals over the audit count on
rows whose transaction began about when their ids were made (`audit_chain`), and here the ids come
first: a process that stood still in between must not slip a row in behind a seal.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from generator.field_types._times import Utc
from runtime.store.inserts import FEW, Batch, Form, bound, change_of, has_gaps
from runtime.store.prepared import prepared


def can_be_sent(batch: Batch) -> bool:
    """Return whether a batch is the change of one record and a few rows that go with it."""
    return (
        batch.change is not None
        and not batch.others
        and bool(batch.rows)
        and all(0 < len(rows) < FEW for _, rows in batch.rows)
    )


def send(connection: sa.Connection, batch: Batch, until: datetime) -> bool:
    """Write a batch if its record has the version that was read; False when nothing was written.

    Args:
        connection: of `engine.stepwise`.
        batch: one of which `can_be_sent` is true.
        until: the database's clock must not have passed this.

    Raises:
        sqlalchemy.exc.IntegrityError: a constraint refuses it; nothing is written.

    """
    change = batch.change
    assert change is not None
    forms: list[Form] = [(change.table, tuple(change.values), 0)]
    values: dict[str, Any] = {f"new_{name}": value for name, value in change.values.items()}
    values |= {"record_id": change.record_id, "read_version": change.version, "until": until}
    for part, (table, rows) in enumerate(batch.rows):
        names = tuple(rows[0])
        forms.append((table, names, len(rows)))
        values |= bound(names, rows, f"p{part}_")
    statement = prepared(
        change.table,
        ("at version", *((table.name, names, count) for table, names, count in forms)),
        connection.dialect,
        lambda: _statement(forms),
    )
    return bool(statement.rows(connection, values))


def _statement(forms: list[Form]) -> sa.Select[Any]:
    assert not any(has_gaps(table, [dict.fromkeys(names)]) for table, names, _ in forms[1:])
    table, names, _ = forms[0]
    in_time = sa.func.now() < sa.bindparam("until", type_=Utc())
    changed = change_of(table, names).where(in_time).returning(table.c.id).cte("changed")
    parts = [
        _rows(table, names, at, f"p{part}_", changed).cte(f"w{part}_{at}")
        for part, (table, names, count) in enumerate(forms[1:])
        for at in range(count)
    ]
    return sa.select(changed.c.id).add_cte(*parts)


def _rows(
    table: sa.Table, names: tuple[str, ...], at: int, prefix: str, changed: sa.CTE
) -> sa.Insert:
    """Return the insertion of one row for the record that changed."""
    cells: Mapping[str, Any] = {
        name: sa.bindparam(f"{prefix}{name}_{at}", type_=table.c[name].type) for name in names
    }
    row = sa.select(*cells.values()).select_from(changed)
    return table.insert().from_select(list(cells), row, include_defaults=False)
