"""What breaks changes nothing, opens one incident, and stands in nobody else's way."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from runtime.errors import RequestError
from runtime.operations._incidents import waiting_for
from tests.databases import sqlite_url
from tests.flow import BOSS, Flow, open_flow
from tests.shop import write_folder

FILES = {
    "app.yaml": "app: mill\nlabel: Mill",
    "roles.yaml": "roles: {clerk: {label: Clerk}, manager: {label: Manager}}",
    "desk/wheel.access.yaml": (
        "access: wheel\ngrants: {clerk: {wheel: all}, manager: {wheel: [all, operate]}}"
    ),
    "desk/wheel.entity.yaml": """
entity: wheel
label: Wheel
title: "{name}"
fields:
  name: {type: text, required: true}
  turns: {type: integer, default: 0}
  most: {type: integer, default: 3}
list: {columns: [name, status], search: [name], filters: [status]}
""",
    "desk/wheel.workflow.yaml": """
entity: wheel
workflows:
  fulfilment:
    field: status
    initial: still
    states: {still: {en: Still, zh: 静止}, left: {en: Left, zh: 左}, right: {en: Right, zh: 右}}
    transitions:
      push: {from: still, to: left, roles: any, bulk: {max: 5}}
      stop: {from: [left, right], to: still, roles: any}
      swing:
        from: left
        to: right
        trigger: auto
        guard: [{if: "turns < most"}]
        do: [{set: {turns: turns + 1}}]
      back: {from: right, to: left, trigger: auto}
""",
}
STRANGE = "nowhere"


@pytest.fixture
def mill(tmp_path: Path) -> Iterator[Flow]:
    opened = open_flow(sqlite_url(tmp_path), write_folder(tmp_path / "mill", FILES))
    yield opened
    opened.runtime.engine.dispose()


def wheel(mill: Flow, **values: Any) -> str:
    return str(mill.row(mill.done("create", "wheel", {"name": "A", **values}))["id"])


def lost(mill: Flow, record: str) -> None:
    """Let somebody write a state into the database that the workflow does not have."""
    table = mill.runtime.schema.tables["wheel"]
    with mill.runtime.engine.begin() as connection:
        connection.execute(sa.update(table).where(table.c.id == record).values(status=STRANGE))


def settled(mill: Flow, incident: str, outcome: str = "retry") -> Any:
    values = {"incident": incident, "outcome": outcome, "reason": "looked at it"}
    return mill.ask("settle_incident", "wheel", values, actor=BOSS)


def test_steps_without_an_end_are_an_incident_that_a_second_try_ends(mill: Flow) -> None:
    one = wheel(mill, most=500)
    for _ in range(2):
        refusal = mill.blocked(one, "push", entity="wheel")
        assert (refusal.status, refusal.code) == (500, "auto_loop")
    (incident,) = waiting_for(mill.runtime, BOSS)
    assert refusal.params["incident"] == incident.id
    assert (incident.kind, incident.record_id) == ("auto_loop", one)
    assert (incident.facts["transition"], mill.read(one, "wheel")["status"]) == ("push", "still")
    mill.done("update", "wheel", {"most": 2}, record=one, version=1)
    mill.fired(one, "push", entity="wheel")
    settled(mill, incident.id)
    assert not waiting_for(mill.runtime, BOSS)


def test_a_row_of_many_that_breaks_is_an_incident_and_the_others_go_on(mill: Flow) -> None:
    rows = [wheel(mill, most=most) for most in (500, 2)]
    lost(mill, rows[0])
    asked = {"operation": "transition", "workflow": "fulfilment", "transition": "push"}
    done = mill.done("bulk", "wheel", {**asked, "ids": rows})
    assert [one.status for one in done.outcomes] == ["blocked", "ok"]
    (incident,) = waiting_for(mill.runtime, BOSS)
    assert (incident.kind, incident.facts["state"]) == ("unknown_stored_state", STRANGE)


def test_a_state_nobody_knows_is_an_incident_and_crashes_nothing(mill: Flow) -> None:
    one, other = wheel(mill), wheel(mill, name="B")
    lost(mill, one)
    listed = mill.rows(mill.done("list", "wheel"))
    assert {row["id"]: row["status"] for row in listed} == {one: STRANGE, other: "still"}
    assert mill.read(one, "wheel")["status"] == STRANGE
    mill.refused("list", "wheel", query={"status": STRANGE})
    pages = mill.done("export", "wheel").pages
    assert sum(len(page) for page in pages) == 2
    asked = mill.ask("transitions", "wheel", record=one)
    assert isinstance(asked, RequestError)
    assert asked.code == "unknown_stored_state"
    (incident,) = waiting_for(mill.runtime, BOSS)
    assert asked.params["incident"] == incident.id
    changed = mill.done("update", "wheel", {"name": "C"}, record=one, version=1)
    assert mill.row(changed)["status"] == STRANGE


def test_trying_again_closes_it_only_when_the_state_is_known_again(mill: Flow) -> None:
    one = wheel(mill)
    lost(mill, one)
    mill.blocked(one, "push", entity="wheel")
    (incident,) = waiting_for(mill.runtime, BOSS)
    again = settled(mill, incident.id)
    assert isinstance(again, RequestError)
    assert (again.status, STRANGE in str(again.message)) == (409, True)
    table = mill.runtime.schema.tables["wheel"]
    with mill.runtime.engine.begin() as connection:
        connection.execute(sa.update(table).values(status="still"))
    settled(mill, incident.id)
    assert not waiting_for(mill.runtime, BOSS)
