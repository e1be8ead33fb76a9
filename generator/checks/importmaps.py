"""Import maps: the time zone they read clocks in exists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.kinds import Catalog
from generator.model.app import App
from generator.places import Places
from generator.problems import Problem, did_you_mean, quoted
from generator.saying import say
from generator.zones import every_zone


def check(app: App, catalogs: Mapping[str, Catalog[Any]], places: Places) -> Iterator[Problem]:
    """Yield what is wrong with the settings of import maps."""
    for one in app.importmaps.values():
        file = one.span.file if one.span else ""
        if one.time_zone and one.time_zone not in every_zone():
            yield Problem(
                "D425",
                places.at(file, "time_zone"),
                say("There is no time zone {time_zone}.", time_zone=quoted(one.time_zone)),
                did_you_mean(one.time_zone, every_zone(), otherwise="Write UTC."),
            )
