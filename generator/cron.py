"""A schedule's rule of five fields, such as `30 2 * * 1-5`: its text goes in, a `Cron` comes out.

Minute, hour, day of the month, month, weekday; each is `*`, a number, a name (mon, jan), a range,
a list, or any of these with a step (`*/15`). `L` is the last day of a month. Where both a day and
a weekday are given, either will do, as everywhere else.
"""

from __future__ import annotations

import re

from generator.model.job import Cron

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
FIELDS = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day", 1, 31, ()),
    ("month", 1, 12, MONTHS),
    ("weekday", 0, 7, WEEKDAYS),
)
"""What each field is called, its least and largest number, and the names it may use."""

LAST_DAY = "l"
PART = re.compile(r"(?:(\*)|(\w+)(?:-(\w+))?)(?:/(\d{1,2}))?\Z")


def read_cron(text: str) -> Cron | str:
    """Return the rule; or the name of the field that cannot be read, '' where they are not five."""
    words = text.lower().split()
    if len(words) != len(FIELDS):
        return ""
    found: list[frozenset[int]] = []
    last_day = False
    for word, (name, least, largest, names) in zip(words, FIELDS, strict=True):
        parts = word.split(",")
        if name == "day" and LAST_DAY in parts:
            last_day = True
            parts = [part for part in parts if part != LAST_DAY]
        values: set[int] = set()
        for part in parts:
            read = _part(part, least, largest, names)
            if read is None:
                return name
            values |= read
        found.append(frozenset(values))
    minutes, hours, days, months, weekdays = found
    return Cron(
        minutes,
        hours,
        days,
        months,
        # theirs begin with Sunday, which is 0 and 7; ours with Monday
        frozenset((number - 1) % 7 for number in weekdays),
        last_day,
        any_hour=words[1].startswith("*"),
        any_day=words[2] == "*",
        any_weekday=words[4] == "*",
    )


def _part(part: str, least: int, largest: int, names: tuple[str, ...]) -> set[int] | None:
    matched = PART.match(part)
    if matched is None:
        return None
    star, first, last, step = matched.groups()
    if star:
        low: int | None = least
        high: int | None = largest
    else:
        low = _number(first, least, names)
        # a number with a step goes on to the end: 5/15 is 5, 20, 35, 50
        high = _number(last, least, names) if last else (largest if step else low)
    if low is None or high is None or not least <= low <= high <= largest or step == "0":
        return None
    return set(range(low, high + 1, int(step or 1)))


def _number(text: str, least: int, names: tuple[str, ...]) -> int | None:
    if text in names:
        return names.index(text) + least
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 2 else None
