"""The picture of a workflow as data: boxes, lines and words, ready for the template to draw.

In: a machine, and of a record where it is and where it was. Out: a `Picture` of numbers and short
texts. The drawing is ours and not Mermaid's, which writes inline styles that our content policy
forbids and would cost many times the script of all other pages.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from generator.field_types.duration import Duration
from generator.model.entity import Field
from generator.model.text import NOWHERE, Label
from generator.model.workflow import BUSY, Derivation, Workflow
from rules.workflow.graph import BY_HAND, BY_TIME, Arrow, Graph, graph_of
from rules.workflow.layout import Box, Line, layout, many
from rules.workflow.mermaid import MARKS
from runtime.web.screens.visit import Visit

LETTER, SIGN = 7.0, 13.0
"""How wide a Latin and a Chinese sign is at the size the picture is written in."""
LINE = 20
"""Height of one line of words at a way."""
_LENGTH = Field("", "duration", "", Label({}), NOWHERE, {})


@dataclass(frozen=True)
class Past:
    """Where a record is in a workflow, was, and may go."""

    now: str = ""
    visits: Mapping[str, int] = field(default_factory=dict)
    """By state: how often it was entered."""
    taken: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    """By from, to and transition: how often."""
    allowed: Collection[str] = ()
    """Transitions that may be fired now."""
    blocked: Collection[str] = ()
    """Transitions that something stands in the way of."""


@dataclass(frozen=True, slots=True)
class DrawnBox:
    """A state."""

    left: int
    top: int
    width: int
    height: int
    x: int
    y: int
    text: str
    tone: str
    count: str = ""
    """Such as ×2: how often the record was there."""
    is_final: bool = False
    is_busy: bool = False
    is_now: bool = False
    is_seen: bool = False
    is_many: bool = False
    """It stands for several states, which its title names."""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """One line of words at a way."""

    x: int
    y: int
    text: str
    mark: str = ""
    """taken, open or shut; empty for the others."""


@dataclass(frozen=True, slots=True)
class DrawnLine:
    """A way."""

    path: str
    kind: str
    """hand, auto, timer or system."""
    mark: str
    left: int
    top: int
    width: int
    height: int
    words: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything the template draws."""

    width: int
    height: int
    boxes: tuple[DrawnBox, ...]
    lines: tuple[DrawnLine, ...]
    start: DrawnBox | None
    start_path: str


def drawing(visit: Visit, machine: Workflow | Derivation, past: Past | None = None) -> Drawing:
    """Return the picture of a workflow, with a record's way through it where there is one."""
    graph, past = graph_of(machine), past or Past()

    def said(arrow: Arrow) -> str:
        return way_words(visit, arrow)

    def state_width(name: str) -> int:
        if many(name):
            return text_width(_many(visit, graph, name)) + 24
        more = 24 if past.visits.get(name, 0) > 1 else 0
        return max(96, text_width(visit.text(graph.states[name].label)) + 44 + more)

    def way_width(arrows: Sequence[Arrow]) -> int:
        return max((text_width(said(one)) for one in arrows), default=0) + 12

    found = layout(graph, state_width, way_width)
    start = next((one for one in found.boxes if not one.name), None)
    return Drawing(
        found.width,
        found.height,
        tuple(_box(visit, graph, one, past) for one in found.boxes if one.name),
        tuple(_line(one, said, past) for one in found.lines),
        _dot(start) if start else None,
        found.start.path if found.start else "",
    )


def way_words(visit: Visit, arrow: Arrow) -> str:
    """Return what stands at a way: its name, when it fires by itself, how much it asks."""
    text = visit.text(arrow.label)
    mark = MARKS.get(arrow.kind, "")
    if arrow.kind == BY_TIME and arrow.seconds:
        mark += f" {length(visit, arrow.seconds)}"
    if arrow.conditions:
        text += f" [{arrow.conditions}]"
    if arrow.branch:
        text += " ◇"
    return f"{mark} {text}".strip() + (" ↩" if arrow.back else "")


def length(visit: Visit, seconds: int) -> str:
    """Return a length of time in words."""
    return Duration().cell(seconds, _LENGTH, visit.viewer).text


def text_width(text: str) -> int:
    """Return about how wide a text is drawn."""
    return round(sum(SIGN if ord(sign) > 0x2E7F else LETTER for sign in text))


def _many(visit: Visit, graph: Graph, name: str) -> str:
    return visit.t("from {n} states", n=len(_named(graph, name)))


def _named(graph: Graph, name: str) -> tuple[str, ...]:
    _, transition, target = name.split(":")
    found = {
        one.source: None
        for one in graph.arrows
        if (one.transition, one.target) == (transition, target) and one.source != one.target
    }
    return tuple(found)


def _box(visit: Visit, graph: Graph, box: Box, past: Past) -> DrawnBox:
    place = (box.x - box.width // 2, box.y - box.height // 2, box.width, box.height, box.x, box.y)
    if many(box.name):
        labels = [visit.text(graph.states[one].label) for one in _named(graph, box.name)]
        names = ("、" if visit.chinese() else ", ").join(labels)
        return DrawnBox(*place, _many(visit, graph, box.name), "", is_many=True, title=names)
    state = graph.states[box.name]
    visits = past.visits.get(state.name, 0)
    return DrawnBox(
        *place,
        visit.text(state.label),
        "attn" if state.tone == "attention" else state.tone,
        count=f"×{visits}" if visits > 1 else "",
        is_final=state.final,
        is_busy=state.category == BUSY,
        is_now=state.name == past.now,
        is_seen=visits > 0,
        title=visit.text(state.label),
    )


def _dot(box: Box) -> DrawnBox:
    left, top = box.x - box.width // 2, box.y - box.height // 2
    return DrawnBox(left, top, box.width, box.height, box.x, box.y, "", "")


def _line(line: Line, said: Callable[[Arrow], str], past: Past) -> DrawnLine:
    marks = [_mark(one, past) for one in line.arrows]
    first = line.y - LINE * (len(line.arrows) - 1) // 2
    words = tuple(
        Words(line.x, first + LINE * number, said(arrow) + _times(arrow, past), mark)
        for number, (arrow, mark) in enumerate(zip(line.arrows, marks, strict=True))
    )
    kinds = {one.kind for one in line.arrows}
    kind = BY_HAND if BY_HAND in kinds else line.arrows[0].kind
    order = ("open", "taken", "shut", "")
    height = LINE * len(line.arrows)
    return DrawnLine(
        line.path,
        kind,
        min(marks, key=order.index),
        line.x - line.width // 2,
        line.y - height // 2,
        line.width,
        height,
        words,
    )


def _mark(arrow: Arrow, past: Past) -> str:
    if past.now == arrow.source and arrow.transition in past.allowed:
        return "open"
    if past.taken.get((arrow.source, arrow.target, arrow.transition)):
        return "taken"
    if past.now == arrow.source and arrow.transition in past.blocked:
        return "shut"
    return ""


def _times(arrow: Arrow, past: Past) -> str:
    taken = past.taken.get((arrow.source, arrow.target, arrow.transition), 0)
    return f" ×{taken}" if taken > 1 else ""
