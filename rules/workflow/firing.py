"""The firing algorithm: one edge a request, all or nothing, and what it causes as commands.

Comes in: the machines of an entity, what is asked, and the record as it is under its lock. Goes
out: `Done` with every command in the order of its deed, or `Refused` with every reason; a refusal
at any step, of a cascade or of the automatic steps behind it, is a refusal of the whole.

The runtime carries the commands out in one transaction and adds what only it can: the lock, the
version, the row scope, the idempotency key.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from generator.expressions.compile import Expression
from generator.model.workflow import (
    AUTO,
    BLOCKED,
    SECOND_PERSON,
    SYSTEM,
    Effect,
    Transition,
    Workflow,
)
from rules.blockers import Blocker, both
from rules.commands import (
    CloseState,
    Command,
    Fire,
    Reprice,
    SetField,
    SetState,
    SkippedCascade,
    WriteLog,
)
from rules.workflow import answers, guarding
from rules.workflow.asking import (
    Ask,
    Asker,
    Done,
    Event,
    Machines,
    Refused,
    Situation,
    Step,
    context,
    holds,
)
from rules.workflow.timers import armed

MOST_AUTO = 10
"""So many automatic steps follow one request; more are a loop."""
MOST_CASCADES = 5
"""So deep transitions may fire transitions."""
TOO_MANY = both("The automatic steps do not come to an end.", "自动步骤无法结束。")
FAILED = both(
    "A step of this transition failed; nothing was changed.", "该操作的某一步失败，未作任何更改。"
)
LEVELS = {"type_value", "reauth", SECOND_PERSON}
"""Confirmations that the algorithm itself asks for; a dialog is the screen's affair."""


def fire(machines: Machines, ask: Ask, situation: Situation) -> Done | Refused:
    """Return what a transition does, or why it does not happen."""
    run = _Run(machines, ask, situation, dict(situation.facts))
    done = run.step(ask, direct=True)
    if isinstance(done, Refused):
        return done
    if done:
        return Done(situation.facts, (), (), (), repeated=True)
    return run.ended()


def settle(machines: Machines, situation: Situation, by: Asker | None = None) -> Done | Refused:
    """Return what the automatic transitions do to a record, after something it depends on changed.

    Nothing to do is `Done` without steps.
    """
    ask = Ask("", "", by or Asker(SYSTEM))
    return _Run(machines, ask, situation, dict(situation.facts)).ended()


