"""A record as data: title, badges, facts, cards, tabs. A pure function of what was asked.

Parts come with the record and are shown as tables with totals; records that point here and the
timeline are asked for only when their tab is open, so a page has a fixed number of statements.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from generator.field_types import EMPTY, Cell
from generator.model.entity import Entity, Field, Section
from rules import privacy
from runtime.messages import Result
from runtime.operations.neighbours import Neighbours
from runtime.operations.related_counts import Count
from runtime.store.paths import Path
from runtime.web.screens import cells as drawing
from runtime.web.screens.detail_files import FileBox
from runtime.web.screens.detail_parts import (
    WIDE,
    CardBox,
    Item,
    Table,
    TabLink,
    TagBox,
    asked_only,
    include_of,
    record_facts,
    relates,
)
from runtime.web.screens.detail_plan import DetailPlan, trace_fields
from runtime.web.screens.detail_tabs import tab_links
from runtime.web.screens.form_layout import form_layout
from runtime.web.screens.job_page import trial_url
from runtime.web.screens.panels import PanelBox
from runtime.web.screens.pointing import tried_as
from runtime.web.screens.prices_page import Considered, kept_considered
from runtime.web.screens.progress_page import ProgressBox
from runtime.web.screens.reveal_page import masked_fields
from runtime.web.screens.steps_page import Steps
from runtime.web.screens.timeline_page import Timeline
from runtime.web.screens.visit import Visit, new_url, record_url, single


@dataclass(frozen=True)
class Around:
    """What stands around the record on its page, asked for by itself."""

    listed: str = ""
    """The query of the list the person came from."""
    table: Table | None = None
    timeline: Timeline | None = None
    neighbours: Neighbours = field(default_factory=lambda: Neighbours("", ""))
    counts: Mapping[str, Count] = field(default_factory=dict)
    files: tuple[FileBox, ...] = ()
    follows: bool = False
    panels: tuple[PanelBox, ...] = ()
    steps: Steps = field(default_factory=Steps)
    progress: tuple[ProgressBox, ...] = ()
    trouble: str = ""
    """Why no step can be taken: the record is where nobody put it."""


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
    side_card: CardBox
    """The same as a card, for its small form."""
    record: tuple[Item, ...]
    tabs: tuple[TabLink, ...]
    table: Table | None
    timeline: Timeline | None
    panels: tuple[PanelBox, ...]
    considered: tuple[Considered, ...]
    """What became of each promotion when it was placed."""
    files: tuple[FileBox, ...]
    attach_url: str
    """Where files are sent to; empty when none may be added."""
    archived: Cell
    """When it was archived; empty when it is not."""
    listed: str
    back: str
    previous_url: str
    next_url: str
    edit_url: str
    copy_url: str
    person_url: str
    erase_url: str
    """Where a copy of all that is kept about this person is asked for; empty elsewhere."""
    trial_url: str
    """Where a promotion is tried on what was bought."""
    print_url: str
    revert_url: str
    follow_url: str
    follows: bool
    delete_url: str
    restore_url: str
    keeps: bool
    """Deleting archives."""
    steps: Steps = field(default_factory=Steps)
    """The buttons of its workflows."""
    progress: tuple[ProgressBox, ...] = ()
    """Where it is in each of its workflows."""
    trouble: str = ""
    is_document: bool = False
    """A numbered document: its parts, such as lines, stand before everything else."""


def _considered(
    visit: Visit, entity: Entity, result: Result, place: Mapping[str, int]
) -> tuple[Considered, ...]:
    for name in trace_fields(visit, entity):
        if name in place:
            return kept_considered(visit, result.row[place[name]])
    return ()


def detail_page(visit: Visit, plan: DetailPlan, result: Result, around: Around) -> DetailPage:
    """Return the page of a record."""
    entity, paths, row = plan.entity, result.plan.paths, result.row
    record_id = str(record_facts(result, "id"))
    place = {path.text: number for number, path in enumerate(paths)}
    gone = record_facts(result, "archived_at")
    screen, listed = entity.detail, around.listed
    may = {action: visit.may(action, entity.name) for action in ("update", "delete", "restore")}
    changes = may["update"] and gone is None
    editable = _editable(visit, entity) if changes else frozenset[str]()

    def items(names: Iterable[str]) -> tuple[Item, ...]:
        return items_of(visit, entity, names, result, place, editable)

    def url(rest: str = "", **query: str) -> str:
        return record_url(entity.name, record_id, rest, list=listed, **query)

    def card(section: Section) -> CardBox:
        allowed = editable & set(section.fields)
        return CardBox(
            section.name,
            visit.text(section.label),
            items(section.fields),
            url(f"cards/{section.name}", tab=plan.tab) if allowed else "",
            url("edit") if allowed else "",
        )

    side = CardBox("side", visit.t("Overview"), items(screen.side))
    if editable & set(screen.side):
        side = CardBox(
            side.id, side.title, side.items, url("cards/side", tab=plan.tab), url("edit")
        )
    return DetailPage(
        entity=entity.name,
        id=record_id,
        version=int(record_facts(result, "version") or 0),
        title=drawing.title(visit, entity.name, paths)(row) or record_id[:8],
        singular=single(visit, entity),
        badges=tuple(item.cell for item in items(screen.badges) if drawing.filled(item.cell)),
        facts=tuple(_own_label(item) for item in items(screen.facts) if drawing.filled(item.cell)),
        cards=tuple(card(section) for section in screen.sections),
        side=side.items,
        side_card=side,
        record=tuple(
            item
            for item in items(("created_at", "created_by", "updated_at", "updated_by"))
            if drawing.filled(item.cell)
        ),
        tabs=tab_links(visit, plan, result, record_id, listed, around.counts),
        table=around.table,
        timeline=around.timeline,
        panels=around.panels,
        considered=_considered(visit, entity, result, place),
        files=around.files,
        attach_url=url("attachments") if changes and visit.may("file", entity.name) else "",
        archived=_drawn(visit, "archived_at", paths, row) if gone is not None else EMPTY,
        listed=listed,
        back=record_url(entity.name) + (f"?{listed}" if listed else "") + f"#row-{record_id}",
        previous_url=_beside(entity, around.neighbours.previous, listed),
        next_url=_beside(entity, around.neighbours.next, listed),
        edit_url=url("edit") if changes else "",
        copy_url=new_url(entity.name, copy=record_id)
        if visit.may("create", entity.name) and not entity.child_of
        else "",
        person_url=record_url(entity.name, record_id, "copy")
        if privacy.is_person(visit.app, entity.name) and visit.may("export", entity.name)
        else "",
        erase_url=record_url(entity.name, record_id, "erase")
        if privacy.is_person(visit.app, entity.name) and visit.may("erase", entity.name)
        else "",
        trial_url=trial_url(visit, entity.name, tried_as(entity, result, record_id))
        if entity.promotion is not None
        else "",
        print_url=record_url(entity.name, record_id, "print")
        if visit.may("print", entity.name)
        else "",
        revert_url=record_url(entity.name, record_id, "revert"),
        follow_url=url("follow"),
        follows=around.follows,
        delete_url=url("delete") if may["delete"] and gone is None and not entity.child_of else "",
        restore_url=url("restore") if may["restore"] and gone is not None else "",
        keeps=entity.archive,
        steps=around.steps if gone is None else Steps(),
        progress=around.progress,
        trouble=around.trouble,
        is_document=any(model.type == "sequence" for model in entity.fields.values()),
    )


def _own_label(item: Item) -> Item:
    """Return a value of the line below the title, where `·` stands between values alone."""
    return replace(item, label=item.label.rpartition(" · ")[2])


def _beside(entity: Entity, record_id: str, listed: str) -> str:
    return record_url(entity.name, record_id, list=listed) if record_id else ""


def _editable(visit: Visit, entity: Entity) -> frozenset[str]:
    """Return the fields that a card's small form can hold: single values that may be changed."""
    layout = form_layout(visit, entity, changes=True)
    return frozenset(
        one.field.name for one in layout.fields if not one.fixed and one.kind != "grid"
    )


