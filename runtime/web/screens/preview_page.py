"""A record at a glance, beside its list: the facts of its page and the list's own columns."""

from __future__ import annotations

from dataclasses import dataclass

from generator.field_types import Cell
from generator.model.entity import Entity
from runtime.messages import Result
from runtime.operations._columns import title_columns
from runtime.store.paths import Path
from runtime.web.screens import cells as drawing
from runtime.web.screens.detail_parts import asked_only
from runtime.web.screens.visit import Visit, record_url

MOST = 24
UNFIT = {"children", "references"}


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and its value."""

    label: str
    cell: Cell


@dataclass(frozen=True, slots=True)
class PreviewPage:
    """Everything `preview.html` draws."""

    title: str
    facts: tuple[Fact, ...]
    url: str
    edit_url: str


def paths(visit: Visit, entity: Entity) -> tuple[Path, ...]:
    """Return what is shown: badges, facts, the list's columns, then the page's first card."""
    detail = entity.detail
    first = detail.sections[0].fields if detail.sections else ()
    names = (*detail.badges, *detail.facts, *entity.list.columns, *first, *detail.side)
    found = drawing.readable(visit, entity.name, names)
    fits = (path for path in found if visit.catalog[path.field.type].relation not in UNFIT)
    return tuple(fits)[:MOST]


def fields(visit: Visit, entity: Entity) -> str:
    """Return the fields to be read."""
    titles = title_columns(entity.name, visit.reads)
    needed = drawing.needs(visit, entity.name, paths(visit, entity))
    return ",".join(dict.fromkeys(("id", *needed, *titles)))


def page(visit: Visit, entity: Entity, result: Result, listed: str) -> PreviewPage:
    """Return the preview of a record that was read."""
    found = result.plan.paths
    record_id = str(result.row[[path.text for path in found].index("id")])
    drawn = (
        Fact(drawing.path_label(visit, path), drawing.draw(visit, path, found)(result.row))
        for path in asked_only(paths(visit, entity), result)
    )
    edits = visit.may("update", entity.name)
    return PreviewPage(
        title=drawing.title(visit, entity.name, found)(result.row) or record_id[:8],
        facts=tuple(fact for fact in drawn if drawing.filled(fact.cell)),
        url=record_url(entity.name, record_id, list=listed),
        edit_url=record_url(entity.name, record_id, "edit", list=listed) if edits else "",
    )
