"""Other ways to lay a list out: board, calendar, gallery, tree and cards; which one is asked for.

Each asks through the same pipeline as the table and respects the same filters. A board costs one
statement a column, of which it has twelve at most; the others cost what a page of the table costs.
"""

from __future__ import annotations

import calendar as months
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from babel.dates import format_date

from generator.field_types import EMPTY, Cell
from generator.field_types._locales import babel_locale, zone
from generator.field_types.datetime import api_text
from generator.model.entity import Entity, Layout
from generator.model.workflow import USER
from rules.permissions import transition_action
from runtime.errors import RequestError
from runtime.messages import Result
from runtime.store.fetch import COUNT_CAP
from runtime.store.paths import Path
from runtime.web.screens import cells as drawing
from runtime.web.screens import doors, list_rows
from runtime.web.screens.list_columns import fields_to_ask
from runtime.web.screens.list_rows import ListRow
from runtime.web.screens.list_url import ListUrl, pipeline_query
from runtime.web.screens.numbers import number
from runtime.web.screens.visit import Visit

ICONS = {
    "board": "presentation",
    "calendar": "calendar",
    "gallery": "photo",
    "tree": "hierarchy",
    "cards": "layout-grid",
}
PER_COLUMN = 25
MOST = 200
"""Records of a month, or of a branch."""


@dataclass(frozen=True, slots=True)
class LayoutChoice:
    """A layout that may be chosen."""

    name: str
    label: str
    icon: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class BoardColumn:
    """An option of the board's field, and the records that have it."""

    value: str
    cell: Cell
    count: str
    rows: tuple[ListRow, ...]
    more: str
    """The list of all of them; empty where all are shown."""


