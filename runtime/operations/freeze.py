"""`freeze`: name the records of a bulk change once, so that what was counted is what is changed.

In: ids, or a filter as for `bulk`. Out: a token and how many records it stands for. Whatever is
created or changed afterwards is not among them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from rules.permissions import Grant
from runtime.messages import Incoming, Result
from runtime.operations import bulk
from runtime.runtime import Runtime
from runtime.store import selections
from runtime.store.engine import write

ACTION = "bulk"
PURPOSE = "action"
ACTION_ALONE = "list"
"""The records are only named: what is done with them asks for its own right."""


@dataclass(frozen=True)
class Plan:
    """The change whose records are named."""

    bulk: bulk.Plan


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> bulk.Call:
    """Understand the body of a bulk change; its values do not matter yet."""
    body = {**(incoming.values or {}), "operation": incoming.values.get("operation", "update")}
    values = body.pop("values", None)
    operation = body["operation"]
    if operation == ACTION_ALONE or (operation == "update" and not values):
        body["operation"] = "restore"
    body["background"] = True
    call = bulk.parse(replace(incoming, values=body), grant, runtime)
    return replace(call, operation=operation)


def plan(call: bulk.Call, grant: Grant, runtime: Runtime) -> Plan:
    return Plan(bulk.plan(call, grant, runtime))


def execute(plan: Plan, runtime: Runtime) -> Result:
    inner = plan.bulk
    targets = inner.call.targets
    if inner.matching is not None:
        targets = bulk.frozen(inner.matching, runtime)
    token, now = runtime.make_id(), runtime.clock()
    with write(runtime.engine) as connection:
        selections.keep(
            connection,
            runtime.system.selection,
            token,
            user_id=inner.call.actor.id,
            entity=inner.call.entity.name,
            purpose=PURPOSE,
            content=[record_id for record_id, _ in targets],
            now=now,
        )
    return Result(row=(token,), total=len(targets))
