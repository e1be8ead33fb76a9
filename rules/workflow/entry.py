"""The first state of a new record, and every other way to the state column: there is none."""

from __future__ import annotations

from typing import Any

from generator.model.workflow import Workflow
from rules.blockers import Blocker, both

WRITTEN = both("The state is changed by transitions only.", "状态只能通过流转操作更改。")
UNKNOWN = both("'{value}' is no state of this workflow.", "“{value}”不是该流程的状态。")


def first(workflow: Workflow, given: Any = None) -> str | Blocker:
    """Return the state of a new record; a value other than the initial one is refused."""
    if given is None or given == workflow.initial:
        return workflow.initial
    return written(workflow, given)


def written(workflow: Workflow, given: Any) -> Blocker:
    """Return why a value cannot be written into the state column."""
    if given not in workflow.states:
        return Blocker("UNKNOWN_STORED_STATE", UNKNOWN, {"value": str(given)}, workflow.span)
    return Blocker("STATE_BY_TRANSITION", WRITTEN, {"value": str(given)}, workflow.span)
