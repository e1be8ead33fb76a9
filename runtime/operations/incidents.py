"""`incidents`: what went wrong outside and waits for a person, of an entity or of one record."""

from __future__ import annotations

from dataclasses import dataclass

from rules.permissions import Grant
from runtime.messages import Actor, Incoming, Result
from runtime.operations import _asking
from runtime.operations._incidents import reachable
from runtime.outside import incidents
from runtime.runtime import Runtime
from runtime.store.outside_tables import CLOSED, OPEN

ACTION = "operate"


@dataclass(frozen=True)
class Call:
    """Which incidents are asked for."""

    actor: Actor
    entity: str
    record_id: str
    state: str


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Call:
    assert incoming.actor is not None
    state = _asking.one(incoming.query, "state") or OPEN
    if state not in (OPEN, CLOSED):
        raise _asking.refuse("state", "Ask for open or closed.", "请填写 open 或 closed。")
    record_id = incoming.record_id or _asking.one(incoming.query, "record")
    return Call(incoming.actor, incoming.entity, record_id, state)


def plan(call: Call, grant: Grant, runtime: Runtime) -> Call:
    return call


def execute(plan: Call, runtime: Runtime) -> Result:
    found = incidents.listed(runtime, (plan.entity,), state=plan.state, record_id=plan.record_id)
    return Result(rows=reachable(runtime, plan.actor, found))
