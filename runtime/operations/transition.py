"""`transition`: move one record along its workflow.

The button on a screen, `POST /api/v1/order/…/transitions/fulfilment/confirm`, a bulk row, a timer
and the answer of a provider all end here or in `_firing.fire_inside`, which this opens the
transaction for. The payload: `workflow`, `transition`, `input`, `reason`; from our own jobs also
`cause`, `cause_log_id` and `batch_id`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from generator.model.text import Label
from generator.model.workflow import PEOPLE, Transition
from rules.permissions import Grant
from rules.workflow.asking import Refused
from runtime.errors import Busy, FieldError, Invalid, RequestError
from runtime.messages import Incoming, Result
from runtime.metrics import prometheus
from runtime.operations import _answers, _firing, _versions
from runtime.operations._unfired import busy, unfired
from runtime.operations._wanted import MACHINES, Wanted, trigger_of
from runtime.operations._work import Work
from runtime.operations._writing import (
    WriteCall,
    WritePlan,
    invalid_shape,
    plan_write,
    transact,
)
from runtime.runtime import Runtime
from runtime.store.guard import system_grant

ACTION = "read"
"""Whoever may read a record may ask; the right to fire is asked of each transition.

`MACHINES`, the sources behind which nobody stands, is asked of every operation by the pipeline.
"""
KEYS = frozenset({"workflow", "transition", "input", "reason"})
OWN_KEYS = frozenset({"cause", "cause_log_id", "batch_id"})
"""Keys that only our own jobs send."""
CAREFUL = frozenset({"type_value", "reauth", "second_person"})
"""Levels of confirmation at which the version that was seen must be named."""


@dataclass(frozen=True)
class Call:
    """A transition of one record, its answers understood."""

    write: WriteCall
    wanted: Wanted
    edges: tuple[Transition, ...]


@dataclass(frozen=True)
class Plan:
    """The transition, and how the record is read back."""

    call: Call
    write: WritePlan


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Call:
    assert incoming.actor is not None
    body = incoming.values
    if not isinstance(body, Mapping):
        raise invalid_shape()
    is_machine = incoming.actor.kind == "system" and incoming.source in MACHINES
    _known_keys(body, KEYS | OWN_KEYS if is_machine else KEYS)
    entity = runtime.app.entities[incoming.entity]
    workflow, name = str(body.get("workflow", "")), str(body.get("transition", ""))
    found = runtime.app.workflows.get(entity.name, {}).get(workflow)
    edges = found.named(name) if found is not None else ()
    if not edges:
        raise unfired(Refused("unknown_transition"))
    source = trigger_of(incoming, edges)
    if not any(source in edge.triggers for edge in edges):
        raise unfired(Refused("wrong_trigger"))
    answers = _answers.read_answers(runtime, entity.name, edges, _input(body))
    if source in PEOPLE and any(edge.confirm in CAREFUL for edge in edges):
        _versions.require_version(incoming.version)
    wanted = Wanted(
        entity.name,
        incoming.record_id,
        workflow,
        name,
        answers,
        source,
        incoming.version,
        reason=str(body.get("reason") or "")[:500],
        **{key: str(body.get(key) or "") for key in OWN_KEYS if is_machine},
    )
    call = WriteCall(incoming, incoming.actor, entity, {}, incoming.record_id)
    return Call(call, wanted, edges)


def plan(call: Call, grant: Grant, runtime: Runtime) -> Plan:
    # what may be done is asked of the record under its lock; here only how it is read back
    wide = plan_write(call.write, system_grant(call.wanted.entity), runtime)
    return Plan(call, replace(wide, may_leave=True))


def execute(plan: Plan, runtime: Runtime) -> Result:
    wanted = plan.call.wanted

    def body(work: Work) -> tuple[str, bool]:
        _answers.choose(work, plan.call.edges, wanted.input)
        fired = _firing.fire_inside(work, wanted)
        work.told = {"steps": list(fired.steps), "repeated": fired.repeated}
        work.saved = fired.draft
        return wanted.record_id, False

    name = f"{wanted.workflow}.{wanted.transition}"
    try:
        result = transact(plan.write, runtime, body)
    except Busy as error:
        prometheus.observe_transition(wanted.entity, name, wanted.source, "busy")
        raise busy() from error
    except RequestError as refusal:
        prometheus.observe_transition(wanted.entity, name, wanted.source, refusal.code)
        raise
    outcome = "repeated" if result.repeated or result.replayed else "fired"
    prometheus.observe_transition(wanted.entity, name, wanted.source, outcome)
    return result


def _input(body: Mapping[str, Any]) -> Mapping[str, Any]:
    given = body.get("input")
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise invalid_shape()
    return given


def _known_keys(body: Mapping[str, Any], known: frozenset[str]) -> None:
    for key in sorted(str(key) for key in body.keys() - known):
        message = Label({"en": f"There is no '{key}' here.", "zh": f"这里没有“{key}”。"})
        raise Invalid(message, (FieldError(key, "unknown_field", message),))
