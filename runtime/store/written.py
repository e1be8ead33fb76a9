"""Rows whose cells PostgreSQL writes itself, as texts of a CSV: what an export of a million needs.

In: a plan, and how each of its columns is written. Out: the rows, with one text for each run of
columns that stand beside each other. It is the statement of the plan itself, with its scope, order
and joins, and only other columns; a cell that some row does not show in clear is never written
here. What a text is, byte for byte, is said in Python by `runtime.web.spreadsheets`; a test asks
both for the same rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from runtime.harmless import FORMULA_SQL, MAYBE_FORMULA
from runtime.store.building import Builder
from runtime.store.plan import UNCUT, QueryPlan
from runtime.store.prepared import Prepared
from runtime.store.statements import Statements

AT_ONCE = 2000
"""Rows that come from the server together."""
LONGEST_WITHOUT_FRACTION = 19
"""Characters of `2026-11-23 02:05:14`."""


@dataclass(frozen=True)
class Plain:
    """A text, as it is."""


@dataclass(frozen=True)
class Number:
    """A whole number scaled by ten to the `places`; zeros beyond `at_least` are left out."""

    places: int = 0
    at_least: int | None = None


@dataclass(frozen=True)
class Moment:
    """A moment, as clocks showed it in a zone."""

    zone: str


@dataclass(frozen=True)
class Day:
    """A date."""


@dataclass(frozen=True)
class Words:
    """One of a few values, by what stands for it in the file; another stands as it is."""

    words: tuple[tuple[Any, str], ...]


Style = Plain | Number | Moment | Day | Words


@dataclass(frozen=True)
class Shape:
    """What is asked for a row."""

    pieces: tuple[tuple[tuple[int, Style], ...], ...]
    """Places of paths that become one text, with commas between."""
    raw: frozenset[int]
    """Places of paths that are wanted as they are stored, and as their caller may see them."""
    end: str = ""
    """What stands behind the last piece."""


def knows_zone(connection: sa.Connection, name: str) -> bool:
    """Return whether the server knows a time zone by this name."""
    asked = sa.text("SELECT 1 FROM pg_timezone_names WHERE name = :name")
    return connection.execute(asked, {"name": name}).first() is not None


def rows(
    connection: sa.Connection,
    statements: Statements,
    plan: QueryPlan,
    shape: Shape,
    most: int | None,
) -> Iterator[list[Any]]:
    """Yield rows in order, some thousands at once, from one statement.

    Args:
        connection: of PostgreSQL, in a transaction that is for this alone.
        statements: of the schema.
        plan: what is read; its limit and cursor are passed over.
        shape: what is asked.
        most: how many rows, None for all.

    Returns:
        A row is its cells, None where they are not in `shape.raw`, and behind them its pieces;
        without any raw cell it is the pieces alone, and one piece alone is a text.

    """
    # a page asks for one row more than its limit
    whole = plan.with_values(limit=UNCUT if most is None else most - 1, cursor=None)
    selection = Builder(statements.schema, statements.conditions, whole).page()
    found = list(selection.statement.selected_columns)
    cells, tests = found[: len(plan.paths)], found[len(plan.paths) :]
    asked: list[Any] = []
    if shape.raw:
        kept = [cell if at in shape.raw else sa.null() for at, cell in enumerate(cells)]
        asked = [*kept, *tests]
    before = len(asked)
    last = len(shape.pieces) - 1
    for number, piece in enumerate(shape.pieces):
        text = _piece([_cell(_bare(cells[at]), style) for at, style in piece])
        asked.append(sa.func.concat(text, shape.end) if shape.end and number == last else text)
    named = [one.label(f"cell_{number}") for number, one in enumerate(asked)]
    statement = selection.statement.with_only_columns(*named, maintain_column_froms=True)
    connection.exec_driver_sql("SET LOCAL datestyle = 'ISO'")
    prepared = Prepared(statement, connection.dialect, anew=True)
    alone = not before and len(shape.pieces) == 1
    for part in prepared.stream(connection, statements.values(whole), AT_ONCE):
        if alone:
            yield [text for (text,) in part]
            continue
        seen = selection.seen([row[:before] for row in part]) if before else [()] * len(part)
        yield [(*cell, *row[before:]) for cell, row in zip(seen, part, strict=True)]


def _bare(column: Any) -> Any:
    return column.element if isinstance(column, sa.Label) else column


def _piece(cells: Sequence[Any]) -> Any:
    joined = [cells[0]]
    for cell in cells[1:]:
        joined += [sa.literal_column("','"), cell]
    return sa.func.concat(*joined) if len(joined) > 1 else cells[0]


def _cell(value: Any, style: Style) -> Any:
    """Return the text of a cell; of nothing it is empty."""
    if isinstance(style, Plain):
        return sa.func.coalesce(_quoted(sa.cast(value, sa.Text)), "")
    if isinstance(style, Number):
        return sa.func.coalesce(_number(value, style), "")
    if isinstance(style, Words):
        return _word(value, style)
    if isinstance(style, Moment):
        return sa.func.coalesce(_moment(value, style), "")
    return sa.func.coalesce(sa.cast(value, sa.Text), "")


def _quoted(text: Any) -> Any:
    """Return a text as a cell: harmless, and in quotation marks where it needs them."""
    formula = text.op("~")(sa.literal_column(f"E'{FORMULA_SQL}'"))
    safe = sa.case((formula, sa.func.concat("'", text)), else_=text)
    inside = sa.func.replace(safe, '"', '""')
    quoted = sa.func.concat('"', inside, '"')
    needs = text.op("~")(sa.literal_column("E'[\",\\r\\n]'"))
    # most texts are neither, and one look tells
    odd = text.op("~")(sa.literal_column(f"E'{MAYBE_FORMULA}'"))
    return sa.case((odd, sa.case((needs, quoted), else_=safe)), else_=text)


def _number(value: Any, style: Number) -> Any:
    if not style.places:
        return sa.cast(value, sa.Text)
    exact = sa.cast(value * _step(style.places), sa.Text)
    if style.at_least is None or style.at_least >= style.places:
        return exact
    cut: Any = sa.literal_column(str(10 ** (style.places - style.at_least)))
    short = sa.cast(value.op("/")(cut) * _step(style.at_least), sa.Text)
    return sa.case((sa.func.mod(value, cut) == 0, short), else_=exact)


def _step(places: int) -> Any:
    return sa.literal_column("0." + "0" * (places - 1) + "1", sa.Numeric())


def _moment(value: Any, style: Moment) -> Any:
    text = sa.cast(sa.func.timezone(style.zone, value), sa.Text)
    # the server leaves out zeros at the end of a fraction
    return sa.case(
        (sa.func.length(text) > LONGEST_WITHOUT_FRACTION, sa.func.rpad(text, 26, "0")), else_=text
    )


def _word(value: Any, style: Words) -> Any:
    # `bindparam` of the column's own type: a boolean stays one
    known = [(value == sa.literal(one, value.type), sa.literal(text)) for one, text in style.words]
    if isinstance(value.type, sa.Boolean):
        return sa.case(*known, else_=sa.literal(""))
    return sa.case(*known, else_=sa.func.coalesce(_quoted(sa.cast(value, sa.Text)), ""))
