"""When a rule of five fields comes due, in words: "Every day at 03:40", "每周一 08:00".

In: a rule and the page's reader. Out: a sentence for the rules that people write, nothing for
the rest, which are shown as their author wrote them. Names of days and times are those of CLDR.
"""

from __future__ import annotations

from datetime import time
from itertools import product

from babel.dates import format_time, get_day_names

from generator.model.job import Cron
from runtime.web.screens.visit import Visit

MOST_TIMES = 3
ALL_MONTHS = 12
WORKDAYS = frozenset(range(5))


def cron_words(visit: Visit, rule: Cron) -> str:
    """Return a rule in words; empty where it is more than a few times on certain days."""
    times, t = _times(visit, rule), visit.t
    days = not rule.any_day or rule.last_day
    if not times or len(rule.months) < ALL_MONTHS or (days and not rule.any_weekday):
        return ""
    if not rule.any_weekday:
        return t("{days} at {times}", "schedule", days=_weekdays(visit, rule), times=times)
    if rule.last_day:
        return "" if rule.days else t("On the last day of a month at {times}", times=times)
    if not rule.any_day:
        numbers = _joined(visit, [str(one) for one in sorted(rule.days)])
        return t("Every month on day {days} at {times}", days=numbers, times=times)
    return t("Every day at {times}", times=times)


def _times(visit: Visit, rule: Cron) -> str:
    if len(rule.hours) * len(rule.minutes) > MOST_TIMES:
        return ""
    locale = "zh" if visit.chinese() else "en_GB"
    found = [
        format_time(time(hour, minute), "HH:mm", locale=locale)
        for hour, minute in product(sorted(rule.hours), sorted(rule.minutes))
    ]
    return _joined(visit, found)


def _weekdays(visit: Visit, rule: Cron) -> str:
    names = get_day_names("wide", locale="zh" if visit.chinese() else "en")
    if rule.weekdays == WORKDAYS:
        return visit.t("{first} to {last}", "schedule", first=names[0], last=names[4])
    return _joined(visit, [names[one] for one in sorted(rule.weekdays)])


def _joined(visit: Visit, words: list[str]) -> str:
    return ("、" if visit.chinese() else ", ").join(words)
