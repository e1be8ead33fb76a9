"""A workflow as a Mermaid `stateDiagram-v2`, the same text for the same definition every time.

States are `s1…sn` and every label is escaped, because Mermaid reads signs and words such as
`end` inside labels too. `read` reads our own text back, so that a test can compare the ways.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from generator.model.workflow import BUSY
from rules.workflow.graph import BY_ITSELF, BY_SYSTEM, BY_TIME, Arrow, Graph

HEAD = "stateDiagram-v2"
_SIGNS = re.compile(r'["#;:<>%{}\[\]|`\\]|\bend\b', re.IGNORECASE)
_STATE = re.compile(r'^    state "(.*)" as (s\d+)$')
_WAY = re.compile(r"^    (s\d+|c\d+|\[\*\]) --> (s\d+|c\d+|\[\*\])(?:: (.*))?$")
_CODE = re.compile(r"#(\d+);")
STYLES = (
    "    classDef busy stroke-dasharray:4 3",
    "    classDef final stroke-width:3px",
)

Words = Callable[[Arrow], str]
"""What stands at an arrow, in the language of the picture."""


def mermaid(graph: Graph, locale: str, words: Words) -> str:
    """Return the diagram of a workflow, lines ended by LF."""
    names = {state: f"s{number}" for number, state in enumerate(graph.states, 1)}
    lines = [HEAD]
    lines += [
        f'    state "{escape(state.label.text(locale))}" as {names[state.name]}'
        for state in graph.states.values()
    ]
    if graph.initial:
        lines.append(f"    [*] --> {names[graph.initial]}")
    lines += _ways(graph, names, words)
    lines += [f"    {names[one.name]} --> [*]" for one in graph.states.values() if one.final]
    lines += STYLES
    for style, chosen in (("busy", _is_busy), ("final", _is_final)):
        marked = ",".join(names[name] for name in graph.states if chosen(graph, name))
        lines += [f"    class {marked} {style}"] if marked else []
    return "\n".join(lines) + "\n"


def escape(text: str) -> str:
    """Return a label in which no sign means anything to Mermaid."""
    plain = " ".join(text.split())
    return _SIGNS.sub(lambda found: "".join(f"#{ord(sign)};" for sign in found[0]), plain)


def unescape(text: str) -> str:
    """Return the label that was escaped."""
    return _CODE.sub(lambda found: chr(int(found[1])), text)


def read(text: str) -> tuple[dict[str, str], tuple[tuple[str, str, str], ...]]:
    """Return labels by name, and (from, to, words) of every way, choices taken out; of our text.

    Where a way passes a choice its words are those before and after it.
    """
    labels: dict[str, str] = {}
    ways: list[tuple[str, str, str]] = []
    for line in text.splitlines():
        if found := _STATE.match(line):
            labels[found[2]] = unescape(found[1])
        elif found := _WAY.match(line):
            ways.append((found[1], found[2], unescape(found[3] or "")))
    into = {target: (source, words) for source, target, words in ways if target.startswith("c")}
    passed = []
    for source, target, words in ways:
        if source.startswith("c"):
            first, said = into[source]
            passed.append((first, target, f"{said} {words}"))
        elif not target.startswith("c"):
            passed.append((source, target, words))
    return labels, tuple(passed)


def _ways(graph: Graph, names: dict[str, str], words: Words) -> list[str]:
    lines, choices = [], 0
    seen: set[tuple[str, str]] = set()
    for arrow in graph.arrows:
        source = names[arrow.source]
        if not arrow.branch:
            lines.append(f"    {source} --> {names[arrow.target]}: {escape(words(arrow))}")
            continue
        if (arrow.source, arrow.transition) in seen:
            continue
        seen.add((arrow.source, arrow.transition))
        choices += 1
        lines.append(f"    state c{choices} <<choice>>")
        lines.append(f"    {source} --> c{choices}: {escape(words(arrow))}")
        lines += [
            f"    c{choices} --> {names[one.target]}: {escape(one.branch)}"
            for one in graph.arrows
            if (one.source, one.transition) == (arrow.source, arrow.transition)
        ]
    return lines


def _is_busy(graph: Graph, name: str) -> bool:
    return graph.states[name].category == BUSY


def _is_final(graph: Graph, name: str) -> bool:
    return graph.states[name].final


MARKS = {BY_ITSELF: "⚙", BY_TIME: "◔", BY_SYSTEM: "⇄"}
"""Before the words of a way that nobody takes by hand."""
