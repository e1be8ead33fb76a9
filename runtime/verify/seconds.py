"""The second person of a step: what waits for somebody's approval is approved by who is named.

Comes in: what a step came to. Goes out: what came of the decision, by the same door as on the page
of approvals: whoever may not decide is refused, and what they approve is carried out as its
requester.
"""

from __future__ import annotations

from dataclasses import replace

from generator.model.scenario import Somebody, Step
from runtime import approvals
from runtime.errors import NeedsApproval, RequestError
from runtime.messages import Actor, Result
from runtime.store.trail import Trail
from runtime.verify.coverage import Coverage
from runtime.verify.stage import FIRST_PERSON, Stage


def decided(
    stage: Stage, step: Step, actor: Actor, found: Result | RequestError, coverage: Coverage
) -> Result | RequestError | str | None:
    """Return what became of a step that its second person decided about."""
    assert step.approver is not None
    if isinstance(found, Result):
        return f"{step.action}: nobody had to approve it"
    coverage.refused(found)
    if not isinstance(found, NeedsApproval):
        return found
    approver = _other(stage, step.approver, actor)
    coverage.asked(approver, step.entity, "approve")
    trail = Trail(stage.runtime, approver, "screen")
    try:
        approvals.decide(
            stage.runtime, trail, found.params["approval"].id, "approve", "", lambda number: actor
        )
    except RequestError as refusal:
        coverage.refused(refusal)
        return refusal
    return None


def _other(stage: Stage, person: Somebody, actor: Actor) -> Actor:
    """Return the second person; of a role somebody else than who asked."""
    found = stage.actor(person)
    is_role = person.name not in stage.people and found.id == actor.id
    return replace(found, id=FIRST_PERSON - 2) if is_role else found
