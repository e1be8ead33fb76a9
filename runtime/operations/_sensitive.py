"""What is asked before something sensitive: a confirmation, a title, a password, another person.

Comes in: a save that is settled and not yet written, inside its transaction. Goes out: nothing, or
a refusal that says what is missing; so bulk rows, imports, screens and REST meet the same question.
What needs another person ends the transaction and is kept until they decide
(`runtime/approvals.py`). Who acts on the server itself, such as a command, is not asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from generator.model.access import Sensitive
from generator.model.entity import Entity
from generator.model.text import NOWHERE, Label
from rules.levels import levels
from rules.proof import NOTHING
from rules.unmasking import EXPORT_PLAIN
from runtime.errors import NeedsApproval, NotProved, RequestError, Unconfirmed
from runtime.messages import Incoming
from runtime.operations._work import Draft, Work
from runtime.runtime import Runtime
from runtime.store import approvals, audit
from runtime.store.approvals import Approval
from runtime.store.decided import PENDING
from runtime.store.engine import write
from runtime.store.titles import title_of
from runtime.store.trail import Note, Trail

ORDER = ("confirm", "type", "reauthenticate", "approve")

ASKED = {
    "confirm": Label({"en": "Confirm that you mean it.", "zh": "请确认此操作。"}),
    "type": Label({"en": "Type the title to confirm.", "zh": "请输入标题以确认。"}),
    "reauthenticate": Label({"en": "Give your password once more.", "zh": "请重新输入密码。"}),
    "approve": Label(
        {"en": "This waits for another person to approve it.", "zh": "此操作需由他人审批后生效。"}
    ),
}


def ask_about(work: Work, action: str, draft: Draft) -> None:
    """Ask what the definitions demand before a settled draft is written.

    Raises:
        RequestError: something is missing; nothing is written.

    """
    rules = _of(work.runtime, draft.entity, action)
    if not rules:
        return
    before, after = audit.differences(draft, work.runtime)
    changed = set(after)
    facts = draft.facts if draft.before is None else {**draft.facts, **draft.before}
    title = title_of(work.connection, work.runtime, draft.entity, facts)
    met = [one for one in rules if _concerns(one, changed, facts, work)]
    _demand(met, work.runtime, work.incoming, title, before, after)


def ask_to_move(work: Work, entity: Entity, facts: Mapping[str, Any], action: str) -> None:
    """Ask what the definitions demand before a record goes, or comes back.

    Raises:
        RequestError: something is missing.

    """
    met = [
        one
        for one in _of(work.runtime, entity, action)
        if _concerns(one, set(one.fields), facts, work)
    ]
    if met:
        before = audit.plain(work.runtime, entity, facts)
        title = title_of(work.connection, work.runtime, entity, facts)
        _demand(met, work.runtime, work.incoming, title, before, {})


def ask_to_reveal(work: Work, entity: Entity, facts: Mapping[str, Any], field: str) -> None:
    """Ask what the definitions demand before somebody sees a masked cell in clear.

    Raises:
        RequestError: something is missing; nothing is shown.

    """
    rules = _of(work.runtime, entity, "reveal")
    met = [one for one in rules if _concerns(one, {field}, facts, work)]
    if met:
        title = title_of(work.connection, work.runtime, entity, facts)
        _demand(met, work.runtime, work.incoming, title, None, {})


def ask_to_begin(runtime: Runtime, incoming: Incoming, action: str) -> None:
    """Ask what the definitions demand before much is done at once: an import, a change of many.

    It is asked once, of whoever begins it; what it then does to each record asks for itself.

    Raises:
        RequestError: something is missing; nothing is begun.

    """
    entity = runtime.app.entities[incoming.entity]
    _demand(_of(runtime, entity, action), runtime, incoming, entity.label.text("en"), None, {})


def ask_to_erase(work: Work, entity: Entity, facts: Mapping[str, Any], reason: str) -> None:
    """Ask what the definitions demand before a person's data goes; no value of it is told.

    Whoever decides reads why it was asked for.

    Raises:
        RequestError: something is missing.

    """
    met = [
        one
        for one in _of(work.runtime, entity, "erase")
        if _concerns(one, set(one.fields), facts, work)
    ]
    if met:
        title = title_of(work.connection, work.runtime, entity, facts)
        try:
            _demand(met, work.runtime, work.incoming, title, None, {})
        except NeedsApproval as need:
            need.params["reason"] = reason
            raise


def ask_to_export(runtime: Runtime, incoming: Incoming) -> None:
    """Ask what the definitions demand before records leave as a file.

    Raises:
        RequestError: something is missing.

    """
    entity = runtime.app.entities[incoming.entity]
    met = _of(runtime, entity, "export")
    if EXPORT_PLAIN in incoming.also:
        met += _of(runtime, entity, EXPORT_PLAIN) or [_unmasked(entity)]
        met.sort(key=lambda one: ORDER.index(one.ask))
    _demand(met, runtime, incoming, entity.label.text("en"), None, {})


def _unmasked(entity: Entity) -> Sensitive:
    """Return what is asked before masked values leave in clear, where no definition says it."""
    return Sensitive(EXPORT_PLAIN, entity.name, (EXPORT_PLAIN,), "reauthenticate", NOWHERE)


def _of(runtime: Runtime, entity: Entity, action: str) -> list[Sensitive]:
    found = [
        one for one in runtime.app.sensitive if one.entity == entity.name and action in one.actions
    ]
    return sorted(found, key=lambda one: ORDER.index(one.ask))


def _concerns(one: Sensitive, changed: set[str], facts: Mapping[str, Any], work: Work) -> bool:
    """Return whether this very change is meant; a condition that is unknown counts."""
    if one.fields and not changed & set(one.fields):
        return False
    return one.when is None or one.when.function(facts, work.context) is not False


def _demand(
    met: list[Sensitive],
    runtime: Runtime,
    incoming: Incoming,
    title: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any],
) -> None:
    actor = incoming.actor
    if actor is not None and actor.kind == "system":
        return
    proof = actor.proof if actor is not None else NOTHING
    now = runtime.clock().timestamp()
    for one in met:
        if not levels()[one.ask](proof, title, now):
            raise _refusal(one, title, before, after)


def _refusal(
    one: Sensitive, title: str, before: Mapping[str, Any] | None, after: Mapping[str, Any]
) -> RequestError:
    said = one.message or ASKED[one.ask]
    if one.ask == "approve":
        return NeedsApproval(said, rule=one, title=title, before=before, after=after)
    kind = NotProved if one.ask == "reauthenticate" else Unconfirmed
    return kind(said, ask=one.ask, title=title)


def keep(need: NeedsApproval, incoming: Incoming, runtime: Runtime) -> NeedsApproval:
    """Keep what somebody asked for until another person decides; return the answer to them."""
    actor, rule = incoming.actor, need.params["rule"]
    assert actor is not None
    now = runtime.clock()
    one = Approval(
        id=runtime.make_id(),
        rule=rule.name,
        entity=incoming.entity,
        record_id=incoming.record_id,
        title=str(need.params["title"]),
        operation=incoming.operation,
        values=dict(incoming.values or {}),
        before=need.params["before"],
        after=need.params["after"],
        version=incoming.version,
        requester_id=actor.id,
        requester_name=actor.name,
        reason=str(need.params.get("reason", incoming.reason)),
        state=PENDING,
        created_at=now,
        expires_at=now + timedelta(days=rule.days),
    )
    trail = Trail(runtime, actor, incoming.source, incoming.request_id, incoming.address)
    with write(runtime.engine) as connection:
        approvals.add(connection, runtime.system.approval, one)
        trail.write(connection, note_about("approval_requested", one, one.reason))
    need.params["approval"] = one
    return need


def note_about(operation: str, one: Approval, reason: str) -> Note:
    """Return what the audit tells of a request."""
    told = {"approval": one.id, "rule": one.rule, "operation": one.operation}
    return Note(operation, one.entity, one.record_id, one.title, after=told, reason=reason)