@dataclass(frozen=True, slots=True)
class Board:
    """Records by the option of a field."""

    field: str
    moves: bool
    """The person may change the field."""
    columns: tuple[BoardColumn, ...]
    by_steps: bool = False
    """The field is a state: a card moves by the step that leads there."""


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a calendar."""

    iso: str
    number: int
    label: str
    inside: bool
    today: bool
    rows: tuple[ListRow, ...]


@dataclass(frozen=True, slots=True)
class Month:
    """Records by day."""

    label: str
    weekdays: tuple[str, ...]
    weeks: tuple[tuple[Day, ...], ...]
    previous: str
    next: str
    cut: bool


@dataclass(frozen=True, slots=True)
class Branch:
    """A record of a tree, and where what lies below it is shown."""

    row: ListRow
    below: str
    count: str


@dataclass(frozen=True, slots=True)
class Tree:
    """The records of one level."""

    branches: tuple[Branch, ...]
    above: str
    """The level above; empty at the top."""
    title: str


@dataclass(frozen=True, slots=True)
class Pictured:
    """A record of a gallery; the picture is empty where it has none."""

    row: ListRow
    picture: Cell


@dataclass(frozen=True, slots=True)
class LaidOut:
    """What stands in place of the table; exactly one of them."""

    name: str
    board: Board | None = None
    month: Month | None = None
    tree: Tree | None = None
    cards: tuple[Pictured, ...] = ()


def choices(visit: Visit, entity: Entity, url: ListUrl) -> tuple[LayoutChoice, ...]:
    """Return the layouts a list offers, the table first; none where there is only the table."""
    t, here = visit.t, layout_of(visit, entity, url)
    labels = {
        "board": t("Board", "layout"),
        "calendar": t("Calendar", "layout"),
        "gallery": t("Gallery", "layout"),
        "tree": t("Tree", "layout"),
        "cards": t("Cards", "layout"),
    }
    offered = [one for one in entity.list.layouts if _readable(visit, entity, one)]
    if not offered:
        return ()
    plain = url.to(layout=None, group=None, month=None)
    table = LayoutChoice("table", t("Table", "layout"), "table", plain.text, here is None)
    return (
        table,
        *(
            LayoutChoice(
                one.name,
                labels[one.name],
                ICONS[one.name],
                plain.to(layout=one.name).text,
                one is here,
            )
            for one in offered
        ),
    )


def layout_of(visit: Visit, entity: Entity, url: ListUrl) -> Layout | None:
    """Return the layout an address asks for; None for the table."""
    found = next((one for one in entity.list.layouts if one.name == url.get("layout")), None)
    return found if found is not None and _readable(visit, entity, found) else None


def _readable(visit: Visit, entity: Entity, layout: Layout) -> bool:
    return not layout.field or bool(drawing.readable(visit, entity.name, (layout.field,)))


@dataclass(frozen=True)
class Asking:
    """What every layout asks with."""

    visit: Visit
    entity: Entity
    url: ListUrl
    columns: Sequence[Path]

    def ask(self, *extra: str, **more: str) -> Result:
        """Return a page of the list with other filters; `extra` are further fields."""
        fields = (*fields_to_ask(self.visit, self.entity, self.columns), *extra)
        query: dict[str, tuple[str, ...]] = {
            **pipeline_query(self.url, self.entity.name, self.visit),
            "fields": (",".join(dict.fromkeys(fields)),),
        }
        for key, text in more.items():
            query[key] = (*query.get(key, ()), text) if "[" in key else (text,)
        return doors.ask(self.visit, "list", self.entity.name, query=query)

    def rows(self, result: Result, visit: Visit | None = None) -> tuple[ListRow, ...]:
        """Return the rows of a page, drawn."""
        by = visit or self.visit
        shown = [drawing.column(by, path) for path in self.columns]
        roles = list_rows.roles_of(shown)
        return list_rows.rows(by, self.entity, self.url, self.columns, shown, roles, result, {})


def board(asking: Asking, layout: Layout) -> LaidOut:
    """Return the records by option, so many of each.

    Raises:
        RequestError: a filter means nothing.

    """
    visit, entity, name = asking.visit, asking.entity, layout.field
    field = entity.fields[name]
    kind = visit.catalog[field.type]
    options = [option.value for option in kind.input(field).options]
    counts = _counts(asking, name, options)
    plain = asking.url.to(layout=None)
    columns = []
    for option, count in zip(options, counts, strict=True):
        result = asking.ask(name, limit=str(PER_COLUMN), **{f"{name}[in]": option})
        rows = asking.rows(result)
        more = ListUrl(plain.path, (*plain.pairs, (f"{name}[in]", option))).text
        shown = "–" if count is None else number(visit, min(count, COUNT_CAP))
        if count is not None and count > COUNT_CAP:
            shown += "+"
        cell = kind.cell(option, field, visit.viewer)
        columns.append(BoardColumn(option, cell, shown, rows, more if result.next_cursor else ""))
    (path,) = drawing.readable(visit, entity.name, (name,))
    by_steps = _may_step(visit, entity, name)
    moves = by_steps or bool(list_rows.editable(visit, entity, path))
    return LaidOut("board", board=Board(name, moves, tuple(columns), by_steps))


def _may_step(visit: Visit, entity: Entity, field: str) -> bool:
    """Return whether the person may take any step of the workflow that owns a field."""
    machine = next(
        (one for one in visit.app.workflows.get(entity.name, {}).values() if one.field == field),
        None,
    )
    return machine is not None and any(
        visit.may(transition_action(machine.name, edge.name), entity.name)
        for edge in machine.transitions
        if USER in edge.triggers
    )


def _counts(asking: Asking, name: str, options: Sequence[str]) -> Sequence[int | None]:
    query = pipeline_query(asking.url, asking.entity.name, asking.visit)
    lists = [
        {**query, f"{name}[in]": (*query.get(f"{name}[in]", ()), option)} for option in options
    ]
    try:
        found = doors.ask(asking.visit, "tally", asking.entity.name, values=lists).row
    except RequestError:
        return [None] * len(options)
    return tuple(found)


def month(asking: Asking, layout: Layout) -> LaidOut:
    """Return the records of a month by day, in the person's zone."""
    visit, name = asking.visit, layout.field
    field = asking.entity.fields[name]
    today = visit.runtime.clock().astimezone(zone(visit.actor.time_zone)).date()
    first = _month(asking.url.get("month"), today)
    weeks = months.Calendar().monthdatescalendar(first.year, first.month)
    begin, after = weeks[0][0], weeks[-1][-1] + dt.timedelta(days=1)
    result = asking.ask(
        name,
        limit=str(MOST),
        sort=name,
        **{f"{name}[gte]": _written(visit, field.type, begin)},
        **{f"{name}[lt]": _written(visit, field.type, after)},
    )
    place = [path.text for path in result.plan.paths].index(name)
    by_day: dict[dt.date, list[ListRow]] = {}
    for row, drawn in zip(result.rows, asking.rows(result), strict=True):
        by_day.setdefault(_day(visit, row[place]), []).append(drawn)
    locale = babel_locale(visit.actor.locale)
    days = tuple(
        tuple(
            Day(
                day.isoformat(),
                day.day,
                format_date(day, "full", locale=locale),
                day.month == first.month,
                day == today,
                tuple(by_day.get(day, ())),
            )
            for day in week
        )
        for week in weeks
    )
    return LaidOut(
        "calendar",
        month=Month(
            label=format_date(first, _pattern(visit), locale=locale),
            weekdays=tuple(format_date(day, "EEE", locale=locale) for day in weeks[0]),
            weeks=days,
            previous=asking.url.to(month=_text(first - dt.timedelta(days=1))).text,
            next=asking.url.to(month=_text(first + dt.timedelta(days=31))).text,
            cut=bool(result.next_cursor),
        ),
    )


