"""SQL that SQLite and PostgreSQL spell differently, as elements that know both spellings.

An argument that a spelling needs twice is bound to a name in a small `FROM (SELECT …)` first, so
that nesting never doubles the statement. `%` is never written: drivers read it as a placeholder.
"""

from __future__ import annotations

import json
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from generator.expressions.numbers import WORD
from generator.expressions.types import LIMIT

_DAYS = 3_652_059
"""The number of the day 9999-12-31, counted as `date.toordinal` does."""
_FIRST, _LAST = -62_135_596_800, 253_402_300_799
"""The first and last second of the years 1 to 9999, in seconds since 1970."""
_SHIFT = 62_221_996_800
"""Seconds from 1000 days before year 1 to 1970: added, no moment is negative when divided."""


class Template(FunctionElement[Any]):
    """SQL text with holes; `{0}` is the first argument."""

    sqlite: ClassVar[str]
    postgresql: ClassVar[str]
    inherit_cache = True

    def __init__(self, kind: sa.types.TypeEngine[Any], *arguments: sa.ColumnElement[Any]) -> None:
        super().__init__(*arguments)
        self.type = kind


@compiles(Template)
def _render(element: Template, compiler: SQLCompiler, **options: Any) -> str:
    template = element.postgresql if compiler.dialect.name == "postgresql" else element.sqlite
    arguments = [compiler.process(clause, **options) for clause in element.clauses]
    return template.format(*arguments)


_ONE = "FROM (SELECT {0} AS sw_n) AS sw_q"
_PAIR = "FROM (SELECT {0} AS sw_n, {1} AS sw_d) AS sw_q"


def _bounded(number: str, low: int, high: int) -> str:
    # LEAST and GREATEST pass over null, so null becomes `low` or `high`, and then null again.
    return f"nullif(nullif(greatest(least({number}, {high}), {low}), {high}), {low})"


def _word(number: str) -> str:
    return f"({_bounded(number, -WORD - 1, WORD)})::bigint"


class LimitedAdd(Template):
    """`a + b`, null beyond 64 bits; on SQLite floating point, which `Limited` makes null."""

    inherit_cache = True
    sqlite = "(({0}) + ({1}))"
    postgresql = _word("({0})::numeric + ({1})")


class LimitedSubtract(Template):
    """`a - b`, as `LimitedAdd`."""

    inherit_cache = True
    sqlite = "(({0}) - ({1}))"
    postgresql = _word("({0})::numeric - ({1})")


class LimitedMultiply(Template):
    """`a * b`, as `LimitedAdd`."""

    inherit_cache = True
    sqlite = "(({0}) * ({1}))"
    postgresql = _word("({0})::numeric * ({1})")


class Limited(Template):
    """A number of at most 18 digits, else null."""

    inherit_cache = True
    sqlite = (
        f"(SELECT CASE WHEN typeof(sw_n) = 'integer' AND sw_n > {-LIMIT} AND sw_n < {LIMIT} "
        f"THEN sw_n END {_ONE})"
    )
    postgresql = _bounded("({0})", -LIMIT, LIMIT)


class HighSum(Template):
    """The sum of the high halves: SQLite's sum() fails where a total does not fit."""

    inherit_cache = True
    sqlite = postgresql = "sum(({0}) / 1000000000)"


class LowSum(Template):
    """The sum of the low halves."""

    inherit_cache = True
    sqlite = "sum(({0}) % 1000000000)"
    postgresql = "sum(mod(({0}), 1000000000))"


_TOTAL = "(coalesce({0}, 0) * 1000000000 + coalesce({1}, 0))"


class Total(Template):
    """A sum out of its halves; 0 for none, null beyond 18 digits."""

    inherit_cache = True
    sqlite = f"CASE WHEN {_TOTAL} > {-LIMIT} AND {_TOTAL} < {LIMIT} THEN {_TOTAL} END"
    postgresql = f"({_bounded(_TOTAL, -LIMIT, LIMIT)})::bigint"


_QUOTIENT = "sw_n / nullif(sw_d, 0)"
_REST = f"(sw_n - {_QUOTIENT} * sw_d)"


class RoundDivide(Template):
    """`a / b` rounded half away from zero; null for b = 0."""

    inherit_cache = True
    sqlite = postgresql = (
        f"(SELECT {_QUOTIENT} + CASE WHEN abs({_REST}) >= abs(sw_d) - abs({_REST}) "
        f"THEN CASE WHEN (sw_n < 0) = (sw_d < 0) THEN 1 ELSE -1 END ELSE 0 END {_PAIR})"
    )


