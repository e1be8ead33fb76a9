"""One search over everything the person may list, in groups; each leads to the whole list.

The page asks what an index answers and the records last changed (`_finding.py`), so it is as quick
on a million records as on ten; a list's own search looks through everything, and is one link away.
What somebody sees masked and may look up (`match`) is found by its whole value; ⌘K, which asks with
every key, leaves that to this page.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from generator.model.entity import Entity
from runtime.errors import TooMany
from runtime.operations import _looking
from runtime.operations._finding import Found, find, title_query
from runtime.web.screens import doors
from runtime.web.screens.hits import Hit, hit, searched
from runtime.web.screens.visit import Visit, plural, record_url

HITS = 6
LONGEST = 200


@dataclass(frozen=True, slots=True)
class HitGroup:
    """What was found of one entity."""

    label: str
    icon: str
    hits: tuple[Hit, ...]
    more_url: str
    """The list of everything that fits."""


@dataclass(frozen=True, slots=True)
class Place:
    """A list that can be looked through from beginning to end."""

    label: str
    icon: str
    url: str


@dataclass(frozen=True, slots=True)
class SearchPage:
    """Everything `search.html` draws."""

    query: str
    groups: tuple[HitGroup, ...]
    others: tuple[Place, ...]


def search_page(visit: Visit, query: str) -> SearchPage:
    """Return what a search finds: one statement for all entities; exact matches come first."""
    text = query.strip()[:LONGEST]
    entities = searched(visit)
    found = find(visit.runtime, visit.actor, text, entities, HITS) if text else {}
    found |= {entity.name: rows for entity in entities if (rows := _looked_up(visit, entity, text))}
    models = sorted(
        (entity for entity in entities if entity.name in found),
        key=lambda entity: found[entity.name][0].fit,
    )
    groups = tuple(
        HitGroup(
            plural(visit, entity),
            entity.icon or "point",
            tuple(hit(visit, one) for one in found[entity.name]),
            record_url(entity.name) + "?" + urlencode({"q": text}),
        )
        for entity in models
    )
    others = tuple(
        Place(
            plural(visit, entity),
            entity.icon or "point",
            record_url(entity.name) + "?" + urlencode({"q": text}),
        )
        for entity in entities
        if text and entity.name not in found
    )
    return SearchPage(text, groups, others)


def _looked_up(visit: Visit, entity: Entity, text: str) -> tuple[Found, ...]:
    """Return the records whose masked value is the text; none where that was asked too often."""
    query, actor = {"q": (text,)}, visit.actor
    grant = visit.runtime.matrix.grant(actor.roles, entity.name, "list")
    if grant is None or not _looking.asks(visit.runtime, actor, entity.name, query):
        return ()
    titles = title_query(visit.runtime, actor, entity, grant)
    try:
        result = doors.ask(
            visit, "list", entity.name, query={**query, **titles, "limit": (str(HITS),)}
        )
    except TooMany:
        return ()
    return tuple(Found(entity, result.plan, row) for row in result.rows)
