"""A question that points at records offers those that fit it, and takes no other."""

from pathlib import Path

from tests.databases import sqlite_url
from tests.flow import open_flow
from tests.shop import write_folder

FILES = {
    "app.yaml": "app: mill\nlabel: Mill",
    "roles.yaml": "roles: {clerk: {label: Clerk}}",
    "desk/wheel.access.yaml": "access: wheel\ngrants: {clerk: {wheel: all, reason: all}}",
    "desk/reason.entity.yaml": """
entity: reason
label: Reason
title: "{name}"
fields: {name: {type: text, required: true}, of: {type: text, required: true}}
""",
    "desk/wheel.entity.yaml": """
entity: wheel
label: Wheel
title: "{name}"
fields: {name: {type: text, required: true}, why: {type: reference, to: reason}}
""",
    "desk/wheel.workflow.yaml": """
entity: wheel
workflows:
  fulfilment:
    field: status
    initial: made
    states: {made: {en: Made, zh: 已做}, sold: {en: Sold, zh: 已售}}
    transitions:
      sell:
        from: made
        to: sold
        roles: any
        input: {because: {type: reference, to: reason, pick: "of == 'sale'"}}
        do: [{set: {why: input.because}}]
      take_back: {from: sold, to: made, roles: any}
""",
}


def test_only_what_fits_is_offered_and_taken(tmp_path: Path) -> None:
    mill = open_flow(sqlite_url(tmp_path), write_folder(tmp_path / "mill", FILES))
    made = {
        name: str(mill.row(mill.done("create", "reason", {"name": name, "of": of}))["id"])
        for name, of in (("Wanted", "sale"), ("Broken", "return"))
    }
    asked = {"for": "wheel.fulfilment.sell.because"}
    offered = mill.rows(mill.done("choices", "reason", query=asked))
    assert [row["id"] for row in offered] == [made["Wanted"]]
    for wrong in ("wheel.fulfilment.sell.nothing", "wheel.fulfilment.take_back.because"):
        assert mill.refused("choices", "reason", query={"for": wrong}).code == "R400"
    one = str(mill.row(mill.done("create", "wheel", {"name": "A"}))["id"])
    refusal = mill.blocked(one, "sell", {"because": made["Broken"]}, entity="wheel")
    told = [(error.field, error.code) for error in refusal.errors]
    assert (refusal.code, told) == ("invalid_input", [("because", "not_found")])
    mill.fired(one, "sell", {"because": made["Wanted"]}, entity="wheel")
    mill.runtime.engine.dispose()
