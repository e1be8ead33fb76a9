"""The start page: what waits to be done, what changed lately, where everything is.

What waits are the saved views that an author wrote with a condition; each is counted by itself, up
to a thousand, so the page costs a fixed number of small statements whatever the shop holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from generator.field_types._times import local_text
from generator.model.entity import Entity, View
from runtime.errors import RequestError
from runtime.operations._reading import is_titled
from runtime.store import fetch
from runtime.web.screens.doors import ask
from runtime.web.screens.numbers import number
from runtime.web.screens.visit import Visit, new_url, plural, record_url, single

MOST_VIEWS = 8
VIEWS_OF_ONE = 4
RECENT = 10
CALLING = {"attention", "warning", "critical"}
"""Tones of states in which a record waits for somebody."""


@dataclass(frozen=True, slots=True)
class ToDo:
    """A saved view that holds something."""

    count: str
    label: str
    of: str
    url: str


@dataclass(frozen=True, slots=True)
class Tile:
    """An entity: its list, and a new record where the person may make one."""

    label: str
    icon: str
    url: str
    create_url: str
    create_text: str


@dataclass(frozen=True, slots=True)
class TileGroup:
    """The tiles of a module."""

    label: str
    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True)
class Recent:
    """Something that somebody changed."""

    who: str
    words: str
    title: str
    url: str
    iso: str
    when: str


@dataclass(frozen=True, slots=True)
class HomePage:
    """Everything `home.html` draws."""

    greeting: str
    todo: tuple[ToDo, ...]
    recent: tuple[Recent, ...]
    groups: tuple[TileGroup, ...]


def home_page(visit: Visit, recent: Sequence[Any]) -> HomePage:
    """Return the start page of a person."""
    return HomePage(
        greeting=visit.t("Hello, {name}", name=visit.actor.name),
        todo=_todo(visit),
        recent=tuple(_recent(visit, row) for row in recent),
        groups=_groups(visit),
    )


def listed(visit: Visit) -> tuple[Entity, ...]:
    """Return the entities of the menu that the person may list."""
    return tuple(
        entity
        for entity in visit.app.entities.values()
        if entity.menu and not entity.child_of and visit.may("list", entity.name)
    )


def _todo(visit: Visit) -> tuple[ToDo, ...]:
    found: list[ToDo] = []
    modules = list(visit.app.modules)
    for entity in sorted(listed(visit), key=lambda one: modules.index(one.module)):
        views = [view for view in entity.list.views if _is_pressing(visit, entity, view)]
        for view in views[:VIEWS_OF_ONE]:
            if len(found) == MOST_VIEWS:
                return tuple(found)
            counted = _count(visit, entity, view)
            if counted:
                url = record_url(entity.name) + f"?view={view.name}"
                found.append(ToDo(counted, visit.text(view.label), plural(visit, entity), url))
    return tuple(found)


def _is_pressing(visit: Visit, entity: Entity, view: View) -> bool:
    """Return whether a view is about work: of numbered documents, or of a state that calls."""
    if view.where is None:
        return False
    if any(field.type == "sequence" for field in entity.fields.values()):
        return True
    return any(
        option.tone in CALLING and f"'{option.value}'" in view.where.text
        for field in entity.fields.values()
        if field.type == "choice"
        for option in visit.catalog[field.type].input(field).options
    )


def _count(visit: Visit, entity: Entity, view: View) -> str:
    try:
        result = ask(visit, "count", entity.name, query={"view": (view.name,)})
    except RequestError:
        return ""
    if not result.total:
        return ""
    return number(visit, result.total) + ("" if result.total_is_exact else "+")


def recent_changes(visit: Visit) -> Sequence[Any]:
    """Return the latest changes of records that the person may read without exception."""
    grants = {
        entity.name: visit.runtime.matrix.grant(visit.actor.roles, entity.name, "read")
        for entity in listed(visit)
    }
    readable = [
        name
        for name, grant in grants.items()
        if grant is not None and grant.is_wide and is_titled(name, visit.reads)
    ]
    if not readable:
        return ()
    audit = visit.runtime.system.audit
    statement = (
        sa.select(
            audit.c.at,
            audit.c.actor_name,
            audit.c.operation,
            audit.c.entity,
            audit.c.record_id,
            audit.c.record_title,
        )
        .where(audit.c.entity.in_(readable), audit.c.source.in_(("screen", "rest")))
        .order_by(audit.c.id.desc())
        .limit(RECENT)
    )
    with fetch.connection(visit.runtime.engine) as connection:
        return connection.execute(statement).all()


def _recent(visit: Visit, row: Any) -> Recent:
    t, entity = visit.t, visit.app.entities[row.entity]
    words = {
        "create": t("created", "recent"),
        "update": t("changed", "recent"),
        "delete": t("archived", "recent") if entity.archive else t("deleted", "recent"),
        "restore": t("restored", "recent"),
    }.get(row.operation, row.operation)
    gone = row.operation == "delete" and not entity.archive
    return Recent(
        who=row.actor_name,
        words=words,
        title=f"{visit.text(entity.label)} {row.record_title or ''}".strip(),
        url="" if gone else record_url(row.entity, str(row.record_id)),
        iso=row.at.isoformat(),
        when=local_text(row.at, visit.viewer.locale, visit.viewer.time_zone),
    )


def _groups(visit: Visit) -> tuple[TileGroup, ...]:
    found = []
    entities = listed(visit)
    for module in visit.app.modules.values():
        tiles = tuple(
            Tile(
                plural(visit, entity),
                entity.icon or "point",
                record_url(entity.name),
                new_url(entity.name) if visit.may("create", entity.name) else "",
                visit.t("New {name}", name=single(visit, entity)),
            )
            for entity in entities
            if entity.module == module.name
        )
        if tiles:
            found.append(TileGroup(visit.text(module.label), tiles))
    return tuple(found)
