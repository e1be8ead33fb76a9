"""How long the log of what happened is kept: `3 years`, `18 months`, `400 days` or `forever`.

Comes in: what an installation says. Goes out: a `Keep`, which knows which days are past by then.
The law asks for six months at least (Cybersecurity Law of China, art. 21), so less is no `Keep`.
Days are those of UTC, as the seals of the log have them.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from generator.model.text import Label

FOREVER = "forever"
WRITTEN = re.compile(r"([1-9]\d{0,4}) ?(d|days?|months?|y|years?)")
LEAST_MONTHS, LEAST_DAYS = 6, 184
"""No six months have more days."""
NEVER_PAST = timedelta(days=180)
"""What is younger is kept by whatever rule: no six months are as short."""
MOST_MONTHS, MOST_DAYS = 1_200, 36_525
"""A hundred years: a longer time is a slip, or means for ever."""


class TooShort(ValueError):
    """It is a length of time, and shorter than the law allows."""


@dataclass(frozen=True)
class Keep:
    """A length of time in months or in days; none of either is for ever."""

    months: int = 0
    days: int = 0

    @property
    def is_forever(self) -> bool:
        """Whether nothing is ever past."""
        return not (self.months or self.days)

    def first_kept(self, now: datetime) -> date:
        """Return the first day that is still kept; every day before it is past."""
        today = now.astimezone(UTC).date()
        if self.is_forever:
            return date.min
        if self.days:
            return today - timedelta(days=self.days)
        years, month = divmod(today.year * 12 + today.month - 1 - self.months, 12)
        last = calendar.monthrange(years, month + 1)[1]
        return date(years, month + 1, min(today.day, last))

    @property
    def text(self) -> str:
        """The same as an installation writes it; `read_keep` reads it back."""
        if self.is_forever:
            return FOREVER
        if self.days:
            return f"{self.days} days"
        years, months = divmod(self.months, 12)
        if months:
            return f"{self.months} months"
        return "1 year" if years == 1 else f"{years} years"

    @property
    def label(self) -> Label:
        """The same for people."""
        years, months = divmod(self.months, 12)
        zh = f"{self.days} 天" if self.days else f"{self.months} 个月" if months else f"{years} 年"
        if self.is_forever:
            return Label({"en": "for ever", "zh": "永久"})
        return Label({"en": self.text, "zh": zh})


THREE_YEARS = Keep(months=36)


def read_keep(text: str) -> Keep:
    """Return what a text says.

    Raises:
        TooShort: it is less than six months.
        ValueError: it is no length of time.

    """
    if text == FOREVER:
        return Keep()
    found = WRITTEN.fullmatch(text)
    if found is None:
        raise ValueError(text)
    number, unit = int(found[1]), found[2][0]
    keep = Keep(days=number) if unit == "d" else Keep(months=number * (12 if unit == "y" else 1))
    if keep.months > MOST_MONTHS or keep.days > MOST_DAYS:
        raise ValueError(text)
    if (keep.days or LEAST_DAYS) < LEAST_DAYS or (keep.months or LEAST_MONTHS) < LEAST_MONTHS:
        raise TooShort(text)
    return keep
