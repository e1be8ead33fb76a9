"""How many records each of several lists holds, where one slow list costs no other its number.

In: plans. Out: a count each, up to one more than a thousand, or None for what took too long. All
are asked in one statement; only when that takes longer than `EACH` is every one asked by itself,
each for so long at most, until `altogether` is spent.
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
    found = _within(connection, statements, plans)
    if found is not None:
        return found
    if len(plans) == 1:
        return (None,)
    ends = time.monotonic() + altogether / 1000
    return tuple(
        (_within(connection, statements, [plan]) or (None,))[0] if time.monotonic() < ends else None
        for plan in plans
    )


def _within(
    connection: sa.Connection, statements: Statements, plans: Sequence[QueryPlan]
) -> tuple[int | None, ...] | None:
    try:
        with deadline.within(connection, EACH):
            return fetch.tally(connection, statements, plans)
    except deadline.TooSlow:
        return None
