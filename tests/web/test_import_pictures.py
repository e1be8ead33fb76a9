"""Pictures of an import: fetched from where rows say they lie, or out of a ZIP beside them."""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from werkzeug.test import TestResponse

from generator.compile import compile_definitions
from runtime.commands.context import make_runtime
from runtime.commands.importing import import_file
from runtime.importing import pictures
from runtime.jobs import runs
from runtime.jobs.tables import RUN
from runtime.outside.box import Box, Outside
from runtime.settings import read_settings
from runtime.store.engine import make_engine
from tests.elsewhere import INSIDE, Elsewhere, picture, zipped
from tests.elsewhere import elsewhere as open_elsewhere
from tests.web.desk import DESK, Browser, Desk, open_desk_with, token
from tests.web.test_imports import tried_at, work
from tests.web.test_rest_imports import client_of

ACCESS = """
access: desk
grants:
  keeper: {"*": all}
  reader: {member: {allow: [view, create, edit]}}
"""
MAP = """
importmap: club_list
label: {en: List of the club, zh: 俱乐部名单}
records:
  members:
    entity: member
    fields:
      code: {column: Nr}
      name: {column: Who}
      picture: {column: Photo, optional: true}
"""


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    with open_elsewhere() as found:
        yield found


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    opened = open_desk_with(request.param, tmp_path, ACCESS, club__importmap=MAP)
    opened.runtime.outside = Outside(Box("a key of the test"), allowed=("127.0.0.1",))
    yield opened
    opened.runtime.engine.dispose()


def send(browser: Browser, rows: str, archive: bytes = b"") -> TestResponse:
    page = browser.get("/member/import")
    data: dict[str, Any] = {
        "csrf_token": token(page),
        "file": (io.BytesIO(rows.encode()), "members.csv"),
    }
    if archive:
        data["archive"] = (io.BytesIO(archive), "photos.zip")
    return browser.client.post("/member/import", data=data, content_type="multipart/form-data")


def tried(desk: Desk, browser: Browser, rows: str, archive: bytes = b"", **more: str) -> str:
    """Send a file and let its trial be worked on; return the run."""
    sent = send(browser, rows, archive)
    assert sent.status_code == 303, sent.text
    page = browser.get(sent.location)
    action = re.search(r'<form method="post" action="(/member/import/[^"]+)"', page.text)
    assert action is not None
    if archive:
        assert "Pictures: photos.zip" in page.text
        return _worked(desk, _posted(browser, page, action[1].replace("&amp;", "&"), more))
    return _worked(desk, tried_at(browser, sent.location, **more))


def _posted(browser: Browser, page: TestResponse, address: str, more: dict[str, str]) -> str:
    selects = re.findall(r'<select class="in" name="([^"]+)".*?>(.*?)</select>', page.text)
    data = {name: _selected(inner) for name, inner in selects}
    answer = browser.client.post(
        address, data={**data, "csrf_token": token(page), "step": "try", **more}
    )
    assert answer.status_code == 303, answer.text
    return str(answer.location.rpartition("/")[2])


def _selected(inner: str) -> str:
    found = re.search(r'<option value="([^"]*)" selected', inner)
    return found[1] if found else ""


def _worked(desk: Desk, run_id: str) -> str:
    assert work(desk, run_id) == "succeeded"
    return run_id


def imported(desk: Desk, browser: Browser, run_id: str) -> str:
    """Import what was tried; return the page of the run."""
    page = browser.get(f"/jobs/runs/{run_id}")
    go = re.search(r'action="(/member/import/[^"]+/go)"', page.text)
    assert go is not None, page.text
    real = browser.send(page, go[1], run=run_id).location.rpartition("/")[2]
    work(desk, real)
    return browser.get(f"/jobs/runs/{real}").text


def held(desk: Desk) -> dict[str, tuple[str, str]]:
    """Return by code the name and type of the picture of each member; empty without one."""
    members, files = desk.runtime.schema.tables["member"], desk.runtime.system.file
    with desk.runtime.engine.connect() as connection:
        known = {
            str(row.id): (row.name, row.media_type)
            for row in connection.execute(sa.select(files.c.id, files.c.name, files.c.media_type))
        }
        rows = connection.execute(sa.select(members.c.code, members.c.picture))
        return {row.code: known.get(str(row.picture), ("", "")) for row in rows}


def told(page: str) -> dict[str, str]:
    return dict(re.findall(r"<div><dt>([^<]+)</dt><dd>([^<]+)</dd></div>", page))


def reasons(page: str) -> dict[str, str]:
    """Return by line why a row was refused."""
    rows = re.findall(r'<tr><td class="num">([^<]+)</td>.*?<td>([^<]*)</td></tr>', page)
    return {line: why.replace("&#39;", "'") for line, why in rows}


