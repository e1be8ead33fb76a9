"""The pages of background work: who sees it, starts it, follows it and takes what it made."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from generator.cron import read_cron
from generator.model.job import Cron
from runtime.jobs import scheduler
from runtime.jobs.declared import schedules_of
from runtime.jobs.starting import every_kind
from runtime.jobs.watching import beat, watch_jobs
from runtime.jobs.worker import WorkerSetup, work_on
from runtime.messages import Actor
from runtime.web.screens import bulk_edit_page
from runtime.web.screens.cron_words import cron_words
from runtime.web.screens.visit import Visit
from tests.web.desk import PASSWORD, Browser, Desk, open_desk_with

ACCESS = """
access: desk
grants:
  keeper: {"*": all}
  reader: {member: {allow: view}}
"""
LIST = """
job: member_list
label: {en: List of members, zh: 会员名单}
help: {en: For the board., zh: 供理事会使用。}
schedule: {cron: "0 6 * * mon", zone: Asia/Shanghai}
role: keeper
operators: keeper
parameters:
  days: {type: integer, default: 3, label: {en: Days back, zh: 天数}}
do:
  - {export: member, format: csv}
  - {delete: member, where: "name == 'Nobody'"}
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("jobs")
    opened = open_desk_with("sqlite", folder, ACCESS, member_list__job=LIST)
    yield opened
    opened.runtime.engine.dispose()


