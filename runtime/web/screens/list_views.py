"""The tabs of a list: views of the definitions and saved ones, how many records each holds.

The counts come from one statement (`tally`) and are remembered for a minute by what decides them:
the definitions, the rights and the queries. A tab whose count took too long shows "–".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from generator.model.entity import Entity, View
from runtime.errors import RequestError
from runtime.store.fetch import COUNT_CAP
from runtime.web.screens import doors
from runtime.web.screens.list_memory import Kept, SavedView
from runtime.web.screens.list_url import ListUrl, pipeline_query, read_url
from runtime.web.screens.numbers import number
from runtime.web.screens.visit import Visit

FRESH = timedelta(seconds=60)
MOST_KEPT = 500
UNKNOWN = "–"


@dataclass(frozen=True, slots=True)
class Tab:
    """A view of a list."""

    key: str
    """What its count is told under."""
    label: str
    url: str
    current: bool
    count: str | None = None
    """None while it is not known yet."""
    saved: str = ""
    """The id of a saved view."""
    mine: bool = False


@dataclass
class Tallies:
    """Counts of tabs, known for a minute; one a process, shared by everybody of equal rights."""

    _known: dict[Any, tuple[datetime, Mapping[str, str]]] = field(default_factory=dict)

    def known(self, visit: Visit, entity: Entity, kept: Kept) -> Mapping[str, str] | None:
        """Return the counts if they are fresh; nothing is asked."""
        found = self._known.get(_rights(visit, entity, kept))
        if found is None or visit.runtime.clock() - found[0] > FRESH:
            return None
        return found[1]

    def ask(self, visit: Visit, entity: Entity, kept: Kept) -> Mapping[str, str]:
        """Return the counts, counted now if they are not fresh."""
        found = self.known(visit, entity, kept)
        if found is not None:
            return found
        counts = _counted(visit, entity, kept)
        if len(self._known) >= MOST_KEPT:
            self._known.clear()
        self._known[_rights(visit, entity, kept)] = (visit.runtime.clock(), counts)
        return counts


def _rights(visit: Visit, entity: Entity, kept: Kept) -> Any:
    """Return what decides the counts; a row scope may depend on the person or their zone."""
    actor = visit.actor
    grant = visit.runtime.matrix.grant(actor.roles, entity.name, "list")
    person = actor.id if grant is not None and grant.rows is not None else 0
    zone = actor.time_zone if any("within" in view.query for view in kept.views) else ""
    views = tuple(view.query for view in kept.views)
    return (visit.app.digest, entity.name, actor.roles, person, zone, views, actor.locale)


def _counted(visit: Visit, entity: Entity, kept: Kept) -> Mapping[str, str]:
    keys = _keys(entity, kept)
    lists = [_asked(visit, entity, kept, key) for key in keys]
    try:
        found = doors.ask(visit, "tally", entity.name, values=lists).row
    except RequestError:
        found = [None] * len(keys)
    return {key: _shown(visit, count) for key, count in zip(keys, found, strict=False)}


def _keys(entity: Entity, kept: Kept) -> tuple[str, ...]:
    return ("", *(view.name for view in entity.list.views), *(view.id for view in kept.views))


def _asked(visit: Visit, entity: Entity, kept: Kept, key: str) -> Mapping[str, tuple[str, ...]]:
    saved = kept.view(key)
    if saved is not None:
        url = read_url("", parse_qsl(saved.query))
        return pipeline_query(url, entity.name, visit)
    return {"view": (key,)} if key else {}


def _shown(visit: Visit, count: int | None) -> str:
    if count is None:
        return UNKNOWN
    return number(visit, min(count, COUNT_CAP)) + ("+" if count > COUNT_CAP else "")


def view_of(entity: Entity, url: ListUrl) -> View | None:
    """Return the view of the definitions that an address names."""
    return next((view for view in entity.list.views if view.name == url.get("view")), None)


def opening(entity: Entity, kept: Kept) -> ListUrl | None:
    """Return where a list opens when its address says nothing; None for the plain list."""
    plain = ListUrl(f"/{entity.name}/", ())
    if not kept.opens:
        return None
    saved = kept.view(kept.opens)
    if saved is not None:
        return saved.url(entity.name)
    named = any(view.name == kept.opens for view in entity.list.views)
    return plain.to(view=kept.opens) if named else None


def tabs(
    visit: Visit, entity: Entity, url: ListUrl, kept: Kept, counts: Mapping[str, str] | None
) -> tuple[Tab, ...]:
    """Return the tabs; a list whose first view narrows opens on "All" all the same."""
    known = counts or {}
    views, here = entity.list.views, view_of(entity, url)
    plain = ListUrl(url.path, ())
    saved = kept.view(url.get("saved"))
    found = []
    if not views or views[0].where is not None:
        everything = plain.to(archived="no") if kept.opens else plain
        current = here is None and saved is None
        label = visit.t("All", "view")
        found.append(Tab("", label, everything.text, current, known.get("")))
    for view in views:
        first = view is views[0] and view.where is None
        current = saved is None and (view is here or (here is None and first))
        is_plain = first and not view.columns and not kept.opens
        target = plain if is_plain else plain.to(view=view.name)
        label = visit.text(view.label)
        found.append(Tab(view.name, label, target.text, current, known.get(view.name)))
    for one in kept.views:
        target = one.url(entity.name)
        count = known.get(one.id)
        found.append(Tab(one.id, one.name, target.text, one is saved, count, one.id, one.mine))
    return tuple(found)


def changed(entity: Entity, url: ListUrl, saved: SavedView | None) -> bool:
    """Return whether the list shows something else than the view it was opened by says."""
    if saved is not None:
        return url.arranged() != read_url("", parse_qsl(saved.query)).arranged()
    return bool({key for key, _ in url.arranged()} - {"view", "archived"})
