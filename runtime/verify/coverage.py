"""What the scenarios asked: lines of the matrix, checks and messages, transitions and guards, and
which of them nobody did; of each workflow also whether it went well, was refused and came too late.

A line counts for an action when somebody whose roles it speaks to did that action in a case. A
check, a guardrail and its message count when a request was refused by them; so does a guard of a
transition. A transition counts when it happened, whoever or whatever made it. Too late is what is
asked of a state that was left already, and what a timer does because nobody did it in time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from generator.model.app import App
from generator.model.text import Label, Span
from generator.model.workflow import PEOPLE, TIMER
from rules.matrix import Matrix
from runtime.errors import NotInFromState, RequestError
from runtime.messages import Actor
from runtime.verify.elsewhere import Fired

WELL, REFUSED, LATE = "well", "refused", "late"
"""How a workflow may go."""


@dataclass(frozen=True)
class Untouched:
    """Something that no scenario touches."""

    kind: str
    """grant, check, message, transition, guard or course."""
    name: str
    span: Span
    actions: tuple[str, ...] = ()
    """Of a grant: those that nobody did."""


@dataclass
class Coverage:
    """Gathers while scenarios are played."""

    app: App
    matrix: Matrix
    done: dict[int, set[str]] = field(default_factory=dict)
    """By the number of a rule: actions that were asked."""
    said: set[str] = field(default_factory=set)
    """English texts of refusals."""
    codes: set[str] = field(default_factory=set)
    fired: set[str] = field(default_factory=set)
    """`entity.transition`."""
    blocked: set[str] = field(default_factory=set)
    """Where a guard stands that stood in the way."""
    courses: set[tuple[str, str, str]] = field(default_factory=set)
    """Entity, workflow, and how it went: well, refused or late."""

    def asked(self, actor: Actor, entity: str, action: str) -> None:
        """Note that somebody did something."""
        for rule in self.matrix.rules_for(actor.roles, entity, action):
            self.done.setdefault(self.matrix.number(rule), set()).add(action)

    def happened(self, steps: Iterable[Fired]) -> None:
        """Note transitions that happened."""
        for one in steps:
            self.fired.add(one.name)
            how = LATE if one.source == TIMER else WELL
            self.courses.add((one.entity, one.workflow, how))

    def refused(self, refusal: RequestError) -> None:
        """Note what a refusal says."""
        self.said.add(str(refusal.message))
        asked = refusal.incoming
        if asked is not None and asked.operation == "transition":
            place = asked.entity, str(asked.values["workflow"])
            late = isinstance(refusal, NotInFromState)
            self.courses.add((*place, LATE if late else REFUSED))
        for reason in refusal.params.get("reasons", ()):
            self.blocked.add(str(reason.span))
        for error in refusal.errors:
            self.said.add(str(error.message))
            self.codes.add(error.code)

    def says(self, message: Label | None) -> bool:
        return message is not None and str(message) in self.said

    @property
    def counts(self) -> dict[str, tuple[int, int]]:
        """Return by kind how many are touched, of how many."""
        missing = [one.kind for one in self.untouched()]
        every = {
            "grant": sum(len(rule.actions) for rule in self.app.grants),
            "check": len(_checks(self.app)),
            "message": len(_messages(self.app)),
            "transition": len(_transitions(self.app)),
            "guard": len(_guards(self.app)),
            "course": len(_courses(self.app)),
        }
        left = sum(len(one.actions) for one in self.untouched() if one.kind == "grant")
        gone = {kind: missing.count(kind) for kind in every} | {"grant": left}
        return {kind: (number - gone[kind], number) for kind, number in every.items()}

    def untouched(self) -> list[Untouched]:
        """Return what no scenario touches, in the order of the files."""
        return [
            *self._grants(),
            *self._checks(),
            *self._messages(),
            *self._transitions(),
            *self._guards(),
            *self._ways(),
        ]

    def _grants(self) -> Iterator[Untouched]:
        for number, rule in enumerate(self.app.grants):
            left = tuple(a for a in rule.actions if a not in self.done.get(number, set()))
            if left:
                yield Untouched("grant", f"{rule.role} × {rule.entity}", rule.span, left)

    def _checks(self) -> Iterator[Untouched]:
        for code, span in _checks(self.app):
            if code not in self.codes:
                yield Untouched("check", code, span)

    def _messages(self) -> Iterator[Untouched]:
        for message, span in _messages(self.app):
            if not self.says(message):
                yield Untouched("message", str(message), span)

    def _transitions(self) -> Iterator[Untouched]:
        for name, span in _transitions(self.app).items():
            if name not in self.fired:
                yield Untouched("transition", name, span)

    def _guards(self) -> Iterator[Untouched]:
        for name, span in _guards(self.app):
            if str(span) not in self.blocked:
                yield Untouched("guard", name, span)

    def _ways(self) -> Iterator[Untouched]:
        for course, span in _courses(self.app).items():
            if course not in self.courses:
                yield Untouched("course", " ".join(course), span)


def _courses(app: App) -> dict[tuple[str, str, str], Span]:
    """Return how each workflow may go; one that people never move is refused to nobody."""
    found: dict[tuple[str, str, str], Span] = {}
    for entity, workflows in app.workflows.items():
        for workflow in workflows.values():
            by_hand = any(PEOPLE & set(edge.triggers) for edge in workflow.transitions)
            for how in (WELL, REFUSED, LATE) if by_hand else (WELL,):
                found[entity, workflow.name, how] = workflow.span
    return found


def _transitions(app: App) -> dict[str, Span]:
    """Return where each transition stands; several edges of one name are one."""
    found: dict[str, Span] = {}
    for entity, workflows in app.workflows.items():
        for workflow in workflows.values():
            for edge in workflow.transitions:
                found.setdefault(f"{entity}.{edge.name}", edge.span)
    return found


def _guards(app: App) -> list[tuple[str, Span]]:
    """Return the guards that can stand in somebody's way; what is automatic just waits."""
    return [
        (clause.code or clause.when.text, clause.span)
        for workflows in app.workflows.values()
        for workflow in workflows.values()
        for edge in workflow.transitions
        if PEOPLE & set(edge.triggers)
        for clause in edge.guards
    ]


def _checks(app: App) -> list[tuple[str, Span]]:
    return [(one.code, one.span) for entity in app.entities.values() for one in entity.checks]


def _messages(app: App) -> list[tuple[Label, Span]]:
    checks = [(one.message, one.span) for entity in app.entities.values() for one in entity.checks]
    guards = [(one.message, one.span) for one in app.guardrails if one.message is not None]
    return [*checks, *guards]
