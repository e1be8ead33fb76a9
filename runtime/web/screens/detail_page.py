"""A record as data: title, badges, facts, cards, tabs. A pure function of a result.

Children come with the record and are shown as tables with totals; records that point here and the
history are asked for only when their tab is open, so a page has a fixed number of statements.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from generator.field_types import EMPTY, Cell
from generator.model.entity import Entity, Field, Section
from runtime.messages import Result
from runtime.operations._reading import title_columns
from runtime.store.paths import Path
from runtime.store.plan import Include
from runtime.web.screens import cells as drawing
from runtime.web.screens.cells import FILES
from runtime.web.screens.history import Event
from runtime.web.screens.visit import Visit, new_url, record_url, single

WIDE = {"long_text", "rich_text", "json", "address", "references", "image"}
MOST_INCLUDES = 5
RELATED_ROWS = 5
SHOWN_CHILDREN = 200


@dataclass(frozen=True, slots=True)
class Item:
    """A label and its value."""

    label: str
    cell: Cell
    wide: bool = False


@dataclass(frozen=True, slots=True)
class CardBox:
    """A card of values."""

    id: str
    title: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class TabLink:
    """A tab; it is a link, so it works without script."""

    id: str
    label: str
    url: str
    current: bool
    count: int | None = None


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of a small table."""

    cells: tuple[Cell, ...]
    href: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """The header of a small table's column."""

    label: str
    number: bool


@dataclass(frozen=True, slots=True)
class Table:
    """The content of a tab: children or records that point here."""

    headings: tuple[Heading, ...]
    rows: tuple[TableRow, ...]
    totals: tuple[Cell, ...] = ()
    """One a column, `EMPTY` where there is nothing to add up; empty without totals."""
    more_url: str = ""
    more_text: str = ""
    create_url: str = ""
    create_text: str = ""


@dataclass(frozen=True, slots=True)
class DetailPage:
    """Everything `detail.html` draws."""

    entity: str
    id: str
    version: int
    title: str
    singular: str
    badges: tuple[Cell, ...]
    facts: tuple[Item, ...]
    cards: tuple[CardBox, ...]
    side: tuple[Item, ...]
    record: tuple[Item, ...]
    tabs: tuple[TabLink, ...]
    table: Table | None
    events: tuple[Event, ...] | None
    older_url: str
    archived: Cell
    """When it was archived; empty when it is not."""
    back: str
    edit_url: str
    copy_url: str
    delete_url: str
    restore_url: str
    keeps: bool
    """Deleting archives."""
    is_document: bool = False
    """A numbered document: its parts, such as lines, stand before everything else."""


@dataclass(frozen=True)
class DetailPlan:
    """What the page asks for, decided before the database is."""

    entity: Entity
    fields: tuple[str, ...]
    includes: tuple[str, ...]
    tab: str
    tabs: tuple[str, ...] = field(default=())


def detail_plan(visit: Visit, entity: Entity, tab: str) -> DetailPlan:
    """Return what a detail page reads: its paths, its includes, and which tab is open."""
    screen = entity.detail
    named = [
        *screen.facts,
        *screen.badges,
        *screen.side,
        *(name for section in screen.sections for name in section.fields),
        "created_at",
        "created_by",
        "updated_at",
        "updated_by",
        *(("archived_at",) if entity.archive else ()),
    ]
    paths = drawing.readable(visit, entity.name, named)
    currency = _currencies(visit, entity)
    fields = drawing.needs(
        visit, entity.name, (*paths, *drawing.readable(visit, entity.name, currency))
    )
    titles = title_columns(entity.name, visit.reads)
    tabs = tuple(name for name in screen.tabs if _may_open(visit, entity, name))
    links = [path.text for path in paths if _is(visit, path.field, "references")]
    children = [name for name in tabs if "." not in name and name != "history"]
    includes = tuple(dict.fromkeys((*children, *links)))[:MOST_INCLUDES]
    chosen = tab if tab in tabs else (tabs[0] if tabs else "")
    return DetailPlan(entity, (*fields, *titles), includes, chosen, tabs)


