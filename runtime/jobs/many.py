"""A run over records that were frozen when it was asked for: each once, in the name of a person.

In: the run, and what to do with some of its records. Out: an outcome for each, counted, kept as a
row, and the run's result. What is done and written down in one transaction is not done again by a
worker that comes after one that died; everything else must bear being asked for twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import sqlalchemy as sa

from rules.role_names import narrowed
from runtime.jobs.rows import write_numbered
from runtime.jobs.tables import ROW
from runtime.jobs.worker import JobRuntime
from runtime.messages import Actor, Outcome
from runtime.runtime import Runtime
from runtime.store.engine import read, write
from runtime.web.readers import reader_of

CHUNK = 50
"""Records between two looks at whether somebody stopped it."""
MOST_TOLD = 500
"""Refused records that the result names."""


@dataclass(frozen=True)
class Target:
    """A record that was frozen."""

    position: int
    id: str
    version: int | None


@dataclass(frozen=True)
class Done:
    """What became of some records."""

    outcomes: Sequence[tuple[int, Outcome]]
    """By their places."""
    kept: frozenset[int] = frozenset()
    """Places whose row is written already."""
    before: Mapping[str, Any] = field(default_factory=dict)
    """By record what it was, for the rows that are not."""


Now = Callable[[], Actor | None]
"""The person as they are at this moment; None when they may not sign in any more."""
Do = Callable[[Actor, Sequence[Target], Now], Done]
"""Does something to records; whom it asks anew before each, so that a right that is taken back is
not used for one more of them."""
GONE = "forbidden"
"""What becomes of records whose person may not sign in any more."""


def work_through(run_id: str, runtime: JobRuntime, do: Do) -> None:
    """Do something to each record of the run; what was refused stands in the result."""
    office: Runtime = runtime.application
    given = runtime.run.input
    targets = [
        Target(place, str(one), version) for place, (one, version) in enumerate(given["targets"])
    ]
    kept = dict(runtime.run.checkpoint or {"at": 0, "counts": {}, "refused": []})
    counts: Counter[str] = Counter(kept["counts"])
    refused, at = list(kept["refused"]), int(kept["at"])
    now = partial(person_of, office, given, runtime.run.claim.created_by)
    while at < len(targets):
        runtime.run.pause_point()
        chunk = targets[at : at + CHUNK]
        known = _known(office, run_id, at, at + len(chunk))
        left = [one for one in chunk if one.position not in known]
        actor = now()
        if actor is None:
            done = Done([(one.position, Outcome(one.id, GONE)) for one in left])
        else:
            done = do(actor, left, now)
        for _, outcome in done.outcomes:
            if outcome.status != "ok" and len(refused) < MOST_TOLD:
                refused.append(_told(outcome))
        counts.update(known.values())
        counts.update(outcome.status for _, outcome in done.outcomes)
        at += len(chunk)
        with write(office.engine) as connection:
            new = [one for one in done.outcomes if one[0] not in done.kept]
            write_numbered(connection, run_id, str(given["entity"]), new, done.before)
            runtime.run.advance(
                connection,
                done=at,
                total=len(targets),
                counts=dict(counts),
                checkpoint={"at": at, "counts": dict(counts), "refused": refused},
            )
    with write(office.engine) as connection:
        runtime.run.succeed(connection, {"counts": dict(counts), "refused": refused})


def person_of(office: Runtime, given: Mapping[str, Any], person: str | None) -> Actor | None:
    """Return the person as they are now; None when they may not sign in any more.

    Their roles, and what records say of them such as where they work, are those of this moment, not
    of the moment they asked. What a token was not given is not done either.
    """
    found = reader_of(office, int(person or 0))
    if found is None:
        return None
    scopes = given.get("scopes")
    return replace(
        found,
        roles=found.roles if scopes is None else narrowed(found.roles, scopes),
        scopes=None if scopes is None else frozenset(scopes),
        time_zone=given["time_zone"],
        locale=given["locale"],
    )


def _known(office: Runtime, run_id: str, first: int, end: int) -> dict[int, str]:
    """Return what became of records whose row outlived their worker."""
    asked = sa.select(ROW.c.position, ROW.c.status).where(
        ROW.c.run_id == run_id, ROW.c.position >= first, ROW.c.position < end
    )
    with read(office.engine) as connection:
        return {row.position: row.status for row in connection.execute(asked)}


def _told(outcome: Outcome) -> dict[str, Any]:
    error = outcome.errors[0] if outcome.errors else None
    return {
        "id": outcome.record_id,
        "status": outcome.status,
        "code": error.code if error else "",
        "message": dict(outcome.message.texts) if outcome.message else {},
    }
