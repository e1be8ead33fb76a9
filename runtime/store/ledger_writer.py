"""What everybody who writes to a ledger has: a transaction, its moment, and how ids are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from runtime.store import inserts
from runtime.store.guard import system
from runtime.store.ledger_statements import Book
from runtime.store.posted import Cause

WHY = "a post to a ledger"


@dataclass(frozen=True)
class Writer:
    """A transaction in which something is written to ledgers."""

    connection: sa.Connection
    books: Callable[[str], Book]
    now: datetime
    make_id: Callable[[], str]

    def stamps(self, cause: Cause) -> dict[str, Any]:
        by = cause.actor_id
        moments = {"created_at": self.now, "updated_at": self.now}
        return {**moments, "created_by": by, "updated_by": by, "version": 1}

    def insert(self, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            self.do(table.insert().values([dict(row) for row in rows]))

    def ask(self, statement: sa.Select[Any]) -> Sequence[Any]:
        inserts.leave_now(self.connection)
        return self.connection.execute(system(statement, WHY)).all()

    def do(self, statement: sa.UpdateBase) -> None:
        self.connection.execute(system(statement, WHY))
