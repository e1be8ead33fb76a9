"""What is timed otherwise than in the last release: timers, watchdogs and reminders of states.

Comes in: the workflows as they will be and the facts that the last release kept of them. Goes out:
the clocks that changed, which `retiming` counts and moves the timers of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from generator.model.app import App
from generator.model.workflow import Reminder, Transition, Workflow
from rules.workflow.timers import ENTERED
from runtime.store.migrate.facts import workflow_facts
from runtime.store.workflow_tables import REMINDER, TRANSITION, WATCHDOG

KEEP, RECOMPUTE, STAGGER = "keep", "recompute", "stagger"
CHOICES = (KEEP, RECOMPUTE, STAGGER)
CLOCKS = (("clocks", TRANSITION), ("watchdogs", WATCHDOG), ("reminders", REMINDER))
"""Where the facts of a release tell each kind of timer."""


@dataclass(frozen=True)
class Retiming:
    """What becomes of the timers that are armed by a clock that changed."""

    choice: str = KEEP
    over: int = 0
    """Seconds over which `stagger` spreads what would be due at once."""

    @property
    def text(self) -> str:
        return f"{self.choice} PT{self.over}S" if self.over else self.choice


@dataclass(frozen=True)
class Clock:
    """A timer, watchdog or reminder of one state that is timed otherwise than before."""

    workflow: Workflow
    state: str
    kind: str
    name: str
    is_new: bool
    """The state was there and nothing of this name was due in it."""

    @property
    def source(self) -> Transition | Reminder | None:
        """What the definition says of it; None for the watchdog of the state."""
        state = self.workflow.states[self.state]
        if self.kind == TRANSITION:
            edges = self.workflow.named(self.name)
            return next((edge for edge in edges if edge.leads_from(self.state)), None)
        return next((one for one in state.reminders if one.name == self.name), None)

    @property
    def date(self) -> str:
        """The field it counts from; '' where it counts from the entry."""
        edge = self.source
        if not isinstance(edge, Transition) or edge.timer is None or edge.timer.start == ENTERED:
            return ""
        return edge.timer.start


@dataclass(frozen=True)
class Counted:
    """How many timers one changed clock is about."""

    clock: Clock
    armed: int
    """Of a new one: records that would be armed."""
    at_once: int
    """Of these, how many would be due at once."""


def changed_clocks(app: App, facts: Mapping[str, Any], old: Mapping[str, str]) -> tuple[Clock, ...]:
    """Return what is timed otherwise than the facts of the last release say.

    Args:
        app: the definitions as they will be.
        facts: of the last release, by its tables.
        old: what a table was called in them, by its new name.

    """
    found: list[Clock] = []
    for entity, workflows in app.workflows.items():
        table = app.entities[entity].table
        known = facts.get(old.get(table, table), {}).get("workflows", {})
        for workflow in workflows.values():
            if workflow.name in known:
                found += _changed(workflow, known[workflow.name])
    return tuple(found)


def _changed(workflow: Workflow, known: Mapping[str, Any]) -> Iterator[Clock]:
    now = workflow_facts(workflow)
    for key, kind in CLOCKS:
        # a release of an earlier engine told less: of what it did not tell nothing is known
        before = known.get(key, now[key])
        for place, clock in now[key].items():
            name, _, state = place.partition("@")
            if state in known["ways"] and before.get(place) != clock:
                yield Clock(workflow, state, kind, name, place not in before)
