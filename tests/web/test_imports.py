"""The import on screens: a file is taken, told what it is, tried, imported and mended."""

from __future__ import annotations

import csv
import gzip
import io
import multiprocessing
import re
import signal
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from runtime.importing import loading, tables
from runtime.jobs import runs, worker
from runtime.jobs.starting import every_kind
from runtime.jobs.tables import RUN
from runtime.jobs.work import import_rows
from runtime.jobs.worker import WorkerSetup, work_on
from runtime.messages import Actor, Incoming, Result
from runtime.operations.import_ import MOST
from runtime.pipeline import handle
from tests.killing import until_let_go
from tests.web.desk import DESK, Browser, Desk, open_desk_with, token

ACCESS = """
access: desk
grants:
  keeper: {"*": all}
  reader: {member: {allow: [view, create, edit]}}
"""
MAP = """
importmap: club_list
label: {en: List of the club, zh: 俱乐部名单}
help: {en: As the club sends it., zh: 俱乐部提供的格式。}
records:
  members:
    entity: member
    fields:
      code: {column: Nr}
      name: {column: Who}
      active: {column: In, words: {"yes": "true", "no": "false"}}
"""
GUEST = """
entity: guest
label: {en: Guest, zh: 访客}
key: code
fields:
  code: {type: code, required: true, unique: true}
  host: {type: reference, to: member, if_missing: create, label: {en: Host, zh: 接待人}}
"""
WRONG = "Code,Name,E-mail\nA1,Ann,ann@example.com\nA2,,bob@example.com\nA3,Cyd,not an address\n"
FIX = re.compile(r'href="(/jobs/runs/[^"]+/files/[^"]+)"')


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    opened = open_desk_with("sqlite", tmp_path, ACCESS, club__importmap=MAP)
    yield opened
    opened.runtime.engine.dispose()


def send(
    browser: Browser, content: str | bytes, name: str = "members.csv", address: str = ""
) -> TestResponse:
    """Send a file; return the answer."""
    page = browser.get(address or "/member/import")
    data = content if isinstance(content, bytes) else content.encode()
    values: dict[str, Any] = {"csrf_token": token(page), "file": (io.BytesIO(data), name)}
    again = re.search(r'name="again" value="([^"]+)"', page.text)
    if again:
        values["again"] = again[1]
    target = (address or "/member/import").partition("?")[0]
    return browser.client.post(target, data=values, content_type="multipart/form-data")


def chosen(page: TestResponse) -> dict[str, str]:
    """Return what the selects and radio buttons of a page say."""
    found = {}
    for name, inner in re.findall(
        r'<select class="in" name="([^"]+)".*?>(.*?)</select>', page.text
    ):
        options = re.findall(r'<option value="([^"]*)"( selected)?', inner)
        marked = [value for value, mark in options if mark]
        found[name] = unescape((marked or [options[0][0]])[0])
    return found


def tried(browser: Browser, content: str | bytes, name: str = "members.csv", **more: str) -> str:
    """Send a file and try it as it seems; return the id of the run."""
    sent = send(browser, content, name)
    assert sent.status_code == 303, sent.text
    return tried_at(browser, sent.location, **more)


def tried_at(browser: Browser, address: str, **more: str) -> str:
    page = browser.get(address)
    assert page.status_code == 200, page.text
    data = {**chosen(page), "csrf_token": token(page), "step": "try", **more}
    answer = browser.client.post(address.partition("?")[0], data=data)
    assert answer.status_code == 303, answer.text
    return str(answer.location.rpartition("/")[2])


def work(desk: Desk, run_id: str, kind: str = "import_rows") -> str | None:
    runtime = desk.runtime
    folder = desk.app.extensions["shopwright"].settings.files.parent / "results"
    kinds = every_kind(runtime.app)
    setup = WorkerSetup(runtime.engine, runtime.clock, kinds, runtime, results=folder)
    return work_on(setup, kind, run_id, "test")


