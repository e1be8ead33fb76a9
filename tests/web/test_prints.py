"""All that match a list as one printable document: looked at first, then made by a run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from runtime.jobs.starting import every_kind
from runtime.jobs.worker import WorkerSetup, work_on
from runtime.messages import Actor, Incoming, Result
from runtime.pipeline import handle
from tests.web.desk import Browser, Desk, open_desk_with

ACCESS = """
access: desk
grants:
  keeper: {"*": all}
  reader: {member: {allow: [view, list]}}
  clerk: {member: {allow: [view, list, export], fields: {hidden: [email]}}}
"""
ROLES = """
roles:
  keeper: {label: {en: Keeper, zh: 馆员}}
  reader: {label: {en: Reader, zh: 读者}}
  clerk: {label: {en: Clerk, zh: 文员}}
"""
MANY = 103


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    opened = open_desk_with(request.param, tmp_path, ACCESS, roles=ROLES)
    rows = [
        {"code": f"M{n:03}", "name": f"Member {n:03}", "email": f"m{n}@example.com"}
        for n in range(MANY)
    ]
    actor = Actor(opened.people["kim"], "kim", frozenset({"keeper"}))
    made = handle(Incoming("import", "member", actor, values={"records": rows}), opened.runtime)
    assert isinstance(made, Result), made
    yield opened
    opened.runtime.engine.dispose()


def asked(browser: Browser, query: str = "") -> TestResponse:
    """Print all that match, as the bar above a list does; return the look at the first."""
    page = browser.get("/member/")
    led = browser.send(page, "/member/print", all_matching="1", query=query)
    assert led.status_code == 303
    return browser.get(led.location)


def begun(browser: Browser, page: TestResponse) -> str:
    """Ask for all of them in one document; return the run."""
    started = browser.send(page, "/member/print/all")
    assert started.status_code == 303, started.text
    return str(started.location.rpartition("/")[2])


def work(desk: Desk, run_id: str) -> str | None:
    runtime = desk.runtime
    folder = desk.app.extensions["shopwright"].settings.files.parent / "results"
    setup = WorkerSetup(
        runtime.engine, runtime.clock, every_kind(runtime.app), runtime, results=folder
    )
    return work_on(setup, "export_rows", run_id, "test")


def file_of(browser: Browser, run_id: str) -> str:
    page = browser.get(f"/jobs/runs/{run_id}").text
    (link,) = re.findall(rf'href="(/jobs/runs/{run_id}/files/[^"]+)"', page)
    return str(link)


def become(desk: Desk, name: str, role: str) -> None:
    """Give somebody another role in place of theirs."""
    told = {"role": role, "person": desk.people[name]}
    with desk.runtime.engine.begin() as connection:
        connection.execute(
            sa.text(
                "UPDATE ab_user_role SET role_id = (SELECT id FROM ab_role WHERE name = :role)"
                " WHERE user_id = :person"
            ),
            told,
        )


def test_all_that_match_become_one_document_after_a_look_at_the_first(desk: Desk) -> None:
    kim = desk.browser()
    page = asked(kim, "sort=-code")
    assert ("The first 100 of 103." in page.text, page.text.count("p-sheet")) == (True, 100)
    assert "All 103 in one document" in page.text
    run_id = begun(kim, page)
    assert work(desk, run_id) == "succeeded"
    answer = kim.get(file_of(kim, run_id))
    assert answer.headers["Content-Disposition"].startswith("attachment; ")
    titles = re.findall("<h1>([^<]+)</h1>", answer.text)
    assert titles == [f"Member {n:03}" for n in reversed(range(MANY))]
    assert "m7@example.com" in answer.text
    assert ("<script" in answer.text, "href=" in answer.text) == (False, False)
    chinese = asked(desk.browser(locale="zh"))
    assert "仅显示前 100 条，共 103 条。" in chinese.text
    assert "全部 103 条生成一份文档" in chinese.text


def test_a_list_that_fits_on_its_page_needs_no_run(desk: Desk) -> None:
    page = asked(desk.browser(), "q=Member 00")
    assert (page.text.count("p-sheet"), "in one document" in page.text) == (10, False)


def test_a_document_is_its_readers_alone_and_ends_with_their_rights(desk: Desk) -> None:
    kim = desk.browser()
    run_id = begun(kim, asked(kim))
    assert work(desk, run_id) == "succeeded"
    link = file_of(kim, run_id)
    assert desk.browser("ron").get(link).status_code == 404
    become(desk, "kim", "clerk")
    assert desk.browser().get(link).status_code in {400, 403}, "it shows what is hidden now"
    clerk = desk.browser()
    run_id = begun(clerk, asked(clerk))
    assert work(desk, run_id) == "succeeded"
    text = clerk.get(file_of(clerk, run_id)).text
    assert ("Member 007" in text, "@example.com" in text) == (True, False)


def test_who_may_not_export_looks_and_takes_nothing_out(desk: Desk) -> None:
    ron = desk.browser("ron")
    page = asked(ron)
    assert (page.text.count("p-sheet"), "in one document" in page.text) == (100, False)
    refused = ron.send(ron.get("/preferences"), "/member/print/all")
    assert refused.status_code == 403
    with desk.runtime.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM sw_job_run")).scalar_one() == 0


def test_a_run_that_is_cancelled_leaves_no_document(desk: Desk) -> None:
    kim = desk.browser()
    run_id = begun(kim, asked(kim))
    kim.send(kim.get(f"/jobs/runs/{run_id}"), f"/jobs/runs/{run_id}", action="cancel")
    work(desk, run_id)
    page = kim.get(f"/jobs/runs/{run_id}").text
    assert "/files/" not in page
