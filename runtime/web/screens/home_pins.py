"""What a person may pin to the start page, and what they did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runtime.web.screens import settings_page
from runtime.web.screens.home_views import Counted, views_of
from runtime.web.screens.visit import Visit, plural

PINS = "pins"
"""The key among the person's settings."""


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


def choices(
    visit: Visit, views: Mapping[str, Counted], pins: Sequence[str]
) -> tuple[PinGroup, ...]:
    """Return every view that may be pinned, by kind of record."""
    groups: dict[str, list[Pin]] = {}
    for name, one in views.items():
        pin = Pin(name, one.label, name in pins)
        groups.setdefault(plural(visit, one.entity), []).append(pin)
    return tuple(PinGroup(label, tuple(found)) for label, found in groups.items())


def store_pins(visit: Visit, names: Sequence[str]) -> None:
    """Keep which views stand on the start page, in the order of the menu."""
    known = views_of(visit)
    settings_page.store(visit, {PINS: [name for name in known if name in set(names)]})
