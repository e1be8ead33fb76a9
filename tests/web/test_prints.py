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
from tests.web.desk import DESK, Browser, Desk, open_desk_with, token

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
LABEL = """
print:
  labels:
    card: {label: {en: Card, zh: 卡片}, size: 60x90, lines: [name, email], barcode: code, qr: email}
"""
MANY = 103
API = "/api/v1/prints/member"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    entity = (DESK / "desk" / "member.entity.yaml").read_text("utf-8") + LABEL
    opened = open_desk_with(request.param, tmp_path, ACCESS, roles=ROLES, member__entity=entity)
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
    assert desk.browser().get(link).status_code == 403, "it shows what is hidden now"
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


def ids_of(browser: Browser) -> list[str]:
    """Return the ids of the first members, by their codes."""
    page = browser.get("/api/v1/member?fields=id&sort=code&limit=100").json
    return [str(one["id"]) for one in page["data"]]


def send(browser: Browser, address: str, body: object) -> TestResponse:
    csrf = token(browser.get("/preferences"))
    return browser.client.post(address, json=body, headers={"X-CSRFToken": csrf})


def test_labels_of_all_that_match_are_made_by_a_run(desk: Desk) -> None:
    kim = desk.browser()
    page = asked(kim)
    (led,) = re.findall(r'href="([^"]+)"[^>]*>Card</a>', page.text)
    page = kim.get(led.replace("&amp;", "&"))
    assert ("The first 100 of 103." in page.text, page.text.count('class="lb"')) == (True, 100)
    run_id = begun(kim, page)
    assert work(desk, run_id) == "succeeded"
    answer = kim.get(file_of(kim, run_id))
    assert (answer.status_code, answer.text.count('<article class="lb">')) == (200, MANY)
    assert "@page{size:60mm 90mm" in answer.text
    assert answer.text.count("<svg") == 2 * MANY, "bars and a square each"
    squares = re.findall(r'<div class="lb-q"><svg viewBox="0 0 (\d+) (\d+)" class', answer.text)
    assert len(squares) == MANY, "a code without a box is cut off where its place is smaller"
    assert {high == wide for high, wide in squares} == {True}
    assert ("<script" in answer.text, "href=" in answer.text) == (False, False)
    link = file_of(kim, run_id)
    become(desk, "kim", "clerk")
    assert desk.browser().get(link).status_code == 403
    clerk = desk.browser()
    run_id = begun(clerk, clerk.get(led.replace("&amp;", "&")))
    assert work(desk, run_id) == "succeeded"
    text = clerk.get(file_of(clerk, run_id)).text
    assert ("Member 007" in text, "@example.com" in text, text.count("<svg")) == (True, False, MANY)


def test_programs_print_what_the_screens_print(desk: Desk) -> None:
    kim, ron = desk.browser(), desk.browser("ron", "zh")
    first, second, *_ = ids_of(kim)
    one = kim.get(f"{API}/{first}")
    assert (one.status_code, one.mimetype) == (200, "text/html")
    assert one.headers["Content-Disposition"] == 'attachment; filename="member.html"'
    assert re.findall("<h1>([^<]+)</h1>", one.text) == ["Member 000"]
    assert "m0@example.com" in one.text
    some = ron.get(f"{API}?ids={second},{first}")
    assert re.findall("<h1>([^<]+)</h1>", some.text) == ["Member 001", "Member 000"]
    assert 'lang="zh-CN"' in some.text
    card = kim.get(f"{API}/{first}?label=card").text
    assert (card.count('<article class="lb">'), card.count("<svg")) == (1, 2)
    become(desk, "kim", "clerk")
    for address in (f"{API}/{first}", f"{API}?ids={first},{second}&label=card"):
        assert "@example.com" not in desk.browser().get(address).text
    document = desk.browser("ron").get("/api/v1/openapi.json").json["paths"]
    assert set(document[API]) == {"get"}, "who may not export has no run offered"


def test_programs_have_all_that_match_printed_by_a_run(desk: Desk) -> None:
    kim = desk.browser()
    ids = ids_of(kim)
    for body, count in (
        ({"filter": {"code[starts_with]": "M10"}, "sort": "-code"}, 3),
        ({"ids": ids[:3], "label": "card"}, 3),
        ({"label": "card"}, MANY),
    ):
        begun_run = send(kim, API, body)
        assert begun_run.status_code == 202, begun_run.text
        run_id = begun_run.json["data"]["run"]
        assert begun_run.headers["Location"] == f"/api/v1/jobs/runs/{run_id}"
        assert work(desk, run_id) == "succeeded"
        told = kim.get(begun_run.headers["Location"]).json["data"]
        assert told["done"] == count
        (kept,) = told["files"]
        text = kim.get(kept["url"]).text
        assert text.count("<article") == count
    assert send(desk.browser("ron"), API, {"label": "card"}).status_code == 403


def test_what_cannot_be_printed_is_refused_by_name(desk: Desk) -> None:
    kim, record = desk.browser(), "00000000-0000-7000-8000-000000000000"
    for address, status in (
        (f"{API}/{record}", 404),
        (f"{API}/{record}?label=none", 404),
        (f"{API}/none", 404),
        (f"{API}/{record}/more", 404),
        ("/api/v1/prints", 404),
        ("/api/v1/prints/none", 404),
        (f"{API}/{record}?what=x", 422),
        (f"{API}?ids=", 422),
        (f"{API}?ids={record}", 404),
        (f"{API}?ids={','.join([record[:-3] + f'{n:03}' for n in range(101)])}", 422),
    ):
        assert kim.get(address).status_code == status, address
    for body, status in (
        ({"ids": []}, 422),
        ({"ids": "x"}, 422),
        ({"ids": [1]}, 422),
        ({"label": 1}, 422),
        ({"label": "none"}, 404),
        ({"filter": {"limit": "1"}}, 422),
        ({"filter": {"nothing": "1"}}, 400),
        ({"sort": "nothing"}, 400),
        ({"what": 1}, 422),
        ([], 400),
    ):
        assert send(kim, API, body).status_code == status, body
    assert desk.app.test_client().get(f"{API}/{record}").status_code == 401
    csrf = {"X-CSRFToken": token(kim.get("/preferences"))}
    assert kim.client.delete(f"{API}/{record}", headers=csrf).status_code == 405
