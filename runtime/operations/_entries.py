"""What an entry into a state leaves behind: its row in the log, timers, tasks, events.

Comes in: the steps that the algorithm decided, each with its commands. Goes out: rows of the same
transaction. What the left state had waiting is closed first, so that a state that is entered again
from itself begins anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from generator.model.entity import Entity
from generator.model.workflow import Workflow
from rules.commands import (
    ArmTimer,
    Call,
    CloseState,
    Command,
    Enqueue,
    Notify,
    OpenTask,
    SkippedCascade,
)
from rules.workflow.asking import Step
from rules.workflow.timers import armed, due_of, is_dated, start_of
from runtime.jobs.outbox import Event, emit
from runtime.operations._work import Work
from runtime.runtime import Runtime
from runtime.store import inserts
from runtime.store.titles import title_of
from runtime.store.trail import about
from runtime.store.workflow_tables import ARMED, CANCELLED, REMINDER, TRANSITION, WATCHDOG

FIRED, SKIPPED = "fired", "skipped"
"""What a row of the log says became of it."""
SYSTEM_ACTOR: Mapping[str, Any] = {
    "actor_id": 0,
    "actor_name": "system",
    "actor_kind": "system",
}
"""Who takes a step that follows; the person behind it stands in the row that caused it."""
TOPICS = {Notify: "workflow.notify", Enqueue: "workflow.enqueue", Call: "workflow.call"}


@dataclass
class Entries:
    """The rows of one pass through the algorithm, about one record."""

    work: Work
    entity: Entity
    record_id: str
    facts: Mapping[str, Any]
    """The record as it will be stored."""
    logs: list[dict[str, Any]] = field(default_factory=list)
    timers: list[dict[str, Any]] = field(default_factory=list)
    tasks: list[dict[str, Any]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)

    def step(
        self, log_id: str, step: Step, commands: Iterable[Command], more: Mapping[str, Any]
    ) -> None:
        """Note what one step leaves; `more` are columns of its log row."""
        workflow = self.work.runtime.app.workflows[self.entity.name][step.workflow]
        self.logs.append(self._log(log_id, step, FIRED, more))
        for command in commands:
            match command:
                case CloseState(state=state):
                    self._close(workflow, state, log_id)
                case ArmTimer(transition=transition, due=due):
                    self.arm(TRANSITION, workflow.name, step.after, transition, log_id, due)
                case OpenTask():
                    self._open(command, step, log_id)
                case Notify() | Enqueue() | Call():
                    self._outside(command, step, log_id)
                case SkippedCascade():
                    state = str(self.facts.get(workflow.field))
                    skipped = Step(command.workflow, command.transition, state, state)
                    told = {**more, "cause_log_id": log_id, "reason": command.code}
                    self.note(skipped, SKIPPED, told)
                case _:
                    pass
        self._watch(workflow, step.after, log_id)

    def begins(self, workflow: Workflow) -> None:
        """Note what the first state of a new record leaves.

        There is no log row of it, so the record names the entry; one that was brought in from
        elsewhere in another state than the initial one has its row, marked as an import.
        """
        state = str(self.facts.get(workflow.field))
        entered = self.record_id
        if state != workflow.initial:
            brought = Step(workflow.name, "", "", state)
            told = {"source": "import"}
            entered = self.work.runtime.make_id()
            self.logs.append(self._log(entered, brought, FIRED, told))
        for one in armed(workflow, state, self.facts, self.work.now):
            self.arm(TRANSITION, workflow.name, state, one.transition, entered, one.due)
        self._watch(workflow, state, entered)

    def note(self, step: Step, outcome: str, more: Mapping[str, Any]) -> None:
        """Note a row of the log alone, which leaves nothing waiting."""
        self.logs.append(self._log(self.work.runtime.make_id(), step, outcome, more))

    def follow(self) -> None:
        """Let what was noted wait for the dates the record has in the end, formulas having run."""
        last = {row["workflow"]: row["id"] for row in self.logs if row["outcome"] == FIRED}
        for name, entered in last.items():
            workflow = self.work.runtime.app.workflows[self.entity.name][name]
            state = str(self.facts.get(workflow.field))
            dated = [edge for edge in workflow.leaving(state) if is_dated(edge)]
            names = {edge.name for edge in dated}
            self.timers = [
                one
                for one in self.timers
                if (one["kind"], one["workflow"]) != (TRANSITION, name)
                or one["transition"] not in names
            ]
            for edge in dated:
                start = start_of(edge, self.facts, self.work.now)
                if edge.timer is not None and start is not None:
                    due = due_of(edge.timer, start)
                    self.arm(TRANSITION, name, state, edge.name, entered, due)

    def write(self, version: int) -> None:
        """Write everything that was noted, the record being at a version now."""
        for row in self.logs:
            row["record_version"] = version
        write_all(self.work, (self,))

    def _log(
        self, log_id: str, step: Step, outcome: str, more: Mapping[str, Any]
    ) -> dict[str, Any]:
        work = self.work
        return {
            "id": log_id,
            "at": work.now,
            "entity": self.entity.name,
            "record_id": self.record_id,
            "workflow": step.workflow,
            "transition": step.transition,
            "from_state": step.before,
            "to_state": step.after,
            "outcome": outcome,
            "digest": work.runtime.app.digest,
            **about(work.incoming.actor),
            "request_id": work.incoming.request_id or None,
            "address": work.incoming.address[:64] or None,
            **BLANK,
            **more,
        }

    def arm(
        self, kind: str, workflow: str, state: str, transition: str, entered: str, due: datetime
    ) -> None:
        self.timers.append(
            {
                "id": self.work.runtime.make_id(),
                "kind": kind,
                "entity": self.entity.name,
                "record_id": self.record_id,
                "workflow": workflow,
                "state": state,
                "transition": transition,
                "entered": entered,
                "armed_at": self.work.now,
                "due_at": due,
                "next_at": due,
                "status": ARMED,
                "attempts": 0,
            }
        )

    def _watch(self, workflow: Workflow, state: str, entered: str) -> None:
        known = workflow.states.get(state)
        if known is not None and known.watchdog is not None:
            due = due_of(known.watchdog, self.work.now)
            self.arm(WATCHDOG, workflow.name, state, "", entered, due)
        for one in known.reminders if known is not None else ():
            due = due_of(one.after, self.work.now)
            self.arm(REMINDER, workflow.name, state, one.name, entered, due)

    def _open(self, command: OpenTask, step: Step, log_id: str) -> None:
        self.tasks.append(
            {
                "id": self.work.runtime.make_id(),
                "name": command.name,
                "roles": list(command.roles),
                "entity": self.entity.name,
                "record_id": self.record_id,
                "title": title_of(self.work.connection, self.work.runtime, self.entity, self.facts),
                "workflow": step.workflow,
                "state": step.after,
                "log_id": log_id,
                "opened_at": self.work.now,
            }
        )

    def _outside(self, command: Notify | Enqueue | Call, step: Step, log_id: str) -> None:
        payload: dict[str, Any] = {
            "log": log_id,
            "workflow": step.workflow,
            "transition": step.transition,
            "state": step.after,
        }
        match command:
            case Notify():
                payload |= {"name": command.name, "roles": list(command.roles)}
            case Enqueue():
                payload |= {"job": command.job, "values": _told(command.values)}
            case Call():
                payload |= {
                    "operation": command.operation,
                    "key": self._own_key(command.key),
                    "values": _told(command.values),
                    "on_success": list(command.on_success or ()) or None,
                    "on_failure": list(command.on_failure or ()) or None,
                    "undo": command.undo,
                }
        # what several steps of one record ask for is done in the order of their numbers
        payload["number"] = len(self.events)
        self.events.append(Event(TOPICS[type(command)], self.entity.name, self.record_id, payload))

    def _own_key(self, key: str) -> str:
        """Return the key of a call; two equal calls of one pass are two."""
        own, number = key, 1
        while own in self.keys:
            number += 1
            own = f"{key}:{number}"
        self.keys.add(own)
        return own

    def _close(self, workflow: Workflow, state: str, log_id: str) -> None:
        """End what waits in a state that is left, but for what this very step asks for."""
        left = (workflow.name, state)
        self.timers = [one for one in self.timers if (one["workflow"], one["state"]) != left]
        self.tasks = [
            one
            for one in self.tasks
            if (one["workflow"], one["state"]) != left or one["log_id"] == log_id
        ]
        work, system = self.work, self.work.runtime.system
        traits = traits_of(work.runtime, workflow)
        if state in traits.timed:
            timer = system.timer
            work.connection.execute(
                timer.update()
                .where(
                    timer.c.entity == self.entity.name,
                    timer.c.record_id == self.record_id,
                    timer.c.workflow == workflow.name,
                    timer.c.status == ARMED,
                )
                .values(status=CANCELLED, ended_at=work.now)
            )
        if traits.has_tasks:
            task = system.task
            work.connection.execute(
                task.update()
                .where(
                    task.c.entity == self.entity.name,
                    task.c.record_id == self.record_id,
                    task.c.workflow == workflow.name,
                    task.c.closed_at.is_(None),
                )
                .values(closed_at=work.now, closed_by=work.actor_id or None)
            )


def write_all(work: Work, several: Sequence[Entries]) -> None:
    """Write what was noted about several records, each table by one statement."""
    system = work.runtime.system
    for table, rows in (
        (system.workflow_log, [row for one in several for row in one.logs]),
        (system.timer, [row for one in several for row in one.timers]),
        (system.task, [row for one in several for row in one.tasks]),
    ):
        inserts.insert_many(work.connection, table, rows)
    events = [event for one in several for event in one.events]
    if events:
        emit(work.connection, events, work.now, work.runtime.make_id)


BLANK: Mapping[str, Any] = dict.fromkeys(
    (
        "roles",
        "source",
        "input",
        "read",
        "before",
        "after",
        "reason",
        "cause",
        "cause_log_id",
        "batch_id",
        "approval_id",
        "record_version",
    )
)
"""Every row of the log has the same columns, so that all leave by one statement."""


@dataclass(frozen=True)
class Traits:
    """What a workflow may leave waiting, worked out once."""

    timed: frozenset[str]
    """States that timers or a watchdog wait in."""
    has_tasks: bool


def traits_of(runtime: Runtime, workflow: Workflow) -> Traits:
    """Return the traits of a workflow."""

    def make() -> Traits:
        timed = {
            name
            for name, state in workflow.states.items()
            if state.watchdog
            or state.reminders
            or any(edge.timer is not None for edge in workflow.leaving(name))
        }
        effects = [one for edge in workflow.transitions for one in edge.effects]
        for state in workflow.states.values():
            effects += [*state.enter, *state.leave]
        return Traits(frozenset(timed), any(one.word == "task" for one in effects))

    found: Traits = runtime.remembered.get(("traits", workflow.entity, workflow.name), make)
    return found


def _told(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as JSON can hold them; numbers stay the scaled ones that are stored."""
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return str(value["id"]) if "id" in value else {k: _plain(v) for k, v in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(one) for one in value]
    return value.isoformat() if hasattr(value, "isoformat") else value
