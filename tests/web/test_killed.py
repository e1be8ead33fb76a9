"""The web process killed while a file is sent or its import begun: again, and it is there once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.files import FileStore
from runtime.jobs import runs
from runtime.web.screens.routes import imports
from tests.killing import killed_at, stuck_after
from tests.web.desk import Browser, Desk, open_desk_with
from tests.web.test_imports import ACCESS, imported, members, send, tried, work

ROWS = "code,name\nA,Ann\nB,Bob\n"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    opened = open_desk_with(request.param, tmp_path, ACCESS)
    yield opened
    opened.runtime.engine.dispose()


def pressed(browser: Browser, run_id: str) -> str:
    """Import what was tried; return the run that was begun."""
    page = browser.get(f"/jobs/runs/{run_id}")
    go = re.search(r'action="(/member/import/[^"]+/go)"', page.text)
    assert go is not None
    return str(browser.send(page, go[1], run=run_id).location.rpartition("/")[2])


def test_a_file_that_was_half_taken_is_sent_again(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kim, reached = desk.browser(), tmp_path / "reached"
    with monkeypatch.context() as there:
        # its bytes are in the folder, its row is being written
        there.setattr(FileStore, "row", stuck_after(reached, FileStore.row))
        killed_at(reached, desk.runtime.engine, lambda: send(kim, ROWS))
    assert (desk.count("sw_file"), desk.count("sw_job_run")) == (0, 0)
    imported(desk, kim, tried(kim, ROWS))
    assert [code for code, _, _ in members(desk)] == ["A", "B"]
    assert desk.count("sw_file") == 1


@pytest.mark.parametrize("where", ["before it is kept", "before it is answered"])
def test_an_import_that_was_begun_as_the_server_died_is_one_import(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    kim, reached = desk.browser(), tmp_path / "reached"
    run_id = tried(kim, ROWS)
    assert work(desk, run_id) == "succeeded"
    with monkeypatch.context() as there:
        if where == "before it is kept":
            there.setattr(runs, "create", stuck_after(reached, runs.create))
        else:
            there.setattr(imports, "run_url", stuck_after(reached, lambda run: None))
        killed_at(reached, desk.runtime.engine, lambda: pressed(kim, run_id))
    assert desk.count("sw_job_run") == (1 if where == "before it is kept" else 2)
    real = pressed(kim, run_id)
    assert pressed(kim, run_id) == real
    assert desk.count("sw_job_run") == 2
    assert work(desk, real) == "succeeded"
    assert [code for code, _, _ in members(desk)] == ["A", "B"]
    assert desk.count("sw_outbox") == 2, "each was created once"
