"""One search over everything the person may list; exact matches of a key open at once."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from generator.field_types import EMPTY
from generator.model.entity import Entity
from runtime.errors import RequestError
from runtime.operations._reading import title_columns
from runtime.operations.choices import choice_fields
from runtime.store.paths import Path
from runtime.web.screens import cells as drawing
from runtime.web.screens.doors import ask
from runtime.web.screens.home_page import listed
from runtime.web.screens.visit import Visit, plural, record_url

HITS = 5
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Hit:
    """A record that was found."""

    title: str
    note: str
    url: str


@dataclass(frozen=True, slots=True)
class HitGroup:
    """What was found of one entity."""

    label: str
    icon: str
    hits: tuple[Hit, ...]
    more_url: str


@dataclass(frozen=True, slots=True)
class SearchPage:
    """Everything `search.html` draws."""

    query: str
    groups: tuple[HitGroup, ...]


def search_page(visit: Visit, query: str) -> SearchPage:
    """Return what a search finds: one small statement an entity that says where to search."""
    text = query.strip()[:LONGEST]
    groups = (
        _group(visit, entity, text) for entity in listed(visit) if text and entity.list.search
    )
    return SearchPage(text, tuple(group for group in groups if group is not None))


def _group(visit: Visit, entity: Entity, text: str) -> HitGroup | None:
    fields = choice_fields(entity, visit.actor.roles, visit.runtime)
    asked = {
        "q": (text,),
        "limit": (str(HITS + 1),),
        "fields": (",".join(("id", *fields)),),
    }
    try:
        result = ask(visit, "list", entity.name, query=asked)
    except RequestError:
        return None
    if not result.rows:
        return None
    paths = result.plan.paths
    named = drawing.title(visit, entity.name, paths)
    at = [path.text for path in paths].index("id")
    note = _note(visit, fields, entity, result.plan.paths)
    hits = tuple(
        Hit(named(row) or str(row[at])[:8], note(row).text, record_url(entity.name, str(row[at])))
        for row in result.rows[:HITS]
    )
    more = record_url(entity.name) + "?" + _query(text) if len(result.rows) > HITS else ""
    return HitGroup(plural(visit, entity), entity.icon or "point", hits, more)


def _note(
    visit: Visit, fields: tuple[str, ...], entity: Entity, paths: tuple[Path, ...]
) -> drawing.Draw:
    titles = title_columns(entity.name, visit.reads)
    name = next((field for field in fields if field not in titles), "")
    found = drawing.readable(visit, entity.name, (name,) if name else ())
    return drawing.draw(visit, found[0], paths) if found else lambda row: EMPTY


def _query(text: str) -> str:
    return urlencode({"q": text})
