"""One transition of many records: each is its own transaction, with its own version and log row.

Comes in: a `Batch`, whose records are frozen with the versions they had. Goes out: an `Outcome` a
record. A record that has a log row of the batch was done before and is passed over, so that what
was cut short is simply asked for again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
import sqlalchemy.exc

from generator.model.text import Label
from generator.model.workflow import Transition
from rules.permissions import transition_action
from rules.workflow.asking import Refused
from runtime.errors import (
    Broken,
    Conflict,
    FieldError,
    Forbidden,
    Invalid,
    NotFound,
    RequestError,
    Stale,
    TooLarge,
    VersionConflict,
)
from runtime.messages import Actor, Incoming, Outcome
from runtime.metrics import prometheus
from runtime.operations import _answers, _broken, _firing, _reading
from runtime.operations._unfired import busy, unfired
from runtime.operations._wanted import Fired, Wanted, trigger_of
from runtime.operations._work import Work
from runtime.runtime import Runtime
from runtime.store import violations
from runtime.store.engine import read, write
from runtime.store.guard import system

ATTEMPTS = 3
OPERATION = "transition"
KEYS = frozenset({"workflow", "transition", "input", "reason", "batch"})
"""What a bulk request says of the transition it wants."""
STATUS: tuple[tuple[type[RequestError], str], ...] = (
    (NotFound, "gone"),
    (Stale, "conflict"),
    (VersionConflict, "conflict"),
    (Conflict, "blocked"),
    (Forbidden, "forbidden"),
    (Invalid, "invalid"),
)
"""What becomes of a record, by its refusal; everything else is told as blocked."""


@dataclass(frozen=True)
class Batch:
    """A transition that is wanted of many records."""

    id: str
    incoming: Incoming
    """Who asks, and from where; each record is its own request of theirs."""
    wanted: Wanted
    """Without a record and a version."""
    edges: tuple[Transition, ...]

    @property
    def most(self) -> int:
        """The most records of one selection; 0: it is not offered for several."""
        return max(edge.bulk for edge in self.edges)


Targets = Sequence[tuple[str, int | None]]
"""Ids of records, with the versions they were seen at."""


def batch_of(runtime: Runtime, incoming: Incoming, body: Mapping[str, Any]) -> Batch:
    """Understand what is wanted of many.

    Raises:
        UnknownTransition, WrongTrigger, InvalidInput: as for one record.
        Forbidden: the caller may not fire it, or nobody may fire it for several at once.

    """
    actor = incoming.actor
    assert actor is not None
    workflow, name = str(body.get("workflow", "")), str(body.get("transition", ""))
    found = runtime.app.workflows.get(incoming.entity, {}).get(workflow)
    edges = found.named(name) if found is not None else ()
    if not edges:
        raise unfired(Refused("unknown_transition"))
    source = trigger_of(incoming, edges)
    if not any(source in edge.triggers for edge in edges):
        raise unfired(Refused("wrong_trigger"))
    action = transition_action(workflow, name)
    if runtime.matrix.grant(actor.roles, incoming.entity, action) is None:
        raise unfired(Refused("forbidden"))
    if not any(edge.bulk for edge in edges):
        raise Forbidden(
            Label(
                {
                    "en": "This is done to one record at a time.",
                    "zh": "此操作只能逐条执行。",
                }
            )
        )
    given = body.get("input")
    answers = _answers.read_answers(
        runtime, incoming.entity, edges, given if isinstance(given, Mapping) else {}
    )
    batch_id = str(body.get("batch") or runtime.make_id())[:36]
    reason = str(body.get("reason") or "")[:500]
    wanted = Wanted(
        incoming.entity, "", workflow, name, answers, source, batch_id=batch_id, reason=reason
    )
    return Batch(batch_id, incoming, wanted, edges)


def capped(batch: Batch, targets: Targets) -> Targets:
    """Refuse more records than the transition takes at once.

    Raises:
        TooLarge: they are more.

    """
    if len(targets) > batch.most:
        raise TooLarge(
            Label(
                {
                    "en": f"At most {batch.most} records at once here.",
                    "zh": f"此操作一次最多处理 {batch.most} 条记录。",
                }
            )
        )
    return targets


def with_versions(runtime: Runtime, entity: str, targets: Targets) -> Targets:
    """Return targets with the versions of now where the caller named none; one statement."""
    missing = [one for one, version in targets if version is None]
    if not missing:
        return targets
    table = runtime.schema.tables[entity]
    asked = sa.select(table.c.id, table.c.version).where(table.c.id.in_(missing))
    with read(runtime.engine) as connection:
        rows = connection.execute(system(asked, "freezes the versions of a selection"))
        known = {str(row.id): int(row.version) for row in rows}
    return tuple((one, known.get(one) if version is None else version) for one, version in targets)


def fire_each(runtime: Runtime, batch: Batch, targets: Targets) -> Iterator[Outcome]:
    """Fire the transition of each record; what became of it is told when it has."""
    done = done_before(runtime, batch) if batch.incoming.values else frozenset()
    for record_id, version in targets:
        if record_id in done:
            yield Outcome(record_id, "ok", version, changed=False)
        else:
            yield fire_one(runtime, batch, record_id, version)


def fire_one(runtime: Runtime, batch: Batch, record_id: str, version: int | None) -> Outcome:
    """Fire the transition of one record in a transaction of its own."""
    wanted = replace(batch.wanted, record_id=record_id, version=version)
    name = f"{wanted.workflow}.{wanted.transition}"
    try:
        fired = _fire(runtime, batch, wanted)
    except RequestError as refusal:
        if isinstance(refusal, Broken):
            _broken.note(runtime, batch.incoming, refusal)
        prometheus.observe_transition(wanted.entity, name, wanted.source, refusal.code)
        return refused(record_id, refusal)
    prometheus.observe_transition(wanted.entity, name, wanted.source, "fired")
    return Outcome(record_id, "ok", version=fired.version)


def refused(record_id: str, refusal: RequestError) -> Outcome:
    """Return what became of a record that was refused."""
    status = next((name for kind, name in STATUS if isinstance(refusal, kind)), "blocked")
    errors = refusal.errors or (FieldError("", refusal.code, refusal.message),)
    return Outcome(record_id, status, errors=errors, message=refusal.message)


def _fire(runtime: Runtime, batch: Batch, wanted: Wanted) -> Fired:
    actor = batch.incoming.actor
    assert actor is not None
    for attempt in range(ATTEMPTS):
        try:
            with write(runtime.engine) as connection:
                context = _reading.context(runtime, actor)
                work = Work(connection, runtime, batch.incoming, context["now"], context)
                _answers.choose(work, batch.edges, wanted.input)
                return _firing.fire_inside(work, wanted)
        except sqlalchemy.exc.IntegrityError as error:
            entity = runtime.app.entities[wanted.entity]
            raise violations.translate(error, entity, runtime.engine.dialect.name) from error
        except sqlalchemy.exc.OperationalError as error:
            if not violations.is_passing(error):
                raise
            if attempt == ATTEMPTS - 1:
                raise busy() from error
    raise busy()


def done_before(runtime: Runtime, batch: Batch) -> frozenset[str]:
    """Return the records that have a log row of the batch."""
    log = runtime.system.workflow_log
    asked = sa.select(log.c.record_id).where(
        log.c.batch_id == batch.id,
        log.c.entity == batch.wanted.entity,
        log.c.transition == batch.wanted.transition,
    )
    with read(runtime.engine) as connection:
        return frozenset(str(one) for one in connection.execute(asked).scalars())


def told(batch: Batch, actor: Actor, targets: Targets) -> dict[str, Any]:
    """Return a batch as the input of a job; who they are is looked up when it runs."""
    body = {**dict(batch.incoming.values or {}), "batch": batch.id}
    return {**asked_by(batch.incoming, body), "targets": [list(one) for one in targets]}


def asked_by(incoming: Incoming, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a job must know of who asked for something, and what it was."""
    actor = incoming.actor
    assert actor is not None
    return {
        "entity": incoming.entity,
        "body": dict(body),
        "scopes": None if actor.scopes is None else sorted(actor.scopes),
        "time_zone": actor.time_zone,
        "locale": actor.locale,
        "request": incoming.request_id,
        "reason": incoming.reason,
    }