def imported(desk: Desk, browser: Browser, run_id: str) -> str:
    """Let a dry run be worked on and the import after it; return the page of that."""
    work(desk, run_id)
    page = browser.get(f"/jobs/runs/{run_id}")
    go = re.search(r'action="(/member/import/[^"]+/go)"', page.text)
    assert go is not None, page.text
    answer = browser.send(page, go[1], run=run_id)
    assert answer.status_code == 303, answer.text
    work(desk, answer.location.rpartition("/")[2])
    return browser.get(answer.location).text


def members(desk: Desk) -> list[tuple[str, str, bool]]:
    actor = Actor(desk.people["kim"], "kim", frozenset({"keeper"}))
    query = {"fields": ("code,name,active",), "sort": ("code",), "limit": ("200",)}
    result = handle(Incoming("list", "member", actor, query=query), desk.runtime)
    assert isinstance(result, Result)
    places = [path.text for path in result.plan.paths]
    return [
        tuple(row[places.index(name)] for name in ("code", "name", "active")) for row in result.rows
    ]


def test_two_mistakes_are_told_by_line_and_mended_with_the_fix_file(desk: Desk) -> None:
    kim = desk.browser()
    run_id = tried(kim, WRONG)
    assert (work(desk, run_id), members(desk)) == ("succeeded", [])
    page = kim.get(f"/jobs/runs/{run_id}").text
    assert "Some rows would be refused. Nothing was written yet." in page
    assert "Import 1 record now" in page
    shown = [
        [re.sub("<[^>]*>", "", cell) for cell in re.findall("<td.*?>(.*?)</td>", row)]
        for row in re.findall("<tr>(<td.*?)</tr>", page)
    ]
    assert [row[:3] for row in shown] == [["3", "Name", "–"], ["4", "E-mail", "not an address"]]
    assert "会有部分行无法导入" in desk.browser(locale="zh").get(f"/jobs/runs/{run_id}").text

    done = imported(desk, kim, run_id)
    assert "Imported, but for the rows below." in done
    assert members(desk) == [("A1", "Ann", True)]
    address = FIX.search(done)
    assert address is not None
    fix = kim.get(address[1]).get_data().decode("utf-8-sig")
    heading, *rows = csv.reader(io.StringIO(fix))
    assert (heading, [row[0] for row in rows]) == (
        ["Code", "Name", "E-mail", "Why refused"],
        ["A2", "A3"],
    )
    mended = fix.replace("A2,,", "A2,Bob,").replace("not an address", "cyd@example.com")
    mend = re.search(r'href="(/member/import\?again=[^"]+)"', done)
    assert mend is not None
    sent = send(kim, mended, "members-fix.csv", mend[1])
    again = tried_at(kim, sent.location)
    assert "Everything was imported." in imported(desk, kim, again)
    assert [code for code, _, _ in members(desk)] == ["A1", "A2", "A3"]


def test_the_same_file_again_changes_nothing_and_a_second_click_is_the_same_run(
    desk: Desk,
) -> None:
    kim = desk.browser()
    rows = "code,name\nA,Ann\nB,Bob\n"
    run_id = tried(kim, rows)
    imported(desk, kim, run_id)
    before = desk.count("sw_audit")
    page = kim.get(f"/jobs/runs/{run_id}")
    go = re.search(r'action="(/member/import/[^"]+/go)"', page.text)
    assert go is not None
    first, second = (kim.send(page, go[1], run=run_id).location for _ in range(2))
    assert first == second
    again = tried(kim, rows)
    work(desk, again)
    told = kim.get(f"/jobs/runs/{again}").text
    assert "as they are already" in told
    assert "/go" not in told
    assert desk.count("sw_audit") == before


def test_all_or_nothing_writes_nothing_when_a_row_is_refused(desk: Desk) -> None:
    kim = desk.browser()
    run_id = tried(kim, WRONG, whole="1")
    work(desk, run_id)
    page = kim.get(f"/jobs/runs/{run_id}").text
    assert "Some rows would be refused, so nothing would be imported." in page
    assert "/go" not in page
    assert members(desk) == []


