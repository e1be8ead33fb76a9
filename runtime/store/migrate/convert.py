"""Values of one type as values of another: a SQL expression for each database, and what it costs.

Only conversions that keep what people would call the same value are here; for the others a column
is replaced and its values are lost, which needs consent. Numbers are whole numbers of 10^-scale,
so a change of decimals is integer arithmetic, rounded half away from zero. SQLite cannot parse
text, so `text_functions` lends it four functions for the time of a plan.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import sqlalchemy as sa

from generator.field_types._ids import WRITTEN
from runtime.store.migrate.facts import Stored

TO_TEXT = {"number", "boolean", "date", "moment", "time", "id", "json"}
FROM_TEXT = {"number", "boolean", "date", "moment", "time", "id", "list"}
OTHERS = {("number", "boolean"), ("boolean", "number"), ("date", "moment"), ("moment", "date")}
NUMBER = re.compile(r"[+-]?[0-9]{1,15}([.][0-9]{1,20})?")
LARGEST = {"INTEGER": 2**31 - 1, "BIGINT": 2**63 - 1, "SMALLINT": 2**15 - 1}


@dataclass(frozen=True)
class Conversion:
    """How the values of a column change."""

    expression: str
    """The new value; null where the old one has no counterpart."""
    lossy: str = ""
    """The rows whose value is cut or rounded, as a condition; empty when none can be."""
    failing: str = ""
    """The rows whose value has no counterpart."""


def can_convert(was: Stored, becomes: Stored) -> bool:
    """Return whether values of the one kind mean anything as values of the other."""
    if was.kind == becomes.kind:
        return was.kind != "other"
    pair = (was.kind, becomes.kind)
    return (
        (was.kind in TO_TEXT and becomes.kind == "text")
        or (was.kind == "text" and becomes.kind in FROM_TEXT)
        or pair in OTHERS
    )


def narrows(was: Stored, becomes: Stored, before: str, after: str) -> bool:
    """Return whether some value of the old type does not fit the new one.

    Args:
        was: the old kind of values.
        becomes: the new kind.
        before: the old type as the database names it.
        after: the new type.

    """
    if was.kind != becomes.kind:
        widening = {("boolean", "number"), ("date", "moment"), ("text", "list")}
        if becomes.kind == "text":
            return 0 < becomes.longest < 40 or was.kind == "json"
        return (was.kind, becomes.kind) not in widening
    if was.kind == "number":
        room = LARGEST.get(after, 2**63) < LARGEST.get(before, 0)
        return becomes.scale < was.scale or room
    if was.kind == "text":
        return becomes.longest > 0 and (not was.longest or becomes.longest < was.longest)
    return False


def conversion(column: str, was: Stored, becomes: Stored, after: str, dialect: str) -> Conversion:
    """Return the SQL that converts a column.

    Args:
        column: its quoted name.
        was: what its values are.
        becomes: what they shall be.
        after: the new type as the database names it.
        dialect: sqlite or postgresql.

    """
    if becomes.kind == "text":
        text = column if was.kind == "text" else _text(column, was, dialect)
        return _cut(text, becomes.longest)
    if was.kind == "text":
        expression = PARSE[dialect][becomes.kind](column, becomes.scale)
        if becomes.kind == "number" and after in LARGEST:
            most = LARGEST[after]
            expression = f"CASE WHEN {expression} BETWEEN {-most} AND {most} THEN {expression} END"
        return Conversion(expression, failing=f"{column} IS NOT NULL AND {expression} IS NULL")
    if was.kind == becomes.kind == "number":
        return _rescale(column, becomes.scale - was.scale, LARGEST.get(after, 2**63 - 1))
    return _other(column, was, becomes, dialect)


def text_functions(connection: sa.Connection) -> None:
    """Lend a SQLite connection the functions that the conversions of this file call."""
    if connection.dialect.name == "sqlite":
        driver: Any = connection.connection.dbapi_connection
        driver.create_function("sw_number", 2, _number, deterministic=True)
        driver.create_function("sw_date", 1, _date, deterministic=True)
        driver.create_function("sw_moment", 1, _moment, deterministic=True)
        driver.create_function("sw_time", 1, _time, deterministic=True)
        driver.create_function("sw_id", 1, _id, deterministic=True)


def _cut(text: str, longest: int) -> Conversion:
    if not longest:
        return Conversion(text)
    return Conversion(f"substr({text}, 1, {longest})", lossy=f"length({text}) > {longest}")


def _rescale(column: str, digits: int, most: int) -> Conversion:
    factor: int = 10 ** abs(digits)
    if digits >= 0:
        limit = most // factor
        value = f"{column} * {factor}" if digits else column
        fits = f"{column} BETWEEN {-limit} AND {limit}"
        return Conversion(
            f"CASE WHEN {fits} THEN {value} END", failing=f"{column} IS NOT NULL AND NOT ({fits})"
        )
    half = factor // 2
    return Conversion(
        f"CASE WHEN {column} < 0 THEN -((-{column} + {half}) / {factor}) "
        f"ELSE ({column} + {half}) / {factor} END",
        lossy=f"{column} <> ({column} / {factor}) * {factor}",
    )


def _other(column: str, was: Stored, becomes: Stored, dialect: str) -> Conversion:
    sqlite = dialect == "sqlite"
    match was.kind, becomes.kind:
        case "boolean", "number":
            one = 10**becomes.scale
            return Conversion(f"CASE WHEN {column} THEN {one} WHEN NOT {column} THEN 0 END")
        case "number", "boolean":
            return Conversion(f"({column} <> 0)", lossy=f"{column} NOT IN (0, {10**was.scale})")
        case "date", "moment":
            if sqlite:
                return Conversion(f"{column} || ' 00:00:00.000000'")
            return Conversion(f"({column}::timestamp AT TIME ZONE 'UTC')")
        case "moment", "date":
            if sqlite:
                return Conversion(
                    f"substr({column}, 1, 10)",
                    lossy=f"substr({column}, 12) <> '00:00:00.000000'",
                )
            utc = f"({column} AT TIME ZONE 'UTC')"
            return Conversion(f"{utc}::date", lossy=f"{utc} <> date_trunc('day', {utc})")
        case _:
            return Conversion(column)


def _text(column: str, was: Stored, dialect: str) -> str:
    sqlite = dialect == "sqlite"
    match was.kind:
        case "number":
            return _number_text(column, was.scale, sqlite)
        case "boolean":
            return f"CASE WHEN {column} THEN 'true' WHEN NOT {column} THEN 'false' END"
        case "date":
            return column if sqlite else f"to_char({column}, 'YYYY-MM-DD')"
        case "time":
            return f"substr({column}, 1, 8)" if sqlite else f"to_char({column}, 'HH24:MI:SS')"
        case "moment" if sqlite:
            return f"substr({column}, 1, 10) || 'T' || substr({column}, 12, 8) || 'Z'"
        case "moment":
            form = """'YYYY-MM-DD"T"HH24:MI:SS"Z"'"""
            return f"to_char({column} AT TIME ZONE 'UTC', {form})"
        case _:
            return column if sqlite else f"{column}::text"


def _number_text(column: str, scale: int, sqlite: bool) -> str:
    if not scale:
        return f"CAST({column} AS TEXT)"
    factor = 10**scale
    if sqlite:
        return (
            f"CASE WHEN {column} < 0 THEN '-' ELSE '' END || "
            f"printf('%d.%0{scale}d', abs({column}) / {factor}, abs({column}) % {factor})"
        )
    return f"round({column}::numeric / {factor}, {scale})::text"


def _guarded(pattern: str, type_: str) -> Callable[[str, int], str]:
    def parse(column: str, scale: int) -> str:
        text = f"btrim({column})"
        valid = f"{text} ~ '{pattern}' AND pg_input_is_valid({text}, '{type_}')"
        return f"CASE WHEN {valid} THEN {text}::{type_} END"

    return parse


def _parse_boolean(column: str, scale: int) -> str:
    text = f"lower(trim({column}))"
    return (
        f"CASE WHEN {text} IN ('true', 'yes', '1') THEN true "
        f"WHEN {text} IN ('false', 'no', '0') THEN false END"
    )


def _parse_number(column: str, scale: int) -> str:
    text = f"btrim({column})"
    return (
        f"CASE WHEN {text} ~ '^{NUMBER.pattern}$' "
        f"THEN round({text}::numeric * {10**scale})::bigint END"
    )


PARSE: Mapping[str, Mapping[str, Callable[[str, int], str]]] = {
    "postgresql": {
        "number": _parse_number,
        "boolean": _parse_boolean,
        "date": _guarded("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "date"),
        "moment": _guarded(
            "^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]+(Z|[+-][0-9:]+)?)?$", "timestamptz"
        ),
        "time": _guarded("^[0-9]{2}:[0-9]{2}(:[0-9]{2})?$", "time"),
        "id": _guarded(f"^{WRITTEN.pattern}$", "uuid"),
        "list": lambda column, scale: (
            f"CASE WHEN {column} IS NOT NULL THEN jsonb_build_array({column}) END"
        ),
    },
    "sqlite": {
        "number": lambda column, scale: f"sw_number({column}, {scale})",
        "boolean": _parse_boolean,
        "date": lambda column, scale: f"sw_date({column})",
        "moment": lambda column, scale: f"sw_moment({column})",
        "time": lambda column, scale: f"sw_time({column})",
        "id": lambda column, scale: f"sw_id({column})",
        "list": lambda column, scale: (
            f"CASE WHEN {column} IS NOT NULL THEN json_array({column}) END"
        ),
    },
}
"""How a text is read as another kind of value."""


def _number(text: str | None, scale: int) -> int | None:
    written = str(text).strip() if text is not None else ""
    if not NUMBER.fullmatch(written):
        return None
    value = int((Decimal(written) * 10**scale).quantize(Decimal(1), ROUND_HALF_UP))
    return value if abs(value) < 2**63 else None


def _date(text: str | None) -> str | None:
    try:
        return dt.datetime.strptime((text or "").strip(), "%Y-%m-%d").date().isoformat()  # noqa: DTZ007
    except ValueError:
        return None


def _moment(text: str | None) -> str | None:
    try:
        moment = dt.datetime.fromisoformat((text or "").strip())
    except ValueError:
        return None
    utc = moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)
    return utc.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")


def _time(text: str | None) -> str | None:
    try:
        return dt.time.fromisoformat((text or "").strip()).isoformat(timespec="microseconds")
    except ValueError:
        return None


def _id(text: str | None) -> str | None:
    written = (text or "").strip()
    return written if WRITTEN.fullmatch(written) else None
