"""A list as data: columns, rows of cells, tabs, filters, pages. A pure function of results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from generator.model.entity import Entity
from runtime.errors import RequestError
from runtime.messages import Result
from runtime.store.paths import Path
from runtime.web.screens import (
    bulk_edit_page,
    bulk_step_page,
    filters,
    list_layouts,
    list_pages,
    list_rows,
    list_sums,
    list_views,
)
from runtime.web.screens import cells as drawing
from runtime.web.screens.bulk_page import BulkAction, actions
from runtime.web.screens.doors import Titles
from runtime.web.screens.import_page import modes_of
from runtime.web.screens.list_columns import ColumnChoice, column_choices
from runtime.web.screens.list_layouts import LaidOut, LayoutChoice
from runtime.web.screens.list_memory import Kept, SavedView
from runtime.web.screens.list_pages import Size
from runtime.web.screens.list_rows import Header, ListRow
from runtime.web.screens.list_sums import GroupChoice, Grouped, Lines
from runtime.web.screens.list_url import ListUrl
from runtime.web.screens.list_views import Tab
from runtime.web.screens.visit import Visit, new_url, plural, single


@dataclass(frozen=True, slots=True)
class RoleChoice:
    """Somebody a view may be shared with."""

    name: str
    label: str


@dataclass(frozen=True)
class Listing:
    """Everything a list is made from, asked for before it is drawn."""

    entity: Entity
    url: ListUrl
    columns: Sequence[Path]
    kept: Kept
    titles: Titles
    counts: Mapping[str, str] | None = None
    """Of the tabs, by their key; None while nobody knows them."""
    sums: Mapping[str, Lines] | None = None
    grouped: Grouped | None = None
    problem: str = ""
    """Why sums or groups could not be told."""
    laid_out: LaidOut | None = None
    """What stands in place of the table."""


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
    counted: bool
    """The tabs have their counts; otherwise they are asked for once the page is there."""
    saved: SavedView | None
    opens_here: bool
    """The list opens with the view it shows."""
    changed: bool
    """The list shows something else than its view says."""
    may_share: bool
    roles: tuple[RoleChoice, ...]
    chips: tuple[filters.Chip, ...]
    controls: tuple[filters.FilterControl, ...]
    kept: tuple[tuple[str, str], ...]
    """What the filter form keeps, as hidden fields."""
    conditions: list[dict[str, str | int | list[dict[str, str]]]]
    """What the filter builder begins with."""
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
    may_export: bool
    may_print: bool
    may_import: bool
    panel: bool
    bulk: tuple[BulkAction, ...]
    groups: tuple[GroupChoice, ...]
    may_sum: bool
    sums: tuple[Lines, ...] = ()
    """Under each column; empty where sums were not asked for."""
    grouped: Grouped | None = None
    layouts: tuple[LayoutChoice, ...] = ()
    laid_out: LaidOut | None = None
    problem: str = ""
    refusal: str = ""
    """Why the list cannot be shown: a filter that means nothing."""

    @property
    def filtered(self) -> bool:
        """Whether search or filters narrow the list."""
        return bool(self.chips or self.search)


def list_page(
    visit: Visit, listing: Listing, result: Result | None, refusal: RequestError | None = None
) -> ListPage:
    """Return the page of a list; without a result, the page that says what was wrong."""
    entity, url, columns = listing.entity, listing.url, listing.columns
    shown = [drawing.column(visit, path) for path in columns]
    roles = list_rows.roles_of(shown)
    widths = listing.kept.widths
    controls = filters.controls(visit, entity, url, listing.titles)
    total = list_pages.total(visit, result)
    saved = listing.kept.view(url.get("saved"))
    edits = bool(bulk_edit_page.editable(visit, entity))
    may_share = visit.may("share", entity.name)
    return ListPage(
        entity=entity.name,
        title=plural(visit, entity),
        singular=single(visit, entity),
        help=visit.text(entity.help) if entity.help else "",
        headers=list_rows.headers(visit, entity, url, shown, roles, widths),
        rows=list_rows.rows(visit, entity, url, columns, shown, roles, result, widths)
        if result
        else (),
        tabs=list_views.tabs(visit, entity, url, listing.kept, listing.counts),
        counted=listing.counts is not None,
        saved=saved,
        opens_here=bool(listing.kept.mine.opens)
        and listing.kept.mine.opens == (url.get("saved") or url.get("view")),
        changed=list_views.changed(entity, url, saved),
        may_share=may_share,
        roles=_roles(visit) if may_share else (),
        chips=filters.chips(visit, entity, url, listing.titles),
        controls=controls,
        kept=filters.hidden(url, controls),
        conditions=filters.conditions(url, controls, listing.titles),
        search=url.get("q"),
        search_hint=_search_hint(visit, entity),
        summary=list_pages.summary(visit, url, result, total),
        total=total,
        previous=list_pages.beside(url, result, back=True),
        next=list_pages.beside(url, result, back=False),
        count_url=url.to(count="exact").text if result and not result.total_is_exact else "",
        sizes=list_pages.sizes(url, entity),
        columns=column_choices(visit, entity, columns),
        url=url,
        create_url=_create_url(visit, entity),
        archived=url.get("archived") or "no",
        may_archive=entity.archive,
        may_export=visit.may("export", entity.name),
        may_print=visit.may("print", entity.name),
        may_import=visit.may("import", entity.name) and bool(modes_of(visit, entity)),
        panel=url.get("panel") == "filters",
        bulk=actions(
            visit,
            entity,
            archived=url.get("archived") == "only",
            edits=edits,
            steps=bulk_step_page.offered(visit, entity),
        ),
        groups=list_sums.choices(visit, entity, url),
        may_sum=bool(list_sums.summable(visit, entity, columns)),
        sums=_sums(listing),
        grouped=listing.grouped,
        layouts=list_layouts.choices(visit, entity, url),
        laid_out=listing.laid_out,
        problem=listing.problem,
        refusal=refusal.message.text(visit.actor.locale) if refusal else "",
    )


def _roles(visit: Visit) -> tuple[RoleChoice, ...]:
    return tuple(RoleChoice(role.name, visit.text(role.label)) for role in visit.app.roles.values())


def _sums(listing: Listing) -> tuple[Lines, ...]:
    if listing.sums is None:
        return ()
    return tuple(listing.sums.get(path.text, ()) for path in listing.columns)


def _create_url(visit: Visit, entity: Entity) -> str:
    allowed = visit.may("create", entity.name) and not entity.child_of
    return new_url(entity.name) if allowed else ""


def _search_hint(visit: Visit, entity: Entity) -> str:
    paths = drawing.readable(visit, entity.name, entity.list.search)
    labels = dict.fromkeys(drawing.path_label(visit, path) for path in paths)
    return ("、" if visit.chinese() else ", ").join(list(labels)[:3])
