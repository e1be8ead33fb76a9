"""Sums under the columns of a list, and its groups: both are one `aggregate` each.

Money is summed by currency, so a sum may have several lines.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from babel.dates import format_date

from generator.build.tables import has_column
from generator.field_types import EMPTY, Cell
from generator.field_types._locales import babel_locale
from generator.field_types.money import Money
from generator.model.entity import Entity
from runtime.messages import Result
from runtime.store.measures import Measure
from runtime.store.paths import Path, currency_path
from runtime.store.spans import UNITS, last_day
from runtime.web.screens import cells as drawing
from runtime.web.screens import doors
from runtime.web.screens.list_url import ListUrl, pipeline_query
from runtime.web.screens.numbers import number
from runtime.web.screens.visit import Visit

GROUPED = {"choice", "state", "boolean", "reference", "tree", "date", "datetime", "integer"}
SPANNED = {"date", "datetime"}
NOT_SUMMED = {"percent"}
MOST_SUMS = 10

Lines = tuple[Cell, ...]
"""A sum: a cell a currency."""


@dataclass(frozen=True, slots=True)
class Group:
    """A line of a grouped list."""

    cell: Cell
    url: str
    """The list of its records."""
    count: str
    sums: tuple[Lines, ...]


@dataclass(frozen=True, slots=True)
class Grouped:
    """A list by groups."""

    label: str
    headings: tuple[str, ...]
    """The labels of the sums."""
    groups: tuple[Group, ...]
    cut: bool
    """There are more groups than are shown."""
    by_time: bool = False
    """The latest come first; otherwise the largest."""


@dataclass(frozen=True, slots=True)
class GroupChoice:
    """A field a list may be grouped by."""

    label: str
    url: str
    current: bool
    spans: tuple[GroupChoice, ...] = ()
    """Of a date or a moment: the stretches of time, in place of the field itself."""


def summable(visit: Visit, entity: Entity, columns: Sequence[Path]) -> tuple[Path, ...]:
    """Return the columns that have a sum."""
    if not visit.may("aggregate", entity.name):
        return ()
    found = [
        path
        for path in columns
        if not path.parents
        and visit.catalog[path.field.type].numeric
        and path.field.type not in NOT_SUMMED
        and has_column(path.field, visit.catalog)
        and visit.reads.is_ordered(path)
    ]
    return tuple(found[:MOST_SUMS])


def choices(visit: Visit, entity: Entity, url: ListUrl) -> tuple[GroupChoice, ...]:
    """Return what a list may be grouped by."""
    if not visit.may("aggregate", entity.name):
        return ()
    names = dict.fromkeys((*entity.list.filters, *entity.fields))
    paths = drawing.readable(visit, entity.name, (name for name in names if "." not in name))
    return tuple(
        _choice(visit, url, path)
        for path in paths
        if path.field.type in GROUPED
        and has_column(path.field, visit.catalog)
        and visit.reads.is_ordered(path)
        and path.text not in {"version", "created_by", "updated_by", "position"}
    )


def _choice(visit: Visit, url: ListUrl, path: Path) -> GroupChoice:
    def made(text: str, label: str, spans: tuple[GroupChoice, ...] = ()) -> GroupChoice:
        here = url.get("group") == text
        return GroupChoice(label, url.to(group=text, layout=None).text, here, spans)

    label = visit.text(path.field.label)
    if path.field.type not in SPANNED:
        return made(path.text, label)
    words = _units(visit)
    spans = tuple(made(f"{path.text}:{unit}", words[unit]) for unit in UNITS)
    return made(path.text, label, spans)


def _units(visit: Visit) -> Mapping[str, str]:
    t = visit.t
    return {"day": t("Day", "span"), "month": t("Month", "span"), "year": t("Year", "span")}


def sums(
    visit: Visit, entity: Entity, url: ListUrl, columns: Sequence[Path]
) -> Mapping[str, Lines]:
    """Return the sums of everything that matches by column, each with a line a currency.

    Raises:
        RequestError: it takes too long.

    """
    paths = summable(visit, entity, columns)
    if not paths:
        return {}
    result = _ask(visit, entity, url, "", paths)
    return {
        each.path.text: tuple(_measured(visit, result, place, each, row) for row in result.rows)
        for place, each in enumerate(result.plan.measures)
    }


def related_sums(visit: Visit, tab: str, value: str) -> Mapping[str, Lines]:
    """Return what the records that point at one come to, as far as their list adds up anything."""
    name, field = tab.split(".", 1)
    entity = visit.app.entities[name]
    paths = summable(visit, entity, drawing.readable(visit, name, entity.list.sums))
    if not paths or visit.catalog[entity.fields[field].type].relation == "references":
        return {}
    query = {f"{field}[eq]": (value,), "sum": (",".join(path.text for path in paths),)}
    result = doors.ask(visit, "aggregate", name, query=query)
    return {
        each.path.text: tuple(_measured(visit, result, place, each, row) for row in result.rows)
        for place, each in enumerate(result.plan.measures)
    }


def grouped(visit: Visit, entity: Entity, url: ListUrl, columns: Sequence[Path]) -> Grouped | None:
    """Return the groups an address asks for; None when it asks for none that can be.

    Raises:
        RequestError: it takes too long, or a filter means nothing.

    """
    name, _, unit = url.get("group").partition(":")
    (path,) = drawing.readable(visit, entity.name, (name,)) or (None,)
    if (
        path is None
        or (unit and (path.field.type not in SPANNED or unit not in UNITS))
        or path.parents
        or not visit.reads.is_ordered(path)
        or not visit.may("aggregate", entity.name)
    ):
        return None
    spanned = path.field.type in SPANNED
    unit = unit or ("day" if spanned else "")
    asked = f"{path.text}:{unit}" if spanned else path.text
    result = _ask(visit, entity, url, asked, summable(visit, entity, columns))
    keys = [str(row[0]) for row in result.rows if row[0] is not None]
    named = doors.titles_of(visit, {path.field.target: keys}) if path.field.target else {}
    by_key: dict[Any, list[Any]] = {}
    for row in result.rows:
        by_key.setdefault(row[0], []).append(row)
    measures = result.plan.measures
    return Grouped(
        label=visit.text(path.field.label),
        by_time=spanned,
        headings=tuple(visit.text(each.path.field.label) for each in measures),
        groups=tuple(
            Group(
                cell=_stretch(visit, key, unit) if spanned else _key(visit, path, key, named),
                url=_records(url, path, key, unit),
                count=number(visit, sum(row[len(result.plan.by)] for row in rows)),
                sums=tuple(
                    tuple(_measured(visit, result, place, each, row) for row in rows)
                    for place, each in enumerate(measures)
                ),
            )
            for key, rows in by_key.items()
        ),
        cut=not result.total_is_exact,
    )


def _ask(visit: Visit, entity: Entity, url: ListUrl, group: str, paths: Sequence[Path]) -> Result:
    query = dict(pipeline_query(url, entity.name, visit))
    for key in ("sort", "limit", "after", "before"):
        query.pop(key, None)
    if group:
        query["group"] = (group,)
    if paths:
        query["sum"] = (",".join(path.text for path in paths),)
    return doors.ask(visit, "aggregate", entity.name, query=query)


def _measured(visit: Visit, result: Result, place: int, each: Measure, row: Sequence[Any]) -> Cell:
    by = result.plan.by
    value = row[len(by) + 1 + place]
    if value is None:
        return EMPTY
    field = each.path.field
    kind = visit.catalog[field.type]
    if isinstance(kind, Money):
        names = [path.text for path in by]
        written = currency_path(each.path)
        code = str(row[names.index(written)] or "") if written in names else ""
        return kind.cell(value, field, visit.viewer, code)
    return kind.cell(value, field, visit.viewer)


def _key(visit: Visit, path: Path, key: Any, named: Mapping[tuple[str, str], str]) -> Cell:
    if key is None:
        return Cell(visit.t("empty", "value"), "none")
    if path.field.target:
        hidden = visit.t("Not visible to you", "record")
        return Cell(named.get((path.field.target, str(key)), hidden))
    return visit.catalog[path.field.type].cell(key, path.field, visit.viewer)


def _stretch(visit: Visit, first: dt.date | None, unit: str) -> Cell:
    if first is None:
        return Cell(visit.t("empty", "value"), "none")
    patterns = {"month": "MMMM y", "year": "y"}
    if visit.chinese():
        patterns = {"month": "y年M月", "year": "y年"}
    locale = babel_locale(visit.actor.locale)
    return Cell(format_date(first, patterns.get(unit, "medium"), locale=locale))


def _records(url: ListUrl, path: Path, key: Any, unit: str) -> str:
    """Return the list of one group's records: the same list with a filter or two more."""
    plain = url.to(group=None, layout=None, sums=None)
    if key is not None and unit:
        days = (
            (f"{path.text}[gte]", key.isoformat()),
            (
                f"{path.text}[lte]",
                last_day(key, unit).isoformat(),
            ),
        )
        return ListUrl(plain.path, (*plain.pairs, *days)).text
    if key is None:
        extra = (f"{path.text}[empty]", "true")
    elif path.field.type in {"choice", "state", "reference", "tree"}:
        extra = (f"{path.text}[in]", str(key))
    else:
        extra = (path.text, str(key).lower() if isinstance(key, bool) else str(key))
    return ListUrl(plain.path, (*plain.pairs, extra)).text
