"""Work done in a shop of canaries: what runs, files, imports and selections tell, and to whom.

The pages of the same work are walked by `test_canaries`; here are the ways that no page has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from generator.model.entity import Entity, Field
from rules.role_names import narrowed
from runtime.errors import NotFound, RequestError
from runtime.jobs import desk as jobs
from runtime.jobs.worker import work_on
from runtime.messages import Actor, Incoming, Outcome
from runtime.operations import import_
from runtime.operations._importing import apply
from runtime.operations._keys import Keys
from runtime.pipeline import authorize
from runtime.runtime import Runtime
from runtime.store.engine import write
from tests.access.canaries import Canary, Filled, allowed, raw
from tests.access.canary_work import JOB, whole
from tests.access.counter import PEOPLE, person
from tests.access.test_canaries import Worked, leaks, told
from tests.web.desk import token

NOBODYS = "zzzz9999"
"""A value that no record has."""


@pytest.mark.parametrize("name", PEOPLE)
def test_no_run_tells_a_program_what_its_reader_may_not_see(worked: Worked, name: str) -> None:
    here, filled, work = worked
    may = allowed(filled, person(here, filled, name))
    browser, found, files = here.browser(name), [], 0
    runs = [f"/api/v1/jobs/runs/{one}" for one in work.runs]
    paths = ["/api/v1/jobs", f"/api/v1/jobs/{JOB}", f"/api/v1/jobs/{JOB}/runs"]
    paths += [each for one in runs for each in (one, f"{one}/rows", f"{one}/rows?refused=true")]
    paths += [f"/api/v1/jobs/runs/{run}/files/{file}" for run, file in work.files]
    for path in paths:
        page = browser.get(path)
        assert page.status_code in {200, 403, 404}, path
        found += [(path, one) for one in leaks(told(page), may, filled)]
        files += page.status_code == 200 and "/files/" in path
    assert found == []
    # a reviewer exports stores and orders, of which a job's file holds nothing that they do not see
    assert files == {"owner": len(work.files), "reviewer": 2}.get(name, 0)


def test_who_operates_is_told_of_every_record_but_in_words_only_of_what_they_see(
    worked: Worked,
) -> None:
    here, filled, work = worked
    steps = next(one for one in work.runs if kind(filled, one) == "transitions")
    rows = {
        name: here.browser(name).get(f"/api/v1/jobs/runs/{steps}/rows").json["data"]
        for name in ("owner", "reviewer")
    }
    assert [one["record"] for one in rows["reviewer"]] == filled.records["order"]
    assert {one["status"] for one in rows["reviewer"]} == {"blocked"}
    assert [one["message"] for one in rows["reviewer"]] == [None] * 3
    assert all("cnry" in one["message"] for one in rows["owner"])
    assert here.browser("seller").get(f"/api/v1/jobs/runs/{steps}/rows").status_code == 404


def kind(filled: Filled, run: str) -> str:
    return str(jobs.find_run(filled.shop.runtime, filled.shop.actor, run).job)


@pytest.mark.parametrize("name", PEOPLE)
def test_no_file_or_selection_of_a_list_holds_what_its_maker_may_not_see(
    worked: Worked, name: str
) -> None:
    here, filled, _ = worked
    may = allowed(filled, person(here, filled, name))
    browser, found, sent = here.browser(name), [], 0
    csrf = token(browser.get("/preferences"))
    for one in whole(filled.shop.runtime.app):
        columns = list(filled.shop.runtime.app.entities[one].fields)
        asked: dict[str, Any] = {"csrf_token": csrf, "id": filled.records[one]}
        for path, more in (
            ("export", {"format": "csv", "columns": columns, "what": "all"}),
            ("export", {"format": "csv", "columns": columns, "what": "chosen"}),
            ("bulk", {"action": "edit"}),
            ("bulk", {"action": "step"}),
            ("bulk", {"action": "edit", "all_matching": "1", "query": "q=cnry"}),
            ("print", {}),
        ):
            page = browser.client.post(
                f"/{one}/{path}", data={**asked, **more}, follow_redirects=True
            )
            assert page.status_code in {200, 303, 400, 403, 404, 405, 422}, (one, path, more)
            found += [(one, path, each) for each in leaks(told(page), may, filled)]
            sent += page.status_code == 200
    assert found == []
    assert bool(sent) == (name != "norole")


IMPORTERS = ("seller", "other", "noshop", "lead")


@pytest.mark.parametrize("name", IMPORTERS)
def test_no_import_confirms_a_value_its_sender_may_not_see(worked: Worked, name: str) -> None:
    """What is right and what is a guess come to the same, by whatever way it is asked."""
    here, filled, _ = worked
    actor = person(here, filled, name)
    may, app = allowed(filled, actor), filled.shop.runtime.app
    found, asked = [], 0
    for canary in filled.canaries:
        entity = app.entities[canary.entity]
        if canary.text in may or entity.ledger:
            continue
        for target, values, more in guesses(filled, entity, canary):
            right = tried(filled.shop.runtime, actor, target, values, more)
            guess = tried(
                filled.shop.runtime, actor, target, other(values, canary.text, NOBODYS), more
            )
            asked += right is not None
            if other(right, canary.text, NOBODYS) != guess:
                found.append((target, values, more, right, guess))
    assert found == []
    assert asked > 20


def guesses(
    filled: Filled, entity: Entity, canary: Canary
) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Yield rows that ask for a value: as the key, beside the key, behind a reference."""
    app = filled.shop.runtime.app
    field = entity.fields[canary.field]
    value = written(field, canary.text)
    if entity.child_of:
        parent = app.entities[entity.child_of]
        part = next(one.name for one in parent.fields.values() if one.target == entity.name)
        yield parent.name, {part: [{canary.field: value}]}, {"mode": "create"}
        return
    if not field.unique:
        # what is unique says that it is taken, and no more: see `test_writing`
        yield entity.name, {canary.field: value}, {"key": [canary.field]}
        yield entity.name, {"id": canary.record, canary.field: value}, {"key": ["id"]}
    yield entity.name, {canary.field: value}, {"key": [canary.field], "mode": "update"}
    own = {one.field: one.text for one in filled.canaries if one.record == canary.record}
    if entity.key and {*entity.key} <= own.keys() - {canary.field}:
        keys = {name: own[name] for name in entity.key}
        yield entity.name, {**keys, canary.field: value}, {"mode": "update"}
    for other_one in app.entities.values():
        for model in other_one.fields.values():
            if model.target == entity.name and model.type == "reference":
                for named in ({canary.field: value}, value):
                    row = {model.name: named}
                    yield other_one.name, row, {"mode": "create"}
                    yield other_one.name, row, {"mode": "create", "lenient": [model.name]}


