"""Carrying out what the algorithm decided: state, fields, log, timers, posts, what follows.

Comes in: one record under its lock and the decision about it. Goes out: `Fired`, everything
written. A refusal undoes the caller's transaction; nothing here opens or ends one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generator.build.tables import has_column
from generator.model.workflow import (
    AUTO,
    Transition,
)
from rules.commands import (
    CreateRecord,
    FireOther,
    Hold,
    IssueNumber,
    OfLedger,
    Post,
    Reprice,
    SetField,
    SetState,
    Settle,
    TakeAgain,
    TakeBack,
)
from rules.workflow import firing
from rules.workflow.asking import Ask, Done, Machines, Refused
from runtime.errors import (
    Invalid,
    InvalidInput,
)
from runtime.operations import _held, _lost_codes, _renewing, _repricing, _saving
from runtime.operations._effect_posts import post_all
from runtime.operations._elsewhere import Asked, fire_others, fire_these
from runtime.operations._entries import SYSTEM_ACTOR, Entries
from runtime.operations._held import Held
from runtime.operations._lost_codes import Fate
from runtime.operations._making import create_inside
from runtime.operations._numbers import issue_number
from runtime.operations._rearming import rearm
from runtime.operations._repricing import Repriced
from runtime.operations._unfired import unfired
from runtime.operations._veiled import refusal_for
from runtime.operations._wanted import Fired, Wanted
from runtime.operations._work import Work
from runtime.store import audit
from runtime.store.forms import form_of

ROUNDS = 10
"""What follows from what follows is settled so far."""


@dataclass
class Passing:
    """What the algorithm decided about one record, being carried out."""

    work: Work
    machines: Machines
    held: Held
    wanted: Wanted
    ask: Ask
    log_id: str
    """Of the first step: keys of outside calls are made of it."""
    fire: Callable[[Work, Wanted], Fired]
    """Fires a transition of another record."""
    settle: Callable[[Work], bool]
    """Fires what is automatic on all that was written."""

    def __post_init__(self) -> None:
        held = self.held
        record_id = str(held.draft.facts["id"])
        self.entries = Entries(self.work, held.draft.entity, record_id, held.draft.facts)
        self.created: list[CreateRecord] = []
        self.posts: list[OfLedger] = []
        self.others: list[Asked] = []
        self.told: list[dict[str, Any]] = []
        self.repriced: Repriced | None = None

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
            case IssueNumber():
                issue_number(self.work, draft, draft.entity.fields[command.field])
            case CreateRecord():
                self.created.append(command)
            case Reprice():
                self.repriced = _repricing.apply(self.work, draft, command)
            case Post() | TakeBack() | TakeAgain() | Hold() | Settle():
                self.posts.append(command)
            case _:
                pass

    @property
    def _catalog(self) -> Any:
        return self.work.runtime.compiled.field_types

    def _compute(self) -> bool:
        """Run the formulas of the whole on what was set; return whether automatic steps may go."""
        work, held = self.work, self.held
        held.lookup = (
            _saving.look_up(work, (held.root,)) if self._points() or self.repriced else held.lookup
        )
        work.fail_if_wrong()
        seen = _saving.compute_and_check(work, held.root, held.lookup)
        held.seen = _held.below_wholes(held.root, seen)
        try:
            work.fail_if_wrong()
        except Invalid as wrong:
            raise InvalidInput(wrong.message, wrong.errors) from wrong
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
            raise refusal_for(self.work, self.held, more)
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
        steps = [f"{one['workflow']}.{one['transition']}" for one in self.told]
        told = {**first, "steps": steps}
        audit.write(work, "transition", root.entity, root.facts, before, after, told)
        self.entries.facts = self.held.draft.facts
        self.entries.follow()
        self.entries.write(self._version())
        rearm(work, own.entity, before_it, own.facts, {one["workflow"] for one in self.told})

    def _follow(self) -> bool:
        """Let everything that depends on the record follow, then make what effects asked for.

        Returns whether anything more was written.
        """
        work = self.work
        if self.repriced is not None:
            _repricing.post(work, self.held.draft, self.repriced)
        post_all(work, self.held.draft, self.posts)
        _renewing.follow(work, (self.held.root,))
        for command in self.created:
            create_inside(work, command.entity, command.values, command.draw)
        if self.others:
            own = self.held.draft
            fire_others(work, own.entity, str(own.facts["id"]), self.others, self._fire_other)
        codes = _lost_codes.asked(work, self.held.draft, self._fates(), self.log_id)
        if codes:
            fire_these(work, codes, self._fire_other)
        has_more = bool(work.written or self.others or codes)
        self.settle(work)
        return has_more

    def _fates(self) -> Sequence[Fate]:
        return self.repriced.fates if self.repriced is not None else ()

    def _fire_other(self, entity: str, record_id: str, asked: Asked) -> None:
        """Fire a transition of another record as the system."""
        command = asked.command
        wanted = Wanted(
            entity,
            record_id,
            command.workflow,
            command.transition,
            command.input,
            cause_log_id=asked.log_id,
        )
        self.fire(self.work, wanted)

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


def _masked(edges: tuple[Transition, ...], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers as the log keeps them: of what is personal, only that it was said."""
    fields = {name: one.field for edge in edges for name, one in edge.input.items()}
    return {
        name: _held.plain_facts({name: value}, (name,))[name]
        if name in fields and fields[name].sensitivity in {"public", "internal"}
        else "***"
        for name, value in given.items()
    }
