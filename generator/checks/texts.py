"""Texts of definitions that are more than text: titles with places to fill, names of time zones.

Comes in: the resolved model. Goes out: D424 for a title whose braces do not match or that says
nothing of its record, D425 for a time zone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from generator.kinds import Catalog
from generator.model.app import App
from generator.places import Places
from generator.problems import Problem, did_you_mean, quoted
from generator.saying import say
from generator.zones import every_zone

PLACE = re.compile(r"\{[^{}]+\}")


def check(app: App, catalogs: Mapping[str, Catalog[Any]], places: Places) -> Iterator[Problem]:
    """Yield what is wrong with titles and the time zone."""
    for entity in app.entities.values():
        rest, filled = PLACE.subn("", entity.title)
        if "{" in rest or "}" in rest or not filled:
            yield Problem(
                "D424",
                places.at(entity.span.file, "title"),
                say(
                    "The title {title} of '{entity}' names no field in braces.",
                    title=quoted(entity.title),
                    entity=entity.name,
                ),
                'Write a text around fields in braces, such as title: "{number} · {name}".',
            )
    if not _is_zone(app.time_zone):
        yield Problem(
            "D425",
            places.at("app.yaml", "time_zone"),
            say("There is no time zone {time_zone}.", time_zone=quoted(app.time_zone)),
            did_you_mean(app.time_zone, every_zone(), otherwise="Write UTC."),
        )


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
