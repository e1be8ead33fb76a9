"""The start page: what waits to be done, what was pinned, what one looked at, what changed lately.

What waits are the saved views that an author wrote with a condition; what is pinned are views the
person chose. All of them are counted in one statement that may take 300 ms, up to a thousand each,
so the page costs a fixed number of small statements whatever the shop holds. An empty shop shows
its administrator the first steps instead; each ticks itself off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from babel.dates import format_date

from generator.field_types._locales import babel_locale, zone
from generator.field_types._times import local_text
from generator.model.entity import Entity, View
from runtime.errors import RequestError
from runtime.messages import Incoming
from runtime.operations import _reading
from runtime.operations._columns import is_titled
from runtime.store import fetch, tallies
from runtime.store.engine import read
from runtime.store.plan import QueryPlan
from runtime.web.names import short_name
from runtime.web.people.accounts import count_people
from runtime.web.screens import settings_page
from runtime.web.screens.hits import Hit, recent_hits
from runtime.web.screens.list_memory import SavedView
from runtime.web.screens.list_url import pipeline_query
from runtime.web.screens.numbers import number
from runtime.web.screens.visit import Visit, new_url, plural, record_url, single
from runtime.web.users import is_administrator

MOST_VIEWS = 8
VIEWS_OF_ONE = 4
SLOWEST = 600
"""Milliseconds that counts may cost this page when one of them is slow."""
RECENT = 10
RECORDS = 6
MOST_SAVED = 60
FIRST_KINDS = 3
"""Kinds of records that an empty shop is asked to begin with."""
CALLING = {"attention", "warning", "critical"}
"""Tones of states in which a record waits for somebody."""
PINS, STARTED = "pins", "started"
"""Keys among the person's settings."""
CHANGES = ("create", "update", "delete", "restore")
MORNING, NOON, EVENING, NIGHT = 5, 12, 18, 23
"""Hours at which a greeting changes."""


@dataclass(frozen=True, slots=True)
class ToDo:
    """A saved view and what it holds; `count` is empty when it could not be counted in time."""

    count: str
    label: str
    of: str
    url: str
    icon: str = "point"


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
class Step:
    """One of the first steps of an empty shop."""

    label: str
    text: str
    url: str
    icon: str
    done: bool


@dataclass(frozen=True, slots=True)
class Pin:
    """A view that may be pinned."""

    name: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class PinGroup:
    """The views of one kind of record."""

    label: str
    pins: tuple[Pin, ...]


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


@dataclass(frozen=True, slots=True)
class _Counted:
    """A view that is counted with the others."""

    entity: Entity
    view: View | None
    """None of a view that people saved, and of everything there is of a kind."""
    plan: QueryPlan
    label: str = ""
    url: str = ""


def home_page(visit: Visit, recent: Sequence[Any], names: Mapping[int, str]) -> HomePage:
    """Return the start page of a person."""
    kept = _settings(visit)
    pins = [name for name in kept.get(PINS) or () if isinstance(name, str)]
    views = _views(visit)
    calling = _calling(visit, views)
    pinned = [views[name] for name in pins if name in views]
    first = _first_kinds(visit) if not kept.get(STARTED) else []
    counts = _counts(visit, [*calling, *pinned, *first])
    waiting = [one for one in _todo(visit, calling, counts) if one.count not in ("", "0")]
    return HomePage(
        greeting=_greeting(visit),
        day=_day(visit),
        todo=tuple(waiting[:MOST_VIEWS]),
        pinned=tuple(_todo(visit, pinned, counts)),
        records=recent_hits(visit, RECORDS),
        recent=tuple(_recent(visit, row, names) for row in recent),
        groups=_groups(visit),
        steps=_steps(visit, first, counts, kept),
        choices=_choices(visit, views, pins),
    )


def listed(visit: Visit) -> tuple[Entity, ...]:
    """Return the entities of the menu that the person may list, module by module."""
    modules = list(visit.app.modules)
    found = [
        entity
        for entity in visit.app.entities.values()
        if entity.menu and visit.may("list", entity.name)
    ]
    return tuple(sorted(found, key=lambda entity: modules.index(entity.module)))


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


