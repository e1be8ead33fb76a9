"""The SQL of the plain functions: one entry for each of `functions.FUNCTIONS`."""

from __future__ import annotations

from collections.abc import Mapping

from generator.expressions import constructs as c

SQL: Mapping[str, type[c.Template]] = {
    "contains": c.Contains,
    "starts_with": c.StartsWith,
    "ends_with": c.EndsWith,
    "lower": c.Lower,
    "upper": c.Upper,
    "length": c.Length,
    "year": c.Year,
    "month": c.Month,
    "day": c.Day,
    "date": c.LocalDay,
    "abs": c.Absolute,
}