def test_an_import_map_is_offered_where_it_fits_and_says_what_columns_fill(desk: Desk) -> None:
    kim = desk.browser()
    sent = send(kim, "Nr;Who;In\n7;Ann;yes\n8;Bob;no\n")
    page = kim.get(sent.location)
    assert chosen(page)["map"] == "club_list"
    assert "As the club sends it." in page.text
    imported(desk, kim, tried_at(kim, sent.location))
    assert members(desk) == [("7", "Ann", True), ("8", "Bob", False)]


def test_what_rows_name_is_created_only_when_that_is_chosen(tmp_path: Path) -> None:
    desk = open_desk_with("sqlite", tmp_path, ACCESS, guest__entity=GUEST)
    kim = desk.browser()
    sent = send(kim, "code,host,host.name\nG1,A,Ann\nG2,A,Ann\nG3,B,\n", address="/guest/import")
    page = kim.get(sent.location)
    assert chosen(page)["col-2"] == "host.name"
    assert 'name="create" value="host">Member' in page.text
    run_id = tried_at(kim, sent.location)
    work(desk, run_id)
    assert desk.count("guest") == desk.count("member") == 0
    assert "/go" not in kim.get(f"/jobs/runs/{run_id}").text

    run_id = tried_at(kim, sent.location, create="host")
    work(desk, run_id)
    tried_page = kim.get(f"/jobs/runs/{run_id}")
    assert "<dt>Member: would also be created</dt><dd>1</dd>" in tried_page.text
    assert desk.count("member") == 0
    kim.send(tried_page, re.search(r'action="(/guest[^"]+/go)"', tried_page.text)[1], run=run_id)  # type: ignore[index]
    with desk.runtime.engine.begin() as connection:
        real = connection.execute(sa.select(RUN.c.id).where(RUN.c.state == "queued")).scalar_one()
    work(desk, real)
    assert "<dt>Member: also created</dt><dd>1</dd>" in kim.get(f"/jobs/runs/{real}").text
    assert (desk.count("guest"), members(desk)) == (2, [("A", "Ann", True)])
    # who may not create members is not asked, and cannot ask for it either
    narrow = ACCESS.replace('{"*": all}', "{guest: all, member: [view]}")
    other = open_desk_with("sqlite", tmp_path / "other", narrow, guest__entity=GUEST)
    ron = other.browser()
    sent = send(ron, "code,host,host.name\nG1,A,Ann\n", address="/guest/import")
    assert 'name="create"' not in ron.get(sent.location).text
    work(other, tried_at(ron, sent.location, create="host"))
    assert other.count("member") == 0
    desk.runtime.engine.dispose()
    other.runtime.engine.dispose()


def test_columns_said_once_are_kept_and_understood_next_time(desk: Desk) -> None:
    kim = desk.browser()
    sent = send(kim, "Mark,Person\nA,Ann\n")
    page = kim.get(sent.location)
    assert (chosen(page)["col-0"], chosen(page)["col-1"]) == ("", "")
    refused = kim.client.post(
        sent.location, data={**chosen(page), "csrf_token": token(page), "step": "try"}
    )
    assert refused.status_code == 422
    assert "Say of at least one column what it fills." in refused.text
    said = {"col-0": "code", "col-1": "name", "keep": "Marks"}
    imported(desk, kim, tried_at(kim, sent.location, **said))
    assert members(desk) == [("A", "Ann", True)]
    next_one = kim.get(send(kim, "Person,Mark\nBea,B\n").location)
    assert (chosen(next_one)["col-0"], chosen(next_one)["col-1"]) == ("name", "code")
    assert "Marks" in next_one.text


