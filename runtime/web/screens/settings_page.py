"""What a person chooses for themselves: language, theme, row height, time zone.

Kept in `sw_setting`, so that it follows them, and in cookies, so that every page is rendered right
from the first byte without asking the database. The start page brings the cookies of a new browser
up to date.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import available_timezones

import sqlalchemy as sa
from babel.dates import get_timezone_location

from generator.field_types._locales import babel_locale, zone
from runtime.store.engine import read, write
from runtime.web.screens.form_model import ControlOption
from runtime.web.screens.visit import Visit

NAMES = ("locale", "time_zone", "theme", "density")
THEMES = ("system", "light", "dark")
DENSITIES = ("normal", "compact")
OWN_NAMES = {"en": "English", "zh": "中文"}


@dataclass(frozen=True, slots=True)
class SettingChoice:
    """One thing to choose."""

    name: str
    label: str
    options: tuple[ControlOption, ...]
    help: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """Everything `setup.html` draws."""

    action: str
    choices: tuple[SettingChoice, ...]


def settings_page(visit: Visit, chosen: Mapping[str, str], action: str) -> SettingsPage:
    """Return the page of preferences with what holds now."""
    t = visit.t
    themes = {
        "system": t("As the device", "theme"),
        "light": t("Light", "theme"),
        "dark": t("Dark", "theme"),
    }
    heights = {"normal": t("Normal", "rows"), "compact": t("Compact", "rows")}
    now = visit.runtime.clock()
    return SettingsPage(
        action,
        (
            _choice(
                "locale",
                t("Language"),
                {name: OWN_NAMES.get(name, name) for name in visit.app.locales},
                visit.actor.locale,
            ),
            _choice(
                "time_zone",
                t("Time zone"),
                _zones(visit, now),
                visit.actor.time_zone,
                t("Times are shown and typed in this zone."),
            ),
            _choice("theme", t("Theme"), themes, chosen.get("theme") or "system"),
            _choice("density", t("Row height"), heights, chosen.get("density") or "normal"),
        ),
    )


def _choice(
    name: str, label: str, options: Mapping[str, str], chosen: str, help_text: str = ""
) -> SettingChoice:
    made = tuple(ControlOption(value, text, value == chosen) for value, text in options.items())
    return SettingChoice(name, label, made, help_text)


def _zones(visit: Visit, now: datetime) -> Mapping[str, str]:
    """Return the time zones by their offset now."""
    locale = babel_locale(visit.actor.locale)
    found = []
    for name in known_zones():
        offset = now.astimezone(zone(name)).utcoffset()
        seconds = int(offset.total_seconds()) if offset is not None else 0
        sign, size = ("-" if seconds < 0 else "+"), abs(seconds)
        written = f"UTC{sign}{size // 3600:02}:{size % 3600 // 60:02}"
        place = get_timezone_location(name, locale=locale) if name != "UTC" else "UTC"
        found.append((seconds, name, f"{written} · {place} ({name})"))
    return {name: text for _, name, text in sorted(found)}


def known_zones() -> frozenset[str]:
    """Return the zones that are offered: one a place, without the old names."""
    return frozenset(
        name
        for name in available_timezones()
        if name == "UTC" or (name.split("/")[0] in REGIONS and "/" in name)
    )


REGIONS = {
    "Africa",
    "America",
    "Antarctica",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
}


def valid(visit: Visit, name: str, value: str) -> bool:
    """Return whether a value may be chosen."""
    allowed = {
        "locale": visit.app.locales,
        "theme": THEMES,
        "density": DENSITIES,
        "time_zone": known_zones(),
    }
    return value in allowed.get(name, ())


def load(visit: Visit) -> dict[str, str]:
    """Return what a person chose: one statement."""
    table = visit.runtime.system.setting
    statement = sa.select(table.c.key, table.c.value).where(
        table.c.user_id == visit.actor.id, table.c.key.in_(NAMES)
    )
    with read(visit.runtime.engine) as connection:
        return {row.key: str(row.value) for row in connection.execute(statement)}


def store(visit: Visit, chosen: Mapping[str, str]) -> None:
    """Keep what a person chose, all of it or nothing."""
    table, now = visit.runtime.system.setting, visit.runtime.clock()
    with write(visit.runtime.engine) as connection:
        connection.execute(
            table.delete().where(table.c.user_id == visit.actor.id, table.c.key.in_(list(chosen)))
        )
        connection.execute(
            table.insert(),
            [
                {"user_id": visit.actor.id, "key": key, "value": value, "updated_at": now}
                for key, value in chosen.items()
            ],
        )
