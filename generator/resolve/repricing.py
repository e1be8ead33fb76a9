"""Where a transition gives a placed record other lines: that there is one, and what it must keep.

Comes in: the workflows of each entity and what a cart becomes. Goes out: what is wrong (D817).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from generator.model.placing import LINES, Placing
from generator.model.workflow import Workflow
from generator.problems import Problem
from generator.saying import say

WORD = "reprice"
NEEDED = ("number", "quantity")


def repricing_problems(
    workflows: Mapping[str, Mapping[str, Workflow]], placing: Placing | None
) -> Iterator[Problem]:
    """Yield every effect that could not be carried out."""
    for entity, machines in workflows.items():
        for machine in machines.values():
            effects = [one for edge in machine.transitions for one in edge.effects]
            effects += [
                one for state in machine.states.values() for one in (*state.enter, *state.leave)
            ]
            for effect in effects:
                if effect.word != WORD:
                    continue
                if placing is None or placing.creates != entity:
                    message = say("'{entity}' is not what a cart becomes.", entity=entity)
                    hint = "`reprice` is for the entity of `place: {creates: …}` of `pricing:`."
                    yield Problem("D817", effect.span, message, hint)
                elif not _is_kept(placing):
                    message = say("'{entity}' does not keep by what it was priced.", entity=entity)
                    hint = "Let `place:` fill `basis`, and `number` and `quantity` of lines."
                    yield Problem("D817", effect.span, message, hint)


def _is_kept(placing: Placing) -> bool:
    lines = placing.filled.get(LINES)
    taken = set(lines.take.values()) if lines is not None else set()
    return bool(placing.filled_with("basis")) and taken >= set(NEEDED)