class FloorDivide(Template):
    """`a // b` towards minus infinity; null for b = 0."""

    inherit_cache = True
    sqlite = postgresql = (
        f"(SELECT {_QUOTIENT} - CASE WHEN {_REST} <> 0 AND (sw_n < 0) <> (sw_d < 0) "
        f"THEN 1 ELSE 0 END {_PAIR})"
    )


class Modulo(Template):
    """`a % b` with the sign of b; null for b = 0."""

    inherit_cache = True
    sqlite = postgresql = (
        f"(SELECT {_REST} + CASE WHEN {_REST} <> 0 AND ({_REST} < 0) <> (sw_d < 0) "
        f"THEN sw_d ELSE 0 END {_PAIR})"
    )


class Extreme(Template):
    """The smallest or largest of several values; null if one is null, as SQLite's own is."""

    inherit_cache = True
    sqlite = postgresql = ""
    word: ClassVar[str]


class Smallest(Extreme):
    """The smallest of several values."""

    inherit_cache = True
    word = "min"
    postgresql = (
        "(SELECT CASE WHEN sw_n <= sw_d THEN sw_n WHEN sw_n > sw_d THEN sw_d END " + _PAIR + ")"
    )


class Largest(Extreme):
    """The largest of several values."""

    inherit_cache = True
    word = "max"
    postgresql = (
        "(SELECT CASE WHEN sw_n >= sw_d THEN sw_n WHEN sw_n < sw_d THEN sw_d END " + _PAIR + ")"
    )


@compiles(Extreme)
def _render_extreme(element: Extreme, compiler: SQLCompiler, **options: Any) -> str:
    first, *rest = (compiler.process(clause, **options) for clause in element.clauses)
    if compiler.dialect.name != "postgresql":
        return f"{element.word}({', '.join([first, *rest])})"
    for argument in rest:
        first = element.postgresql.format(first, argument)
    return first


class Epoch(Template):
    """The whole seconds of a moment since 1970."""

    inherit_cache = True
    sqlite = "CAST(strftime('%s', substr({0}, 1, 19)) AS INTEGER)"
    postgresql = "floor(extract(epoch FROM ({0})))::bigint"


class DaysBetween(Template):
    """The days from the second date to the first."""

    inherit_cache = True
    sqlite = "CAST(julianday({0}) - julianday({1}) AS INTEGER)"
    postgresql = "(({0}) - ({1}))::bigint"


def _date_sqlite(number: str) -> str:
    """Return the date of a day number, null outside the years 1 to 9999."""
    date = f"CASE WHEN sw_n > 0 AND sw_n <= {_DAYS} THEN date(sw_n + 1721424.5) END"
    return f"(SELECT {date} FROM (SELECT {number} AS sw_n) AS sw_q)"


def _date_postgresql(number: str) -> str:
    date = f"DATE '0001-01-01' + ({_bounded('sw_n', 0, _DAYS + 1)})::int - 1"
    return f"(SELECT {date} FROM (SELECT {number} AS sw_n) AS sw_q)"


class ShiftDate(Template):
    """A date moved by the whole days of a duration; null outside the years 1 to 9999."""

    inherit_cache = True
    sqlite = _date_sqlite("CAST(julianday({0}) - 1721424.5 AS INTEGER) + ({1}) / 86400")
    postgresql = _date_postgresql("(({0}) - DATE '0001-01-01' + 1)::bigint + ({1}) / 86400")


class LocalDay(Template):
    """The day of a moment, some seconds east of UTC; null outside the years 1 to 9999."""

    inherit_cache = True
    sqlite = _date_sqlite(f"({Epoch.sqlite} + ({{1}}) + {_SHIFT}) / 86400 - 999")
    postgresql = _date_postgresql(f"({Epoch.postgresql} + ({{1}}) + {_SHIFT}) / 86400 - 999")