def _views(visit: Visit) -> dict[str, _Counted]:
    """Return every view the person may open: `ENTITY.VIEW`, or `saved.ID` if people saved it."""
    found: dict[str, _Counted] = {}
    saved = _saved(visit)
    for entity in listed(visit):
        for view in entity.list.views:
            plan = _plan(visit, entity, {"view": (view.name,)})
            if plan is not None:
                url = record_url(entity.name) + f"?view={view.name}"
                label = visit.text(view.label)
                found[f"{entity.name}.{view.name}"] = _Counted(entity, view, plan, label, url)
        for one in saved.get(entity.name, ()):
            address = one.url(entity.name)
            plan = _plan(visit, entity, pipeline_query(address, entity.name, visit))
            if plan is not None:
                found[f"saved.{one.id}"] = _Counted(entity, None, plan, one.name, address.text)
    return found


def _saved(visit: Visit) -> dict[str, list[SavedView]]:
    """Return the views that the person saved or others share with them: one statement."""
    table = visit.runtime.system.saved_view
    roles = sorted(visit.actor.roles)
    shared = sa.and_(table.c.shared, sa.or_(table.c.role.is_(None), table.c.role.in_(roles)))
    statement = (
        sa.select(table)
        .where(sa.or_(table.c.user_id == visit.actor.id, shared))
        .order_by(table.c.entity, table.c.position, table.c.id)
        .limit(MOST_SAVED)
    )
    found: dict[str, list[SavedView]] = {}
    with read(visit.runtime.engine) as connection:
        for row in connection.execute(statement):
            mine = row.user_id == visit.actor.id
            view = SavedView(row.id, row.name, row.query, mine, row.shared, row.role or "")
            found.setdefault(row.entity, []).append(view)
    return found


def _plan(visit: Visit, entity: Entity, query: Mapping[str, tuple[str, ...]]) -> QueryPlan | None:
    grant = visit.runtime.matrix.grant(visit.actor.roles, entity.name, "list")
    if grant is None:
        return None
    incoming = Incoming("list", entity.name, visit.actor, query=query)
    try:
        call = _reading.parse_read(incoming, grant, visit.runtime)
        plan = _reading.plan_read(call, grant, visit.runtime, ("id",))
    except RequestError:
        return None
    return plan.with_values(cursor=None)


def _calling(visit: Visit, views: Mapping[str, _Counted]) -> list[_Counted]:
    """Return the views in which something may wait: a few of each kind of record."""
    found: list[_Counted] = []
    of_one: dict[str, int] = {}
    for one in views.values():
        name = one.entity.name
        if one.view is None or not _is_pressing(visit, one.entity, one.view):
            continue
        of_one[name] = of_one.get(name, 0) + 1
        if of_one[name] <= VIEWS_OF_ONE:
            found.append(one)
    return found[: MOST_VIEWS * 2]


def _is_pressing(visit: Visit, entity: Entity, view: View) -> bool:
    """Return whether a view is about work: of numbered documents, or of a state that calls."""
    if view.where is None:
        return False
    if any(field.type == "sequence" for field in entity.fields.values()):
        return True
    return any(
        option.tone in CALLING and f"'{option.value}'" in view.where.text
        for field in entity.fields.values()
        if field.type in {"choice", "state"}
        for option in visit.catalog[field.type].input(field).options
    )


def _counts(visit: Visit, wanted: Sequence[_Counted]) -> dict[int, int]:
    """Return how many records each view holds, by the view's `id`; slow ones are left out."""
    plans = list({id(one): one.plan for one in wanted}.items())
    if not plans:
        return {}
    runtime = visit.runtime
    with fetch.connection(runtime.engine) as connection:
        asked = [plan for _, plan in plans]
        found = tallies.counts(connection, runtime.statements, asked, altogether=SLOWEST)
    known = zip((place for place, _ in plans), found, strict=True)
    return {place: count for place, count in known if count is not None}


def _todo(visit: Visit, views: Sequence[_Counted], counts: Mapping[int, int]) -> list[ToDo]:
    found = []
    for one in views:
        count = counts.get(id(one))
        words = "" if count is None else number(visit, min(count, fetch.COUNT_CAP))
        if count is not None and count > fetch.COUNT_CAP:
            words += "+"
        kind, icon = plural(visit, one.entity), one.entity.icon or "point"
        found.append(ToDo(words, one.label, kind, one.url, icon))
    return found


