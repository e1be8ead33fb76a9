"""A state column has one writer: a record begins in the initial state, and nothing else sets it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import postgres_url, sqlite_url
from tests.shop import Shop, open_shop, write_folder

FILES = {
    "app.yaml": "app: library\nlabel: Library",
    "roles.yaml": "roles: {clerk: {label: Clerk}}",
    "desk/loan.access.yaml": "access: loan\ngrants: {clerk: {loan: all}}",
    "desk/loan.entity.yaml": """
entity: loan
label: Loan
fields:
  name: {type: text, required: true}
  due: {type: integer}
""",
    "desk/loan.workflow.yaml": """
entity: loan
workflows:
  lending:
    field: status
    initial: asked
    states: {asked: {en: Asked, zh: 已申请}, out: {en: Out, zh: 已借出}, back: {final: true}}
    transitions:
      fetch: {from: asked, to: out, roles: any}
      return: {from: out, to: back, roles: any}
  debt:
    states: {nothing: Nothing, some: Some}
    derive:
      - {if: due > 0, value: some}
      - {else: true, value: nothing}
""",
}


@pytest.fixture(params=["sqlite", "postgresql"])
def library(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    folder = write_folder(tmp_path / "library", FILES)
    url = sqlite_url(tmp_path) if request.param == "sqlite" else postgres_url()
    opened = open_shop(url, folder, "clerk")
    yield opened
    opened.runtime.engine.dispose()


def test_a_record_begins_in_the_initial_state_and_derived_states_follow(library: Shop) -> None:
    loan = library.row(library.done("create", "loan", {"name": "Atlas"}))
    assert (loan["status"], loan["debt"]) == ("asked", "nothing")
    changed = library.done("update", "loan", {"due": 3}, record=loan["id"], version=1)
    assert library.row(changed)["debt"] == "some"
    changed = library.done("update", "loan", {"due": None}, record=loan["id"], version=2)
    assert library.row(changed)["debt"] == "nothing"


@pytest.mark.parametrize("column", ["status", "debt"])
def test_nobody_writes_a_state_directly(library: Shop, column: str) -> None:
    value = {"status": "out", "debt": "some"}[column]
    refusal = library.refused("create", "loan", {"name": "Atlas", column: value})
    assert [one.field for one in refusal.errors] == [column]
    loan = library.row(library.done("create", "loan", {"name": "Atlas"}))
    refusal = library.refused("update", "loan", {column: value}, record=loan["id"], version=1)
    assert [one.field for one in refusal.errors] == [column]
    assert library.row(library.done("read", "loan", record=loan["id"]))[column] == loan[column]


def test_a_list_is_filtered_by_state(library: Shop) -> None:
    library.done("create", "loan", {"name": "Atlas"})
    assert len(library.rows(library.done("list", "loan", query={"status": "asked"}))) == 1
    assert library.rows(library.done("list", "loan", query={"status": "out"})) == []
