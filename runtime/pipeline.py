"""The way of every request: authorize → parse → plan → execute. Screens, REST, jobs, imports alike.

Authentication comes before (`runtime/web`, or the job's own actor) and rendering after; both are
the transport's. Rights are asked before anything is looked up, so that an outsider cannot probe.
"""

from __future__ import annotations

from dataclasses import replace
from time import monotonic_ns

from generator.model.text import Label
from rules.permissions import Grant
from runtime import alarms
from runtime.errors import Forbidden, NeedsApproval, NotFound, RequestError, Unauthenticated
from runtime.messages import Actor, Incoming, Result
from runtime.metrics import steps
from runtime.operations import _sensitive
from runtime.runtime import Runtime
from runtime.store.guard import system_grant
from runtime.store.trail import Note, Trail

NOT_HERE = Label({"en": "This record does not allow it.", "zh": "该记录当前不允许此操作。"})
LOOKS = frozenset({"list", "read", "history", "aggregate", "evaluate"})
"""Actions that leave no row in the audit, but in an emergency."""


def handle(incoming: Incoming, runtime: Runtime) -> Result | RequestError:
    """Carry a request out, or say why not; a refusal is a value, a bug is an exception."""
    marks = [monotonic_ns()]
    try:
        grant = authorize(incoming, runtime)
        marks.append(monotonic_ns())
        operation = runtime.operations[incoming.operation]
        call = operation.parse(incoming, grant, runtime)
        marks.append(monotonic_ns())
        plan = operation.plan(call, grant, runtime)
        marks.append(monotonic_ns())
        result: Result = operation.execute(plan, runtime)
    except NeedsApproval as need:
        return _sensitive.keep(need, incoming, runtime)
    except RequestError as refusal:
        told = _told(refusal, incoming, runtime)
        told.incoming = incoming
        return told
    finally:
        marks.append(monotonic_ns())
        steps.note(marks)
    if alarms.OF_WEIGHT.intersection(wanted := actions_of(incoming, runtime)):
        alarms.note_first_use(runtime, incoming.actor, incoming.entity, wanted)
    if incoming.actor is not None and incoming.actor.emergency is not None:
        _note_look(incoming, result, operation.ACTION, runtime)
    return result


def _note_look(incoming: Incoming, result: Result, action: str, runtime: Runtime) -> None:
    """Write in the audit what was looked at in an emergency; what was changed stands there."""
    if action not in LOOKS:
        return
    rows = len(result.rows) or int(result.row is not None)
    trail = Trail(runtime, incoming.actor, incoming.source, incoming.request_id, incoming.address)
    what = Note(incoming.operation, incoming.entity, incoming.record_id, after={"rows": rows})
    trail.alone(what)


def authorize(incoming: Incoming, runtime: Runtime) -> Grant:
    """Return what the caller may do.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: the entity or the operation is not there, or not there for this caller.
        Forbidden: the caller sees the entity but may not do this with it.

    """
    actor = incoming.actor
    if actor is None:
        raise Unauthenticated(Label({"en": "Sign in first.", "zh": "请先登录。"}))
    if incoming.entity not in runtime.app.entities or incoming.operation not in runtime.operations:
        raise nothing_here()
    operation = runtime.operations[incoming.operation]
    if actor.kind == "system" and incoming.source in getattr(operation, "MACHINES", ()):
        return system_grant(incoming.entity)
    wanted = actions_of(incoming, runtime)
    grant = runtime.matrix.together(actor.roles, incoming.entity, *wanted)
    if grant is not None:
        return grant
    if not runtime.matrix.actions(actor.roles, incoming.entity):
        raise nothing_here()
    for action in wanted:
        if runtime.matrix.grant(actor.roles, incoming.entity, action) is None:
            raise Forbidden(_not_included(actor, action, incoming.entity))
    raise Forbidden()


def actions_of(incoming: Incoming, runtime: Runtime) -> tuple[str, ...]:
    """Return every action that a request needs: the operation's own first."""
    operation = runtime.operations[incoming.operation]
    return (operation.ACTION, *getattr(operation, "ALSO", ()), *incoming.also)


def _told(refusal: RequestError, incoming: Incoming, runtime: Runtime) -> RequestError:
    """Return what a caller is told who may read a record and does not have all it takes there.

    What they may not read is not there for them, whatever they wanted to do with it.
    """
    actor = incoming.actor
    if not isinstance(refusal, NotFound) or actor is None or not incoming.record_id:
        return refusal
    if incoming.entity not in runtime.app.entities or incoming.operation not in runtime.operations:
        return refusal
    wanted = tuple(one for one in actions_of(incoming, runtime) if one != "read")
    if len(actions_of(incoming, runtime)) == 1 or actor.kind == "system":
        return refusal
    if _finds(incoming, runtime, wanted) or not _finds(incoming, runtime, ()):
        return refusal
    guards = [
        guard.message
        for guard in runtime.app.guardrails
        if guard.entity == incoming.entity and guard.message and set(wanted) & set(guard.deny)
    ]
    return Forbidden(guards[0] if guards else NOT_HERE)


def _finds(incoming: Incoming, runtime: Runtime, also: tuple[str, ...]) -> bool:
    """Return whether the caller may read the record, and do other things with it."""
    wanted = replace(
        incoming, operation="read", query={"fields": ("id",)}, values=None, part="", also=also
    )
    try:
        grant = authorize(wanted, runtime)
        operation = runtime.operations["read"]
        operation.execute(
            operation.plan(operation.parse(wanted, grant, runtime), grant, runtime), runtime
        )
    except RequestError:
        return False
    return True


def _not_included(actor: Actor, action: str, entity: str) -> Label:
    """Say what is missing; of a token its scopes, which its maker can change."""
    if actor.scopes is not None:
        scope = f"{action}:{entity}"
        return Label(
            {
                "en": f"This token's scopes do not include '{scope}', or its owner's roles do not.",
                "zh": f"此令牌的权限范围或其所有者的角色不含“{scope}”。",
            }
        )
    return Label(
        {
            "en": f"Your roles do not include '{action}' here. Ask an administrator.",
            "zh": f"您的角色没有此处的“{action}”权限，请联系管理员。",
        }
    )


def nothing_here() -> NotFound:
    """Refuse what is not there, in the words for what the caller may not know of."""
    return NotFound(Label({"en": "There is nothing here.", "zh": "这里没有内容。"}))
