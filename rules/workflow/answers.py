"""The answers to a transition's questions: unknown, missing, or not what its check allows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.model.workflow import State, Transition
from rules.blockers import Blocker, both
from rules.workflow.asking import holds

NOT_ASKED = both("This is not asked here.", "此处不需要该内容。")
REQUIRED = both("This must be filled in.", "此项必填。")
NOT_ALLOWED = both("This value is not allowed.", "不允许该值。")


def faults(
    edge: Transition, facts: Mapping[str, Any], beside: Mapping[str, Any]
) -> Mapping[str, Blocker]:
    """Return what is wrong, by question; `beside` holds the answers under `input`."""
    answers: Mapping[str, Any] = beside["input"]
    found = {
        name: Blocker("UNKNOWN_FIELD", NOT_ASKED) for name in answers if name not in edge.input
    }
    for name, question in edge.input.items():
        given = answers.get(name)
        if given is None or given == "":
            if question.field.required:
                found[name] = Blocker("REQUIRED", REQUIRED)
        elif question.check is not None:
            asked = {**beside, "input": complete(edge, answers)}
            if not holds(question.check, facts, asked):
                found[name] = Blocker("NOT_ALLOWED", question.message or NOT_ALLOWED)
    return found


def complete(edge: Transition, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers with every question in them: one that was not answered is null."""
    return {name: answers.get(name) for name in edge.input}


def missing(state: State, facts: Mapping[str, Any]) -> Mapping[str, Blocker]:
    """Return the fields that a state requires and a record does not have."""
    return {
        name: Blocker("REQUIRED", REQUIRED)
        for name in state.require
        if facts.get(name) in (None, "", [], ())
    }