def _currencies(visit: Visit, entity: Entity) -> tuple[str, ...]:
    """Return the fields of this record in which its children write their amounts."""
    found = []
    for model in entity.fields.values():
        if model.type != "children":
            continue
        child = visit.app.entities[model.target]
        for inner in child.fields.values():
            start, _, rest = str(inner.args.get("currency") or "").partition(".")
            if inner.type == "money" and start == child.child_of and rest:
                found.append(rest)
    return tuple(found)


def _is(visit: Visit, model: Field, relation: str) -> bool:
    return visit.catalog[model.type].relation == relation


def _may_open(visit: Visit, entity: Entity, tab: str) -> bool:
    if tab == "history":
        return visit.may("history", entity.name) or visit.may("read", entity.name)
    if "." in tab:
        other, name = tab.split(".", 1)
        return visit.may("list", other) and bool(drawing.readable(visit, other, (name,)))
    model = entity.fields.get(tab)
    return (
        model is not None
        and bool(drawing.readable(visit, entity.name, (tab,)))
        and visit.may("read", model.target)
    )


def record_facts(result: Result, name: str) -> Any:
    """Return one stored value of the record."""
    for place, path in enumerate(result.plan.paths):
        if path.text == name:
            return result.row[place]
    return None


def detail_page(
    visit: Visit,
    plan: DetailPlan,
    result: Result,
    listed: str,
    table: Table | None,
    events: tuple[Event, ...] | None,
    older: str,
) -> DetailPage:
    """Return the page of a record."""
    entity, paths, row = plan.entity, result.plan.paths, result.row
    record_id = str(record_facts(result, "id"))
    place = {path.text: number for number, path in enumerate(paths)}
    gone = record_facts(result, "archived_at")
    screen = entity.detail

    def items(names: Iterable[str]) -> tuple[Item, ...]:
        return _items(visit, entity, names, result, place)

    may = {action: visit.may(action, entity.name) for action in ("update", "delete", "restore")}
    return DetailPage(
        entity=entity.name,
        id=record_id,
        version=int(record_facts(result, "version") or 0),
        title=drawing.title(visit, entity.name, paths)(row) or record_id[:8],
        singular=single(visit, entity),
        badges=tuple(item.cell for item in items(screen.badges) if drawing.filled(item.cell)),
        facts=tuple(item for item in items(screen.facts) if drawing.filled(item.cell)),
        cards=tuple(_card(visit, section, items(section.fields)) for section in screen.sections),
        side=items(screen.side),
        record=tuple(
            item
            for item in items(("created_at", "created_by", "updated_at", "updated_by"))
            if drawing.filled(item.cell)
        ),
        tabs=_tabs(visit, plan, result, record_id, listed),
        table=table,
        events=events,
        older_url=record_url(entity.name, record_id, tab="history", before=older, list=listed)
        if older
        else "",
        archived=_drawn(visit, "archived_at", paths, row) if gone is not None else EMPTY,
        back=record_url(entity.name) + (f"?{listed}" if listed else "") + f"#row-{record_id}",
        edit_url=record_url(entity.name, record_id, "edit", list=listed)
        if may["update"] and gone is None
        else "",
        copy_url=new_url(entity.name, copy=record_id)
        if visit.may("create", entity.name) and not entity.child_of
        else "",
        delete_url=record_url(entity.name, record_id, "delete", list=listed)
        if may["delete"] and gone is None and not entity.child_of
        else "",
        restore_url=record_url(entity.name, record_id, "restore", list=listed)
        if may["restore"] and gone is not None
        else "",
        keeps=entity.archive,
        is_document=any(model.type == "sequence" for model in entity.fields.values()),
    )


def _drawn(visit: Visit, name: str, paths: Sequence[Path], row: Sequence[Any]) -> Cell:
    path = next((one for one in paths if one.text == name), None)
    return EMPTY if path is None else drawing.draw(visit, path, paths)(row)