def test_pictures_are_counted_by_the_trial_and_fetched_once_by_the_import(
    desk: Desk, elsewhere: Elsewhere
) -> None:
    kim, at = desk.browser(), elsewhere.url
    rows = (
        f"Code,Name,Picture\nA1,Ann,{at}/red.png\nA2,Bob,{at}/red.png\n"
        f"A3,Cyd,{at}/moved.png\nA4,Dee,\n"
    )
    run_id = tried(desk, kim, rows)
    page = kim.get(f"/jobs/runs/{run_id}").text
    assert told(page) == {"would be created": "4", "pictures would be fetched": "2"}
    assert (sum(elsewhere.asked.values()), desk.count("member")) == (0, 0)
    files = desk.count("sw_file")
    after = imported(desk, kim, run_id)
    assert told(after) == {"created": "4", "pictures were asked for": "2"}
    assert elsewhere.asked == {"/red.png": 2, "/moved.png": 1}, "once itself, once as led to"
    assert held(desk) == {
        "A1": ("red.webp", "image/webp"),
        "A2": ("red.webp", "image/webp"),
        "A3": ("moved.webp", "image/webp"),
        "A4": ("", ""),
    }
    assert desk.count("sw_file") == files + 2


def test_the_trial_of_pictures_that_were_fetched_before_says_what_the_import_says(
    desk: Desk, elsewhere: Elsewhere
) -> None:
    kim, at = desk.browser(), elsewhere.url
    rows = f"Code,Name,Picture\nA1,Ann,{at}/red.png\nA2,Bob,{at}/moved.png\n"
    imported(desk, kim, tried(desk, kim, rows))
    asked = sum(elsewhere.asked.values())
    run_id = tried(desk, kim, rows + f"A3,Cyd,{at}/blue.jpg\n")
    assert told(kim.get(f"/jobs/runs/{run_id}").text) == {
        "would be created": "1",
        "as they are already": "2",
        "pictures would be fetched": "3",
        "of these were fetched before and count as unchanged": "2",
    }
    assert sum(elsewhere.asked.values()) == asked, "a trial asks nobody"
    run_id = tried(desk, kim, rows)
    assert told(imported(desk, kim, run_id))["as they are already"] == "2"
    elsewhere.files["/red.png"] = (200, {}, picture("green"))
    page = imported(desk, kim, tried(desk, kim, rows))
    assert told(page)["changed"] == "2", "what is another by now comes along"
    run_id = tried(desk, kim, rows)
    assert told(kim.get(f"/jobs/runs/{run_id}").text)["as they are already"] == "2"
    elsewhere.files["/red.png"] = (200, {}, picture("red"))
    assert told(imported(desk, kim, tried(desk, kim, rows)))["changed"] == "2"
    assert told(imported(desk, kim, tried(desk, kim, rows)))["as they are already"] == "2"


def test_the_same_picture_of_another_address_is_the_same(desk: Desk, elsewhere: Elsewhere) -> None:
    kim, at = desk.browser(), elsewhere.url
    rows = f"Code,Name,Picture\nA1,Ann,{at}/red.png\n"
    imported(desk, kim, tried(desk, kim, rows))
    elsewhere.files["/here/red.png"] = elsewhere.files["/red.png"]
    other = rows.replace("/red.png", "/here/red.png")
    before = told(kim.get(f"/jobs/runs/{tried(desk, kim, other)}").text)
    assert before["would be changed"] == "1", "nobody was asked there before"
    assert told(imported(desk, kim, tried(desk, kim, other)))["as they are already"] == "1"
    after = told(kim.get(f"/jobs/runs/{tried(desk, kim, other)}").text)
    assert after["as they are already"] == "1"


def test_a_picture_that_cannot_be_had_refuses_its_row_in_plain_words(
    desk: Desk, elsewhere: Elsewhere
) -> None:
    kim, at = desk.browser(), elsewhere.url
    wrong = {
        f"{at}/none.png": "There is nothing at this address (404).",
        f"{at}/page.png": "This is not a picture.",
        f"{at}/trap.png": "This address leads to where nothing is fetched from.",
        f"{at}/round.png": "This address leads on and on, and never to a file.",
        f"{at}/large.png": "The file is larger than 10 MB.",
        f"{at}/broken.png": "Whoever has it answered 503; try again later.",
        INSIDE: "This address leads to where nothing is fetched from.",
        "http://127.0.0.1:1/x.png": "Nobody answers at this address.",
        "ftp://club.example/x.png": "This is no address of a file; write it whole, "
        "beginning with https://.",
        "x.png": "This names a file; send a ZIP with it, or write its address.",
    }
    lines = [f"M{number},Member,{one}" for number, one in enumerate(wrong)]
    rows = "\n".join(["Code,Name,Picture", f"A1,Ann,{at}/red.png", *lines, ""])
    run_id = tried(desk, kim, rows)
    assert [*reasons(kim.get(f"/jobs/runs/{run_id}").text)] == ["11", "12"], "as far as it is seen"
    page = imported(desk, kim, run_id)
    assert reasons(page) == {str(line): why for line, why in enumerate(wrong.values(), 3)}
    assert told(page) == {
        "created": "1",
        "refused": "10",
        "pictures were asked for": "10",
        "pictures cannot be had": "10",
    }
    assert [*held(desk)] == ["A1"]
    chinese = desk.browser(locale="zh").get(f"/jobs/runs/{run_id}").text
    assert "此处为文件名，请同时上传包含该文件的 ZIP，或填写图片地址。" in chinese