class ShiftMoment(Template):
    """A moment moved by seconds, its fraction kept; null outside the years 1 to 9999.

    PostgreSQL adds in UTC without a zone: days of an interval would follow the session's zone.
    """

    inherit_cache = True
    sqlite = (
        f"(SELECT CASE WHEN sw_t >= {_FIRST} AND sw_t <= {_LAST} THEN "
        "strftime('%Y-%m-%d %H:%M:%S', sw_t, 'unixepoch') || substr(sw_n, 20) END "
        f"FROM (SELECT sw_n, {Epoch.sqlite.replace('{0}', 'sw_n')} + sw_d AS sw_t {_PAIR}) AS sw_r)"
    )
    postgresql = (
        "(SELECT (sw_n AT TIME ZONE 'UTC' + make_interval(days => (sw_g / 86400)::int, "
        "secs => (sw_g - sw_g / 86400 * 86400)::double precision)) AT TIME ZONE 'UTC' "
        "FROM (SELECT sw_n, {} - sw_e AS sw_g FROM (SELECT sw_n, sw_d, {} AS sw_e {}) AS sw_r) "
        "AS sw_s)".format(
            _bounded("sw_e + sw_d", _FIRST - 1, _LAST + 1),
            Epoch.postgresql.replace("{0}", "sw_n"),
            _PAIR,
        )
    )


class Part(Template):
    """A part of a date; subclasses name it."""

    inherit_cache = True


class Year(Part):
    """The year of a date."""

    inherit_cache = True
    sqlite = "CAST(substr({0}, 1, 4) AS INTEGER)"
    postgresql = "extract(year FROM ({0}))::bigint"


class Month(Part):
    """The month of a date."""

    inherit_cache = True
    sqlite = "CAST(substr({0}, 6, 2) AS INTEGER)"
    postgresql = "extract(month FROM ({0}))::bigint"


class Day(Part):
    """The day of the month of a date."""

    inherit_cache = True
    sqlite = "CAST(substr({0}, 9, 2) AS INTEGER)"
    postgresql = "extract(day FROM ({0}))::bigint"


class Contains(Template):
    """A part occurs in a text; no LIKE, so `%` and `_` are letters and case matters."""

    inherit_cache = True
    sqlite = "(instr({0}, {1}) > 0)"
    postgresql = "(strpos({0}, {1}) > 0)"


class StartsWith(Template):
    """A text begins with a part."""

    inherit_cache = True
    sqlite = "(SELECT substr(sw_n, 1, length(sw_d)) = sw_d " + _PAIR + ")"
    postgresql = "starts_with({0}, {1})"


class EndsWith(Template):
    """A text ends with a part."""

    inherit_cache = True
    sqlite = postgresql = (
        "(SELECT substr(sw_n, length(sw_n) - length(sw_d) + 1) = sw_d " + _PAIR + ")"
    )


class Lower(Template):
    """A–Z in lower case; the "C" collation leaves other letters, as SQLite does."""

    inherit_cache = True
    sqlite = "lower({0})"
    postgresql = 'lower(({0}) COLLATE "C")'


class Upper(Template):
    """a–z in upper case."""

    inherit_cache = True
    sqlite = "upper({0})"
    postgresql = 'upper(({0}) COLLATE "C")'


class Length(Template):
    """The number of characters."""

    inherit_cache = True
    sqlite = "length({0})"
    postgresql = "length({0})::bigint"


class Absolute(Template):
    """The number without its sign."""

    inherit_cache = True
    sqlite = postgresql = "abs({0})"


class OneOf(Template):
    """A value is one of a list that is bound as one parameter, so its length is no other SQL.

    An empty list holds nothing, not even an unknown value: as `IN ()` is false.
    """

    inherit_cache = True
    sqlite = "({0} IN (SELECT value FROM json_each({1})))"
    postgresql = "({0} = ANY({1}))"

    def self_group(self, against: Any = None) -> Any:
        """Return itself: on SQLite `(…) = 1`, as SQLAlchemy would write it, is not looked up."""
        return self


class Many(sa.types.TypeDecorator[list[Any]]):
    """A bound list of values of one type: an array on PostgreSQL, a JSON text on SQLite."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, item: sa.types.TypeEngine[Any]) -> None:
        super().__init__()
        self.item = item

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """Return the type of the parameter itself."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.ARRAY(self.item))
        return dialect.type_descriptor(sa.Text())

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        """Return what the driver is given."""
        if dialect.name == "postgresql":
            return list(value)
        process = self.item.dialect_impl(dialect).bind_processor(dialect)
        return json.dumps([one if process is None else process(one) for one in value])


class ListHas(Template):
    """A JSON list of texts holds a text; null if one of them is null."""

    inherit_cache = True
    sqlite = (
        "(SELECT CASE WHEN sw_n IS NOT NULL AND sw_d IS NOT NULL THEN "
        "EXISTS (SELECT 1 FROM json_each(sw_d) WHERE json_each.value = sw_n) END " + _PAIR + ")"
    )
    postgresql = "jsonb_exists(({1})::jsonb, {0})"
