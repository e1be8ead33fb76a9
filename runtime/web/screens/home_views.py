"""The views that the start page counts: what waits to be done, and what was pinned.

What waits are the saved views that an author wrote with a condition; what is pinned are views the
person chose. All of them are counted, up to a thousand each, in a time that is bounded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from generator.model.entity import Entity, View
from runtime.errors import RequestError
from runtime.messages import Incoming
from runtime.operations import _reading
from runtime.store import fetch, tallies
from runtime.store.engine import read
from runtime.store.plan import QueryPlan
from runtime.web.screens.list_memory import SavedView
from runtime.web.screens.list_url import pipeline_query
from runtime.web.screens.numbers import number
from runtime.web.screens.visit import Visit, plural, record_url

MOST_VIEWS = 8
VIEWS_OF_ONE = 4
SLOWEST = 600
"""Milliseconds that counts may cost this page when one of them is slow."""
MOST_SAVED = 60
CALLING = {"attention", "warning", "critical"}
"""Tones of states in which a record waits for somebody."""


@dataclass(frozen=True, slots=True)
class ToDo:
    """A saved view and what it holds; `count` is empty when it could not be counted in time."""

    count: str
    label: str
    of: str
    url: str
    icon: str = "point"


@dataclass(frozen=True, slots=True)
class Counted:
    """A view that is counted with the others."""

    entity: Entity
    view: View | None
    """None of a view that people saved, and of everything there is of a kind."""
    plan: QueryPlan
    label: str = ""
    url: str = ""


def listed(visit: Visit) -> tuple[Entity, ...]:
    """Return the entities of the menu that the person may list, module by module."""
    modules = list(visit.app.modules)
    found = [
        entity
        for entity in visit.app.entities.values()
        if entity.menu and visit.may("list", entity.name)
    ]
    return tuple(sorted(found, key=lambda entity: modules.index(entity.module)))


def views_of(visit: Visit) -> dict[str, Counted]:
    """Return every view the person may open: `ENTITY.VIEW`, or `saved.ID` if people saved it."""
    found: dict[str, Counted] = {}
    saved = _saved(visit)
    for entity in listed(visit):
        for view in entity.list.views:
            plan = plan_of(visit, entity, {"view": (view.name,)})
            if plan is not None:
                url = record_url(entity.name) + f"?view={view.name}"
                label = visit.text(view.label)
                found[f"{entity.name}.{view.name}"] = Counted(entity, view, plan, label, url)
        for one in saved.get(entity.name, ()):
            address = one.url(entity.name)
            plan = plan_of(visit, entity, pipeline_query(address, entity.name, visit))
            if plan is not None:
                found[f"saved.{one.id}"] = Counted(entity, None, plan, one.name, address.text)
    return found


def calling_of(visit: Visit, views: Mapping[str, Counted]) -> list[Counted]:
    """Return the views in which something may wait: a few of each kind of record."""
    found: list[Counted] = []
    of_one: dict[str, int] = {}
    for one in views.values():
        name = one.entity.name
        if one.view is None or not _is_pressing(visit, one.entity, one.view):
            continue
        of_one[name] = of_one.get(name, 0) + 1
        if of_one[name] <= VIEWS_OF_ONE:
            found.append(one)
    return found[: MOST_VIEWS * 2]


def counts_of(visit: Visit, wanted: Sequence[Counted]) -> dict[int, int]:
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


def todo(visit: Visit, views: Sequence[Counted], counts: Mapping[int, int]) -> list[ToDo]:
    """Return views as the page shows them, with what each holds."""
    found = []
    for one in views:
        count = counts.get(id(one))
        words = "" if count is None else number(visit, min(count, fetch.COUNT_CAP))
        if count is not None and count > fetch.COUNT_CAP:
            words += "+"
        kind, icon = plural(visit, one.entity), one.entity.icon or "point"
        found.append(ToDo(words, one.label, kind, one.url, icon))
    return found


def plan_of(visit: Visit, entity: Entity, query: Mapping[str, tuple[str, ...]]) -> QueryPlan | None:
    """Return the read that counts a view; None when the person may not, or no longer, open it."""
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