def test_pictures_come_out_of_a_zip_by_their_names(desk: Desk) -> None:
    kim = desk.browser()
    archive = zipped(
        red__png=picture("red"),
        one_in_blue__png=picture("blue"),
        one_in_two__png=picture("green"),
        other_in_two__png=picture("black"),
        page__png=b"no picture",
        __MACOSX_in_red__png=b"noise",
    )
    rows = (
        "Code,Name,Picture\nA1,Ann,red.png\nA2,Bob,blue.png\nA3,Cyd,/one/TWO.png\n"
        "A4,Dee,two.png\nA5,Eve,page.png\nA6,Fay,../red.jpg\n"
    )
    run_id = tried(desk, kim, rows, archive)
    page = kim.get(f"/jobs/runs/{run_id}").text
    wanted = {
        "5": "The archive holds 2 files called 'two.png'; give each its own name.",
        "6": "This is not a picture.",
        "7": "The archive holds no file '../red.jpg'.",
    }
    assert reasons(page) == wanted
    assert told(page)["pictures of the ZIP"] == "6"
    assert held(desk) == {}
    assert reasons(imported(desk, kim, run_id)) == wanted
    assert {code: name for code, (name, _) in held(desk).items()} == {
        "A1": "red.webp",
        "A2": "blue.webp",
        "A3": "two.webp",
    }
    again = tried(desk, kim, rows, archive)
    assert told(kim.get(f"/jobs/runs/{again}").text)["as they are already"] == "3"


def test_a_mended_file_finds_the_pictures_that_came_with_the_one_before(desk: Desk) -> None:
    archive = zipped(red__png=picture("red"), blue__png=picture("blue"))
    kim, page, api = client_of(desk), desk.browser(), "/api/v1/imports/member"
    data = {
        "file": (io.BytesIO(b"Code,Name,Picture\nA1,,red.png\n"), "members.csv"),
        "archive": (io.BytesIO(archive), "photos.zip"),
    }
    first = kim.post(api, data=data, content_type="multipart/form-data").json["data"]
    asked = {"archive": first["archive"], "trial": False}
    run = kim.post(f"{api}/{first['id']}/runs", json=asked).json["data"]["run"]
    _worked(desk, run)
    assert held(desk) == {}
    mended = kim.post(f"{api}?name=m.csv", data=b"Code,Name,Picture\nA1,Ann,red.png\n")
    file = mended.json["data"]["id"]
    assert mended.json["data"]["archive"] is None
    taken = kim.get(f"{api}/{file}?again={run}").json["data"]
    assert taken["archive"] == first["archive"]
    answer = kim.post(f"{api}/{file}/runs", json={"again": run, "trial": False})
    _worked(desk, answer.json["data"]["run"])
    assert {code: name for code, (name, _) in held(desk).items()} == {"A1": "red.webp"}
    start = page.get(f"/member/import?again={run}")
    upload = {
        "csrf_token": token(start),
        "again": run,
        "file": (io.BytesIO(b"Code,Name,Picture\nA2,Bob,blue.png\n"), "members.csv"),
    }
    by_page = page.client.post("/member/import", data=upload, content_type="multipart/form-data")
    assert "Pictures: photos.zip" in page.get(by_page.location).text


def _bomb() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("red.png", b"\0" * 5_000_000)
    return held.getvalue()


def _locked() -> bytes:
    content = bytearray(zipped(red__png=picture("red")))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


@pytest.mark.parametrize(
    ("archive", "why"),
    [
        (zipped(**{".._in_red__png": picture("red")}), "a name that leads out of it"),
        (_bomb(), "unfolds to far more than it says it is"),
        (_locked(), "The archive has a password"),
        (b"no archive", "The pictures are no ZIP archive"),
        (zipped(red__png=picture("red"))[:-30], "The pictures are no ZIP archive"),
    ],
)
def test_an_archive_that_nobody_should_open_is_refused_before_a_row_is_read(
    tmp_path: Path, archive: bytes, why: str
) -> None:
    desk = open_desk_with("sqlite", tmp_path, ACCESS)
    answer = send(desk.browser(), "code,name,picture\nA1,Ann,red.png\n", archive)
    assert (answer.status_code, why in answer.text) == (422, True), answer.text
    desk.runtime.engine.dispose()


