"""Import maps: the time zone they read clocks in exists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import available_timezones

from generator.kinds import Catalog
from generator.model.app import App
from generator.model.text import NOWHERE
from generator.problems import Problem, did_you_mean, quoted


def check(app: App, catalogs: Mapping[str, Catalog[Any]]) -> Iterator[Problem]:
    """Yield what is wrong with the settings of import maps."""
    zones = available_timezones()
    for one in app.importmaps.values():
        if one.time_zone and one.time_zone not in zones:
            yield Problem(
                "D425",
                one.span or NOWHERE,
                f"There is no time zone {quoted(one.time_zone)}.",
                did_you_mean(one.time_zone, zones, otherwise="Write UTC."),
            )
