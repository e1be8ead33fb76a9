"""Firing a transition inside a transaction: lock, decide, carry out; whoever asks, this is the way.

    hold → situation → rules.workflow.firing.fire → carry out → settle what follows

Comes in: a `Work` (the open transaction and who acts) and a `Wanted`. Goes out: `Fired`, or a
refusal that undoes the transaction. A request, a bulk row, a timer, the answer of a provider and a
webhook all end here; only who opens the transaction differs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa
import sqlalchemy.exc

from generator.build.tables import has_column
from generator.model.entity import Entity
from generator.model.text import Label
from generator.model.workflow import (
    API,
    AUTO,
    PEOPLE,
    SECOND_PERSON,
    SYSTEM,
    USER,
    Transition,
    Workflow,
)
from rules.commands import CreateRecord, FireOther, Post, SetField, SetState, TakeBack
from rules.levels import levels
from rules.permissions import Grant, transition_action
from rules.role_names import closure
from rules.workflow import firing
from rules.workflow.asking import Ask, Asker, Done, Machines, Refused, Situation
from runtime.errors import (
    Broken,
    Invalid,
    InvalidInput,
    NeedsApproval,
    RequestError,
    VersionConflict,
)
from runtime.messages import Actor, Incoming
from runtime.operations import _held, _reading, _renewing, _saving
from runtime.operations._answers import answers_in_words
from runtime.operations._effect_posts import post_all
from runtime.operations._elsewhere import Asked, fire_others, lock_ahead
from runtime.operations._entries import SYSTEM_ACTOR, Entries, write_all
from runtime.operations._held import Held, hold
from runtime.operations._rearming import rearm
from runtime.operations._references import system_grant
from runtime.operations._unfired import busy, unfired
from runtime.operations._work import Draft, Work
from runtime.runtime import Runtime
from runtime.store import audit, inserts, violations
from runtime.store.forms import form_of
from runtime.store.guard import system

LOCK_SECONDS = 3
"""So long somebody waits for a record before they are told that it is busy."""
ROUNDS = 10
"""What follows from what follows is settled so far."""
NO_LOCK = "55P03"
LEVELS = {
    "dialog": "confirm",
    "type_value": "type",
    "reauth": "reauthenticate",
    SECOND_PERSON: "approve",
}
"""What a transition calls the levels of `rules/levels`."""
CHANGED = Label(
    {
        "en": "Somebody changed this record after you read it.",
        "zh": "您读取之后，该记录已被其他人修改。",
    }
)
WAITS = Label(
    {"en": "This waits for another person to approve it.", "zh": "此操作需由他人审批后生效。"}
)
FAILED = Label(
    {
        "en": "A step of this transition failed; nothing was changed.",
        "zh": "该操作的某一步失败，未作任何更改。",
    }
)


@dataclass(frozen=True)
class Wanted:
    """A transition of one record that somebody or something wants."""

    entity: str
    record_id: str
    workflow: str
    transition: str
    input: Mapping[str, Any] = field(default_factory=dict)
    """Answers in their stored form."""
    source: str = SYSTEM
    """One of the triggers: user, api, system, timer, event."""
    version: int | None = None
    """The version that must still be stored; None: whatever it is."""
    cause: str = ""
    """The key of the outside event behind it: applied once, however often it is told."""
    cause_log_id: str = ""
    batch_id: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Fired:
    """What came of it."""

    record_id: str
    version: int
    steps: tuple[Mapping[str, Any], ...]
    """workflow, transition, from, to and log, by step; none where nothing was to be done."""
    repeated: bool = False
    draft: Draft | None = None
    """The record as it was written."""


def work_of(connection: sa.Connection, runtime: Runtime, source: str, request_id: str = "") -> Work:
    """Return the work of the system itself inside an open transaction, for `fire_inside`.

    Args:
        connection: inside a transaction of `runtime.store.engine.write`.
        runtime: the back office.
        source: system, timer or event.
        request_id: what the log is searched by.

    """
    actor = Actor(0, "system", frozenset(), kind="system")
    incoming = Incoming("transition", "", actor, source=source, request_id=request_id)
    context = _reading.context(runtime, actor)
    return Work(connection, runtime, incoming, context["now"], context)


def fire_inside(work: Work, wanted: Wanted) -> Fired:
    """Fire a transition inside the caller's transaction, which must end if this is refused.

    Raises:
        RequestError: it is refused; the codes are those of `runtime/errors.py`.

    """
    machines = work.runtime.machines.get(wanted.entity)
    workflow = machines.workflows.get(wanted.workflow) if machines else None
    edges = workflow.named(wanted.transition) if workflow else ()
    if machines is None or workflow is None or not edges:
        raise unfired(Refused("unknown_transition"))
    if not any(wanted.source in edge.triggers for edge in edges):
        raise unfired(Refused("wrong_trigger"))
    fires, work.fires = work.fires, True
    try:
        _bound_wait(work)
        lock_ahead(work, machines.entity, wanted.record_id, workflow, edges)
        held = _held_for(work, machines.entity, wanted)
        if wanted.version is not None and held.version != wanted.version:
            state = str(held.facts.get(workflow.field))
            raise VersionConflict(CHANGED, version=held.version, current=state)
        log_id = work.runtime.make_id()
        situation = _held.situation(work, held, edges, log_id, wanted.cause)
        by = asker(work, wanted, held)
        ask = Ask(wanted.workflow, wanted.transition, by, wanted.input, wanted.cause)
        done = firing.fire(machines, ask, situation)
        if isinstance(done, Refused) and done.needs == SECOND_PERSON:
            raise _second_person(work, machines, held, ask, situation)
        if isinstance(done, Refused):
            raise unfired(done)
        if done.repeated:
            return Fired(wanted.record_id, held.version, (), repeated=True)
        passing = _Pass(work, machines, held, wanted, ask, log_id)
        return passing.carry_out(done)
    finally:
        work.fires = fires


def settle_all(work: Work) -> bool:
    """Fire what is automatic on records that were written, and arm what new ones wait for.

    Returns whether anything was fired, so that a record is no longer as it was written.

    Raises:
        RequestError: an automatic step does not come to an end, or fails.

    """
    if not work.runtime.machines:
        work.written.clear()
        return False
    is_fired = False
    for _ in range(ROUNDS):
        drafts, work.written = work.written, []
        if not drafts:
            break
        saved = [draft for root in drafts for draft in root.everyone()]
        _begin(work, [draft for draft in saved if draft.is_new])
        for draft in saved:
            is_fired |= _settle(work, draft)
    return is_fired


def settle_record(work: Work, entity: str, record_id: str) -> Fired | None:
    """Fire what is automatic on one record now; None when nothing is."""
    machines = work.runtime.machines[entity]
    fires, work.fires = work.fires, True
    try:
        inserts.leave_now(work.connection)
        held = hold(work, machines.entity, record_id, system_grant(entity))
        log_id = work.runtime.make_id()
        situation = _held.situation(work, held, (), log_id)
        done = firing.settle(machines, situation)
        if isinstance(done, Refused):
            raise unfired(done)
        if not done.steps:
            return None
        wanted = Wanted(entity, record_id, "", "", source=AUTO)
        ask = Ask("", "", Asker(SYSTEM))
        return _Pass(work, machines, held, wanted, ask, log_id).carry_out(done)
    finally:
        work.fires = fires


def asker(work: Work, wanted: Wanted, held: Held | None = None) -> Asker:
    """Return who asks, as the algorithm knows them."""
    actor, runtime = work.incoming.actor, work.runtime
    facts = work.context["actor"]
    if actor is None or wanted.source not in PEOPLE:
        return Asker(wanted.source, facts=facts)
    return Asker(
        wanted.source,
        roles=_roles(runtime, actor, wanted.entity, wanted.workflow, wanted.transition),
        id=str(actor.real_id or actor.id),
        facts=facts,
        confirmed=_confirmed(work, actor, held) if held is not None else frozenset(),
    )


def grant_of(runtime: Runtime, actor: Actor, wanted: Wanted) -> Grant | None:
    """Return the right of a person to fire a transition; None when they have none."""
    action = transition_action(wanted.workflow, wanted.transition)
    return runtime.matrix.grant(actor.roles, wanted.entity, action)


def trigger_of(incoming: Incoming, edges: tuple[Transition, ...]) -> str:
    """Return what fires: of a person over REST `api` where some edge knows it, else `user`."""
    actor = incoming.actor
    if actor is not None and actor.kind == "system" and incoming.source in MACHINES:
        return incoming.source
    if incoming.source == "rest" and any(API in edge.triggers for edge in edges):
        return API
    return USER


MACHINES = frozenset({"timer", "event", "system"})
"""Sources that only our own jobs name."""


def _roles(
    runtime: Runtime, actor: Actor, entity: str, workflow: str, transition: str
) -> frozenset[str]:
    """Return the roles of a person with all they include; none where the matrix says no."""
    action = transition_action(workflow, transition)
    if runtime.matrix.grant(actor.roles, entity, action) is None:
        return frozenset()
    roles = runtime.app.roles
    return frozenset().union(*(closure(role, roles) for role in actor.roles))


def _confirmed(work: Work, actor: Actor, held: Held) -> frozenset[str]:
    """Return the levels of confirmation that were given, about this record."""
    title = audit.title_of(held.draft.entity, held.draft.facts)
    now = work.runtime.clock().timestamp()
    return frozenset(
        name for name, level in LEVELS.items() if levels()[level](actor.proof, title, now)
    )


def _bound_wait(work: Work) -> None:
    """Let nobody wait long for a record that somebody else holds."""
    if work.connection.dialect.name == "postgresql":
        work.connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")


def _second_person(
    work: Work, machines: Machines, held: Held, ask: Ask, situation: Situation
) -> RequestError:
    """Return what keeps a transition until another person agrees; or why it could not be anyway."""
    agreed = replace(ask, by=replace(ask.by, confirmed=ask.by.confirmed | {SECOND_PERSON}))
    done = firing.fire(machines, agreed, situation)
    if isinstance(done, Refused):
        return unfired(done)
    entity = held.draft.entity
    name = f"{ask.workflow}.{ask.transition}"
    rule = next(
        one
        for one in work.runtime.app.sensitive
        if (one.entity, one.name, one.actions) == (entity.name, name, ("transition",))
    )
    workflow = machines.workflows[ask.workflow]
    told = answers_in_words(work.runtime, workflow.named(ask.transition), ask.input)
    given = [work.incoming.reason, *told]
    return NeedsApproval(
        WAITS,
        rule=rule,
        title=audit.title_of(entity, held.draft.facts),
        before={workflow.field: done.steps[0].before},
        after={workflow.field: done.steps[0].after},
        reason="; ".join(one for one in given if one),
    )


def _held_for(work: Work, entity: Entity, wanted: Wanted) -> Held:
    actor = work.incoming.actor
    grant: Grant | None = system_grant(entity.name)
    if wanted.source in PEOPLE and actor is not None and actor.kind != "system":
        grant = grant_of(work.runtime, actor, wanted)
        if grant is None:
            # the algorithm says that the role is missing, after it said what else is wrong
            grant = work.runtime.matrix.grant(actor.roles, entity.name, "read")
    if grant is None:
        raise unfired(Refused("forbidden"))
    try:
        return hold(work, entity, wanted.record_id, grant)
    except sqlalchemy.exc.OperationalError as error:
        if getattr(error.orig, "sqlstate", "") == NO_LOCK:
            raise busy() from error
        raise


def _begin(work: Work, drafts: list[Draft]) -> None:
    """Arm what new records wait for in the states they begin in."""
    found = []
    for draft in drafts:
        machines = work.runtime.machines.get(draft.entity.name)
        if machines is None:
            continue
        entries = Entries(work, draft.entity, str(draft.facts["id"]), draft.facts)
        for workflow in machines.workflows.values():
            entries.begins(workflow)
        found.append(entries)
    write_all(work, found)


def _settle(work: Work, draft: Draft) -> bool:
    """Fire what is automatic on a record now; return whether anything was."""
    machines = work.runtime.machines.get(draft.entity.name)
    if machines is None:
        return False
    if draft.before is not None:
        rearm(work, draft.entity, draft.before, draft.facts)
    if not any(_may_go(workflow, draft) for workflow in machines.workflows.values()):
        return False
    return settle_record(work, draft.entity.name, str(draft.facts["id"])) is not None


def _may_go(workflow: Workflow, draft: Draft) -> bool:
    """Return whether something that an automatic transition from here depends on was written."""
    state = str(draft.facts.get(workflow.field))
    edges = [edge for edge in workflow.leaving(state) if AUTO in edge.triggers]
    if not edges or draft.is_new:
        return bool(edges)
    before = draft.before or {}
    changed = {name for name, value in draft.facts.items() if before.get(name) != value}
    changed |= {*draft.children, *draft.linked}
    for edge in edges:
        conditions = [*(one.when for one in edge.guards), *(one.when for one in edge.branches)]
        paths = {path[0] for one in conditions if one is not None for path in one.paths}
        stored = {name for name in paths if name in draft.facts or name in draft.children}
        if not paths or changed & paths or paths - stored:
            return True
    return False


@dataclass
class _Pass:
    """What the algorithm decided about one record, being carried out."""

    work: Work
    machines: Machines
    held: Held
    wanted: Wanted
    ask: Ask
    log_id: str
    """Of the first step: keys of outside calls are made of it."""

    def __post_init__(self) -> None:
        held = self.held
        record_id = str(held.draft.facts["id"])
        self.entries = Entries(self.work, held.draft.entity, record_id, held.draft.facts)
        self.created: list[CreateRecord] = []
        self.posts: list[Post | TakeBack] = []
        self.others: list[Asked] = []
        self.told: list[dict[str, Any]] = []

    def carry_out(self, done: Done) -> Fired:
        """Write what was decided; what is automatic after formulas were run follows at once."""
        self._take(done)
        for _ in range(ROUNDS):
            if not self._compute():
                break
            more = self._further()
            if not more.steps:
                break
            self._take(more)
        else:
            raise unfired(Refused("auto_loop"))
        self._write()
        is_last = not self._follow()
        draft = self.held.draft if is_last else None
        return Fired(self.wanted.record_id, self._version(), tuple(self.told), draft=draft)

    def _take(self, done: Done) -> None:
        """Put the decision into the draft and its rows into the entries."""
        ids: dict[str, str] = {}
        for number, step in enumerate(done.steps):
            log_id = self.log_id if not self.told else self.work.runtime.make_id()
            commands = done.commands_of(number)
            before = dict(self.held.draft.facts)
            for command in commands:
                self._apply(command)
            self.others += [Asked(one, log_id) for one in commands if isinstance(one, FireOther)]
            if self.told or self.wanted.source == AUTO:
                more = self._automatic(ids.get(step.cause, ""))
            else:
                more = self._direct(step.transition)
            more |= self._changes(before)
            self.entries.step(log_id, step, commands, more)
            ids[f"{step.workflow}.{step.transition}"] = log_id
            self.told.append(
                {
                    "workflow": step.workflow,
                    "transition": step.transition,
                    "from": step.before,
                    "to": step.after,
                    "log": log_id,
                }
            )

    def _apply(self, command: Any) -> None:
        draft = self.held.draft
        match command:
            case SetState():
                draft.facts[command.field] = command.after
            case SetField():
                model = draft.entity.fields[command.field]
                if model.type == "references":
                    draft.linked[model.name] = tuple(command.value or ())
                elif model.computed is None and has_column(model, self._catalog):
                    draft.facts[model.name] = command.value
            case CreateRecord():
                self.created.append(command)
            case Post() | TakeBack():
                self.posts.append(command)
            case _:
                pass

    @property
    def _catalog(self) -> Any:
        return self.work.runtime.compiled.field_types

    def _compute(self) -> bool:
        """Run the formulas of the whole on what was set; return whether automatic steps may go."""
        work, held = self.work, self.held
        held.lookup = _saving.look_up(work, (held.root,)) if self._points() else held.lookup
        work.fail_if_wrong()
        seen = _saving.compute_and_check(work, held.root, held.lookup)
        held.seen = _held.below_wholes(held.root, seen)
        try:
            work.fail_if_wrong()
        except Invalid as wrong:
            raise unfired_checks(wrong) from wrong
        return any(
            AUTO in edge.triggers
            for workflow in self.machines.workflows.values()
            for edge in workflow.leaving(str(held.draft.facts.get(workflow.field)))
        )

    def _points(self) -> bool:
        """Return whether an effect let the record point at something else."""
        draft = self.held.draft
        before = draft.before or {}
        pointers = form_of(self.work.runtime, draft.entity).pointers
        return bool(draft.linked) or any(
            draft.facts.get(one.name) != before.get(one.name) for one in pointers
        )

    def _further(self) -> Done:
        situation = _held.situation(self.work, self.held, (), self.work.runtime.make_id())
        more = firing.settle(self.machines, situation, self.ask.by)
        if isinstance(more, Refused):
            raise unfired(more)
        return more

    def _write(self) -> None:
        work, root, own = self.work, self.held.root, self.held.draft
        before_it = own.before or {}
        waiting = list(work.written)
        _saving.write(work, root)
        # of the record itself automatic steps were fired to their end above; its whole may go on
        work.written = waiting if root is self.held.draft else [*waiting, root]
        before, after = audit.differences(root, work.runtime)
        first = self.told[0] if self.told else {}
        audit.write(work, "transition", root.entity, root.facts, before, after, dict(first))
        self.entries.facts = self.held.draft.facts
        self.entries.write(self._version())
        rearm(work, own.entity, before_it, own.facts)

    def _follow(self) -> bool:
        """Let everything that depends on the record follow, then make what effects asked for.

        Returns whether anything more was written.
        """
        work = self.work
        post_all(work, self.held.draft, self.posts)
        _renewing.follow(work, (self.held.root,))
        for command in self.created:
            create_inside(work, command.entity, command.values)
        if self.others:
            own = self.held.draft
            fire_others(work, own.entity, str(own.facts["id"]), self.others, self._fire_other)
        has_more = bool(work.written or self.others)
        settle_all(work)
        return has_more

    def _fire_other(self, entity: str, record_id: str, asked: Asked) -> None:
        """Fire a transition of another record as the system."""
        command = asked.command
        wanted = Wanted(
            entity,
            record_id,
            command.workflow,
            command.transition,
            cause_log_id=asked.log_id,
        )
        fire_inside(self.work, wanted)

    def _version(self) -> int:
        return int(self.held.draft.facts["version"])

    def _direct(self, name: str) -> dict[str, Any]:
        """Return what the log row of the step that was asked for says."""
        wanted, incoming = self.wanted, self.work.incoming
        actor = incoming.actor
        edges = self.machines.workflows[wanted.workflow].named(name)
        named = {role for edge in edges for role in edge.roles}
        used = sorted(self.ask.by.roles & named)
        return {
            "source": wanted.source,
            "roles": used or None,
            "input": _masked(edges, wanted.input) or None,
            "read": self._read(edges) or None,
            "reason": wanted.reason or incoming.reason or None,
            "cause": wanted.cause or None,
            "cause_log_id": wanted.cause_log_id or None,
            "batch_id": wanted.batch_id or None,
            "approval_id": (actor.proof.approval or None) if actor is not None else None,
            **(SYSTEM_ACTOR if self.work.depth else {}),
        }

    def _automatic(self, cause: str) -> dict[str, Any]:
        """Return what the log row of a step that followed says: the system took it."""
        causes = cause or (self.told[-1]["log"] if self.told else "")
        return {
            "source": AUTO,
            "cause_log_id": causes or self.wanted.cause_log_id or None,
            "batch_id": self.wanted.batch_id or None,
            **SYSTEM_ACTOR,
        }

    def _read(self, edges: tuple[Transition, ...]) -> dict[str, Any]:
        """Return the values that the guards of a transition looked at."""
        entity = self.held.draft.entity
        names = {
            path[0]
            for edge in edges
            for clause in edge.guards
            for path in clause.when.paths
            if path[0] in entity.fields
            and entity.fields[path[0]].sensitivity in {"public", "internal"}
        }
        return _held.plain_facts(self.held.facts, names)

    def _changes(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields that a step set, before and after."""
        draft = self.held.draft
        names = [name for name, value in draft.facts.items() if before.get(name) != value]
        seen = [n for n in names if draft.entity.fields[n].sensitivity in {"public", "internal"}]
        return {
            "before": _held.plain_facts(before, seen) or None,
            "after": _held.plain_facts(draft.facts, seen) or None,
        }