def _first_kinds(visit: Visit) -> list[_Counted]:
    """Return the kinds of records that most others point at: a shop begins with these.

    Only an administrator is asked; in a shop that has them nothing is counted for it for long,
    because `started` is noted as soon as all of them hold something.
    """
    if not is_administrator(visit.runtime, visit.actor.roles):
        return []
    pointing: dict[str, int] = {}
    for entity in visit.app.entities.values():
        for field in entity.fields.values():
            if field.target and field.target != entity.name and not entity.child_of:
                pointing[field.target] = pointing.get(field.target, 0) + 1
    candidates = [one for one in listed(visit) if visit.may("create", one.name)]
    order = {entity.name: place for place, entity in enumerate(candidates)}
    best = sorted(candidates, key=lambda one: (-pointing.get(one.name, 0), order[one.name]))
    plans = [(entity, _plan(visit, entity, {})) for entity in best[:FIRST_KINDS]]
    return [_Counted(entity, None, plan) for entity, plan in plans if plan is not None]


def _steps(
    visit: Visit,
    first: Sequence[_Counted],
    counts: Mapping[int, int],
    kept: Mapping[str, Any],
) -> tuple[Step, ...]:
    """Return the first steps of a shop that is still empty; none once it has begun."""
    if not first or any(id(one) not in counts for one in first):
        return ()
    if all(counts[id(one)] for one in first):
        _keep(visit, STARTED, True)
        return ()
    t = visit.t
    kinds = [
        Step(
            t("Add the first: {name}", name=plural(visit, one.entity)),
            visit.text(one.entity.help) if one.entity.help else "",
            new_url(one.entity.name),
            one.entity.icon or "point",
            bool(counts[id(one)]),
        )
        for one in first
    ]
    others = (
        Step(
            t("Invite the people you work with"),
            t("Each gets a role and chooses a password."),
            "/users/new",
            "user-plus",
            count_people(visit.runtime.engine) > 1,
        ),
        Step(
            t("Make it yours"),
            t("Language, time zone, theme, and the page you begin with."),
            "/preferences",
            "adjustments",
            "time_zone" in kept,
        ),
    )
    return (*kinds, *others)


def _choices(
    visit: Visit, views: Mapping[str, _Counted], pins: Sequence[str]
) -> tuple[PinGroup, ...]:
    groups: dict[str, list[Pin]] = {}
    for name, one in views.items():
        pin = Pin(name, one.label, name in pins)
        groups.setdefault(plural(visit, one.entity), []).append(pin)
    return tuple(PinGroup(label, tuple(found)) for label, found in groups.items())


def store_pins(visit: Visit, names: Sequence[str]) -> None:
    """Keep which views stand on the start page, in the order of the menu."""
    known = _views(visit)
    _keep(visit, PINS, [name for name in known if name in set(names)])


def _settings(visit: Visit) -> dict[str, Any]:
    table = visit.runtime.system.setting
    statement = sa.select(table.c.key, table.c.value).where(
        table.c.user_id == visit.actor.id, table.c.key.in_((PINS, STARTED, "time_zone"))
    )
    with read(visit.runtime.engine) as connection:
        return {row.key: row.value for row in connection.execute(statement)}


def _keep(visit: Visit, key: str, value: Any) -> None:
    settings_page.store(visit, {key: value})


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
            audit.c.actor_id,
            audit.c.actor_name,
            audit.c.operation,
            audit.c.entity,
            audit.c.record_id,
            audit.c.record_title,
        )
        .where(
            audit.c.entity.in_(readable),
            audit.c.source.in_(("screen", "rest")),
            audit.c.operation.in_(CHANGES),
        )
        .order_by(audit.c.id.desc())
        .limit(RECENT)
    )
    with fetch.connection(visit.runtime.engine) as connection:
        return connection.execute(statement).all()


def _recent(visit: Visit, row: Any, names: Mapping[int, str]) -> Recent:
    t, entity = visit.t, visit.app.entities[row.entity]
    words = {
        "create": t("created", "recent"),
        "update": t("changed", "recent"),
        "delete": t("archived", "recent") if entity.archive else t("deleted", "recent"),
        "restore": t("restored", "recent"),
    }[row.operation]
    gone = row.operation == "delete" and not entity.archive
    return Recent(
        who=names.get(row.actor_id, row.actor_name),
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
