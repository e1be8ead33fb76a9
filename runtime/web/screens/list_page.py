"""A list as data: columns, rows of cells, tabs, filters, pages. A pure function of a result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from babel.numbers import format_decimal

from generator.field_types import Cell
from generator.field_types._locales import babel_locale
from generator.model.entity import Entity, View
from runtime.errors import RequestError
from runtime.messages import Result
from runtime.operations._reading import title_columns
from runtime.store.paths import Path
from runtime.web.screens import cells as drawing
from runtime.web.screens import filters
from runtime.web.screens.bulk_page import BulkAction, actions
from runtime.web.screens.cells import Column
from runtime.web.screens.doors import Titles
from runtime.web.screens.list_url import ListUrl
from runtime.web.screens.visit import Visit, new_url, plural, record_url, single

SIZES = (25, 50, 100, 200)
MOST_COLUMNS = 12


@dataclass(frozen=True, slots=True)
class Header:
    """A column's header."""

    label: str
    number: bool
    role: str
    """The class that tells what becomes of the cell on a phone: c1, cu, tot-c, stt or none."""
    url: str = ""
    """Where a click sorts; empty where it cannot be sorted."""
    direction: str = ""
    """ascending, descending or empty."""


@dataclass(frozen=True, slots=True)
class ShownCell:
    """A cell in its place, and what stands beside it on a phone only."""

    cell: Cell
    role: str
    number: bool
    beside: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True)
class ListRow:
    """A record of the list."""

    id: str
    title: str
    href: str
    cells: tuple[ShownCell, ...]
    archived: bool = False


@dataclass(frozen=True, slots=True)
class Tab:
    """A saved view; the field names are those of `ui.view_tabs`."""

    label: str
    url: str
    current: bool
    count: str | None = None
    icon: str = ""


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """A column that may be shown or not."""

    name: str
    label: str
    shown: bool


@dataclass(frozen=True, slots=True)
class Size:
    """How many rows a page may have."""

    number: int
    current: bool


@dataclass(frozen=True, slots=True)
class ListPage:
    """Everything `list.html` draws."""

    entity: str
    title: str
    singular: str
    help: str
    headers: tuple[Header, ...]
    rows: tuple[ListRow, ...]
    tabs: tuple[Tab, ...]
    chips: tuple[filters.Chip, ...]
    controls: tuple[filters.FilterControl, ...]
    kept: tuple[tuple[str, str], ...]
    """What the filter form keeps, as hidden fields."""
    search: str
    search_hint: str
    summary: str
    total: str
    previous: str
    next: str
    count_url: str
    sizes: tuple[Size, ...]
    columns: tuple[ColumnChoice, ...]
    url: ListUrl
    create_url: str
    archived: str
    may_archive: bool
    panel: bool
    bulk: tuple[BulkAction, ...]
    refusal: str = ""
    """Why the list cannot be shown: a filter that means nothing."""

    @property
    def filtered(self) -> bool:
        """Whether search or filters narrow the list."""
        return bool(self.chips or self.search)


def view_of(entity: Entity, url: ListUrl) -> View | None:
    """Return the view an address names, or the first, when it narrows nothing."""
    return next((view for view in entity.list.views if view.name == url.get("view")), None)


def chosen_columns(visit: Visit, entity: Entity, url: ListUrl) -> tuple[Path, ...]:
    """Return the columns to show: those of the address, else of the view, else of the list."""
    view = view_of(entity, url)
    asked = tuple(url.get("columns").split(",")) if url.get("columns") else ()
    default = view.columns if view is not None and view.columns else entity.list.columns
    wanted = tuple(
        path for path in drawing.readable(visit, entity.name, asked) if _may_be_column(visit, path)
    )
    if asked and wanted:
        identity = drawing.readable(visit, entity.name, default[:1])
        named = {path.text: path for path in (*identity, *wanted)}
        return tuple(named.values())[:MOST_COLUMNS]
    return tuple(
        path
        for path in drawing.readable(visit, entity.name, default)
        if _may_be_column(visit, path)
    ) or drawing.readable(visit, entity.name, ("id",))


def _may_be_column(visit: Visit, path: Path) -> bool:
    return visit.catalog[path.field.type].relation not in {"children", "references"}