def _card(visit: Visit, section: Section, items: tuple[Item, ...]) -> CardBox:
    return CardBox(section.name, visit.text(section.label), items)


def _items(
    visit: Visit,
    entity: Entity,
    names: Iterable[str],
    result: Result,
    place: Mapping[str, int],
) -> tuple[Item, ...]:
    found = []
    for path in drawing.readable(visit, entity.name, names):
        if _is(visit, path.field, "children"):
            continue
        label = drawing.path_label(visit, path)
        if _is(visit, path.field, "references"):
            cell = _links(visit, path.field, result)
        elif path.text in place:
            cell = drawing.draw(visit, path, result.plan.paths)(result.row)
        else:
            continue
        found.append(Item(label, cell, path.field.type in WIDE))
    return tuple(found)


def _links(visit: Visit, model: Field, result: Result) -> Cell:
    """Draw many linked records as tags that lead to them."""
    include = _include(result, model.name)
    if include is None:
        return EMPTY
    rows = result.included.get(model.name, {}).get(str(record_facts(result, "id")), ())
    named = drawing.title(visit, model.target, include.plan.paths)
    at = [path.text for path in include.plan.paths].index("id")
    opens = visit.may("read", model.target)
    items = tuple(
        Cell(
            named(row) or str(row[at])[:8],
            "link",
            href=record_url(model.target, str(row[at])) if opens else "",
        )
        for row in rows
    )
    return Cell(", ".join(item.text for item in items), "badges", items=items)


def _include(result: Result, name: str) -> Include | None:
    found: Iterable[Include] = result.plan.includes
    return next((include for include in found if include.name == name), None)


def _tabs(
    visit: Visit, plan: DetailPlan, result: Result, record_id: str, listed: str
) -> tuple[TabLink, ...]:
    found = []
    for name in plan.tabs:
        rows = result.included.get(name, {}).get(record_id, ()) if name in result.included else ()
        counted = _include(result, name) is not None
        url = record_url(plan.entity.name, record_id, tab=name, list=listed)
        found.append(
            TabLink(
                id=name.replace(".", "-"),
                label=_tab_label(visit, plan.entity, name),
                url=url,
                current=name == plan.tab,
                count=len(rows) if counted else None,
            )
        )
    return tuple(found)


def _tab_label(visit: Visit, entity: Entity, name: str) -> str:
    if name == "history":
        return visit.t("History")
    if "." not in name:
        return visit.text(entity.fields[name].label)
    other, reference = name.split(".", 1)
    target = visit.app.entities[other]
    pointing = [tab for tab in entity.detail.tabs if tab.startswith(f"{other}.") and tab != name]
    label = visit.text(target.plural)
    if not pointing:
        return label
    return f"{label} · {visit.text(target.fields[reference].label)}"


def child_table(visit: Visit, entity: Entity, name: str, result: Result) -> Table:
    """Return the table of one child field, with totals of what the record itself adds up."""
    include = _include(result, name)
    if include is None:
        return Table((), ())
    child = visit.app.entities[include.plan.entity.name]
    record_id = str(record_facts(result, "id"))
    rows = result.included.get(name, {}).get(record_id, ())
    summed = _summed(entity, name)
    texts = [
        path for path in (*child.list.columns, *summed) if path.split(".")[0] != child.child_of
    ]
    paths = tuple(
        path
        for path in drawing.readable(visit, child.name, texts)
        if not _is(visit, path.field, "children") and not _is(visit, path.field, "references")
    )
    fixed = _fixed(child, result)
    draws = [drawing.draw(visit, path, include.plan.paths, fixed) for path in paths]
    columns = [drawing.column(visit, path) for path in paths]
    totals = tuple(
        _total(visit, path, include.plan.paths, rows, fixed) if path.text in summed else EMPTY
        for path in paths
    )
    return Table(
        headings=tuple(Heading(column.label, column.number) for column in columns),
        rows=tuple(TableRow(tuple(draw(row) for draw in draws)) for row in rows[:SHOWN_CHILDREN]),
        totals=totals if rows and any(drawing.filled(cell) for cell in totals) else (),
        more_text=visit.t("{n} more rows", n=len(rows) - SHOWN_CHILDREN)
        if len(rows) > SHOWN_CHILDREN
        else "",
    )


