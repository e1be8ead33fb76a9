"""A worker that is killed amid many transitions or an export: all is done, and nothing twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime.jobs import many, results, runs
from runtime.jobs.worker import work_on
from tests.databases import postgres_url, sqlite_url
from tests.jobs.office import Office, open_office
from tests.jobs.test_changes import ANN
from tests.killing import killed_at, stuck_after


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    url = postgres_url() if request.param == "postgres" else sqlite_url(tmp_path)
    opened = open_office(url, tmp_path)
    yield opened
    opened.runtime.engine.dispose()


def work_anew(office: Office) -> None:
    """Let the next worker find what the killed one left, and do it."""
    office.kill()
    assert runs.requeue_lost(office.runtime.engine, office.now[0]) == 1
    office.later(hours=1)
    assert office.work() == ["succeeded"]


def finished(office: Office, count: int) -> tuple[list[str], str]:
    """Ask for one transition of many records in the background."""
    ids = office.errands(count)
    wish = {
        "operation": "transition",
        "ids": ids,
        "workflow": "doing",
        "transition": "finish",
        "background": True,
    }
    return ids, str(office.done("bulk", "errand", wish, actor=ANN).row)


@pytest.mark.parametrize("commits", [False, True], ids=["in its chunk", "behind its chunk"])
def test_many_transitions_go_on_where_their_worker_was_killed(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, commits: bool
) -> None:
    monkeypatch.setattr(many, "CHUNK", 2)
    ids, run_id = finished(office, 5)
    reached, advance = tmp_path / "reached", runs.advance

    def stuck(*given: Any) -> Any:
        # the second chunk: its records are fired, and nobody has written down that they are
        if given[4].get("done") != 4:
            return advance(*given)
        if commits:
            return stuck_after(reached, lambda: None)()
        return stuck_after(reached, advance)(*given)

    with monkeypatch.context() as there:
        there.setattr(runs, "advance", stuck)
        killed_at(
            reached,
            office.runtime.engine,
            lambda: work_on(office.setup(), "transitions", run_id, "test"),
        )
    assert [office.errand(one)["status"] for one in ids] == ["done"] * 4 + ["open"]
    work_anew(office)
    assert [office.errand(one)["status"] for one in ids] == ["done"] * 5
    assert [office.errand(one)["version"] for one in ids] == [2] * 5
    assert office.run(run_id)["counts"] == {"ok": 5}
    log = [one["record_id"] for one in office.stored("workflow_log") if one["transition"]]
    assert Counter(one for one in log if one in ids) == Counter(ids)
    rows = [one["record_id"] for one in office.stored("job_row") if one["run_id"] == run_id]
    assert sorted(rows) == sorted(ids)
    wanted = [one for one in office.stored("outbox") if one["topic"] == "workflow.enqueue"]
    assert Counter(one["record_id"] for one in wanted) == Counter(ids)


def test_an_export_whose_worker_was_killed_is_one_whole_file(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.errands(5)
    told = {"columns": ["name", "note"], "form": "csv"}
    asked = office.done("export", "errand", told, actor=ANN, query={"fields": "id", "sort": "name"})
    run_id = str(asked.row)
    reached, folder = tmp_path / "reached", office.results
    assert folder is not None
    with monkeypatch.context() as there:
        # every byte is written, and the file has no name yet
        there.setattr("runtime.jobs.results.os.fsync", stuck_after(reached, lambda number: None))
        killed_at(
            reached,
            office.runtime.engine,
            lambda: work_on(office.setup(), "export_rows", run_id, "test"),
        )
    assert [one.suffix for one in (folder / run_id).iterdir()] == [".half"]
    assert not office.stored("job_file")
    work_anew(office)
    (file,) = office.stored("job_file")
    text = results.path_of(folder, run_id, file["id"]).read_text("utf-8-sig")
    assert text.splitlines() == ["Name,Note", *(f"E{number},plain" for number in range(5))]
    results.forget(office.runtime.engine, folder, office.now[0])
    assert [one.name for one in (folder / run_id).iterdir()] == [file["id"]], "the half is gone"