def _drawn(visit: Visit, name: str, paths: Sequence[Path], row: Sequence[Any]) -> Cell:
    path = next((one for one in paths if one.text == name), None)
    return EMPTY if path is None else drawing.draw(visit, path, paths)(row)


def items_of(
    visit: Visit,
    entity: Entity,
    names: Iterable[str],
    result: Result,
    place: Mapping[str, int],
    editable: frozenset[str] = frozenset(),
) -> tuple[Item, ...]:
    """Return labels and values of what the reader may see; tags in `editable` can be changed.

    A field that is not asked of this record is as if it were not there.
    """
    found, masked = [], masked_fields(visit, entity.name)
    for path in asked_only(drawing.readable(visit, entity.name, names), result):
        if relates(visit, path.field, "children"):
            continue
        label = drawing.path_label(visit, path)
        if relates(visit, path.field, "references"):
            cell = _links(visit, path.field, result)
        elif path.text in place:
            cell = drawing.draw(visit, path, result.plan.paths)(result.row)
        else:
            continue
        tags = _tags(path, result, place) if path.text in editable else None
        shows = _reveal_url(path, result) if cell.kind == "masked" and path.text in masked else ""
        found.append(Item(label, cell, path.field.type in WIDE, tags, path.text, shows))
    return tuple(found)


def _reveal_url(path: Path, result: Result) -> str:
    record_id = str(record_facts(result, "id"))
    return record_url(path.field.entity, record_id, "reveal", field=path.text)


def _tags(path: Path, result: Result, place: Mapping[str, int]) -> TagBox | None:
    """Return tags that can be changed in place; None for every other type."""
    if path.field.type != "tags" or path.text not in place:
        return None
    url = record_url(path.field.entity, str(record_facts(result, "id")), "tags")
    return TagBox(path.text, url, tuple(result.row[place[path.text]] or ()))


def _links(visit: Visit, model: Field, result: Result) -> Cell:
    """Draw many linked records as tags that lead to them."""
    include = include_of(result, model.name)
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
