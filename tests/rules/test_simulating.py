"""`workflow simulate` says who can move what where."""

from pathlib import Path

import pytest
from click.testing import CliRunner

import app
from rules.workflow.simulating import moves
from tests.rules.machine_form import load

FLOW = {
    "field": "status",
    "initial": "asked",
    "states": {"asked": {}, "out": {}, "back": {"final": True}},
    "transitions": {
        "grant": {"from": "asked", "to": "out", "roles": ["boss"], "guard": "name is not null"},
        "expire": {
            "from": "asked",
            "to": "back",
            "trigger": "timer",
            "timer": {"after": "P7D"},
        },
        "return": {"from": "out", "to": "back", "roles": "any"},
    },
}


def test_each_state_has_its_ways_and_whom_they_are_for(tmp_path: Path) -> None:
    _, machines = load(tmp_path, {}, {"lending": FLOW}, ["boss"])
    assert machines is not None
    workflow = machines.workflows["lending"]
    assert [(one.state, one.transition, one.who, one.conditions) for one in moves(workflow)] == [
        ("asked", "grant", ("boss",), 1),
        ("asked", "expire", ("timer",), 0),
        ("out", "return", ("any",), 0),
    ]
    assert [one.transition for one in moves(workflow, "clerk")] == ["return"]


def test_the_command_prints_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(tmp_path / "shop", {}, {"lending": FLOW}, ["boss"])
    monkeypatch.setenv("SHOPWRIGHT_DATA", str(tmp_path / "var"))
    words = ["--definitions", str(tmp_path / "shop"), "workflow", "simulate"]
    done = CliRunner().invoke(app.main, words)
    assert done.exit_code == 0, done.output
    assert "thing.lending: begins in asked" in done.output
    assert "asked → out" in done.output
    chinese = CliRunner().invoke(app.main, [*words, "--locale", "zh"])
    assert "thing.lending：初始状态 asked" in chinese.output
    refused = CliRunner().invoke(app.main, [*words, "nothing"])
    assert refused.exit_code == 1
    assert "'nothing' has no workflow. With one: thing." in refused.output
