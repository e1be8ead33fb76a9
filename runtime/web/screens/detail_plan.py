"""What a record's page asks for, decided before the database is."""

from __future__ import annotations

from dataclasses import dataclass, field

from generator.model.entity import Entity
from runtime.operations._columns import title_columns
from runtime.web.screens import cells as drawing
from runtime.web.screens.detail_parts import relates
from runtime.web.screens.visit import Visit

MOST_INCLUDES = 5


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
        *(path for panel in screen.panels for path in panel.fields),
        *trace_fields(visit, entity),
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
    if any(visit.app.is_counted(entity.name, name) for name in tabs):
        fields = (*fields, *entity.key)
    links = [path.text for path in paths if relates(visit, path.field, "references")]
    children = [name for name in tabs if "." not in name and name != "history"]
    includes = tuple(dict.fromkeys((*children, *links)))[:MOST_INCLUDES]
    chosen = tab if tab in tabs else (tabs[0] if tabs else "")
    return DetailPlan(entity, (*fields, *titles), includes, chosen, tabs)


def trace_fields(visit: Visit, entity: Entity) -> tuple[str, ...]:
    """Return the field that keeps why a record costs what it does, where there is one."""
    placing = visit.app.pricing.placing if visit.app.pricing is not None else None
    if placing is None or placing.creates != entity.name or not placing.trace:
        return ()
    return (placing.trace,)


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


def _may_open(visit: Visit, entity: Entity, tab: str) -> bool:
    if tab == "history":
        return visit.may("history", entity.name) or visit.may("read", entity.name)
    if "." in tab:
        other, name = tab.split(".", 1)
        counted = visit.app.is_counted(entity.name, tab)
        knows = not counted or len(drawing.readable(visit, entity.name, entity.key)) == len(
            entity.key
        )
        return visit.may("list", other) and bool(drawing.readable(visit, other, (name,))) and knows
    model = entity.fields.get(tab)
    return (
        model is not None
        and bool(drawing.readable(visit, entity.name, (tab,)))
        and visit.may("read", model.target)
    )
