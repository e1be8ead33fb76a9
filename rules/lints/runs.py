"""`runs`: days and hours of which none lies in the window."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

from generator.lints import Finding, Lint, Offered
from generator.saying import say
from rules.lints import live
from rules.pricing.promotion import Promotion

LONGEST = 366 * 4 + 1
"""Days that are looked at: every weekday, day of a month and leap day is among them."""


class Runs(Lint):
    def find(self, offered: Offered) -> Iterator[Finding]:
        for one, promotion in live(offered):
            if promotion.recurrence is not None and not _ever(promotion):
                message = say("No such day lies in the window: the promotion never runs.")
                hint = say("Write other days in `recurs`, or a longer `window`.")
                yield Finding("D804", one.name, ("recurs",), message, hint, "error")


def _ever(promotion: Promotion) -> bool:
    window, recurrence = promotion.window, promotion.recurrence
    assert recurrence is not None
    zone = ZoneInfo(recurrence.zone)
    days = sorted(recurrence.dates)
    if not days:
        if window.begins is None or window.until is None:
            return True
        first, last = window.begins.astimezone(zone).date(), window.until.astimezone(zone).date()
        count = min((last - first).days + 1, LONGEST)
        days = [first + timedelta(number) for number in range(count)]
    for day in days:
        if window.begins is not None and day < window.begins.astimezone(zone).date():
            continue
        if window.until is not None and day > window.until.astimezone(zone).date():
            continue
        if recurrence.falls_on(day):
            return True
    return False
