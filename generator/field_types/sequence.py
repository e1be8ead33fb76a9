"""`type: sequence`: a running number the engine gives a record, such as SO20261122-000001.

Pure functions only: which counter a day falls under (`counter_key`) and how its number is written
(`format_number`). The store draws the number. Numbers start again whenever the dated part of the
pattern changes.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import marshmallow as ma
import sqlalchemy as sa

from generator.expressions import types
from generator.field_types import (
    EMPTY,
    Cell,
    Example,
    FieldType,
    Input,
    Viewer,
)
from generator.field_types._texts import Line
from generator.kinds import Arg
from generator.model.entity import Field

PLACE = re.compile(r"\{(yyyy|yy|mm|dd|n|n:0[1-9])\}")
PATTERN = (
    r"[^{}\x00-\x1f]*(\{(yyyy|yy|mm|dd)\}[^{}\x00-\x1f]*)*"
    r"\{n(:0[1-9])?\}[^{}\x00-\x1f]*(\{(yyyy|yy|mm|dd)\}[^{}\x00-\x1f]*)*"
)
"""What a pattern may be: texts and dates around exactly one `{n}`."""


class Sequence(FieldType):
    args = {
        "pattern": Arg(
            "text",
            "Texts around one {n} or {n:06}, with {yyyy}, {yy}, {mm} and {dd} for the day.",
            required=True,
            pattern=PATTERN,
        ),
        "start": Arg("integer", "The first number.", default=1, minimum=0),
        "gapless": Arg(
            "boolean",
            "Whether a number whose save fails is given to the next record, as law asks of invoices"
            " in some countries. Saves then wait for each other.",
            default=False,
        ),
        "issued": Arg(
            "boolean",
            "Whether only the effect `issue` of a workflow draws it; it is empty until then.",
            default=False,
        ),
    }
    operators = ("eq", "ne", "in", "contains", "starts_with")
    searchable = True
    generated = True
    example_args = {"pattern": "SO{yyyy}{mm}{dd}-{n:06}"}
    examples = (Example("SO20261122-000001", "SO20261122-000001", "SO20261122-000001"),)
    rejects = (1, True, "", "a\x00", "x" * 65, ["SO1"])

    def column(self, field: Field) -> sa.types.TypeEngine[Any]:
        return sa.String(64)

    def schema(self, field: Field, **options: Any) -> ma.fields.Field[Any]:
        return Line(64, **options)

    def expression_type(self, field: Field) -> types.Type:
        return types.Text()

    def cell(self, value: Any, field: Field, viewer: Viewer) -> Cell:
        return EMPTY if value is None else Cell(value, "code")

    def input(self, field: Field) -> Input:
        return Input("text", {"readonly": "readonly", "maxlength": "64"})

    def beginnings(self, text: str, field: Field) -> tuple[str, ...]:
        return (text, text.upper())

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {"type": "string", "maxLength": 64}


def counter_key(pattern: str, day: dt.date) -> str:
    """Return the name of the counter that a day's numbers come from: `SO20261122-{n:06}`.

    Days whose numbers would be written alike share a counter, so no number is given twice.
    """
    parts = _date_parts(day)
    return PLACE.sub(lambda place: parts.get(place[1], place[0]), pattern)


def format_number(pattern: str, day: dt.date, number: int) -> str:
    """Return how a number of a day is written; more digits than the pattern has are all kept."""
    parts = _date_parts(day)

    def write(place: re.Match[str]) -> str:
        if place[1] in parts:
            return parts[place[1]]
        width = int(place[1].partition(":")[2] or 0)
        return f"{number:0{width}d}" if width else str(number)

    return PLACE.sub(write, pattern)


def _date_parts(day: dt.date) -> dict[str, str]:
    return {
        "yyyy": f"{day.year:04d}",
        "yy": f"{day.year % 100:02d}",
        "mm": f"{day.month:02d}",
        "dd": f"{day.day:02d}",
    }
