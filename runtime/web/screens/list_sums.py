"""Sums under the columns of a list, and its groups: both are one `aggregate` each.

Money is summed by currency, so a sum may have several lines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generator.build.tables import has_column
from generator.field_types import EMPTY, Cell
from generator.field_types.money import Money
from generator.model.entity import Entity
from runtime.messages import Result
from runtime.store.measures import Measure
from runtime.store.paths import Path
from runtime.web.screens import cells as drawing
from runtime.web.screens import doors
from runtime.web.screens.list_url import ListUrl, pipeline_query
from runtime.web.screens.numbers import number
from runtime.web.screens.visit import Visit

GROUPED = {"choice", "boolean", "reference", "tree", "date", "integer"}
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


@dataclass(frozen=True, slots=True)
class GroupChoice:
    """A field a list may be grouped by."""

    label: str
    url: str
    current: bool


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
        GroupChoice(
            visit.text(path.field.label),
            url.to(group=path.text, layout=None).text,
            url.get("group") == path.text,
        )
        for path in paths
        if path.field.type in GROUPED
        and has_column(path.field, visit.catalog)
        and visit.reads.is_ordered(path)
        and path.text not in {"version", "created_by", "updated_by", "position"}
    )


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


def grouped(visit: Visit, entity: Entity, url: ListUrl, columns: Sequence[Path]) -> Grouped | None:
    """Return the groups an address asks for; None when it asks for none that can be.

    Raises:
        RequestError: it takes too long, or a filter means nothing.

    """
    (path,) = drawing.readable(visit, entity.name, (url.get("group"),)) or (None,)
    if (
        path is None
        or path.parents
        or not visit.reads.is_ordered(path)
        or not visit.may("aggregate", entity.name)
    ):
        return None
    result = _ask(visit, entity, url, path.text, summable(visit, entity, columns))
    keys = [str(row[0]) for row in result.rows if row[0] is not None]
    named = doors.titles_of(visit, {path.field.target: keys}) if path.field.target else {}
    by_key: dict[Any, list[Any]] = {}
    for row in result.rows:
        by_key.setdefault(row[0], []).append(row)
    measures = result.plan.measures
    return Grouped(
        label=visit.text(path.field.label),
        headings=tuple(visit.text(each.path.field.label) for each in measures),
        groups=tuple(
            Group(
                cell=_key(visit, path, key, named),
                url=_records(url, path, key),
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
        written = drawing.currency_path(each.path)
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


def _records(url: ListUrl, path: Path, key: Any) -> str:
    """Return the list of one group's records: the same list with a filter more."""
    if key is None:
        extra = (f"{path.text}[empty]", "true")
    elif path.field.type in {"choice", "reference", "tree"}:
        extra = (f"{path.text}[in]", str(key))
    else:
        extra = (path.text, str(key).lower() if isinstance(key, bool) else str(key))
    plain = url.to(group=None, layout=None, sums=None)
    return ListUrl(plain.path, (*plain.pairs, extra)).text