def fields_to_ask(visit: Visit, entity: Entity, columns: Sequence[Path]) -> tuple[str, ...]:
    """Return exactly what the list needs: what is hidden is not queried."""
    titles = tuple(
        text
        for text in title_columns(entity.name, visit.reads)
        if drawing.readable(visit, entity.name, (text,))
    )
    archived = ("archived_at",) if entity.archive else ()
    seen = drawing.readable(visit, entity.name, archived)
    return (*drawing.needs(visit, entity.name, (*columns, *seen)), *titles)


def list_page(
    visit: Visit,
    entity: Entity,
    url: ListUrl,
    columns: Sequence[Path],
    result: Result | None,
    titles: Titles,
    refusal: RequestError | None = None,
) -> ListPage:
    """Return the page of a list; without a result, the page that says what was wrong."""
    shown = [drawing.column(visit, path) for path in columns]
    roles = _roles(shown)
    controls = filters.controls(visit, entity, url, titles)
    total = _total(visit, result)
    return ListPage(
        entity=entity.name,
        title=plural(visit, entity),
        singular=single(visit, entity),
        help=visit.text(entity.help) if entity.help else "",
        headers=_headers(visit, entity, url, shown, roles),
        rows=_rows(visit, entity, url, columns, shown, roles, result) if result else (),
        tabs=_tabs(visit, entity, url),
        chips=filters.chips(visit, entity, url, titles),
        controls=controls,
        kept=filters.hidden(url, controls),
        search=url.get("q"),
        search_hint=_search_hint(visit, entity),
        summary=_summary(visit, url, result, total),
        total=total,
        previous=_beside(url, result, back=True),
        next=_beside(url, result, back=False),
        count_url=url.to(count="exact").text if result and not result.total_is_exact else "",
        sizes=_sizes(url, entity),
        columns=_column_choices(visit, entity, columns),
        url=url,
        create_url=_create_url(visit, entity),
        archived=url.get("archived") or "no",
        may_archive=entity.archive,
        panel=url.get("panel") == "filters",
        bulk=actions(visit, entity, archived=url.get("archived") == "only"),
        refusal=refusal.message.text(visit.actor.locale) if refusal else "",
    )


def _create_url(visit: Visit, entity: Entity) -> str:
    allowed = visit.may("create", entity.name) and not entity.child_of
    return new_url(entity.name) if allowed else ""


def _roles(shown: Sequence[Column]) -> tuple[str, ...]:
    """Return each column's part in the card of a phone: key, party, amount, states."""
    roles = [""] * len(shown)
    if roles:
        roles[0] = "c1"

    def give(role: str, fits: Any) -> None:
        for number, column in enumerate(shown):
            if not roles[number] and fits(column):
                roles[number] = role
                return

    give("cu", lambda column: column.reference or column.kind == "text")
    give("tot-c", lambda column: column.kind == "money")
    if "tot-c" not in roles:
        give("tot-c", lambda column: column.number)
    give("stt", lambda column: column.kind == "badge")
    if "stt" not in roles:
        give("stt", lambda column: column.kind == "flag")
    return tuple(roles)


def _headers(
    visit: Visit, entity: Entity, url: ListUrl, shown: Sequence[Column], roles: Sequence[str]
) -> tuple[Header, ...]:
    view = view_of(entity, url)
    order = url.get("sort") or ",".join((view and view.sort) or entity.list.sort)
    first = order.split(",", 1)[0]
    found = []
    for column, role in zip(shown, roles, strict=True):
        direction = ""
        if first.removeprefix("-") == column.text:
            direction = "descending" if first.startswith("-") else "ascending"
        descending_first = column.number or column.kind in {"time", "date"}
        minus = direction == "ascending" or (descending_first and direction != "descending")
        target = url.to(sort=("-" if minus else "") + column.text).text if column.sortable else ""
        found.append(Header(column.label, column.number, role, target, direction))
    return tuple(found)


def _rows(
    visit: Visit,
    entity: Entity,
    url: ListUrl,
    columns: Sequence[Path],
    shown: Sequence[Column],
    roles: Sequence[str],
    result: Result,
) -> tuple[ListRow, ...]:
    paths = result.plan.paths
    places = {path.text: number for number, path in enumerate(paths)}
    named = drawing.title(visit, entity.name, paths)
    draws = [drawing.draw(visit, path, paths) for path in columns]
    opens = visit.may("read", entity.name)
    gone = places.get("archived_at")
    found = []
    for row in result.rows:
        record_id = str(row[places["id"]])
        drawn = [draw(row) for draw in draws]
        found.append(
            ListRow(
                id=record_id,
                title=named(row) or record_id[:8],
                href=record_url(entity.name, record_id, **{"list": url.query}) if opens else "",
                cells=_shown(drawn, shown, roles),
                archived=gone is not None and row[gone] is not None,
            )
        )
    return tuple(found)