def test_encodings_delimiters_workbooks_and_json_lines_are_found_out(desk: Desk) -> None:
    kim = desk.browser()
    words = "编号;姓名\n甲1;安娜\n".encode("gb18030")
    page = kim.get(send(kim, words).location)
    assert ("GB18030" in page.text, "Semicolon" in page.text) == (True, True)
    imported(desk, kim, tried(kim, words))
    imported(desk, kim, tried(kim, "\ufeffcode\tname\nB\tBob\n".encode("utf-16")))
    imported(desk, kim, tried(kim, '{"code":"C","name":"Cyd"}\n', "members.jsonl"))
    assert [code for code, _, _ in members(desk)] == ["B", "C", "甲1"]


OWN = """fields:
  worth: {type: money, label: {en: Price, zh: 价格}, computed: "sum(books.price)", stored: true}
  clerk: {type: user, label: {en: Clerk, zh: 经办人}}
  title: {type: text, label: {en: Title, zh: 书名}}"""


@pytest.mark.parametrize("locale", ["en", "zh"])
def test_what_a_list_exported_comes_back_through_the_wizard_and_changes_nothing(
    tmp_path: Path, locale: str
) -> None:
    loan = (DESK / "desk" / "loan.entity.yaml").read_text("utf-8").replace("fields:", OWN, 1)
    desk = open_desk_with("sqlite", tmp_path, ACCESS, loan__entity=loan)
    books = [{"title": "Dune", "price": "9.50"}, {"title": "Emma", "price": "3.00"}]
    for code in ("A", "B"):
        owner = desk.make("member", code=code, name=f"Member {code}")
        desk.make("loan", member=owner, books=books, clerk=desk.people["ron"], note="x\ny")
    kim = desk.browser(locale=locale)
    names = ["number", "member", "member.name", "due_at", "fee", "worth", "clerk", "title", "note"]
    told = {"what": "all", "format": "csv", "columns": names}
    written = kim.send(kim.get("/loan/export"), "/loan/export", **told).data
    assert f"#{desk.people['ron']}" in written.decode()
    sent = send(kim, written, "loans.csv", "/loan/import")
    picks = chosen(kim.get(sent.location))
    assert (picks["key"], picks["mode"]) == ("number", "update"), "a number that we drew is ours"
    meant = [picks.get(f"col-{place}", "") for place in range(len(names))]
    assert meant == ["number", "member", "", "due_at", "", "", "clerk", "title", "note"]
    run_id = tried_at(kim, sent.location)
    work(desk, run_id)
    with desk.runtime.engine.connect() as connection:
        kept = connection.execute(sa.select(RUN.c.counts).where(RUN.c.id == run_id)).scalar_one()
    assert kept == {"unchanged": 2}
    strange = written.decode().replace("L2026-0001", "OTHER-1").encode()
    run_id = tried_at(kim, send(kim, strange, "loans.csv", "/loan/import").location)
    work(desk, run_id)
    with desk.runtime.engine.connect() as connection:
        kept = connection.execute(sa.select(RUN.c.counts).where(RUN.c.id == run_id)).scalar_one()
    assert kept == {"unchanged": 1, "refused": 1}, "no record of ours is made of another's number"
    desk.runtime.engine.dispose()


def with_hidden_rows() -> bytes:
    """Return a workbook whose second and fourth row were hidden."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["code", "name"], ["A", "Ann"], ["B", "Bob"], ["C", "Cyd"], ["D", "Dee"]):
        sheet.append(row)
    for line in (2, 4):
        sheet.row_dimensions[line].hidden = True
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def test_hidden_rows_of_a_workbook_are_told_by_the_trial_and_come_along(desk: Desk) -> None:
    kim = desk.browser()
    run_id = tried(kim, with_hidden_rows(), "members.xlsx")
    work(desk, run_id)
    told = "<dt>hidden rows are included</dt><dd>2</dd>"
    assert told in kim.get(f"/jobs/runs/{run_id}").text
    chinese = desk.browser(locale="zh").get(f"/jobs/runs/{run_id}").text
    assert "<dt>行为隐藏行，也会导入</dt><dd>2</dd>" in chinese
    again = tried(kim, "code,name\nE,Eve\n")
    work(desk, again)
    assert "hidden rows" not in kim.get(f"/jobs/runs/{again}").text
    imported(desk, kim, run_id)
    assert [code for code, _, _ in members(desk)] == ["A", "B", "C", "D"]


def packed(content: bytes) -> bytes:
    """Return a workbook that is none."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as book:
        book.writestr("xl/workbook.xml", content)
    return held.getvalue()


