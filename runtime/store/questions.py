"""A question whose answer is one text, asked alone or along with the rows of another statement.

Along with them it costs no round trip of its own: its answer is one more column, which the database
works out once. `Assumed` is an answer that was given before and is taken for true until the first
statement says so; rows that came with another answer are thrown away unseen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from runtime.store.packing import packed, unpacking
from runtime.store.prepared import Prepared, Row

ANSWER = "sw_answer"


class Mistaken(Exception):
    """What was assumed does not hold; nothing that was read may be used."""


class Question:
    """A statement that finds one row or none."""

    def __init__(self, statement: sa.Select[Any], dialect: sa.Dialect) -> None:
        row = statement.subquery()
        self.read = unpacking(row.c, dialect)
        text = sa.select(packed(row.c, dialect))
        self.alone = Prepared(text, dialect)
        self._column = text.scalar_subquery().label(ANSWER)

    def ask(self, connection: sa.Connection, values: Mapping[str, Any]) -> str | None:
        """Return the text of the row; None when there is none."""
        rows = self.alone.rows(connection, values)
        return rows[0][0] if rows else None

    def along(self, statement: sa.Select[Any]) -> sa.Select[Any]:
        """Return a statement with the answer as its last column."""
        return statement.add_columns(self._column)


@dataclass(frozen=True, slots=True)
class Assumed:
    """An answer of before."""

    question: Question
    values: Mapping[str, Any]
    answer: str

    def prove(self, connection: sa.Connection) -> None:
        """Ask alone.

        Raises:
            Mistaken: the answer is another one.

        """
        if self.question.ask(connection, self.values) != self.answer:
            raise Mistaken

    @property
    def statement(self) -> Prepared:
        """What is asked where it goes along with the begin of a transaction."""
        return self.question.alone

    def check(self, rows: Sequence[Row]) -> None:
        """Look at the answer.

        Raises:
            Mistaken: it is another one.

        """
        if not rows or rows[0][0] != self.answer:
            raise Mistaken

    def told(self, rows: Sequence[Row]) -> list[Row]:
        """Return rows without the answer that came along.

        Raises:
            Mistaken: the answer is another one.

        """
        if rows[0][-1] != self.answer:
            raise Mistaken
        return [row[:-1] for row in rows]