def _shown(
    drawn: Sequence[Cell], shown: Sequence[Column], roles: Sequence[str]
) -> tuple[ShownCell, ...]:
    states = [
        cell
        for cell, column, role in zip(drawn, shown, roles, strict=True)
        if column.kind == "badge" and role != "stt"
    ]
    when = [cell for cell, column in zip(drawn, shown, strict=True) if column.kind == "time"][:1]
    beside = {"stt": tuple(states), "cu": tuple(when)}
    return tuple(
        ShownCell(cell, role, column.number, beside.get(role, ()))
        for cell, column, role in zip(drawn, shown, roles, strict=True)
    )


def _tabs(visit: Visit, entity: Entity, url: ListUrl) -> tuple[Tab, ...]:
    """Return the saved views; a list whose first view narrows opens on "All" all the same."""
    current = view_of(entity, url)
    plain = ListUrl(url.path, ())
    views = entity.list.views
    if not views:
        return ()
    found = []
    if views[0].where is not None:
        found.append(Tab(visit.t("All", "view"), plain.text, current is None))
    for view in views:
        everything = view is views[0] and view.where is None
        chosen = view is current or (current is None and everything)
        target = plain if everything and not view.columns else plain.to(view=view.name)
        found.append(Tab(visit.text(view.label), target.text, chosen))
    return tuple(found)


def _search_hint(visit: Visit, entity: Entity) -> str:
    paths = drawing.readable(visit, entity.name, entity.list.search)
    labels = dict.fromkeys(drawing.path_label(visit, path) for path in paths)
    return ("、" if visit.chinese() else ", ").join(list(labels)[:3])


def number(visit: Visit, value: int) -> str:
    """Return a whole number as the person writes it."""
    return str(format_decimal(value, locale=babel_locale(visit.actor.locale)))


def _total(visit: Visit, result: Result | None) -> str:
    if result is None or result.total is None:
        return ""
    return number(visit, result.total) + ("" if result.total_is_exact else "+")


def _start(url: ListUrl) -> int:
    text = url.get("at")
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 10 else 1


def _summary(visit: Visit, url: ListUrl, result: Result | None, total: str) -> str:
    if result is None or not result.rows:
        return ""
    start = _start(url)
    if result.total_is_exact and result.total is not None:
        start = max(1, min(start, result.total - len(result.rows) + 1))
    low, high = number(visit, start), number(visit, start + len(result.rows) - 1)
    return visit.t("{low}–{high} of {total}", "page", low=low, high=high, total=total)


def _beside(url: ListUrl, result: Result | None, *, back: bool) -> str:
    if result is None:
        return ""
    cursor = result.previous_cursor if back else result.next_cursor
    if not cursor:
        return ""
    start, shown = _start(url), len(result.rows)
    limit = result.plan.limit
    at = max(1, start - limit) if back else start + shown
    keys: dict[str, str | None] = {"after": None, "before": None, "at": str(at) if at > 1 else None}
    keys["before" if back else "after"] = cursor
    return url.to(**keys).text


def _sizes(url: ListUrl, entity: Entity) -> tuple[Size, ...]:
    text = url.get("limit")
    current = int(text) if text.isascii() and text.isdigit() else entity.list.page_size
    return tuple(Size(size, size == current) for size in sorted({*SIZES, entity.list.page_size}))


def _column_choices(
    visit: Visit, entity: Entity, columns: Sequence[Path]
) -> tuple[ColumnChoice, ...]:
    shown = [path.text for path in columns]
    others = [
        name
        for name, field in entity.fields.items()
        if name not in {"id", "version", "position"}
        and visit.catalog[field.type].relation not in {"children", "references"}
        and field.type not in {"rich_text", "json", "file"}
    ]
    every = dict.fromkeys((*shown, *entity.list.columns, *others))
    paths = [
        path for path in drawing.readable(visit, entity.name, every) if _may_be_column(visit, path)
    ]
    return tuple(
        ColumnChoice(path.text, drawing.path_label(visit, path), path.text in shown)
        for path in paths
    )