def _fixed(child: Entity, result: Result) -> Mapping[str, str]:
    """Return what children know of their parent, by the path they would ask for."""
    return {
        f"{child.child_of}.{path.text}": str(result.row[place] or "")
        for place, path in enumerate(result.plan.paths)
        if not path.parents
    }


def _summed(entity: Entity, name: str) -> tuple[str, ...]:
    """Return the fields of a child that a computed field of the record adds up."""
    pattern = re.compile(rf"\bsum\(\s*{re.escape(name)}\.([a-z0-9_]+)\s*\)")
    texts = [model.computed.text for model in entity.fields.values() if model.computed is not None]
    return tuple(dict.fromkeys(found for text in texts for found in pattern.findall(text)))


def _total(
    visit: Visit,
    path: Path,
    paths: Sequence[Path],
    rows: Sequence[Any],
    fixed: Mapping[str, str],
) -> Cell:
    """Add up one column; amounts in several currencies are not added."""
    place = [one.text for one in paths].index(path.text)
    draw = drawing.draw(visit, path, paths, fixed)
    if not rows or len({draw(row).unit for row in rows}) > 1:
        return EMPTY
    whole = list(rows[0])
    whole[place] = sum(row[place] or 0 for row in rows)
    return replace(draw(whole), title="")


def related_table(visit: Visit, tab: str, record_id: str, result: Result) -> Table:
    """Return the first records that point here by a field, and the way to all of them."""
    other, name = tab.split(".", 1)
    target = visit.app.entities[other]
    paths = related_paths(visit, tab)
    draws = [drawing.draw(visit, path, result.plan.paths) for path in paths]
    columns = [drawing.column(visit, path) for path in paths]
    at = [path.text for path in result.plan.paths].index("id")
    opens = visit.may("read", other)
    total = str(result.total or 0) + ("" if result.total_is_exact else "+")
    allowed = visit.may("create", other) and not target.child_of
    reference = target.fields[name]
    return Table(
        headings=tuple(Heading(column.label, column.number) for column in columns),
        rows=tuple(
            TableRow(
                tuple(draw(row) for draw in draws),
                record_url(other, str(row[at])) if opens else "",
            )
            for row in result.rows
        ),
        more_url=record_url(other) + f"?{name}{_key(visit, reference)}={record_id}",
        more_text=visit.t("See all {n}", n=total) if result.rows else "",
        create_url=new_url(other, **{name: record_id}) if allowed else "",
        create_text=visit.t("New {name}", name=single(visit, target)),
    )


def _key(visit: Visit, reference: Field) -> str:
    return "[has_any]" if _is(visit, reference, "references") else "[in]"


def related_paths(visit: Visit, tab: str) -> tuple[Path, ...]:
    """Return the columns of a related tab: the list's, without the way back."""
    other, name = tab.split(".", 1)
    texts = [text for text in visit.app.entities[other].list.columns if text.split(".")[0] != name]
    return tuple(
        path
        for path in drawing.readable(visit, other, texts)
        if visit.catalog[path.field.type].relation not in {"children", "references"}
        and path.field.type not in FILES
    )[:6]


def related_query(visit: Visit, tab: str, record_id: str) -> Mapping[str, tuple[str, ...]]:
    """Return the query of a related tab: five rows and a capped count."""
    other, name = tab.split(".", 1)
    reference = visit.app.entities[other].fields[name]
    operator = "has" if _is(visit, reference, "references") else "eq"
    fields = drawing.needs(visit, other, related_paths(visit, tab))
    return {
        f"{name}[{operator}]": (record_id,),
        "fields": (",".join(("id", *fields)),),
        "limit": (str(RELATED_ROWS),),
        "count": ("capped",),
    }