def create_inside(work: Work, entity_name: str, values: Mapping[str, Any]) -> Draft:
    """Make a record that an effect asked for, in the same transaction.

    Raises:
        Broken: its values do not make a record; nothing at all is changed.

    """
    inserts.leave_now(work.connection)
    entity = work.runtime.app.entities[entity_name]
    try:
        draft = _saving.draft_new(work, entity, values)
        if entity.child_of:
            draft.facts[entity.child_of] = values.get(entity.child_of)
            draft.facts["position"] = _next_place(work, entity, values.get(entity.child_of))
        _saving.settle(work, draft)
        _saving.write(work, draft)
        inserts.leave_now(work.connection)
    except Invalid as wrong:
        work.errors.clear()
        raise Broken(FAILED, wrong.errors) from wrong
    except sqlalchemy.exc.IntegrityError as error:
        found = violations.translate(error, entity, work.connection.dialect.name)
        raise Broken(FAILED, found.errors) from error
    audit.record(work, "create", draft)
    if entity.child_of:
        whole = work.runtime.app.entities[entity.fields[entity.child_of].target]
        _renewing.follow(
            work, _renewing.renew(work, whole, {str(draft.facts[entity.child_of]): {}})
        )
    return draft


def unfired_checks(wrong: Invalid) -> RequestError:
    """Return the refusal of a record that its own checks refuse in the state it would enter."""
    return InvalidInput(wrong.message, wrong.errors)


def _next_place(work: Work, entity: Entity, whole: Any) -> int:
    table = work.runtime.schema.tables[entity.name]
    if "position" not in table.c:
        return 0
    last = sa.select(sa.func.max(table.c.position)).where(table.c[entity.child_of] == whole)
    found = work.connection.execute(system(last, "the place of a new part")).scalar()
    return 0 if found is None else int(found) + 1


def _masked(edges: tuple[Transition, ...], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers as the log keeps them: of what is personal, only that it was said."""
    fields = {name: one.field for edge in edges for name, one in edge.input.items()}
    return {
        name: _held.plain_facts({name: value}, (name,))[name]
        if name in fields and fields[name].sensitivity in {"public", "internal"}
        else "***"
        for name, value in given.items()
    }