@pytest.fixture(scope="module")
def results(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder that workers and the web layer share: beside that of the files."""
    return tmp_path_factory.getbasetemp() / "jobs0" / "results"


def work(desk: Desk, run_id: str, results: Path, job: str = "member_list") -> str | None:
    runtime = desk.runtime
    kinds = every_kind(runtime.app)
    setup = WorkerSetup(runtime.engine, runtime.clock, kinds, runtime, results=results)
    return work_on(setup, job, run_id, "test")


def started(browser: Browser, **typed: str) -> str:
    page = browser.get("/jobs/member_list")
    answer = browser.send(page, "/jobs/member_list", **typed)
    assert answer.status_code == 303, answer.text
    return answer.location.rpartition("/")[2]


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        (
            "en",
            ["List of members", "Monday at 06:00 · Asia/Shanghai", "For the board.", "Days back"],
        ),
        ("zh", ["会员名单", "每星期一 06:00 · Asia/Shanghai", "供理事会使用。", "立即运行"]),
    ],
)
def test_who_operates_a_job_sees_it_and_nobody_else_learns_of_it(
    desk: Desk, locale: str, said: list[str]
) -> None:
    page = desk.browser(locale=locale).get("/jobs/member_list")
    assert page.status_code == 200
    assert [one for one in said if one not in page.text] == []
    ron = desk.browser("ron", locale)
    assert ron.get("/jobs/").status_code == 200
    assert "member_list" not in ron.get("/jobs/").text
    assert 'href="/jobs/"' not in ron.get("/member/").text
    assert ron.get("/jobs/member_list").status_code == 404
    page = ron.get("/jobs/")
    assert ron.send(page, "/jobs/member_list").status_code == 404


@pytest.mark.parametrize(
    ("rule", "en", "zh"),
    [
        ("40 3 * * *", "Every day at 03:40", "每天 03:40"),
        ("0 9,18 * * mon-fri", "Monday to Friday at 09:00, 18:00", "每星期一至星期五 09:00、18:00"),
        ("30 2 1,15 * *", "Every month on day 1, 15 at 02:30", "每月 1、15 日 02:30"),
        ("0 0 l * *", "On the last day of a month at 00:00", "每月最后一天 00:00"),
        ("*/15 8-18 * * *", "", ""),
        ("0 0 13 * fri", "", ""),
        ("0 0 1 jan *", "", ""),
    ],
)
def test_a_rule_that_people_write_is_told_in_words(desk: Desk, rule: str, en: str, zh: str) -> None:
    cron = read_cron(rule)
    assert isinstance(cron, Cron)
    for locale, said in (("en", en), ("zh", zh)):
        actor = Actor(desk.people["kim"], "kim", frozenset(), locale=locale)
        assert cron_words(Visit(desk.runtime, actor), cron) == said


def test_a_run_is_started_with_a_form_followed_and_gives_a_file_to_who_may_have_it(
    desk: Desk, results: Path
) -> None:
    desk.make("member", code="N1", name="Nobody")
    browser = desk.browser()
    page = browser.get("/jobs/member_list")
    wrong = browser.send(page, "/jobs/member_list", days="many")
    assert wrong.status_code == 422
    assert 'value="many"' in wrong.text
    run_id = started(browser, days="7")
    address = f"/jobs/runs/{run_id}"
    waiting = browser.get(address).text
    assert f'hx-get="{address}" hx-trigger="every 2s"' in waiting
    assert "Waiting" in waiting
    part = browser.client.get(address, headers={"HX-Request": "true"}).text
    assert part.lstrip().startswith('<div id="run-live"')
    assert work(desk, run_id, results) == "succeeded"
    done = browser.get(address).text
    assert "hx-trigger" not in done
    assert [one for one in ("Kim", "Days back", "<dd>7</dd>", "Done: 1") if one not in done] == []
    (link,) = re.findall(rf'href="({address}/files/[^"]+)"', done)
    taken = browser.get(link)
    assert (taken.status_code, taken.headers["Cache-Control"]) == (200, "no-store")
    assert taken.text.startswith("\ufeff")
    assert "Nobody" in taken.text
    assert int(taken.headers["Content-Length"]) == len(taken.data)
    rows = browser.get(f"{address}/rows.csv").text
    assert rows.splitlines()[1].split(",")[1] == "Done"
    ron = desk.browser("ron")
    for place in (address, link, f"{address}/rows.csv"):
        assert ron.get(place).status_code == 404
    now, desk.runtime.clock = desk.runtime.clock, lambda: now() + timedelta(days=8)
    try:
        assert browser.get(link).status_code == 404
    finally:
        desk.runtime.clock = now


def test_a_run_is_cancelled_and_tried_again_and_the_schedule_is_paused(desk: Desk) -> None:
    browser = desk.browser()
    run_id = started(browser)
    address = f"/jobs/runs/{run_id}"
    page = browser.get(address)
    assert browser.send(page, address, action="cancel").status_code == 303
    assert "Cancelled" in browser.get(address).text
    assert browser.send(page, address, action="cancel").status_code == 303
    assert "This run has ended already." in browser.get(address).text
    browser.send(page, address, action="retry")
    assert "Waiting" in browser.get(address).text
    browser.send(page, address, action="cancel")
    runtime = desk.runtime
    app = runtime.app
    scheduler.tick(runtime.engine, schedules_of(app), every_kind(app), runtime.clock())
    page = browser.get("/jobs/member_list")
    browser.send(page, "/jobs/member_list/pause", paused="1")
    assert "Paused by kim" in browser.get("/jobs/member_list").text
    browser.send(page, "/jobs/member_list/pause", paused="0")
    assert "Paused by" not in browser.get("/jobs/member_list").text
    with runtime.engine.connect() as connection:
        audit = runtime.system.audit
        rows = connection.execute(audit.select().where(audit.c.entity == "@job"))
        deeds = {row.operation for row in rows}  # every one stands in the log
    assert deeds >= {"job_started", "job_cancelled", "job_retried", "job_paused", "job_resumed"}


def test_the_page_says_who_is_alive_and_what_needs_a_person(desk: Desk) -> None:
    browser, runtime = desk.browser(), desk.runtime
    assert "No worker was seen" in browser.get("/jobs/").text
    beat(runtime, "worker here:1", "worker", {})
    beat(runtime, "worker here:1", "worker", {})
    run_id = started(browser)
    now, runtime.clock = runtime.clock, lambda: now() + timedelta(hours=2)
    try:
        watch_jobs(runtime, every_kind(runtime.app), schedules_of(runtime.app))
        beat(runtime, "worker here:2", "worker", {})
        page = browser.get("/jobs/")
    finally:
        runtime.clock = now
    assert "worker here:2" in page.text
    assert "No worker was seen" not in page.text
    assert "A run waits for too long" in page.text
    assert f"/jobs/runs/{run_id}" in page.text
    incident = re.findall(r'action="(/jobs/incidents/[^"]+)"', page.text)[0]
    assert "A run waits" not in desk.browser("ron").get("/jobs/").text
    assert browser.send(page, incident).status_code == 303
    assert "A run waits for too long" not in browser.get("/jobs/").text


def test_a_large_selection_is_tried_by_a_job_carried_out_and_undone(
    desk: Desk, results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_edit_page, "LARGE", 2)
    for number in range(3):
        desk.make("member", code=f"L{number}", name="Large")
    browser = desk.browser()
    page = browser.get("/member/?q=Large")
    chosen = {"all_matching": "1", "query": "q=Large"}
    address = browser.send(page, "/member/bulk", action="delete", **chosen).location

    def ended(address: str) -> str:
        assert work(desk, address.rpartition("/")[2], results, "changes") == "succeeded"
        return browser.get(address).text

    said = ended(address)
    assert [
        one for one in ("This is a preview", "Done: 3", "Carry it out") if one not in said
    ] == []
    assert browser.get("/member/?q=Large").text.count(">Large<") == 3
    done = browser.send(browser.get(address), address, action="carry_out").location
    assert "Undo" in ended(done)
    assert ">Large<" not in browser.get("/member/?q=Large").text
    undo = browser.send(browser.get(done), done, action="undo").location
    assert "This undoes an earlier change" in ended(undo)
    assert browser.get("/member/?q=Large").text.count(">Large<") == 3
    edit = browser.send(browser.get("/member/?q=Large"), "/member/bulk", action="edit", **chosen)
    form = browser.get(edit.location)
    place = edit.location.partition("?")[0]
    wrong = browser.send(form, place, step="preview")
    assert wrong.status_code == 422
    tried = browser.send(form, place, _change=["active"], step="preview")
    assert "Done: 3" in ended(tried.location)


def program(desk: Desk, name: str = "kim") -> tuple[FlaskClient, dict[str, str]]:
    """Return a client without cookies, and the header that says who asks."""
    client = desk.app.test_client()
    body = {"username": name, "password": PASSWORD, "provider": "db"}
    token = client.post("/api/v1/security/login", json=body).json["access_token"]
    return client, {"Authorization": f"Bearer {token}"}


def test_a_program_starts_a_job_follows_its_run_and_takes_its_file(
    desk: Desk, results: Path
) -> None:
    client, header = program(desk)
    desk.make("member", code="REST1", name="Nobody")
    job, own = client.get("/api/v1/jobs", headers=header).json["data"]
    assert (job["name"], job["zone"], own["name"]) == ("member_list", "Asia/Shanghai", "trim_log")
    wrong = client.post(
        "/api/v1/jobs/member_list", headers=header, json={"parameters": {"days": "many"}}
    )
    assert (wrong.status_code, wrong.json["errors"][0]["field"]) == (422, "days")
    once = {**header, "Idempotency-Key": "first-1"}
    sent = [
        client.post("/api/v1/jobs/member_list", headers=once, json={"parameters": {"days": 9}})
        for _ in range(2)
    ]
    assert [one.status_code for one in sent] == [202, 202]
    assert sent[0].headers["Location"] == sent[1].headers["Location"]
    address = sent[0].headers["Location"]
    run_id = address.rpartition("/")[2]
    assert client.get(address, headers=header).json["data"]["state"] == "queued"
    assert work(desk, run_id, results) == "succeeded"
    run = client.get(address, headers=header).json["data"]
    assert (run["state"], run["done"]) == ("succeeded", run["counts"]["ok"])
    taken = client.get(run["files"][0]["url"], headers=header)
    assert taken.data.startswith("\ufeff".encode())
    rows = client.get(f"{address}/rows?after=-1&refused=false", headers=header).json
    assert rows["page"] == {"next": None}
    over = client.post(address, headers=header, json={"action": "cancel"})
    assert over.status_code == 409
    assert client.post(address, headers=header, json={"action": "fly"}).status_code == 422
    other, theirs = program(desk, "ron")
    assert other.get("/api/v1/jobs", headers=theirs).json["data"] == []
    for place in ("/api/v1/jobs/member_list", address, f"{address}/rows"):
        assert other.get(place, headers=theirs).status_code == 404
    assert client.get("/api/v1/jobs").status_code == 401
    paths = client.get("/api/v1/openapi.json", headers=header).json["paths"]
    names = paths["/api/v1/jobs/{name}"]["post"]["parameters"][0]["schema"]["enum"]
    assert names == ["member_list", "trim_log"]


def test_a_monitor_sees_whether_somebody_works_on_the_queues(desk: Desk) -> None:
    runtime = desk.runtime
    client = desk.app.test_client()
    now, runtime.clock = runtime.clock, lambda: now() + timedelta(hours=5)
    try:
        assert client.get("/healthz/jobs").json["away"] == ["scheduler", "worker"]
        beat(runtime, "scheduler here:1", "scheduler", {})
        beat(runtime, "worker here:3", "worker", {})
        answer = client.get("/healthz/jobs")
        numbers = client.get("/metrics").text
    finally:
        runtime.clock = now
    assert (answer.status_code, answer.json["status"]) == (200, "ok")
    assert 'shopwright_processes_alive{of="worker"} 1' in numbers
