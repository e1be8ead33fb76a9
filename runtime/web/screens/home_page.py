"""The start page: what waits to be done, what was pinned, what one looked at, what changed lately.

The page costs a fixed number of small statements whatever the shop holds. An empty shop shows its
administrator the first steps instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from babel.dates import format_date

from generator.field_types._locales import babel_locale, zone
from runtime.store.engine import read
from runtime.web.names import short_name
from runtime.web.screens.hits import Hit, recent_hits
from runtime.web.screens.home_changes import Recent, shown_changes
from runtime.web.screens.home_pins import PINS, PinGroup, choices
from runtime.web.screens.home_steps import STARTED, Step, first_kinds, steps
from runtime.web.screens.home_views import (
    MOST_VIEWS,
    ToDo,
    calling_of,
    counts_of,
    listed,
    todo,
    views_of,
)
from runtime.web.screens.visit import Visit, new_url, plural, record_url, single

RECORDS = 6
MORNING, NOON, EVENING, NIGHT = 5, 12, 18, 23
"""Hours at which a greeting changes."""


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
class HomePage:
    """Everything `home.html` draws."""

    greeting: str
    day: str
    todo: tuple[ToDo, ...]
    pinned: tuple[ToDo, ...]
    records: tuple[Hit, ...]
    recent: tuple[Recent, ...]
    groups: tuple[TileGroup, ...]
    steps: tuple[Step, ...]
    choices: tuple[PinGroup, ...]


def home_page(visit: Visit, recent: Sequence[Any], names: Mapping[int, str]) -> HomePage:
    """Return the start page of a person."""
    kept = _settings(visit)
    pins = [name for name in kept.get(PINS) or () if isinstance(name, str)]
    views = views_of(visit)
    calling = calling_of(visit, views)
    pinned = [views[name] for name in pins if name in views]
    first = first_kinds(visit) if not kept.get(STARTED) else []
    counts = counts_of(visit, [*calling, *pinned, *first])
    waiting = [one for one in todo(visit, calling, counts) if one.count not in ("", "0")]
    return HomePage(
        greeting=_greeting(visit),
        day=_day(visit),
        todo=tuple(waiting[:MOST_VIEWS]),
        pinned=tuple(todo(visit, pinned, counts)),
        records=recent_hits(visit, RECORDS),
        recent=shown_changes(visit, recent, names),
        groups=_groups(visit),
        steps=steps(visit, first, counts, kept),
        choices=choices(visit, views, pins),
    )


def _settings(visit: Visit) -> dict[str, Any]:
    table = visit.runtime.system.setting
    statement = sa.select(table.c.key, table.c.value).where(
        table.c.user_id == visit.actor.id, table.c.key.in_((PINS, STARTED, "time_zone"))
    )
    with read(visit.runtime.engine) as connection:
        return {row.key: row.value for row in connection.execute(statement)}


def _greeting(visit: Visit) -> str:
    t, actor = visit.t, visit.actor
    name = short_name(actor.first_name, actor.last_name, actor.name)
    hour = visit.runtime.clock().astimezone(zone(visit.viewer.time_zone)).hour
    if MORNING <= hour < NOON:
        return t("Good morning, {name}", name=name)
    if NOON <= hour < EVENING:
        return t("Good afternoon, {name}", name=name)
    if EVENING <= hour < NIGHT:
        return t("Good evening, {name}", name=name)
    return t("Hello, {name}", name=name)


def _day(visit: Visit) -> str:
    today = visit.runtime.clock().astimezone(zone(visit.viewer.time_zone)).date()
    return format_date(today, "full", locale=babel_locale(visit.viewer.locale))


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
