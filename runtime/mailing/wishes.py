"""What people want by e-mail: each kind of notice at once, in a daily summary, or not at all.

Kept in `sw_setting`: `mail:KIND` is `now` or `daily`, `mail:workflow.NAME` the same of one message
or `never`, and else it goes as its kind does; `digest:hour` the hour of the summary in
the person's time zone; `digest:day` and `digest:last` the day of the last one and the latest
notice that it told, so that no notice is told in two. Who chose nothing gets no e-mail.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from runtime.runtime import Runtime
from runtime.store.engine import read

MAIL = "mail:"
NOW, DAILY, NEVER = "now", "daily", "never"
HOUR, DAY, LAST = "digest:hour", "digest:day", "digest:last"
ZONE, LOCALE = "time_zone", "locale"
MORNING = 8
"""The hour of who chose none."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What one person wants."""

    kinds: Mapping[str, str] = field(default_factory=dict)
    """Topic of a notice → `now` or `daily`; of one message as `workflow.NAME`, also `never`."""
    hour: int = MORNING
    day: str = ""
    """When the last summary was made, as a date where the person is."""
    last: str = ""
    """The latest notice of the last summary."""
    zone: str = ""
    locale: str = ""

    def way(self, topic: str, event: str = "") -> str:
        """Return how something is wanted: `now`, `daily`, or empty for not at all."""
        how = self.kinds.get(event) or self.kinds.get(topic, "")
        return "" if how == NEVER else how

    @property
    def has_summary(self) -> bool:
        """Return whether anything is wanted in it."""
        return DAILY in self.kinds.values()

    def is_due(self, now: datetime, zone: ZoneInfo) -> bool:
        """Return whether today's summary has to be made."""
        here = now.astimezone(zone)
        return self.has_summary and here.hour >= self.hour and self.day < f"{here:%Y-%m-%d}"


NOTHING = Wishes()
"""Of who chose nothing."""


def load(runtime: Runtime, user_id: int) -> Wishes:
    """Return what somebody wants: one statement."""
    with read(runtime.engine) as connection:
        return of_people(connection, runtime, (user_id,)).get(user_id, NOTHING)


def of_people(
    connection: sa.Connection, runtime: Runtime, people: Collection[int] | None = None
) -> Mapping[int, Wishes]:
    """Return what each of these people wants, or each who wants anything: one statement."""
    table = runtime.system.setting
    asked = sa.select(table.c.user_id, table.c.key, table.c.value).where(
        sa.or_(table.c.key.startswith(MAIL), table.c.key.in_((HOUR, DAY, LAST, ZONE, LOCALE)))
    )
    if people is None:
        other = table.alias()
        wanting = sa.select(other.c.user_id).where(other.c.key.startswith(MAIL))
        asked = asked.where(table.c.user_id.in_(wanting))
    else:
        asked = asked.where(table.c.user_id.in_(sorted(people)))
    kept: dict[int, dict[str, str]] = {}
    for number, key, value in connection.execute(asked):
        kept.setdefault(int(number), {})[str(key)] = str(value or "")
    return {number: _wishes(chosen) for number, chosen in kept.items()}


def _wishes(chosen: Mapping[str, str]) -> Wishes:
    hour = chosen.get(HOUR, "")
    return Wishes(
        {
            key.removeprefix(MAIL): value
            for key, value in chosen.items()
            if key.startswith(MAIL) and value in (NOW, DAILY, NEVER)
        },
        int(hour) if hour.isdigit() and int(hour) < 24 else MORNING,
        chosen.get(DAY, ""),
        chosen.get(LAST, ""),
        chosen.get(ZONE, ""),
        chosen.get(LOCALE, ""),
    )


def keep(
    connection: sa.Connection, runtime: Runtime, user_id: int, chosen: Mapping[str, Any]
) -> None:
    """Write settings of a person in the caller's transaction; an empty one is forgotten."""
    table, now = runtime.system.setting, runtime.clock()
    connection.execute(
        table.delete().where(table.c.user_id == user_id, table.c.key.in_(list(chosen)))
    )
    rows = [
        {"user_id": user_id, "key": key, "value": value, "updated_at": now}
        for key, value in chosen.items()
        if value
    ]
    if rows:
        connection.execute(table.insert(), rows)
