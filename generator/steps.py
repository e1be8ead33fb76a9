"""What a word of the family `steps` is: one thing that a job does.

A word reads its arguments when the definition is loaded (`resolve`) and does its work in a worker
(`run`), in the name of the job's role and through the same door as everybody else. The words are
files of `runtime/steps/`; generator knows only this class.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from generator.expressions.compile import Expression
from generator.kinds import Kind
from generator.model.entity import Entity
from generator.model.job import Step
from generator.shape import Given, Written


class StepNames(Protocol):
    """What a word may ask about the definition it stands in; what is wrong is reported there."""

    def entity(self, written: Any) -> Entity | None:
        """Return an entity, None when there is none of it."""
        ...

    def condition(self, written: Any, entity: str) -> Expression | None:
        """Return a condition on records of an entity; it may read `input`, `now` and `today`."""
        ...

    def edge(self, written: Any, entity: str) -> tuple[str, str] | None:
        """Return the workflow and the name of a transition, written `workflow.transition`."""
        ...

    def fields(self, written: Iterable[Written], entity: Entity) -> tuple[str, ...]:
        """Return the fields that exist of those written."""
        ...

    def parameter(self, given: Given, key: str, types: tuple[str, ...]) -> str:
        """Return the name of a parameter of one of some types; '' where a step names none."""
        ...

    def roles(self, written: Iterable[Written]) -> tuple[str, ...]:
        """Return the roles that exist of those written."""
        ...


class StepWord(Kind):
    """One step. `args` holds the word itself as a key, and the keys that may stand beside it."""

    def resolve(self, given: Given, names: StepNames) -> Mapping[str, Any]:
        """Return the arguments with their names found and their expressions compiled."""
        raise NotImplementedError

    def needs(self, step: Step) -> tuple[str, str]:
        """Return the action and the entity that the job's role must be allowed; '' for none."""
        return "", ""

    def run(self, step: Step, doing: Any) -> None:
        """Do it; `doing` is a `runtime.jobs.doing.Doing`, and tells what is done already."""
        raise NotImplementedError
