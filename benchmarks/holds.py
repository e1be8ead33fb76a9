"""Holds whose time is over, given back by the job that does so: guarded posts inside a job.

Comes in: a back office over `counters`, the items whose seats are held, how many holds. Goes out:
holds given back a second by one process (`runtime.expiring.expire`), each a guarded entry, the end
of its hold and an event, fifty in a transaction.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta

from rules.blockers import Blocker
from rules.ledger.entries import Entry, entry, hold
from runtime.expiring import expire
from runtime.runtime import Runtime, new_id, utc_now
from runtime.store.engine import write
from runtime.store.ledgers import Posting
from runtime.store.posted import Cause

LEDGER, SOME, WARM = "seat", 50, 400


def open_seats(runtime: Runtime, items: Sequence[str], seats: int) -> None:
    """Let each item have so many seats."""
    ledger = runtime.app.ledgers[LEDGER]
    made = [entry(ledger, "open", (item,), seats) for item in items]
    with write(runtime.engine) as connection:
        Posting(connection, runtime.book, utc_now(), new_id).post(map(_sure, made), Cause())


def give_back(runtime: Runtime, items: Sequence[str], many: int) -> float:
    """Return holds given back a second."""
    _keep(runtime, items, WARM)
    _expired(runtime)
    _keep(runtime, items, many)
    begun = time.perf_counter()
    done = _expired(runtime)
    assert done == many, done
    return done / (time.perf_counter() - begun)


def _expired(runtime: Runtime) -> int:
    done = 0
    while found := expire(runtime):
        done += found
    return done


def _keep(runtime: Runtime, items: Sequence[str], many: int) -> None:
    ledger, book = runtime.app.ledgers[LEDGER], runtime.book(LEDGER)
    over = utc_now() - timedelta(minutes=1)
    for at in range(0, many, SOME):
        with write(runtime.engine) as connection:
            posting = Posting(connection, runtime.book, utc_now(), new_id)
            made = []
            for number in range(SOME):
                key = (items[7 * (at + number) % len(items)],)
                made.append(hold(ledger, key, 1, posting.open_hold(book, key, 1, over, Cause())))
            posting.post(map(_sure, made), Cause())


def _sure(made: Entry | Blocker) -> Entry:
    assert not isinstance(made, Blocker)
    return made
