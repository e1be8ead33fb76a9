"""Random walks through the real pipeline: whatever is asked, rows of a record fit each other.

The pure walks of `tests/rules/test_shipped_walks.py` are many; these are few, through transactions,
timers that ring, a provider that answers, and everything that is written.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from runtime.errors import RequestError
from runtime.outside.timers import ring_due
from runtime.store.engine import read
from runtime.store.formula_drift import drifted
from tests.databases import sqlite_url
from tests.outside.shop import CLERK, MANAGER, Desk, open_desk

STEPS = 40


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with open_desk(sqlite_url(tmp_path_factory.mktemp("walks"))) as found:
        yield found


@pytest.mark.parametrize("seed", range(4))
def test_a_walk_through_the_pipeline_tears_nothing(desk: Desk, seed: int) -> None:
    chance = random.Random(seed)
    workflow = desk.runtime.app.workflows["payment"]["money"]
    names = sorted({edge.name for edge in workflow.transitions})
    people = {edge.name for edge in workflow.transitions if "user" in edge.triggers}
    records = [desk.make(f"{name}-{seed}") for name in ("P", "beat", "not yet")]
    done = 0
    for step in range(STEPS):
        place = chance.randrange(len(records))
        record = records[place]
        state = str(desk.stored("payment", id=record)[0]["state"])
        if workflow.states[state].final:
            records[place] = record = desk.make(f"P{step}-{seed}")
            state = workflow.initial
        here = sorted({edge.name for edge in workflow.leaving(state)} & people)
        match chance.choice(("step", "step", "step", "edit", "late", "work", "ring")):
            case "step":
                actor = chance.choice((CLERK, MANAGER))
                name = f"money.{chance.choice((here or names, names)[step % 3 == 0])}"
                found = desk.fire(record, name, entity="payment", actor=actor)
                done += not isinstance(found, RequestError)
            case "edit":
                version = desk.stored("payment", id=record)[0]["version"]
                change = {"why": f"w{chance.randint(0, 9)}"}
                desk.ask("update", "payment", change, record=record, version=version)
            case "late":
                desk.later(minutes=chance.choice((1, 29, 61, 300)))
            case "work":
                desk.work()
            case _:
                ring_due(desk.runtime, lambda connection: desk.runtime.clock())
        for one in records:
            _fits(desk, one)
    assert done > 2, "the walk gets about"
    with read(desk.runtime.engine) as connection:
        assert list(drifted(connection, desk.runtime.schema)) == []


def _fits(desk: Desk, record: str) -> None:
    (row,) = desk.stored("payment", id=record)
    log = desk.stored("workflow_log", record_id=record)
    states = desk.runtime.app.workflows["payment"]["money"].states
    assert row["state"] in states
    assert [one["to_state"] for one in log[:-1]] == [one["from_state"] for one in log[1:]]
    assert row["state"] == (log[-1]["to_state"] if log else "open")
    audit = desk.stored("audit", record_id=record, entity="payment")
    written = {one["operation"]: 0 for one in audit}
    for one in audit:
        written[one["operation"]] += 1
    writes = sum(written.get(name, 0) for name in ("create", "update", "transition"))
    assert row["version"] == writes, "each write is one version and one row of the audit"
    entered = log[-1]["id"] if log else record
    armed: list[dict[str, Any]] = desk.stored("timer", record_id=record, status="armed")
    assert {(one["state"], one["entered"]) for one in armed} <= {(row["state"], entered)}
