"""Holds whose time is over, given back by the job that does so: guarded posts inside a job.

Comes in: a back office over `counters`, the items whose seats are held, how many holds. Goes out:
holds given back a second by some processes, each running `runtime.expiring.expire` until nothing is
left; each is a guarded entry, the end of its hold and an event, fifty in a transaction.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

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


def give_back(
    make: Callable[[], Runtime], items: Sequence[str], many: int, processes: int
) -> float:
    """Return holds given back a second.

    Args:
        make: opens the back office, in each process anew.
        items: whose seats are held.
        many: how many holds.
        processes: how many give them back.

    """
    context = multiprocessing.get_context("spawn")
    ready, start, out = context.Barrier(processes + 1), context.Barrier(processes), context.Queue()
    args = (make, ready, start, out)
    started = [context.Process(target=_work, args=args) for _ in range(processes)]
    runtime = make()
    _keep(runtime, items, WARM * processes)
    for one in started:
        one.start()
    ready.wait()
    assert _expired(runtime) == 0
    _keep(runtime, items, many)
    runtime.engine.dispose()
    ready.wait()
    found = [out.get() for _ in started]
    for one in started:
        one.join()
    assert sum(done for done, _, _ in found) == many, found
    begun, end = min(one[1] for one in found), max(one[2] for one in found)
    return float(many / (end - begun))


def _work(make: Callable[[], Runtime], ready: Any, start: Any, out: Any) -> None:
    """Give back what there is to warm up, then, with the others, what is measured."""
    runtime = make()
    start.wait()
    _expired(runtime)
    start.wait()
    _expired(runtime)  # what others had locked meanwhile
    ready.wait()
    ready.wait()
    begun = time.monotonic()
    done = _expired(runtime)
    out.put((done, begun, time.monotonic()))
    runtime.engine.dispose()


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
