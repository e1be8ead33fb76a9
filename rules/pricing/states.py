"""What became of each code, told from the trace of what it opens."""

from __future__ import annotations

from collections.abc import Iterable

from rules.pricing.codes import Codes
from rules.pricing.result import CodeState, Step

MOST_TELLING = ("applied", "suppressed", "limit", "budget", "window")
"""Of several things a code opens, the most telling one counts, in this order."""

OWN_STATES = ("customer_limit", "too_often")
"""Limits of which a code says itself which it is."""


def code_states(codes: Codes, trace: Iterable[Step]) -> tuple[CodeState, ...]:
    """Return the state of every code of a cart, in alphabetical order."""
    if not codes.typed:
        return ()
    opened: dict[str, list[str]] = {}
    for promotion, code in codes.opens.items():
        opened.setdefault(code, []).append(promotion)
    steps: dict[str, list[Step]] = {}
    for step in trace:
        steps.setdefault(step.promotion, []).append(step)
    out = []
    for code in codes.typed:
        found = [step for name in opened.get(code, ()) for step in steps.get(name, ())]
        if found:
            out.append(_state(code, min(found, key=_weight)))
        else:
            state, promotion = codes.refused.get(code, ("unknown", ""))
            out.append(CodeState(code, state, promotion))
    return tuple(out)


def _weight(step: Step) -> int:
    return MOST_TELLING.index(step.verdict) if step.verdict in MOST_TELLING else len(MOST_TELLING)


def _state(code: str, step: Step) -> CodeState:
    miss, name = step.miss, step.promotion
    if step.verdict == "applied":
        return CodeState(code, "applied", name)
    if step.verdict == "suppressed":
        if step.note in ("not_combinable", "greedy_choice"):
            return CodeState(code, "not_combinable", name, {"with": step.by})
        return CodeState(code, "better_exists", name, {"which": step.by})
    if step.verdict == "limit":
        own = miss is not None and miss.path in OWN_STATES
        state = miss.path if miss is not None and own else "limit_reached"
        return CodeState(code, state, name)
    if step.verdict == "budget":
        return CodeState(code, "limit_reached", name)
    if step.verdict == "window" and miss is not None and miss.path == "window":
        return CodeState(code, str(miss.have), name)
    if miss is None:
        return CodeState(code, "condition_not_met", name, {"which": step.verdict})
    about = {"which": miss.path, "have": miss.have, "need": miss.need}
    return CodeState(code, "condition_not_met", name, about)