@dataclass
class _Run:
    """One request on its way: the record as it is so far, and what has been decided."""

    machines: Machines
    ask: Ask
    situation: Situation
    facts: dict[str, Any]
    commands: list[Command] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    """By step: where its commands begin."""
    waiting: deque[tuple[Fire, str, int]] = field(default_factory=deque)
    """Transitions that effects asked for, what asked, and how deep that was."""

    def ended(self) -> Done | Refused:
        """Fire what waits, then what is automatic, until nothing is left."""
        seen: set[tuple[Any, ...]] = set()
        automatic = 0
        while True:
            refusal = self._cascades()
            if refusal is not None:
                return refusal
            found = None if self._is_open() else self._automatic()
            if isinstance(found, Refused):
                return found
            if found is None:
                self._derive()
                return self._done()
            shape = (found.workflow, found.transition, *_frozen(self.facts))
            automatic += 1
            if shape in seen or automatic > MOST_AUTO:
                return Refused("auto_loop", (Blocker("AUTO_LOOP", TOO_MANY),))
            seen.add(shape)
            refused = self.step(found, direct=False, cause=self._last())
            if isinstance(refused, Refused):
                return refused

    def _done(self) -> Done:
        return Done(
            self.facts,
            tuple(self.steps),
            tuple(self.commands),
            tuple(self.events),
            starts=tuple(self.starts),
        )

    def step(self, ask: Ask, *, direct: bool, cause: str = "", depth: int = 0) -> Refused | bool:
        """Take one edge; true when its outside event had been applied before."""
        workflow = self.machines.workflows.get(ask.workflow)
        edges = workflow.named(ask.transition) if workflow else ()
        if workflow is None or not edges:
            return Refused("unknown_transition")
        if direct and not any(ask.by.source in edge.triggers for edge in edges):
            return Refused("wrong_trigger")
        state: Any = self.facts.get(workflow.field)
        if state not in workflow.states:
            return Refused("unknown_stored_state", current=str(state))
        edge = next((one for one in edges if one.leads_from(state)), None)
        if edge is None or (direct and ask.by.source not in edge.triggers):
            return self._elsewhere(workflow, edges, state, ask)
        beside = context(ask, self.situation, state)
        refusal = self._refusal(edge, ask, beside, direct=direct)
        if refusal is not None:
            return replace(refusal, current=state)
        beside = {**beside, "input": answers.complete(edge, ask.input)}
        target = self._target(workflow, edge, beside)
        if target is None:
            reason = Blocker(BLOCKED, None, {}, edge.span)
            return Refused("guard_blocked", (reason,), current=state)
        return self._take(workflow, edge, state, target, beside, cause, depth) or False

    def _elsewhere(
        self, workflow: Workflow, edges: tuple[Transition, ...], state: str, ask: Ask
    ) -> Refused | bool:
        """Answer a transition that does not lead from here: told twice, or simply wrong."""
        targets = {target for edge in edges for target in edge.targets}
        if ask.cause and ask.cause in self.situation.causes and state in targets:
            return True
        here = workflow.leaving(state)
        allowed = dict.fromkeys(
            one.name
            for one in here
            if ask.by.source in one.triggers and not guarding.role_missing(one, ask.by)
        )
        return Refused("not_in_from_state", current=state, allowed=tuple(allowed))

    def _refusal(
        self, edge: Transition, ask: Ask, beside: Mapping[str, Any], *, direct: bool
    ) -> Refused | None:
        """Ask everything that may stand in the way, in the order of the algorithm."""
        if direct:
            wrong = answers.faults(edge, self.facts, beside)
            if wrong:
                return Refused("invalid_input", fields=wrong)
            missing = guarding.role_missing(edge, ask.by)
            if missing:
                return Refused("forbidden", missing)
            same = guarding.same_person(edge, ask.by, self.situation.past)
            if same:
                return Refused("same_person", same)
            if edge.confirm in LEVELS and edge.confirm not in ask.by.confirmed:
                return Refused("confirmation_required", needs=edge.confirm)
        beside = {**beside, "input": answers.complete(edge, ask.input)}
        reasons = guarding.blocked(edge.guards, self.facts, beside)
        if reasons:
            return Refused("guard_blocked", reasons)
        vetoes = guarding.vetoed(edge.before, self.facts, beside)
        return Refused("vetoed", vetoes) if vetoes else None

    def _target(
        self, workflow: Workflow, edge: Transition, beside: Mapping[str, Any]
    ) -> str | None:
        if edge.previous is not None:
            visited = self.situation.visited.get(workflow.name, ())
            last = visited[-1] if visited else ""
            return last if last in edge.previous.among else edge.previous.otherwise
        return next((one.to for one in edge.branches if holds(one.when, self.facts, beside)), None)

    def _take(
        self,
        workflow: Workflow,
        edge: Transition,
        state: str,
        target: str,
        beside: Mapping[str, Any],
        cause: str,
        depth: int,
    ) -> Refused | None:
        """Do what the edge does: leave, do, enter, the state itself, then what follows."""
        old, new = workflow.states[state], workflow.states[target]
        step = Step(workflow.name, edge.name, state, target, cause)
        after: list[Command] = []
        begins = len(self.commands)
        try:
            self._effects(old.leave, beside, step, after, depth)
            self._happened("left", step, state)
            self._effects(edge.do, beside, step, after, depth)
            self._happened("fired", step, state)
            self._effects(new.enter, beside, step, after, depth)
            self.facts[workflow.field] = target
            self.commands += [
                SetState(workflow.name, workflow.field, state, target),
                WriteLog(workflow.name, edge.name, state, target, cause),
                CloseState(workflow.name, state),
                *armed(workflow, target, self.facts, self.situation.now),
            ]
            self._happened("entered", step, target)
            self._effects(edge.then, beside, step, after, depth)
            self._effects(edge.after_commit, beside, step, after, depth)
        except ArithmeticError:
            reason = Blocker("EFFECT_FAILED", FAILED, {}, edge.span)
            return Refused("effect_failed", (reason,), current=state)
        wanting = answers.missing(new, self.facts)
        if wanting:
            return Refused("invalid_input", fields=wanting, current=state)
        self.steps.append(step)
        self.starts.append(begins)
        self.commands += after
        self._happened("completed", step, target)
        self._derive()
        return None

    def _effects(
        self,
        effects: tuple[Effect, ...],
        beside: Mapping[str, Any],
        step: Step,
        after: list[Command],
        depth: int,
    ) -> None:
        """Turn effects into commands; later ones see what earlier ones have set."""
        for effect in effects:
            if not holds(effect.when, self.facts, beside):
                continue
            word = self.machines.words[effect.word]
            for command in word.commands(effect, _Facts(self, beside, step)):
                if isinstance(command, SetField):
                    seen = self.situation.behind(command.field, command.value)
                    self.facts[command.field] = seen
                if isinstance(command, Fire):
                    self.waiting.append((command, _key(step), depth + 1))
                elif word.external:
                    after.append(command)
                else:
                    self.commands.append(command)

    def _cascades(self) -> Refused | None:
        """Fire what effects asked for, in their order; a refusal is one of the whole."""
        while self.waiting:
            command, cause, depth = self.waiting.popleft()
            ask = Ask(command.workflow, command.transition, replace(self.ask.by, source=SYSTEM))
            refused: Refused | bool = (
                Refused("auto_loop", (Blocker("AUTO_LOOP", TOO_MANY),))
                if depth > MOST_CASCADES
                else self.step(ask, direct=False, cause=cause, depth=depth)
            )
            if not isinstance(refused, Refused):
                continue
            if not command.optional:
                return refused
            skipped = SkippedCascade(command.workflow, command.transition, refused.code)
            self.commands.append(skipped)
        return None

    def _is_open(self) -> bool:
        """Return whether the record is not known before its prices are: what follows waits."""
        return any(isinstance(one, Reprice) for one in self.commands)

    def _automatic(self) -> Ask | Refused | None:
        """Return the first automatic transition that may fire now, of the lowest workflow."""
        by = replace(self.ask.by, source=AUTO, facts=self.ask.by.facts)
        for workflow in self.machines.ranked:
            state: Any = self.facts.get(workflow.field)
            if state not in workflow.states:
                continue
            for edge in sorted(_automatic(workflow, state), key=lambda one: one.order or 0):
                ask = Ask(workflow.name, edge.name, by)
                beside = {
                    **context(ask, self.situation, state),
                    "input": answers.complete(edge, {}),
                }
                free = not guarding.blocked(edge.guards, self.facts, beside)
                if free and self._target(workflow, edge, beside) is not None:
                    return ask
        return None

    def _derive(self) -> None:
        """Give derived columns the value that follows from the record as it is so far."""
        beside = context(self.ask, self.situation, "")
        for one in self.machines.derivations:
            try:
                value = next(
                    case.value for case in one.cases if holds(case.when, self.facts, beside)
                )
            except StopIteration:
                continue
            if self.facts.get(one.field) != value:
                self.facts[one.field] = value
                self.commands.append(SetField(one.field, value))
                self.events.append(Event("derived", one.name, "", value))

    def _happened(self, name: str, step: Step, state: str) -> None:
        self.events.append(Event(name, step.workflow, step.transition, state))

    def _last(self) -> str:
        return _key(self.steps[-1]) if self.steps else ""


@dataclass(frozen=True)
class _Facts:
    """What a word of an effect may ask."""

    run: _Run
    beside: Mapping[str, Any]
    step: Step

    def parts(self, field: str, whole: str) -> Sequence[Mapping[str, Any]]:
        facts = self.run.facts
        return tuple({**part, whole: facts} for part in facts.get(field) or ())

    def value(self, expression: Expression, part: Mapping[str, Any] | None = None) -> Any:
        facts = self.run.facts if part is None else part
        if expression.overflows(facts, self.beside):
            raise OverflowError(expression.text)
        return expression.function(facts, self.beside)

    def key(self, part: str) -> str:
        return f"{self.step.workflow}:{self.run.situation.entered}:{part}"


def _key(step: Step) -> str:
    return f"{step.workflow}.{step.transition}"


def _automatic(workflow: Workflow, state: str) -> tuple[Transition, ...]:
    return tuple(edge for edge in workflow.leaving(state) if AUTO in edge.triggers)


def _frozen(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the record as something that can be in a set."""
    return tuple(f"{name}={value!r}" for name, value in sorted(facts.items()))
