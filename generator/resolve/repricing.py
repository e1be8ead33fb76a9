"""Where a transition gives a placed record other lines: that there is one, and what it must keep.

Comes in: the workflows of each entity, what a cart becomes, and which records are codes. Goes out:
what is wrong (D301, D817).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from generator.model.placing import LINES, Fires, HandedOut, Placing
from generator.model.workflow import SYSTEM, Transition, Workflow
from generator.problems import Problem, unknown_name
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


def code_problems(
    codes: Iterable[HandedOut],
    workflows: Mapping[str, Mapping[str, Workflow]],
    placing: Placing | None,
) -> Iterator[Problem]:
    """Yield every transition of a code that could not be fired when other lines are wanted."""
    for one in codes:
        own = workflows.get(one.entity, {})
        for fires in (one.use, one.back):
            if fires is None:
                continue
            machine = own.get(fires.workflow)
            edges = machine.named(fires.transition) if machine is not None else ()
            if edges:
                yield from _unfit(fires, edges, placing)
            else:
                named = f"{fires.workflow}.{fires.transition}".removeprefix(".")
                known = [f"{each.name}.{edge.name}" for each in own.values()
                         for edge in each.transitions]  # fmt: skip
                where = say("entity '{entity}'", entity=one.entity)
                yield unknown_name("transition", named, fires.span, known, defined_in=where)
        alone = one.use or one.back
        if alone is not None and (one.use is None or one.back is None):
            message = "A code that goes back must be used again, and the other way round."
            yield Problem("D817", alone.span, say(message), "Write both `use` and `back`.")


def _unfit(
    fires: Fires, edges: Iterable[Transition], placing: Placing | None
) -> Iterator[Problem]:  # fmt: skip
    """Yield what keeps a transition of a code from being fired by itself."""
    name, placed = fires.transition, placing.creates if placing is not None else ""
    for edge in edges:
        if SYSTEM not in edge.triggers:
            message = say("'{name}' is not for the system to fire.", name=name)
            yield Problem("D817", fires.span, message, "Give it `trigger: system`.")
            return
        asked = [key for key, one in edge.input.items()
                 if one.field.required and one.field.target != placed]  # fmt: skip
        if asked:
            message = say("'{name}' asks '{asked}', and nobody answers.", name=name, asked=asked[0])
            hint = "Only a question for what is placed is answered; make others optional."
            yield Problem("D817", fires.span, message, hint)
            return


def _is_kept(placing: Placing) -> bool:
    lines = placing.filled.get(LINES)
    taken = set(lines.take.values()) if lines is not None else set()
    return bool(placing.filled_with("basis")) and taken >= set(NEEDED)