def test_a_map_takes_pictures_only_where_somebody_says_so(desk: Desk, elsewhere: Elsewhere) -> None:
    kim = desk.browser()
    rows = f"Nr,Who,Photo\nA1,Ann,{elsewhere.url}/red.png\n"
    page = kim.get(send(kim, rows).location).text
    assert "Pictures that rows name" in page
    imported(desk, kim, tried(desk, kim, rows, map="club_list"))
    assert held(desk) == {"A1": ("", "")}
    imported(desk, kim, tried(desk, kim, rows, map="club_list", pictures="1"))
    assert held(desk) == {"A1": ("red.webp", "image/webp")}
    imported(desk, kim, tried(desk, kim, rows.replace("Ann", "Ann B."), map="club_list"))
    assert held(desk) == {"A1": ("red.webp", "image/webp")}, "what is left out stays"


def test_a_run_that_goes_on_does_not_fetch_again_what_it_has(
    desk: Desk, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    kim, at = desk.browser(), elsewhere.url
    paths = ("red.png", "blue.jpg", "page.png", "none.png", "moved.png")
    rows = "\n".join(["Code,Name,Picture", *(f"A{n},A,{at}/{p}" for n, p in enumerate(paths)), ""])
    run_id = tried(desk, kim, rows)
    page = kim.get(f"/jobs/runs/{run_id}")
    go = re.search(r'action="(/member/import/[^"]+/go)"', page.text)
    assert go is not None
    real = kim.send(page, go[1], run=run_id).location.rpartition("/")[2]

    class PowerCut(BaseException):
        """The process is gone."""

    with monkeypatch.context() as there:
        there.setattr(pictures.Pictures, "write", _raising(PowerCut))
        with pytest.raises(PowerCut):
            work(desk, real)
    asked = Counter(elsewhere.asked)
    after = desk.runtime.clock() + timedelta(hours=1)
    assert runs.requeue_lost(desk.runtime.engine, after) == 1
    with desk.runtime.engine.begin() as connection:
        connection.execute(RUN.update().values(due_at=desk.runtime.clock()))
    assert work(desk, real) == "succeeded"
    more = elsewhere.asked - asked
    assert more == {"/page.png": 1, "/none.png": 1}, "only what it did not get"
    assert set(held(desk)) == {"A0", "A1", "A4"}


def _raising(error: type[BaseException]) -> Any:
    def fail(*given: object) -> None:
        raise error

    return fail


def test_the_command_line_takes_pictures_by_address_and_out_of_a_zip(
    tmp_path: Path, elsewhere: Elsewhere
) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    runtime = make_runtime(compile_definitions(DESK), make_engine(url))
    next(iter(runtime.schema.tables.values())).metadata.create_all(runtime.engine)
    settings = read_settings(
        {
            "SHOPWRIGHT_DEFINITIONS": str(DESK),
            "DATABASE_URL": url,
            "SHOPWRIGHT_DATA": str(tmp_path),
            "SHOPWRIGHT_OUTSIDE_ALLOWED": "127.0.0.1",
        }
    )
    rows, archive = tmp_path / "rows.csv", tmp_path / "photos.zip"
    rows.write_text(
        f"code,name,picture\nA1,Ann,{elsewhere.url}/red.png\nA2,Bob,blue.png\nA3,Cyd,no.png\n"
    )
    archive.write_bytes(zipped(blue__png=picture("blue")))
    words = [str(rows), "--entity", "member", "--pictures", str(archive)]
    dry = CliRunner().invoke(import_file, [*words, "--dry-run"], obj=settings)
    assert "Pictures to fetch: 1; none was asked for." in dry.output, dry.output
    assert not elsewhere.asked
    done = CliRunner().invoke(import_file, words, obj=settings)
    assert done.exit_code == 3, done.output
    again = CliRunner().invoke(import_file, [*words, "--dry-run"], obj=settings)
    assert "1 of them were fetched before and count as unchanged." in again.output, again.output
    assert "rows.csv:4 picture 'no.png': The archive holds no file 'no.png'." in done.output
    told = CliRunner().invoke(import_file, [*words, "--locale", "zh"], obj=settings)
    assert "压缩包中没有文件“no.png”" in told.output
    assert "无法取得的图片：1 张。" in told.output
    members, files = runtime.schema.tables["member"], runtime.system.file
    asked = sa.select(members.c.code, files.c.name).join(files, files.c.id == members.c.picture)
    with runtime.engine.connect() as connection:
        assert {tuple(row) for row in connection.execute(asked)} == {
            ("A1", "red.webp"),
            ("A2", "blue.webp"),
        }
    runtime.engine.dispose()
