"""What ⌘K offers: records, pages and actions for a few typed letters; recent records for none.

Comes in: who asks, the letters, the menu of their shell. Goes out: groups of lines. Records cost
one statement however many kinds there are; pages and actions cost none. What the person may not
open or do is not offered, because everything here comes from their grants.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from runtime.operations._finding import find
from runtime.web.screens.hits import Hit, hit, recent_hits, searched
from runtime.web.screens.visit import Visit, new_url, plural, single
from runtime.web.shell import Language, NavGroup

LONGEST = 200
OF_ONE_KIND = 5
RECORDS, PAGES, ACTIONS = 12, 6, 6
RECENT, FIRST_ACTIONS = 7, 5


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to choose."""

    label: str
    note: str = ""
    icon: str = "point"
    url: str = ""
    act: str = ""
    """What the page does itself instead of opening an address: `theme:dark`, `help`, `sign-out`."""


@dataclass(frozen=True, slots=True)
class Group:
    """Lines under one heading."""

    label: str
    lines: tuple[Line, ...]


def palette(
    visit: Visit, query: str, nav: Sequence[NavGroup], languages: Sequence[Language]
) -> tuple[Group, ...]:
    """Return what fits the letters, best group first; empty groups are left out."""
    text = query.strip()[:LONGEST]
    t = visit.t
    if not text:
        found = [
            Group(t("Recent", "palette"), tuple(map(_record, recent_hits(visit, RECENT)))),
            Group(t("Actions", "palette"), tuple(_creating(visit))[:FIRST_ACTIONS]),
        ]
        return tuple(group for group in found if group.lines)
    records = _records(visit, text)
    pages = tuple(_fitting(text, _pages(visit, nav)))[:PAGES]
    actions = tuple(_fitting(text, (*_creating(visit), *_own(visit, languages))))[:ACTIONS]
    groups = [Group(t("Pages", "palette"), pages), Group(t("Actions", "palette"), actions)]
    exact = any(one.exact for one in records)
    found_records = Group(t("Records", "palette"), tuple(map(_record, records)))
    groups.insert(0 if exact else 2, found_records)
    everywhere = Line(
        t("Search everywhere for “{text}”", text=text), "", "search", "/search?" + _q(text)
    )
    groups.append(Group("", (everywhere,)))
    return tuple(group for group in groups if group.lines)


def _records(visit: Visit, text: str) -> list[Hit]:
    """Return the records that fit best; an exact number, phone or address comes first."""
    found = find(visit.runtime, visit.actor, text, searched(visit), OF_ONE_KIND)
    every = [one for group in found.values() for one in group]
    best = sorted(every, key=lambda one: one.fit)
    return [hit(visit, one) for one in best[:RECORDS]]


def _record(one: Hit) -> Line:
    note = " · ".join(part for part in (one.note, one.kind) if part)
    return Line(one.title, note, one.icon, one.url)


def _pages(visit: Visit, nav: Sequence[NavGroup]) -> Iterable[Line]:
    t = visit.t
    yield Line(t("Home"), "", "home", "/")
    for group in nav:
        for item in group.items:
            yield Line(item.label, group.label, item.icon, item.url)
    yield Line(t("Preferences"), "", "settings", "/preferences")
    yield Line(t("Notifications"), "", "bell", "/me/notifications")
    yield Line(t("Where you are signed in"), "", "device-desktop", "/me/sessions")


def _creating(visit: Visit) -> Iterable[Line]:
    for entity in visit.app.entities.values():
        if entity.menu and visit.may("create", entity.name):
            label = visit.t("New {name}", name=single(visit, entity))
            yield Line(label, plural(visit, entity), "plus", new_url(entity.name))


def _own(visit: Visit, languages: Sequence[Language]) -> Iterable[Line]:
    """Return what a person does with their own account and screen."""
    t = visit.t
    for language in languages:
        label = t("Switch language: {name}", name=language.name)
        yield Line(label, "", "language", language.url)
    yield Line(t("Light theme"), "", "sun", act="theme:light")
    yield Line(t("Dark theme"), "", "moon", act="theme:dark")
    yield Line(t("Theme as the device"), "", "device-desktop", act="theme:system")
    yield Line(t("Keyboard shortcuts"), "", "keyboard", act="help")
    yield Line(t("Sign out"), "", "logout", act="sign-out")


def _fitting(text: str, lines: Iterable[Line]) -> list[Line]:
    """Return the lines that hold every typed word; those whose label begins with the text first."""
    words = text.casefold().split()
    whole = text.casefold()
    found = []
    for line in lines:
        inside = f"{line.label} {line.note}".casefold()
        if all(word in inside for word in words):
            label = line.label.casefold()
            found.append((0 if label.startswith(whole) else 1 if whole in label else 2, line))
    return [line for _, line in sorted(found, key=lambda pair: pair[0])]


def _q(text: str) -> str:
    return urlencode({"q": text})