def written(field: Field, text: str) -> Any:
    """Return a canary as a payload says it."""
    if field.type == "integer":
        return int(text)
    if field.type == "tags":
        return [text]
    if field.type == "address":
        return {"country": "CN", "city": "Shanghai", "street": text}
    if field.type == "email":
        return f"{text}@example.com"
    return f"+86138{text}" if field.type == "phone" else text


def other(value: Any, text: str, instead: str) -> Any:
    """Return the same with another value where a canary stood."""
    if isinstance(value, str):
        return value.replace(text, wrong(text, instead))
    if isinstance(value, Mapping):
        return {key: other(one, text, instead) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(other(one, text, instead) for one in value)
    return int(wrong(text, instead)) if isinstance(value, int) and str(value) == text else value


def wrong(text: str, instead: str) -> str:
    """Return what nobody has, of the same form."""
    return "81999999" if text.isdigit() else instead


class _Tried(Exception):
    """Leaves the transaction of a dry run."""


def tried(
    runtime: Runtime, actor: Actor, entity: str, values: dict[str, Any], more: dict[str, Any]
) -> tuple[Any, ...] | None:
    """Return what a dry run says of a row; None where they may not import such records."""
    body = {"records": [values], **more}
    incoming = Incoming("import", entity, actor, values=body)
    outcomes: list[Outcome] = []
    try:
        grant = authorize(incoming, runtime)
        plan = import_.plan(import_.parse(incoming, grant, runtime), grant, runtime)
    except RequestError:
        return None
    try:
        with write(runtime.engine) as connection:
            outcomes = apply(connection, plan, runtime, Keys(runtime, actor))
            raise _Tried
    except _Tried:
        (one,) = outcomes
        return one.status, *[(each.field, each.code, each.message.texts) for each in one.errors]


@pytest.mark.parametrize("name", IMPORTERS)
def test_no_page_of_an_import_names_a_field_its_sender_does_not_know(
    worked: Worked, name: str
) -> None:
    here, filled, _ = worked
    browser, matrix = here.browser(name), filled.shop.runtime.matrix
    roles = person(here, filled, name).roles
    entities = filled.shop.runtime.app.entities
    shown = 0
    for entity in (entities["order"], entities["customer"]):
        known = frozenset().union(
            *(
                grant.read | grant.write
                for action in ("read", "create", "update")
                if (grant := matrix.grant(roles, entity.name, action)) is not None
            )
        )
        page = browser.get(f"/{entity.name}/import").text
        page += browser.get(f"/{entity.name}/import/template.csv").text
        for model in entity.fields.values():
            is_there = re.search(rf"\b{re.escape(model.name)}\b", page) is not None
            assert model.name in known or not is_there, model.name
            shown += is_there
    assert shown


def test_work_in_somebodys_name_is_done_with_what_they_may_do_by_then(worked: Worked) -> None:
    """Asked for in one store, worked on after its seller has left it."""
    here, filled, work = worked
    runtime, order = filled.shop.runtime, filled.records["order"][0]
    seller = person(here, filled, "seller")
    body = {"operation": "update", "values": {"note": "late"}, "ids": [order], "background": True}
    placed = next(row for row in raw(runtime, runtime.app.entities["staff"]) if is_of(row, seller))
    run = str(filled.shop.done("bulk", "order", body, actor=seller).row)
    filled.shop.done("delete", "staff", record=str(placed["id"]), version=1)
    try:
        assert work_on(work.setup, "changes", run, "test") == "succeeded"
    finally:
        told_of = {"account": "seller", "store": placed["store"]}
        filled.shop.done("create", "staff", told_of)
    assert jobs.find_run(runtime, seller, run).counts == {"gone": 1}
    assert "late" not in str(raw(runtime, runtime.app.entities["order"]))


def is_of(row: Mapping[str, Any], actor: Actor) -> bool:
    return row["account"] == actor.name and row["archived_at"] is None


def test_a_token_follows_only_runs_about_what_it_reaches(worked: Worked) -> None:
    _, filled, work = worked
    runtime, owner = filled.shop.runtime, filled.shop.actor
    narrow = replace(owner, scopes=frozenset({"read:store"}))
    narrow = replace(narrow, roles=narrowed(owner.roles, {"read:store"}))
    seen = set()
    for run in work.runs:
        try:
            seen.add(str(jobs.find_run(runtime, narrow, run).input["entity"]))
        except NotFound:
            continue
    assert seen == {"store"}
