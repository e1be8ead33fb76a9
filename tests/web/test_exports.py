"""Exports on pages: what is small is sent, what is large is made, what is kept can be had again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from runtime.importing.headers import target_from_header
from runtime.importing.tables import Reading, open_table
from runtime.jobs.starting import every_kind
from runtime.jobs.worker import WorkerSetup, work_on
from tests import databases
from tests.web.desk import DESK, Browser, Desk, open_desk, open_desk_with, token

COLUMNS = ["code", "name"]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("exports")
    opened = open_desk(databases.url_of("sqlite", folder), folder / "files", export_now=2)
    for number in range(3):
        opened.make("member", code=f"M{number}", name=f"Member {number}")
    yield opened
    opened.runtime.engine.dispose()


class Program:
    """Somebody's session, asked as programs ask."""

    def __init__(self, browser: Browser) -> None:
        self.browser, self.token = browser, token(browser.get("/member/"))

    def api(self, method: str, address: str, body: Any = None) -> TestResponse:
        headers = {"X-CSRFToken": self.token}
        return self.browser.client.open(address, method=method, json=body, headers=headers)


def work(desk: Desk, run_id: str, folder: Path) -> str | None:
    runtime = desk.runtime
    kinds = every_kind(runtime.app)
    setup = WorkerSetup(runtime.engine, runtime.clock, kinds, runtime, results=folder)
    return work_on(setup, "export_rows", run_id, "test")


def test_a_small_file_is_sent_and_a_large_one_made_in_the_background(
    desk: Desk, tmp_path_factory: pytest.TempPathFactory
) -> None:
    browser = desk.browser()
    page = browser.get("/member/export")
    assert "More than 2 rows are written in the background" in page.text
    told = {"what": "all", "columns": COLUMNS, "format": "csv"}
    small = browser.send(page, "/member/export", query="q=M1", **told)
    assert small.data.decode("utf-8-sig").splitlines() == ["Code,Name", "M1,Member 1"]
    large = browser.send(page, "/member/export", **told)
    assert large.status_code == 303
    assert "Export of records" in browser.get(large.location).text
    results = tmp_path_factory.getbasetemp() / "exports0" / "results"
    assert work(desk, large.location.rpartition("/")[2], results) == "succeeded"
    done = browser.get(large.location).text
    assert "Rows written" in done
    (link,) = re.findall(rf'href="({large.location}/files/[^"]+)"', done)
    assert len(browser.get(link).data.decode().splitlines()) == 4
    assert desk.browser("ron").get(link).status_code == 404
    # what a program reads is always made in the background
    assert browser.send(page, "/member/export", **{**told, "format": "jsonl"}).status_code == 303


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en", ["Monday at 07:30", "Only me", "To people"]),
        ("zh", ["每星期一 07:30", "仅自己", "发送给人员"]),
    ],
)
def test_a_list_is_kept_scheduled_found_again_and_let_go(
    desk: Desk, locale: str, said: list[str]
) -> None:
    browser = desk.browser(locale=locale)
    page = browser.get("/member/export?q=M&sort=-code")
    told = {"columns": COLUMNS, "format": "csv", "query": "q=M&sort=-code"}
    kept = browser.send(page, "/member/export", keep="1", name=f"Mine {locale}", **told)
    address = kept.location
    page = browser.get(address)
    form = {"name": f"Ours {locale}", "share": "me", "columns": ["name"], "format": "csv"}
    plan = {"rhythm": "weekly", "hour": "07:30", "people": "kim, nobody"}
    wrong = browser.send(page, address, **form, **plan)
    assert wrong.status_code == 422
    assert "nobody" in wrong.text
    saved = browser.send(page, address, **form, **{**plan, "people": "kim, ron"})
    assert saved.status_code == 303
    shown = browser.get(address).text
    assert [one for one in [*said, 'value="kim, ron"', "/member/?q=M"] if one not in shown] == []
    assert f"Ours {locale}" in browser.get("/exports/").text
    run = browser.send(browser.get(address), f"{address}/run")
    assert run.status_code == 303
    assert f"Ours {locale}" in browser.get(run.location).text
    ron = desk.browser("ron")
    assert f"Ours {locale}" not in ron.get("/exports/").text
    assert ron.get(address).status_code == 404
    assert browser.send(browser.get(address), f"{address}/delete").status_code == 303
    assert browser.get(address).status_code == 404


