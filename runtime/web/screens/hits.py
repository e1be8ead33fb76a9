"""A found record as one line: its title, what tells it apart from others, its page."""

from __future__ import annotations

from dataclasses import dataclass

from generator.field_types import EMPTY
from generator.model.entity import Entity
from runtime.operations._columns import title_columns
from runtime.operations._finding import EXACT, Found, named
from runtime.operations.choices import choice_fields
from runtime.store import recents
from runtime.web.screens import cells
from runtime.web.screens.visit import Visit, record_url


@dataclass(frozen=True, slots=True)
class Hit:
    """A record that can be opened."""

    title: str
    note: str
    url: str
    icon: str
    kind: str
    """What it is: the entity's label."""
    exact: bool = False


def hit(visit: Visit, found: Found) -> Hit:
    """Return the line of a record."""
    entity, plan = found.entity, found.plan
    visit = visit.asking(plan.grant.action, entity.name)
    fields = choice_fields(entity, visit.reads)
    titles = title_columns(entity.name, visit.reads)
    name = next((field for field in fields if field not in titles), "")
    paths = cells.readable(visit, entity.name, (name,) if name else ())
    note = cells.draw(visit, paths[0], plan.paths)(found.row) if paths else EMPTY
    return Hit(
        title=cells.title(visit, entity.name, plan.paths)(found.row) or found.id[:8],
        note=note.text,
        url=record_url(entity.name, found.id),
        icon=entity.icon or "point",
        kind=visit.text(entity.label),
        exact=found.fit == EXACT,
    )


def recent_hits(visit: Visit, most: int) -> tuple[Hit, ...]:
    """Return the records the person looked at last and may still read: two statements."""
    system = visit.runtime.system
    seen = recents.last_visits(visit.runtime.engine, system.recent, visit.actor.id, most + 4)
    wanted: dict[str, list[str]] = {}
    for entity, record_id in seen:
        wanted.setdefault(entity, []).append(record_id)
    known = named(visit.runtime, visit.actor, wanted)
    return tuple(hit(visit, known[place]) for place in seen if place in known)[:most]


def searched(visit: Visit) -> tuple[Entity, ...]:
    """Return the entities in which the person may look for something."""
    return tuple(
        entity
        for entity in visit.app.entities.values()
        if entity.menu and entity.list.search and visit.may("list", entity.name)
    )
