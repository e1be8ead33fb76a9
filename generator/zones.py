"""The time zones of this machine, looked for once: that opens six hundred files."""

from functools import cache
from zoneinfo import available_timezones


@cache
def every_zone() -> frozenset[str]:
    """Return the names of all time zones that are known here."""
    return frozenset(available_timezones())
