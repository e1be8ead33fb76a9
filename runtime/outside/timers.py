"""Timers ring: what is due is taken, each alone in a transaction, and fires once.

Comes in: rows of `sw_timer` whose time has come, by the database's clock. A row is taken by moving
its `next_at` ahead, a lease that any number of processes respects and that ends by itself when one
dies. Whether the timer still belongs to the state the record is in is asked under the record's
lock, so a timer that is taken twice finds its work done.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import sqlalchemy.exc

from generator.model.workflow import State, Timer
from rules.workflow.asking import Ask, Asker, context, holds
from rules.workflow.timers import FIRST, LONGEST, MOST, next_beat, next_notice
from runtime.errors import NotFound, RecordBusy, RequestError
from runtime.operations import _held
from runtime.operations._elsewhere import lock_ahead
from runtime.operations._firing import fire_inside, work_of
from runtime.operations._rearming import entry_of
from runtime.operations._wanted import Wanted
from runtime.outside import incidents, relay
from runtime.runtime import Runtime
from runtime.store import violations
from runtime.store.clock import database_clock
from runtime.store.engine import read, write
from runtime.store.guard import system_grant
from runtime.store.workflow_tables import ARMED, CANCELLED, DEAD, FIRED, REMINDER, WATCHDOG

EVERY = timedelta(seconds=15)
"""How often somebody looks when nothing is known to come sooner."""
LEASE = timedelta(seconds=60)
AT_ONCE = 50
TIMER = "timer"

log = logging.getLogger(__name__)

Clock = Callable[[sa.Connection], datetime]


class Poller:
    """Looks for due timers; may be asked every second and looks when there is reason to."""

    def __init__(self, runtime: Runtime, clock: Clock = database_clock) -> None:
        self._runtime, self._clock = runtime, clock
        self._look_at: datetime | None = None

    def __call__(self) -> None:
        """Ring what is due, if it is time to look."""
        now = self._runtime.clock()
        if self._look_at is not None and now < self._look_at:
            return
        while ring_due(self._runtime, self._clock) == AT_ONCE:
            pass
        table = self._runtime.system.timer
        soonest = sa.select(sa.func.min(table.c.next_at)).where(table.c.status == ARMED)
        with read(self._runtime.engine) as connection:
            coming = connection.execute(soonest).scalar()
        now = self._runtime.clock()
        self._look_at = min(now + EVERY, max(coming or now + EVERY, now))


def ring_due(runtime: Runtime, clock: Clock = database_clock, limit: int = AT_ONCE) -> int:
    """Take up to so many due timers and ring each; return how many were taken."""
    taken = _take(runtime, clock, limit)
    for timer in taken:
        try:
            _ring(runtime, timer)
        except Exception:
            # one bad record stops no other; its lease ends and it is tried again
            log.exception("timer %s failed", timer.id)
            _again(runtime, timer, "", "bug")
    return len(taken)


def _take(runtime: Runtime, clock: Clock, limit: int) -> list[Any]:
    table = runtime.system.timer
    with write(runtime.engine) as connection:
        now = clock(connection)
        due = (
            sa.select(table)
            .where(table.c.status == ARMED, table.c.next_at <= now)
            .order_by(table.c.next_at, table.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        rows = list(connection.execute(due))
        if rows:
            connection.execute(
                table.update()
                .where(table.c.id.in_([row.id for row in rows]))
                .values(next_at=now + LEASE)
            )
    return rows


def _ring(runtime: Runtime, timer: Any) -> None:
    """Ring one timer in a transaction of its own."""
    try:
        with write(runtime.engine) as connection:
            _ring_inside(connection, runtime, timer)
    except RecordBusy:
        _again(runtime, timer, "", "busy", counts=False)
    except sqlalchemy.exc.OperationalError as error:
        if not violations.is_passing(error):
            raise
        _again(runtime, timer, "", "busy", counts=False)
    except NotFound:
        _end(runtime, timer, CANCELLED)
    except RequestError as refusal:
        _again(runtime, timer, refusal.message.text("en"), str(refusal.code))


def _ring_inside(connection: sa.Connection, runtime: Runtime, timer: Any) -> None:
    machines = runtime.machines.get(timer.entity)
    workflow = machines.workflows.get(timer.workflow) if machines is not None else None
    if machines is None or workflow is None:
        _write_end(connection, runtime, timer, CANCELLED)
        return
    work = work_of(connection, runtime, TIMER, timer.id)
    # what a timer's condition reads lies behind references too
    work.fires = True
    entity = runtime.app.entities[timer.entity]
    edges = workflow.named(timer.transition)
    # others that it leads to come first, as they do for everybody else who fires
    lock_ahead(work, entity, timer.record_id, workflow, edges)
    held = _held.hold(work, entity, timer.record_id, system_grant(entity.name))
    state = str(held.facts.get(workflow.field))
    table = runtime.system.timer
    still = sa.select(table.c.status, table.c.due_at).where(table.c.id == timer.id)
    # held to the end: a release that times it anew comes before this look or after the ring
    if connection.execute(still.with_for_update()).one_or_none() != (ARMED, timer.due_at):
        # it was cancelled, or somebody moved it, while we came
        return
    entered = entry_of(work, timer.entity, timer.record_id, timer.workflow)
    if state != timer.state or entered != timer.entered:
        _write_end(connection, runtime, timer, CANCELLED)
        return
    if timer.kind == WATCHDOG:
        # a definition that came since may no longer mind how long the state lasts
        if workflow.states[state].watchdog is None:
            _write_end(connection, runtime, timer, CANCELLED)
        else:
            _stands_still(connection, runtime, timer)
        return
    if timer.kind == REMINDER:
        _remind(connection, runtime, timer, workflow.states[state])
        return
    edge = next((one for one in workflow.named(timer.transition) if one.leads_from(state)), None)
    if edge is None or edge.timer is None:
        _write_end(connection, runtime, timer, CANCELLED)
        return
    ask = Ask(timer.workflow, timer.transition, Asker(TIMER))
    situation = _held.situation(work, held, (edge,), timer.id)
    if not holds(edge.timer.when, held.facts, context(ask, situation, state)):
        _not_yet(connection, runtime, timer, edge.timer, work.now)
        return
    wanted = Wanted(timer.entity, timer.record_id, timer.workflow, timer.transition, source=TIMER)
    fire_inside(work, wanted)
    _write_end(connection, runtime, timer, FIRED)
    if edge.timer.every:
        _beat_on(connection, runtime, timer, next_beat(timer.due_at, edge.timer.every, work.now))


def _not_yet(
    connection: sa.Connection, runtime: Runtime, timer: Any, clock: Timer, now: datetime
) -> None:
    """Ask a condition that does not hold again later, or never."""
    if clock.again:
        due = now + timedelta(seconds=clock.again)
    elif clock.every:
        due = next_beat(timer.due_at, clock.every, now)
    else:
        _write_end(connection, runtime, timer, CANCELLED)
        return
    _write_next(connection, runtime, timer, due, timer.attempts, "")


def _beat_on(connection: sa.Connection, runtime: Runtime, timer: Any, due: datetime) -> None:
    """Let what the transition armed anew keep the beat of the first entry."""
    table = runtime.system.timer
    connection.execute(
        table.update()
        .where(
            table.c.entity == timer.entity,
            table.c.record_id == timer.record_id,
            table.c.workflow == timer.workflow,
            table.c.transition == timer.transition,
            table.c.kind == timer.kind,
            table.c.status == ARMED,
        )
        .values(due_at=due, next_at=due)
    )


def _stands_still(connection: sa.Connection, runtime: Runtime, timer: Any) -> None:
    facts = {"workflow": timer.workflow, "state": timer.state, "since": timer.armed_at.isoformat()}
    about = (incidents.TIMER, timer.id)
    record = (timer.entity, timer.record_id)
    incidents.open_incident(connection, runtime, "state_stands_still", about, record, facts)
    _write_end(connection, runtime, timer, FIRED)


def _remind(connection: sa.Connection, runtime: Runtime, timer: Any, state: State) -> None:
    """Tell people once, and arm the next time; what was missed while nobody looked is not told."""
    one = next((each for each in state.reminders if each.name == timer.transition), None)
    if one is None:
        _write_end(connection, runtime, timer, CANCELLED)
        return
    told = {
        "name": one.name,
        "roles": one.roles,
        "workflow": timer.workflow,
        "state": timer.state,
    }
    relay.tell(connection, runtime, (timer.entity, timer.record_id), told)
    count, now = timer.attempts + 1, runtime.clock()
    if not one.every or count >= one.most:
        _write_end(connection, runtime, timer, FIRED)
        return
    _write_next(connection, runtime, timer, next_notice(one, timer.due_at, now), count, "")


def _again(runtime: Runtime, timer: Any, why: str, code: str, *, counts: bool = True) -> None:
    """Try a refused timer again later, always later; after the last try a person has to look."""
    attempts = timer.attempts + int(counts)
    with write(runtime.engine) as connection:
        if attempts < MOST:
            pause = min(FIRST * 2 ** max(attempts - 1, 0), LONGEST) if counts else FIRST / 6
            _write_next(connection, runtime, timer, runtime.clock() + pause, attempts, code)
            return
        facts = {
            "workflow": timer.workflow,
            "transition": timer.transition,
            "state": timer.state,
            "attempts": attempts,
            "code": code,
            "why": why,
        }
        about = (incidents.TIMER, timer.id)
        record = (timer.entity, timer.record_id)
        incidents.open_incident(connection, runtime, "timer_refused", about, record, facts)
        _write_end(connection, runtime, timer, DEAD)


def _end(runtime: Runtime, timer: Any, status: str) -> None:
    with write(runtime.engine) as connection:
        _write_end(connection, runtime, timer, status)


def _write_next(
    connection: sa.Connection,
    runtime: Runtime,
    timer: Any,
    due: datetime,
    attempts: int,
    error: str,
) -> None:
    table = runtime.system.timer
    connection.execute(
        table.update()
        .where(table.c.id == timer.id, table.c.status == ARMED)
        .values(next_at=due, attempts=attempts, error=error or None)
    )


def _write_end(connection: sa.Connection, runtime: Runtime, timer: Any, status: str) -> None:
    """Write how a timer ended; the transition it fired cancels every timer of the state it left."""
    table = runtime.system.timer
    connection.execute(
        table.update().where(table.c.id == timer.id).values(status=status, ended_at=runtime.clock())
    )
