"""A statement that selects, and what its columns mean: values in, rows of stored values out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from runtime.store.engine import assumed
from runtime.store.prepared import Prepared, Row
from runtime.store.questions import Assumed, Question
from runtime.store.veils import Eyes, Veil


class Selection:
    """A statement and what its columns mean; compiled when it is first run."""

    def __init__(
        self,
        statement: sa.Select[Any],
        names: tuple[str, ...],
        veils: tuple[Veil, ...] = (),
        *,
        anew: bool = False,
    ) -> None:
        self.statement = statement
        self._anew = anew
        self.names = names
        """The path of each column."""
        self._eyes = Eyes(veils, len(names)) if veils else None
        self.position: Mapping[str, int] = {name: index for index, name in enumerate(names)}
        self._prepared: Prepared | None = None
        self._along: dict[Question, Prepared] = {}
        """By the question that is asked along."""

    def rows(self, connection: sa.Connection, values: Mapping[str, Any]) -> list[Row]:
        """Run the statement and return its rows as tuples of stored values.

        A cell that its row does not show in clear is a `Masked` or `HIDDEN` in place of the value.
        """
        assumption = assumed()
        if assumption is not None:
            return self._proving(connection, values, assumption)
        if self._prepared is None:
            self._prepared = Prepared(self.statement, connection.dialect, anew=self._anew)
        return self.seen(self._prepared.rows(connection, values))

    def _proving(
        self, connection: sa.Connection, values: Mapping[str, Any], assumption: Assumed
    ) -> list[Row]:
        """Run the statement and have what was assumed proved by it; no rows prove nothing."""
        if self._anew:
            assumption.prove(connection)
            return self.rows(connection, values)
        question = assumption.question
        along = self._along.get(question)
        if along is None:
            along = Prepared(question.along(self.statement), connection.dialect)
            self._along[question] = along
        rows = along.rows(connection, {**values, **assumption.values})
        if not rows:
            assumption.prove(connection)
            return []
        return self.seen(assumption.told(rows))

    def seen(self, rows: list[Row]) -> list[Row]:
        """Return rows as their caller may see them; whoever runs the statement owes this."""
        return rows if self._eyes is None else self._eyes.see(rows)
