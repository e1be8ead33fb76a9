"""Words about entries of the log that are there no more, because their time was over.

In: the newest removal, one small statement; none is asked about what is younger than half a year,
because that is always there. Out: a sentence, or nothing.
"""

from __future__ import annotations

from datetime import datetime

from generator.field_types._times import local_text
from runtime.audit_keep import NEVER_PAST
from runtime.store.audit_removal import Removed, last_removed
from runtime.store.engine import read
from runtime.web.screens.numbers import number
from runtime.web.screens.visit import Visit


def of_log(visit: Visit) -> str:
    """Return what the log says of all that went; empty where nothing did."""
    found = _last(visit)
    if found is None:
        return ""
    return visit.t(
        "Entries up to {when} were removed when their time was over: {n}, each proved by its seal "
        "before.",
        "log",
        when=_when(visit, found),
        n=number(visit, found.total),
    )


def of_record(visit: Visit, begun: datetime | None) -> str:
    """Return what the history of a record says that was there before some entries went."""
    found = _last(visit) if begun is not None and is_old(visit, begun) else None
    if found is None or begun is None or begun > found.until:
        return ""
    return visit.t(
        "Entries up to {when} were removed when their time was over.",
        "log",
        when=_when(visit, found),
    )


def removed_until(visit: Visit, oldest: datetime | None) -> datetime | None:
    """Return until when entries went; None where they did not, or not since some moment."""
    found = _last(visit) if oldest is not None and is_old(visit, oldest) else None
    return found.until if found is not None else None


def is_old(visit: Visit, moment: datetime) -> bool:
    """Return whether what was written at a moment can have gone."""
    return moment < visit.runtime.clock() - NEVER_PAST


def _last(visit: Visit) -> Removed | None:
    with read(visit.runtime.engine) as connection:
        return last_removed(connection, visit.runtime.system)


def _when(visit: Visit, found: Removed) -> str:
    return local_text(found.until, visit.viewer.locale, visit.viewer.time_zone)