BAD = [
    ("empty.csv", b"", "Choose a file that is not empty."),
    ("blank.csv", b"\n\n", "is empty"),
    ("twice.csv", b"code,name,code\nA,a,b\n", "the column &#39;code&#39; twice"),
    ("paper.csv", b"%PDF-1.7 \x00\x01", "is a PDF file"),
    ("noise.csv", b"\x7fELF\x02\x00\xfe\xff\x80,name\n", "is no text"),
    ("broken.xlsx", packed(b"<x/>")[:60], "no workbook that can be read"),
    ("other.xlsx", packed(b"<x/>"), "is an archive of other files; unpack it"),
    ("torn.csv.gz", gzip.compress(b"code,name\n" + b"A,a\n" * 9000)[:60], "is damaged"),
    ("torn.jsonl", b'{"code": "A", "na', "is no JSON"),
]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    BAD,
    # what is packed says when it was, so the bytes make no name that two workers agree on
    ids=[name for name, _, _ in BAD],
)
def test_a_file_that_is_no_table_is_refused_in_plain_words(
    desk: Desk, name: str, content: bytes, said: str
) -> None:
    answer = send(desk.browser(), content, name)
    assert (answer.status_code, said in answer.text) == (422, True), answer.text[-3000:]
    assert desk.count("sw_job_run") == 0


def test_a_file_that_unfolds_without_end_is_refused_before_it_is_read(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "MOST_UNPACKED", 2_000_000)
    monkeypatch.setattr(tables, "MOST_IN_WORKBOOK", 2_000_000)
    kim, nothing = desk.browser(), b"A,a\n" * 750_000
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/worksheets/sheet1.xml", nothing)
    bombs = {"bomb.xlsx": held.getvalue(), "bomb.csv.gz": gzip.compress(nothing)}
    for name, content in bombs.items():
        answer = send(kim, content, name)
        assert (answer.status_code, "unfolds into more than 2 MB" in answer.text) == (422, True)


def test_ragged_rows_are_refused_alone_and_formulas_stay_texts(desk: Desk) -> None:
    kim = desk.browser()
    rows = "code,name\nA,=1+1\nB,Bob, Baker\nC\n"
    run_id = tried(kim, rows)
    done = imported(desk, kim, run_id)
    assert members(desk) == [("A", "=1+1", True)]
    assert "The row has 3 cells, the header 2." in done
    assert "The row has 1 cell, the header 2." in done
    out = kim.get("/member/export")
    sent = kim.send(out, "/member/export", format="csv", columns=["code", "name"])
    assert "'=1+1" in sent.get_data().decode("utf-8-sig")
    again = tried(kim, sent.get_data())
    work(desk, again)
    page = kim.get(f"/jobs/runs/{again}").text
    assert ("as they are already" in page, "refused</dt>" in page) == (True, False)


def test_who_may_not_import_has_no_way_in(desk: Desk) -> None:
    kim, ron = desk.browser(), desk.browser("ron")
    assert "/member/import" in kim.get("/member/").text
    assert "/member/import" not in ron.get("/member/").text
    sent = send(kim, WRONG)
    run_id = tried_at(kim, sent.location)
    assert ron.get("/member/import").status_code == 403
    assert ron.get("/member/import/template.csv").status_code == 403
    assert ron.get(sent.location).status_code == 403
    page = ron.get("/member/")
    assert ron.send(page, f"{sent.location}/go", run=run_id).status_code == 403
    assert ron.get(f"/jobs/runs/{run_id}").status_code == 404