def test_programs_keep_run_and_let_go_of_exports_within_their_rights(desk: Desk) -> None:
    kim, ron = Program(desk.browser()), Program(desk.browser("ron"))
    base = "/api/v1/exports"
    one = {"entity": "member", "columns": ["code", "name"], "format": "jsonl"}
    made = kim.api("POST", base, {**one, "filter": {"code": "M1"}})
    assert made.status_code == 202
    run = made.json["data"]["run"]
    assert made.headers["Location"] == f"/api/v1/jobs/runs/{run}"
    assert kim.api("GET", made.headers["Location"]).json["data"]["state"] == "queued"
    plan = {"cron": "0 6 * * *", "zone": "UTC", "roles": ["reader"], "people": []}
    kept = kim.api("POST", base, {**one, "name": "Daily", "shared": True, "schedule": plan})
    assert kept.status_code == 201, kept.text
    address = kept.headers["Location"]
    assert kept.json["data"]["schedule"] == plan
    changed = kim.api("PATCH", address, {"columns": ["name"], "schedule": None})
    assert (changed.json["data"]["columns"], changed.json["data"]["schedule"]) == (["name"], None)
    for body, field in (
        ({"format": "pdf"}, "format"),
        ({"columns": []}, "columns"),
        ({"schedule": {"cron": "often"}}, "schedule"),
        ({"schedule": {"cron": "0 6 * * *", "roles": ["nobody"]}}, "role"),
        ({"filter": {"limit": "5"}}, "filter"),
        ({"colour": "red"}, "colour"),
        ({"name": ""}, "name"),
    ):
        refused = kim.api("PATCH", address, body)
        assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, field), body
    assert kim.api("POST", base, {**one, "format": "pdf"}).status_code == 422
    assert kim.api("POST", base, {**one, "columns": ["secret"]}).status_code == 400
    kept = {**one, "name": "Never kept"}
    for wrong in ({"columns": ["code", "secret"]}, {"filter": {"secret": "1"}}):
        assert kim.api("POST", base, {**kept, **wrong}).status_code == 400, wrong
        assert kim.api("PATCH", address, wrong).status_code in (400, 404), wrong
    assert "Never kept" not in kim.api("GET", base).text
    assert kim.api("POST", f"{address}/runs").status_code == 202
    assert ron.api("POST", base, one).status_code == 403
    assert ron.api("GET", base).json["data"] == []
    assert ron.api("GET", address).status_code == ron.api("POST", f"{address}/runs").status_code
    assert kim.api("DELETE", address).status_code == 204
    assert kim.api("GET", address).status_code == 404
    assert f"{base}/{{id}}/runs" in kim.api("GET", "/api/v1/openapi.json").json["paths"]
    assert base not in ron.api("GET", "/api/v1/openapi.json").json["paths"]


def test_no_two_columns_are_called_alike_and_an_import_knows_each_again(tmp_path: Path) -> None:
    member = (DESK / "desk" / "member.entity.yaml").read_text("utf-8")
    twin = "fields:\n  alias: {type: text, label: {en: Name, zh: 别名}}"
    files = {
        "member__entity": member.replace("fields:", twin, 1).replace(
            "columns: [name, code, active]", "columns: [name, alias, code]"
        )
    }
    grants = 'access: desk\ngrants:\n  keeper: {"*": all}\n'
    desk = open_desk_with("sqlite", tmp_path, grants, **files)
    owner = desk.make("member", code="M1", name="Ann", alias="Annie")
    desk.make("loan", member=owner, books=[{"title": "Dune", "price": "9.50"}])
    browser = desk.browser()
    page = browser.get("/loan/export").text
    own = page.partition('id="columns')[2] or page
    for words in ("Member", r"member\.name"):
        assert re.search(rf">\s*{words}\s*</label>", own), words
    told = {"what": "all", "format": "csv", "columns": ["code", "alias", "name"]}
    sent = browser.send(browser.get("/member/export"), "/member/export", **told)
    written = sent.data.decode("utf-8-sig")
    assert written.splitlines() == ["Code,Name,name", "M1,Annie,Ann"]
    path = tmp_path / "members.csv"
    path.write_text(written, "utf-8")
    table = open_table(path, Reading())
    runtime = desk.runtime
    target = target_from_header(
        runtime.app.entities["member"],
        table.columns,
        path.name,
        runtime.app,
        runtime.compiled.field_types,
    )
    assert [source.path for source in target.fields] == [("code",), ("alias",), ("name",)]
    runtime.engine.dispose()
