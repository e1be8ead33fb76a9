"""How many records each of several lists holds, where one slow list costs no other its number.

In: plans. Out: a count each, up to one more than a thousand, or None for what took too long. All
are asked in one statement; only when that takes longer than `EACH` is every one asked by itself,
once: one statement a list, cut off alone. Each may take `EACH`, or its fair share of `altogether`
where there are so many that this is less; what quick ones leave over goes to those after them.
So a list that is known in its share is known, however slow all the others are.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import sqlalchemy as sa

from runtime.store import deadline, fetch
from runtime.store.plan import QueryPlan
from runtime.store.statements import Statements

EACH, ALTOGETHER = 300, 3000
"""Milliseconds: a count is never worth more than the page."""


def counts(
    connection: sa.Connection,
    statements: Statements,
    plans: Sequence[QueryPlan],
    altogether: int = ALTOGETHER,
) -> tuple[int | None, ...]:
    """Return the count of each plan; None where it was not known in time."""
    found = _within(connection, statements, plans, EACH)
    if found is not None:
        return found
    if len(plans) == 1:
        return (None,)
    share, ends = altogether / len(plans), time.monotonic() + altogether / 1000
    alone: list[int | None] = []
    for place, plan in enumerate(plans):
        left = (ends - time.monotonic()) * 1000 / (len(plans) - place)
        longest = max(1, round(min(EACH, max(share, left))))
        alone.extend(_within(connection, statements, [plan], longest) or (None,))
    return tuple(alone)


def _within(
    connection: sa.Connection,
    statements: Statements,
    plans: Sequence[QueryPlan],
    milliseconds: int,
) -> tuple[int | None, ...] | None:
    try:
        with deadline.within(connection, milliseconds):
            return fetch.tally(connection, statements, plans)
    except deadline.TooSlow:
        return None