def test_rights_that_went_before_its_turn_end_an_import(desk: Desk) -> None:
    kim = desk.browser()
    run_id = tried(kim, "code,name\nA,Ann\n")
    with desk.runtime.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM ab_user_role"))
    assert work(desk, run_id) == "succeeded"
    assert members(desk) == []


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_a_worker_killed_amid_a_batch_is_replaced_and_no_row_is_twice_or_missing(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = open_desk_with(kind, tmp_path, ACCESS)
    monkeypatch.setattr(loading, "BATCH_RECORDS", 10)
    kim = desk.browser()
    rows = [f"M{n},Member {n}" for n in range(35)]
    rows[3], rows[30] = "M3,", "M3,Again"
    run_id = tried(kim, "\n".join(["code,name", *rows, ""]), mode="create")
    work(desk, run_id)
    page = kim.get(f"/jobs/runs/{run_id}")
    go = re.search(r'action="(/member/import/[^"]+/go)"', page.text)
    assert go is not None
    real = kim.send(page, go[1], run=run_id).location.rpartition("/")[2]
    reached, advance = tmp_path / "reached", runs.advance

    def stuck(*given: Any) -> None:
        """Write the second batch and wait for the end, its transaction still open."""
        advance(*given)
        if given[4]["done"] > 10:
            reached.touch()
            signal.pause()

    desk.runtime.engine.dispose()
    with monkeypatch.context() as there:
        there.setattr(runs, "advance", stuck)
        worker_process = multiprocessing.get_context("fork").Process(target=work, args=(desk, real))
        worker_process.start()
    while not reached.exists():
        worker_process.join(0.05)
        assert worker_process.is_alive(), "it ended by itself"
    worker_process.kill()
    worker_process.join()
    until_let_go(desk.runtime.engine)
    assert desk.count("member") == 9
    after = desk.runtime.clock() + timedelta(hours=1)
    assert runs.requeue_lost(desk.runtime.engine, after) == 1
    with desk.runtime.engine.begin() as connection:
        connection.execute(RUN.update().values(due_at=desk.runtime.clock()))
    assert work(desk, real) == "succeeded"
    with desk.runtime.engine.begin() as connection:
        run = connection.execute(sa.select(RUN).where(RUN.c.id == real)).one()
    assert (run.counts, run.done) == ({"created": 33, "refused": 2}, 35)
    assert desk.count("member") == desk.count("sw_outbox") == 33
    shown = kim.get(f"/jobs/runs/{real}").text
    assert shown.count('<td class="num">') == 2
    desk.runtime.engine.dispose()


def test_a_trial_tells_how_far_it_is_and_keeps_nobody_from_saving(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "BATCH_RECORDS", 10)
    monkeypatch.setattr(import_rows, "EVERY_SECONDS", 0)
    kim = desk.browser()
    rows = "\n".join(["code,name", *(f"M{n},Member {n}" for n in range(35)), ""])
    run_id = tried(kim, rows)
    seen: list[tuple[int, int]] = []
    progress = worker.RunningRun.progress

    def told(run: Any, done: int, total: int | None = None, message: str = "") -> None:
        progress(run, done, total, message)
        desk.make("member", code=f"S{done}", name="Saved meanwhile")
        with desk.runtime.engine.begin() as connection:
            seen.append(connection.execute(sa.select(RUN.c.done, RUN.c.total)).one())

    monkeypatch.setattr(worker.RunningRun, "progress", told)
    assert work(desk, run_id) == "succeeded"
    assert [tuple(one) for one in seen] == [(10, 35), (20, 35), (30, 35), (35, 35)]


def test_the_empty_file_is_understood_without_a_word(desk: Desk) -> None:
    kim = desk.browser()
    heading = kim.get("/member/import/template.csv").get_data().decode("utf-8-sig").strip()
    assert heading.startswith("code,name,email,home.country")
    cells = ",".join("A" if one in ("code", "name") else "" for one in heading.split(","))
    imported(desk, kim, tried(kim, f"{heading}\n{cells}\n"))
    assert members(desk) == [("A", "A", True)]
    assert MOST == loading.BATCH_RECORDS
