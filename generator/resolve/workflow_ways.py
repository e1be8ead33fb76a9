"""Where a transition leads from and to: states, `*`, `@category`, branches, the state before.

Comes in: what stands at `from`, `to` and `branches`. Goes out: the states of the model, each known.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from generator.model.text import Span
from generator.model.workflow import (
    Branch,
    Previous,
    Transition,
)
from generator.problems import Problem, missing_key, quoted
from generator.resolve.scope import ModelScope
from generator.resolve.workflow_conditions import Conditions
from generator.resolve.workflow_names import MachineNames
from generator.saying import say
from generator.shape import Given, Written


@dataclass(frozen=True)
class Ways:
    """Reads the two ends of the transitions of one machine."""

    names: MachineNames
    conditions: Conditions

    def sources(self, given: Given) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for written in given.get("from", ()):
            if written.text == "*" or written.text.startswith("@"):
                found |= dict.fromkeys(self._several(written))
            elif self.names.known(written):
                found[written.text] = None
                if written.text in self.names.finals:
                    message = say(
                        "The state '{state}' is final, so nothing leaves it.", state=written
                    )
                    hint = "Leave it out, or write `category: closed` in place of `final: true`."
                    self.names.problems.append(Problem("D609", written.span, message, hint))
        return tuple(found)

    def _several(self, written: Written) -> Iterator[str]:
        """Yield the states that `*` or `@category` stand for: never a final one."""
        category = written.text[1:]
        names = [
            name.text
            for name, body in self.names.machine.states.items()
            if name.text not in self.names.finals
            and (written.text == "*" or body.get("category", "open") == category)
        ]
        if not names:
            message = say("No state is meant by {written}.", written=quoted(written.text))
            hint = "Write `category:` at the states, or name them."
            self.names.problems.append(Problem("D605", written.span, message, hint))
        yield from names

    def targets(
        self, given: Given, scope: ModelScope
    ) -> tuple[tuple[Branch, ...], Previous | None]:
        written = given.get("to", ())
        if ("to" in given) is ("branches" in given):
            self.names.problems.append(
                missing_key("to", given.span, "a transition")
                if "to" not in given
                else Problem(
                    "D617",
                    given.at("branches"),
                    "A transition has both 'to' and 'branches'.",
                    "Remove one of the two.",
                )
            )
        if len(written) > 1:
            message = "A transition leads to several states at once."
            hint = "Write `branches:` to choose one, or a second workflow for the other column."
            self.names.problems.append(Problem("D606", given.at("to"), message, hint))
        if "branches" in given:
            return self._branches(given.get("branches"), given, scope), None
        target = written[0] if written else None
        if target is not None and "previous" in target:
            return (), self._previous(target)
        state = target.get("state") if target is not None else None
        for extra in written[1:]:
            if extra.get("state") is not None:
                self.names.known(extra.get("state"))
        if state is None or not self.names.known(state):
            return (), None
        return (Branch(state.text, None, state.span),), None

    def _previous(self, target: Given) -> Previous | None:
        among = [state.text for state in target.get("previous", ()) if self.names.known(state)]
        otherwise = target.get("else")
        if otherwise is None:
            self.names.problems.append(missing_key("else", target.span, "a target"))
            return None
        if not self.names.known(otherwise):
            return None
        return Previous(tuple(among), otherwise.text, target.span)

    def _branches(
        self, written: tuple[Given, ...], given: Given, scope: ModelScope
    ) -> tuple[Branch, ...]:
        found = []
        for position, branch in enumerate(written):
            last = position == len(written) - 1
            if bool(branch.get("else")) is not last or ("if" in branch) is last:
                self.names.problems.append(no_else(branch.span, last=last))
            to = branch.get("to")
            condition = self.conditions.condition(branch.get("if"), scope)
            if to is not None and self.names.known(to):
                found.append(Branch(to.text, condition, branch.span))
        if not written:
            self.names.problems.append(no_else(given.at("branches"), last=True))
        return tuple(found)


def duplicates(transitions: tuple[Transition, ...]) -> Iterator[Problem]:
    """Yield two edges of one name from one state: chance would choose which one is taken."""
    by_name = sorted(transitions, key=lambda edge: edge.name)
    for name, edges in groupby(by_name, key=lambda edge: edge.name):
        seen: set[str] = set()
        for edge in edges:
            for state in edge.sources:
                if state in seen:
                    message = say(
                        "Two transitions '{name}' lead from '{state}'.", name=name, state=state
                    )
                    hint = "Write one with `branches:`, or give one of them another name."
                    at = edge.spans.get("from", edge.span)
                    yield Problem("D608", at, message, hint)
            seen |= set(edge.sources)


def no_else(at: Span, *, last: bool) -> Problem:
    """Return what is said of an `else` that is missing, or stands too early."""
    if last:
        message = "The last of several ways must be taken when no other is."
        return Problem("D617", at, message, "Write `else: true` in place of `if`.")
    message = "Behind `else` nothing is ever reached."
    return Problem("D617", at, message, "Write `if:` here, and `else: true` only at the end.")
