"""Changes of many records in the background: tried, done once, tried again, and undone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from runtime.errors import Conflict, Invalid, NotFound
from runtime.jobs import afterwards, many, runs
from runtime.jobs.work import changes
from runtime.operations import bulk
from runtime.store.engine import write
from runtime.store.trail import Trail
from tests.databases import postgres_url, sqlite_url
from tests.jobs.office import CHIEF, Office, open_office
from tests.shop import person

ANN = person("clerk", number=11)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    url = postgres_url() if request.param == "postgres" else sqlite_url(tmp_path)
    opened = open_office(url, tmp_path)
    yield opened
    opened.runtime.engine.dispose()


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Office]:
    opened = open_office(sqlite_url(tmp_path), tmp_path)
    yield opened
    opened.runtime.engine.dispose()


def asked(office: Office, operation: str, ids: list[str], **more: Any) -> str:
    wish = {"operation": operation, "ids": ids, "background": True, **more}
    return str(office.done("bulk", "errand", wish, actor=ANN).row)


def trail(office: Office, actor: Any = ANN) -> Trail:
    return Trail(office.runtime, actor, "screen", "", "")


def rows(office: Office, run_id: str) -> dict[str, str]:
    found = [one for one in office.stored("job_row") if one["run_id"] == run_id]
    return {one["record_id"]: one["status"] for one in found}


def test_records_are_previewed_changed_tried_again_and_given_back(office: Office) -> None:
    one, two, three = office.errands(3)
    (gone,) = office.errands(1)
    values = {"values": {"note": "new"}}
    preview = asked(office, "update", [one, two, three], preview=True, **values)
    # frozen with their versions: what changes after that is told, not overwritten
    office.done("update", "errand", {"note": "mine"}, record=two, version=1)
    assert office.work() == ["succeeded"]
    assert office.run(preview)["counts"] == {"ok": 2, "conflict": 1}
    assert [office.errand(each)["note"] for each in (one, two, three)] == ["plain", "mine", "plain"]
    done = afterwards.carry_out(office.runtime, trail(office), preview)
    assert afterwards.carry_out(office.runtime, trail(office), preview) == done
    assert office.work() == ["succeeded"]
    assert rows(office, done) == {one: "ok", two: "conflict", three: "ok"}
    rest = afterwards.start_rest(office.runtime, trail(office), done)
    assert office.work() == ["succeeded"]
    assert rows(office, rest) == {two: "ok"}
    # somebody changes one of them: it stays as it is
    office.done("update", "errand", {"note": "later"}, record=three, version=2)
    undo = afterwards.start_undo(office.runtime, trail(office), done)
    assert office.work() == ["succeeded"]
    assert rows(office, undo) == {one: "ok", three: "conflict"}
    found = [office.errand(each)["note"] for each in (one, two, three, gone)]
    assert found == ["plain", "new", "later", "plain"]
    with pytest.raises(Conflict):
        afterwards.start_undo(office.runtime, trail(office), undo)


def test_what_is_archived_by_the_hundred_comes_back_by_undo(office: Office) -> None:
    ids = office.errands(120)
    run_id = asked(office, "delete", ids)
    assert office.work() == ["succeeded"]
    assert office.run(run_id)["counts"] == {"ok": 120}
    assert list(office.done("list", "errand").rows) == []
    afterwards.start_undo(office.runtime, trail(office), run_id)
    assert office.work() == ["succeeded"]
    assert {office.errand(one)["version"] for one in ids[:3]} == {3}


def test_a_worker_that_dies_amid_a_chunk_leaves_nothing_changed_twice(
    here: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many, "CHUNK", 3)
    ids = here.errands(5)
    run_id = asked(here, "update", ids, values={"note": "new"})

    class Killed(BaseException):
        pass

    really, seen = bulk.change_one, []

    def change_one(*args: Any) -> Any:
        seen.append(args)
        if len(seen) == 3:
            raise Killed
        return really(*args)

    with write(here.runtime.engine) as connection:
        minute = timedelta(minutes=1)
        assert runs.claim(connection, run_id, "changes", "w", here.now[0], minute) is not None
    monkeypatch.setattr(changes.bulk, "change_one", change_one)
    here.kill()
    runs.requeue_lost(here.runtime.engine, here.now[0])
    with pytest.raises(Killed):
        here.work()
    here.kill()
    runs.requeue_lost(here.runtime.engine, here.now[0])
    assert here.work() == ["succeeded"]
    assert here.run(run_id)["counts"] == {"ok": 5}
    assert [here.errand(one)["version"] for one in ids] == [2] * 5
    updates = [one for one in here.stored("audit") if one["operation"] == "update"]
    assert len(updates) == 5


def test_whoever_holds_a_role_through_a_group_is_not_refused_in_the_background(
    here: Office,
) -> None:
    ids = here.errands(2)
    with write(here.runtime.engine) as connection:
        for statement in (
            "insert into ab_user values (14, 'gil', 'gil', 'X', 'gil', true, '')",
            "insert into ab_user_group values (14, 1)",
            "insert into ab_group_role values (1, 1)",
        ):
            connection.execute(sa.text(statement))
    gil = person("clerk", number=14)
    wish = {"operation": "update", "ids": ids, "values": {"note": "new"}, "background": True}
    run_id = str(here.done("bulk", "errand", wish, actor=gil).row)
    assert here.work() == ["succeeded"]
    assert here.run(run_id)["counts"] == {"ok": 2}


def test_only_who_asked_goes_on_from_a_run_and_a_wrong_wish_is_refused_at_once(
    here: Office,
) -> None:
    ids = here.errands(2)
    wrong = {"operation": "update", "ids": ids, "values": {"days": "many"}, "background": True}
    assert isinstance(here.refused("bulk", "errand", wrong, actor=ANN), Invalid)
    run_id = asked(here, "update", ids, values={"note": "new"})
    assert here.work() == ["succeeded"]
    with pytest.raises(NotFound):
        afterwards.start_undo(here.runtime, trail(here, person("robot", number=3)), run_id)
    with pytest.raises((Conflict, NotFound)):
        afterwards.start_undo(here.runtime, trail(here, CHIEF), run_id)
    with pytest.raises(Conflict):
        afterwards.start_rest(here.runtime, trail(here), run_id)


def test_tags_are_added_and_taken_away_one_by_one_and_given_back(office: Office) -> None:
    (one,) = office.errands(1, tags=["old", "kept"])
    (bare,) = office.errands(1)
    values = {"tags": {"add": ["new", "kept"], "remove": ["old"]}}
    now = office.done("bulk", "errand", {"operation": "update", "ids": [one], "values": values})
    assert now.outcomes[0].status == "ok"
    assert office.errand(one)["tags"] == ["kept", "new"]
    again = office.done("bulk", "errand", {"operation": "update", "ids": [one], "values": values})
    assert not again.outcomes[0].changed
    run_id = asked(office, "update", [one, bare], values={"tags": {"add": ["urgent"]}})
    assert office.work() == ["succeeded"]
    assert [office.errand(each)["tags"] for each in (one, bare)] == [
        ["kept", "new", "urgent"],
        ["urgent"],
    ]
    afterwards.start_undo(office.runtime, trail(office), run_id)
    assert office.work() == ["succeeded"]
    assert office.errand(one)["tags"] == ["kept", "new"]
    assert not office.errand(bare).get("tags")
    for wrong in ({"add": [1]}, {"adds": ["x"]}, {"add": ["x,y"]}, {"add": "x"}):
        body = {"operation": "update", "ids": [one], "values": {"tags": wrong}}
        assert isinstance(office.refused("bulk", "errand", body), Invalid), wrong
