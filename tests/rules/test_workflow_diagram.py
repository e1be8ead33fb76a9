"""A workflow as a picture and as Mermaid text: every way is there once, and nothing overlaps."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import app
from generator.compile import compile_definitions
from generator.model.workflow import Workflow
from rules.workflow.graph import Graph, graph_of
from rules.workflow.layout import Box, Picture, layout
from rules.workflow.mermaid import escape, mermaid, read, unescape
from tests.rules.machine_form import load

ROOT = Path(__file__).parents[2]
FLOW: dict[str, Any] = {
    "field": "status",
    "initial": "asked",
    "states": {
        "asked": {"label": 'Asked: "end"; <50%'},
        "weighed": {},
        "held": {},
        "paying": {"category": "busy", "watchdog": "PT5M"},
        "out": {"category": "closed", "final": True},
        "gone": {"category": "closed", "final": True},
    },
    "transitions": {
        "weigh": {"from": "asked", "to": "weighed", "roles": ["boss"], "guard": "name is not null"},
        "touch": {"from": "weighed", "to": "weighed", "roles": "any"},
        "hold": {"from": ["asked", "weighed"], "to": "held", "roles": "any"},
        "resume": {
            "from": "held",
            "to": {"previous": ["asked", "weighed"], "else": "asked"},
            "roles": "any",
        },
        "pay": {
            "from": "weighed",
            "roles": "any",
            "branches": [{"if": "name == 'Bo'", "to": "out"}, {"else": True, "to": "paying"}],
        },
        "paid": {"from": "paying", "to": "out", "trigger": "system"},
        "expire": {"from": "asked", "to": "gone", "trigger": "timer", "timer": {"after": "P7D"}},
        "drop": {"from": "*", "to": "gone", "roles": ["boss"]},
    },
}


@pytest.fixture(scope="module")
def workflow(tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    _, machines = load(tmp_path_factory.mktemp("flow"), {}, {"life": FLOW}, ["boss"])
    assert machines is not None
    return machines.workflows["life"]


def ways(graph: Graph) -> list[tuple[str, str, str]]:
    return sorted((one.source, one.target, one.transition) for one in graph.arrows)


def drawn(graph: Graph) -> Picture:
    return layout(graph, lambda state: 60 + 9 * len(state), lambda arrows: 90)


def test_every_way_is_an_arrow_and_says_what_stands_behind_it(workflow: Workflow) -> None:
    graph = graph_of(workflow)
    assert [one.target for one in graph.leaving("held")] == ["asked", "weighed", "gone"]
    assert {(one.transition, one.kind) for one in graph.arrows} >= {
        ("weigh", "hand"),
        ("paid", "system"),
        ("expire", "timer"),
    }
    pay = [one for one in graph.arrows if one.transition == "pay"]
    assert [(one.target, one.branch) for one in pay] == [
        ("out", "name == 'Bo'"),
        ("paying", "else"),
    ]
    assert [one.target for one in graph.arrows if one.back] == ["asked", "weighed"]


def test_our_own_text_read_back_has_the_same_ways(workflow: Workflow) -> None:
    graph = graph_of(workflow)
    text = mermaid(graph, "en", lambda arrow: arrow.transition)
    assert text == mermaid(graph, "en", lambda arrow: arrow.transition)
    labels, found = read(text)
    assert next(iter(labels.values())) == 'Asked: "end"; <50%'
    names = dict(zip(labels, graph.states, strict=True))
    back = [
        (names[source], names[target], words.split(" ")[0])
        for source, target, words in found
        if "[*]" not in (source, target)
    ]
    assert sorted(back) == ways(graph)
    assert ("[*]", "s1", "") in found
    assert {names[source] for source, target, _ in found if target == "[*]"} == {"out", "gone"}


@pytest.mark.parametrize("text", ['"a" #1; b: <c> 50%% {d} [e] | `f` \\', "the End", "退款：完成"])
def test_no_sign_of_a_label_means_anything_to_mermaid(text: str) -> None:
    escaped = escape(text)
    assert not set('";:<>%{}[]|`\\') & set(escaped.replace("#", "").replace(";", ""))
    assert "end" not in escaped.lower().split()
    assert unescape(escaped) == text


def shipped() -> list[Graph]:
    found = compile_definitions(ROOT / "definitions").app.workflows
    return [graph_of(one) for machines in found.values() for one in machines.values()]


def test_nothing_in_the_picture_lies_over_anything_else(workflow: Workflow) -> None:
    for graph in (graph_of(workflow), *shipped()):
        picture = drawn(graph)
        signs = [
            Box("", line.x, line.y, line.width, 20 * len(line.arrows))
            for line in picture.lines
            if line.arrows[0].source != line.arrows[0].target
        ]
        for one, two in combinations((*picture.boxes, *signs), 2):
            apart_x = abs(one.x - two.x) * 2 >= one.width + two.width
            apart_y = abs(one.y - two.y) * 2 >= one.height + two.height
            assert apart_x or apart_y, (one, two)
        for box in picture.boxes:
            assert box.width / 2 <= box.x <= picture.width - box.width / 2
            assert 0 < box.y < picture.height
        assert drawn(graph) == picture


def test_what_leads_from_many_states_is_one_sign_and_no_way_is_lost(workflow: Workflow) -> None:
    graph = graph_of(workflow)
    picture = drawn(graph)
    (sign,) = (box for box in picture.boxes if box.sources)
    assert sign.sources == ("asked", "weighed", "held", "paying")
    inside = {
        (arrow.source, arrow.target, arrow.transition)
        for line in picture.lines
        for arrow in line.arrows
    }
    inside |= {(source, "gone", "drop") for source in sign.sources}
    assert sorted(inside) == ways(graph)


def test_the_command_prints_the_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(tmp_path / "shop", {}, {"life": FLOW}, ["boss"])
    monkeypatch.setenv("SHOPWRIGHT_DATA", str(tmp_path / "var"))
    words = ["--definitions", str(tmp_path / "shop"), "workflow", "diagram"]
    done = CliRunner().invoke(app.main, words)
    assert done.exit_code == 0, done.output
    assert "%% thing.life\nstateDiagram-v2\n" in done.output
    chinese = CliRunner().invoke(app.main, [*words, "thing", "--locale", "zh"])
    assert "[1 个条件]" in unescape(chinese.output)
    assert CliRunner().invoke(app.main, [*words, "nothing"]).exit_code == 1
