"""What a person chooses for themselves: language, theme, row height, zone, start page, news.

Kept in `sw_setting`, so that it follows them, and in cookies, so that every page is rendered right
from the first byte without asking the database. Signing in and the start page bring the cookies of
a new browser up to date.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from functools import cache, lru_cache
from typing import Any

import sqlalchemy as sa
from babel.dates import get_timezone_location

from generator.field_types._locales import babel_locale, zone
from generator.field_types._times import clock_text
from generator.zones import every_zone
from runtime.mailing import wishes
from runtime.mailing.wishes import DAILY, DAY, HOUR, MAIL, NOW, Wishes
from runtime.notifications import TOPICS
from runtime.runtime import Runtime
from runtime.store.engine import read, write
from runtime.store.notices import MUTE, Switches
from runtime.web.names import full_name
from runtime.web.screens.form_model import ControlOption
from runtime.web.screens.message_choices import MessageChoice, message_choices, sent_ways
from runtime.web.screens.notices_page import kind_labels
from runtime.web.screens.visit import Visit, plural

NAMES = ("locale", "time_zone", "theme", "density", "keys", "home")
READ_BY_SCRIPT = frozenset({"theme", "density", "keys"})
"""Cookies that the browser's code may read and write; the others are the server's alone."""
THEMES = ("system", "light", "dark")
DENSITIES = ("normal", "compact")
KEYS = ("on", "off")
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
class News:
    """A kind of notification: whether the bell tells it, and how e-mail does."""

    kind: str
    label: str
    chosen: bool
    is_fixed: bool = False
    """The bell tells it in any case."""
    mail: tuple[ControlOption, ...] = ()
    """Not, at once, or in the summary; empty where no e-mails are sent."""


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """Everything `setup.html` draws."""

    action: str
    choices: tuple[SettingChoice, ...]
    news: tuple[News, ...]
    messages: tuple[MessageChoice, ...]
    hours: tuple[ControlOption, ...]
    """When the daily summary comes; empty where no e-mails are sent."""
    name: str
    email: str


def settings_page(
    visit: Visit, chosen: Mapping[str, str], switched: Switches, wanted: Wishes, action: str
) -> SettingsPage:
    """Return the page of preferences with what holds now."""
    t = visit.t
    themes = {
        "system": t("As the device", "theme"),
        "light": t("Light", "theme"),
        "dark": t("Dark", "theme"),
    }
    heights = {"normal": t("Normal", "rows"), "compact": t("Compact", "rows")}
    keys = {"on": t("On", "shortcuts"), "off": t("Off", "shortcuts")}
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
            _choice(
                "home",
                t("After signing in"),
                homes(visit),
                chosen.get("home") or "",
                t("The page you begin with."),
            ),
            _choice(
                "keys",
                t("Single-key shortcuts"),
                keys,
                chosen.get("keys") or "on",
                t("Press ? on any page to see them."),
            ),
        ),
        tuple(
            News(
                kind,
                label,
                kind not in switched.off,
                kind not in TOPICS,
                _mail_ways(visit, wanted.kinds.get(kind, "")),
            )
            for kind, label in kind_labels(visit).items()
        ),
        message_choices(visit, switched, wanted),
        _hours(visit, wanted.hour),
        full_name(visit.actor.first_name, visit.actor.last_name, visit.actor.name),
        visit.actor.email,
    )


def _mail_ways(visit: Visit, chosen: str) -> tuple[ControlOption, ...]:
    t = visit.t
    if not visit.runtime.mail.is_open:
        return ()
    ways = {"": t("No e-mail"), NOW: t("At once", "e-mail"), DAILY: t("In the daily summary")}
    return tuple(ControlOption(value, text, value == chosen) for value, text in ways.items())


def _hours(visit: Visit, chosen: int) -> tuple[ControlOption, ...]:
    if not visit.runtime.mail.is_open:
        return ()
    return tuple(
        ControlOption(str(hour), clock_text(time(hour), visit.viewer.locale), hour == chosen)
        for hour in range(24)
    )


def homes(visit: Visit) -> dict[str, str]:
    """Return the pages one can begin with: the start page, or any list one may open."""
    lists = {
        entity.name: plural(visit, entity)
        for entity in visit.app.entities.values()
        if entity.menu and visit.may("list", entity.name)
    }
    return {"": visit.t("Home"), **lists}


def _choice(
    name: str, label: str, options: Mapping[str, str], chosen: str, help_text: str = ""
) -> SettingChoice:
    made = tuple(ControlOption(value, text, value == chosen) for value, text in options.items())
    return SettingChoice(name, label, made, help_text)


def _zones(visit: Visit, now: datetime) -> Mapping[str, str]:
    """Return the time zones by their offset now."""
    found = []
    for name, place in _places(visit.actor.locale).items():
        offset = now.astimezone(zone(name)).utcoffset()
        seconds = int(offset.total_seconds()) if offset is not None else 0
        sign, size = ("-" if seconds < 0 else "+"), abs(seconds)
        written = f"UTC{sign}{size // 3600:02}:{size % 3600 // 60:02}"
        found.append((seconds, name, f"{written} · {place} ({name})"))
    return {name: text for _, name, text in sorted(found)}


@lru_cache(maxsize=16)
def _places(language: str) -> Mapping[str, str]:
    """Return what the place of each zone is called; the words of a language do not change."""
    locale = babel_locale(language)
    return {
        name: get_timezone_location(name, locale=locale) if name != "UTC" else "UTC"
        for name in known_zones()
    }


@cache
def known_zones() -> frozenset[str]:
    """Return the zones that are offered: one a place, without the old names."""
    return frozenset(
        name
        for name in every_zone()
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
        "keys": KEYS,
        "home": homes(visit),
    }
    return value in allowed.get(name, ())


def load(runtime: Runtime, user_id: int) -> dict[str, str]:
    """Return what a person chose: one statement."""
    table = runtime.system.setting
    statement = sa.select(table.c.key, table.c.value).where(
        table.c.user_id == user_id, table.c.key.in_(NAMES)
    )
    with read(runtime.engine) as connection:
        return {row.key: str(row.value or "") for row in connection.execute(statement)}


def store(visit: Visit, chosen: Mapping[str, Any]) -> None:
    """Keep what a person chose, all of it or nothing."""
    _replace(visit, sa.column("key").in_(list(chosen)), chosen)


def store_muted(visit: Visit, kinds: Collection[str]) -> None:
    """Keep which kinds of notification a person does not want."""
    known = [f"{MUTE}{kind}" for kind in TOPICS]
    _replace(visit, sa.column("key").in_(known), dict.fromkeys((MUTE + k for k in kinds), "1"))


def store_wishes(visit: Visit, given: Mapping[str, str]) -> None:
    """Keep what a form says of e-mail; a summary whose hour is over today comes tomorrow."""
    runtime = visit.runtime
    before = wishes.load(runtime, visit.actor.id)
    chosen = {kind: given.get(f"mail-{kind}", "") for kind in kind_labels(visit)}
    kinds = {f"{MAIL}{kind}": way if way in (NOW, DAILY) else "" for kind, way in chosen.items()}
    kinds |= {f"{MAIL}{event}": way for event, way in sent_ways(visit, given).items()}
    hour = given.get("hour", "")
    hour = hour if hour.isdigit() and int(hour) < 24 else str(before.hour)
    kept: dict[str, Any] = {**kinds, HOUR: hour}
    kept |= first_summary(visit, before, int(hour), kinds.values())
    with write(runtime.engine) as connection:
        wishes.keep(connection, runtime, visit.actor.id, kept)


def first_summary(visit: Visit, before: Wishes, hour: int, ways: Collection[str]) -> dict[str, str]:
    """Return what is kept so that a summary whose hour is over today comes tomorrow."""
    here = visit.runtime.clock().astimezone(zone(visit.viewer.time_zone))
    if DAILY not in ways or before.has_summary or here.hour < hour:
        return {}
    return {DAY: f"{here:%Y-%m-%d}"}


def _replace(visit: Visit, which: Any, chosen: Mapping[str, Any]) -> None:
    table, now = visit.runtime.system.setting, visit.runtime.clock()
    rows = [
        {"user_id": visit.actor.id, "key": key, "value": value, "updated_at": now}
        for key, value in chosen.items()
    ]
    with write(visit.runtime.engine) as connection:
        connection.execute(table.delete().where(table.c.user_id == visit.actor.id, which))
        if rows:
            connection.execute(table.insert(), rows)
