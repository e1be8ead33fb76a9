"""What an attacker tries at screens and files: every text is a text, every door asks first."""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from werkzeug.test import TestResponse

from tests import databases
from tests.web.desk import Desk, open_desk

SCRIPT = "<img src=x onerror=alert(1)>"
QUOTES = "\"'><svg onload=alert(1)>"
TEMPLATE = "{{7*7}}{%25 raw %25}${7*7}"
ATTACKS = (SCRIPT, QUOTES, "</title><script>alert(1)</script>", "</textarea><script>alert(1)//")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def desk(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("attacks")
    url = databases.sqlite_url(folder) if request.param == "sqlite" else databases.postgres_url()
    opened = open_desk(url, folder / "files")
    yield opened
    opened.runtime.engine.dispose()


def is_harmless(page: TestResponse) -> None:
    """No markup of an attacker, and a policy that would not run it."""
    assert page.status_code < 500
    for attack in ATTACKS:
        assert attack not in page.text
    assert not re.search(r"<(img src=x|svg onload|script>alert)", page.text)
    policy = page.headers["Content-Security-Policy"]
    assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]
    assert "frame-ancestors 'none'" in policy
    assert page.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("text", ATTACKS)
def test_a_text_of_a_record_is_shown_as_text_on_every_page(desk: Desk, text: str) -> None:
    code = f"X{abs(hash(text))}"
    member = desk.make("member", code=code, name=text)
    loan = desk.make(
        "loan", member=member, note=text, tags=[text[:50]], books=[{"title": text, "price": "1"}]
    )
    browser = desk.browser()
    for address in (
        "/member/",
        f"/member/{member}",
        f"/member/{member}/edit",
        f"/member/{member}/delete",
        f"/member/{member}?tab=history",
        "/loan/",
        f"/loan/{loan}",
        f"/loan/{loan}/edit",
        f"/search?q={quote(text)}",
        "/",
    ):
        page = browser.get(address)
        assert page.status_code in {200, 302}, address
        is_harmless(page)


@pytest.mark.parametrize("text", [*ATTACKS, TEMPLATE, "\r\nSet-Cookie: a=b"])
@pytest.mark.parametrize(
    "address",
    [
        "/member/?q={}",
        "/member/?name={}",
        "/member/?{}=1",
        "/member/?sort={}",
        "/loan/?member={}",
        "/loan/?view={}",
        "/member/{}",
        "/{}/",
        "/search?q={}",
        "/login/?next={}",
        "/swagger/v1?{}",
    ],
)
def test_a_text_of_an_address_is_echoed_as_text(desk: Desk, address: str, text: str) -> None:
    page = desk.browser().get(address.format(quote(text)))
    is_harmless(page)
    assert "a=b" not in page.headers.get("Set-Cookie", "")
    if page.status_code in {301, 302, 303, 308}:
        assert page.headers["Location"].startswith("/")
        assert not page.headers["Location"].startswith("//")


def test_an_address_with_thousands_of_conditions_is_refused_at_once(desk: Desk) -> None:
    flood = "&".join(f"a{number}=1" for number in range(3000))
    page = desk.browser().get(f"/member/?{flood}")
    assert page.status_code == 400
    assert len(page.text) < 100_000


def test_a_page_that_holds_data_is_kept_by_nobody(desk: Desk) -> None:
    page = desk.browser().get("/member/")
    assert "no-store" in page.headers["Cache-Control"]
    assert page.headers["X-Frame-Options"] == "DENY"
    assert page.headers["Referrer-Policy"]


@pytest.mark.parametrize(
    "address",
    ["/console", "/.env", "/.git/config", "/static/../app.py", "/assets/../../app.py", "/rq",
     "/assets/", "/static/", "/assets/..%2f..%2fapp.py", "/assets/%2e%2e/%2e%2e/app.py", "/debug"],
)  # fmt: skip
def test_nothing_but_what_is_offered_is_served(desk: Desk, address: str) -> None:
    page = desk.browser("").get(address)
    assert page.status_code in {302, 404}
    assert "create_wsgi" not in page.text


def sent(desk: Desk, field: str, content: bytes, name: str, kind: str = "") -> TestResponse:
    """Send the form of a member with a file as its picture or paper."""
    browser = desk.browser()
    member = desk.make("member", code=f"F{abs(hash((content, name, kind)))}", name="File")
    page = browser.get(f"/member/{member}/edit")
    upload = (io.BytesIO(content), name, kind) if kind else (io.BytesIO(content), name)
    return browser.send(
        page, f"/member/{member}/edit", **{f"{field}__upload": upload, "name": "File"}
    )


def picture_of_size(width: int, height: int) -> bytes:
    """Return a PNG that says how large it is and holds next to nothing."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = (
        chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )
    return b"\x89PNG\r\n\x1a\n" + data


@pytest.mark.parametrize(
    ("field", "content", "name"),
    [
        ("picture", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "a.svg"),
        ("picture", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "a.png"),
        ("picture", b"<html><script>alert(1)</script>", "a.png"),
        ("picture", b"GIF89a/*<script>alert(1)</script>*/", "a.gif"),
        ("picture", picture_of_size(50_000, 50_000), "flood.png"),
        ("paper", b"<html><script>alert(1)</script>", "a.html"),
        ("paper", b"x" * 3000, "a.pdf"),
        ("paper", b"%PDF-1.4", "a.pdf.exe"),
    ],
)
def test_a_file_that_pretends_is_refused_and_not_kept(
    desk: Desk, field: str, content: bytes, name: str
) -> None:
    before = desk.count("sw_file")
    page = sent(desk, field, content, name)
    assert page.status_code == 422
    is_harmless(page)
    assert desk.count("sw_file") == before


@pytest.mark.parametrize("name", ["../../../evil.pdf", "a; filename=b.html;.pdf", f"{SCRIPT}.pdf"])
def test_a_file_name_is_only_a_name(desk: Desk, name: str) -> None:
    page = sent(desk, "paper", b"%PDF-1.4 " + name.encode(), name)
    assert page.status_code in {302, 303, 422}
    if page.status_code != 422:
        shown = desk.browser().get(page.headers["Location"])
        is_harmless(shown)
        answer = desk.browser().get(page.headers["Location"].partition("?")[0] + "/files/paper")
        assert answer.status_code == 200
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert ".." not in answer.headers.get("Content-Disposition", "")


def test_a_form_of_another_page_changes_nothing(desk: Desk) -> None:
    browser = desk.browser()
    member = desk.make("member", code="CSRF", name="Before")
    for token in ("", "wrong", desk.browser().get("/member/new").text[:40]):
        data = {"name": "After", "csrf_token": token, "version": "1"}
        answer = browser.client.post(f"/member/{member}/edit", data=data)
        assert answer.status_code in {400, 403}
    for method in ("get", "head"):
        getattr(browser.client, method)(f"/member/{member}/edit?name=After")
    assert "After" not in browser.get(f"/member/{member}").text