def _pattern(visit: Visit) -> str:
    return "y年M月" if visit.chinese() else "MMMM y"


def _month(text: str, today: dt.date) -> dt.date:
    try:
        found = dt.date.fromisoformat(f"{text}-01")
    except ValueError:
        return today.replace(day=1)
    return found if 1900 < found.year < 2200 else today.replace(day=1)


def _text(day: dt.date) -> str:
    return f"{day.year:04}-{day.month:02}"


def _written(visit: Visit, field_type: str, day: dt.date) -> str:
    if field_type == "date":
        return day.isoformat()
    local = dt.datetime.combine(day, dt.time(), zone(visit.actor.time_zone))
    return api_text(local.astimezone(dt.UTC))


def _day(visit: Visit, value: Any) -> dt.date:
    if isinstance(value, dt.datetime):
        return value.astimezone(zone(visit.actor.time_zone)).date()
    assert isinstance(value, dt.date)
    return value


def tree(asking: Asking, layout: Layout) -> LaidOut:
    """Return one level of a tree: the top, or what lies right below a record."""
    visit, name, under = asking.visit, layout.field, asking.url.get("under")
    place = {f"{name}[in]": under} if under else {f"{name}[empty]": "true"}
    result = asking.ask(limit=str(MOST), **place)
    rows = asking.rows(result)
    counts = _below(asking, name, [row.id for row in rows])
    branches = tuple(
        Branch(row, asking.url.to(under=row.id).text if counts.get(row.id, 1) else "", shown)
        for row in rows
        for shown in (number(visit, counts[row.id]) if counts.get(row.id) else "",)
    )
    if not under:
        return LaidOut("tree", tree=Tree(branches, "", ""))
    above, title = _above(asking, name, under)
    return LaidOut("tree", tree=Tree(branches, above, title))


def _below(asking: Asking, name: str, ids: Sequence[str]) -> Mapping[str, int]:
    """Return how many records lie right below each of these; nothing when that cannot be told."""
    visit = asking.visit
    if not ids or not visit.may("aggregate", asking.entity.name):
        return {}
    query = {f"{name}[in]": (",".join(ids),), "group": (name,)}
    try:
        result = doors.ask(visit, "aggregate", asking.entity.name, query=query)
    except RequestError:
        return {}
    counted = {str(row[0]): int(row[1]) for row in result.rows}
    return {record_id: counted.get(record_id, 0) for record_id in ids}


def _above(asking: Asking, name: str, under: str) -> tuple[str, str]:
    result = doors.ask(
        asking.visit,
        "list",
        asking.entity.name,
        query={
            "ids": (under,),
            "fields": (",".join((name, *fields_to_ask(asking.visit, asking.entity, ()))),),
        },
    )
    if not result.rows:
        return asking.url.to(under=None).text, ""
    paths, row = result.plan.paths, result.rows[0]
    parent = row[[path.text for path in paths].index(name)]
    titled = drawing.title(asking.visit, asking.entity.name, paths)(row)
    return asking.url.to(under=str(parent) if parent else None).text, titled


def cards(
    visit: Visit, entity: Entity, layout: Layout, rows: Sequence[ListRow], result: Result
) -> LaidOut:
    """Return a page of the list as cards, with pictures in a gallery."""
    found = drawing.readable(visit, entity.name, (layout.field,)) if layout.field else ()
    draws = [drawing.draw(visit, path, result.plan.paths) for path in found]
    pictures = [draws[0](row) if draws else EMPTY for row in result.rows]
    made = tuple(Pictured(row, cell) for row, cell in zip(rows, pictures, strict=True))
    return LaidOut(layout.name, cards=made)
