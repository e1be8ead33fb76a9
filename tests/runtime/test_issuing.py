"""A transition issues a number: once, from its own counter, and never twice the same."""

from pathlib import Path

import pytest

from tests.databases import postgres_url, sqlite_url
from tests.flow import open_flow
from tests.shop import write_folder

FILES = {
    "app.yaml": "app: mill\nlabel: Mill",
    "roles.yaml": "roles: {clerk: {label: Clerk}}",
    "desk/wheel.access.yaml": "access: wheel\ngrants: {clerk: {wheel: all}}",
    "desk/wheel.entity.yaml": """
entity: wheel
label: Wheel
title: "{name}"
fields:
  name: {type: text, required: true}
  number: {type: sequence, pattern: "W-{n}"}
  invoice: {type: sequence, pattern: "INV{yyyy}-{n:04}", issued: true, gapless: true}
""",
    "desk/wheel.workflow.yaml": """
entity: wheel
workflows:
  fulfilment:
    field: status
    initial: made
    states: {made: {en: Made, zh: 已做}, sold: {en: Sold, zh: 已售}}
    transitions:
      sell: {from: made, to: sold, roles: any, do: [{issue: invoice}]}
      take_back: {from: sold, to: made, roles: any}
      spoil:
        from: made
        to: made
        roles: any
        do: [{issue: invoice}]
        then: [{create: wheel, values: {name: "null"}}]
""",
}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_number_is_issued_once_and_a_step_undone_gives_it_to_the_next(
    tmp_path: Path, kind: str
) -> None:
    url = sqlite_url(tmp_path) if kind == "sqlite" else postgres_url()
    mill = open_flow(url, write_folder(tmp_path / "mill", FILES))
    made = [mill.row(mill.done("create", "wheel", {"name": name})) for name in "AB"]
    assert [row["invoice"] for row in made] == [None, None]
    assert [row["number"] for row in made] == ["W-1", "W-2"]
    first, second = (str(row["id"]) for row in made)
    assert mill.blocked(second, "spoil", entity="wheel").code == "effect_failed"
    sold = mill.row(mill.fired(first, "sell", entity="wheel"))
    assert sold["invoice"] == "INV2026-0001"
    mill.fired(first, "take_back", entity="wheel")
    assert mill.row(mill.fired(first, "sell", entity="wheel"))["invoice"] == "INV2026-0001"
    assert mill.row(mill.fired(second, "sell", entity="wheel"))["invoice"] == "INV2026-0002"
    log = [one["after"] for one in mill.stored("workflow_log", transition="sell")]
    assert log[0]["invoice"] == "INV2026-0001"
    wrong = mill.refused("update", "wheel", {"invoice": "INV-9"}, record=first, version=4)
    assert wrong.code == "R422"
    mill.runtime.engine.dispose()
