"""Pages are packed for whoever can unpack them, and their length tells nothing."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import pytest
from werkzeug.test import TestResponse

from tests import databases
from tests.web.desk import Desk, open_desk

FLAGS, NAMED, HEAD = 3, 8, 10
"""Where the flags of gzip's header stand, the flag of a name, and where the name begins."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("packing")
    opened = open_desk(databases.sqlite_url(folder), folder / "files")
    for number in range(30):
        opened.make("member", code=f"M{number}", name=f"Member {number}")
    yield opened
    opened.runtime.engine.dispose()


def ask(desk: Desk, path: str, taken: str) -> TestResponse:
    return desk.browser().client.get(path, headers={"Accept-Encoding": taken})


def test_a_page_is_packed_for_a_browser_and_says_the_same(desk: Desk) -> None:
    plain, packed = ask(desk, "/member/", "identity"), ask(desk, "/member/", "gzip, br")
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.content_length == len(packed.data)
    assert len(packed.data) * 4 < len(plain.data)
    assert "Member 29" in gzip.decompress(packed.data).decode()
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert "Accept-Encoding" in packed.headers["Vary"]


def test_how_long_a_packed_page_is_tells_nothing(desk: Desk) -> None:
    names = set()
    for _ in range(12):
        page = ask(desk, "/member/", "gzip").data
        assert page[FLAGS] & NAMED in {0, NAMED}
        names.add(page[HEAD : page.index(0, HEAD)] if page[FLAGS] & NAMED else b"")
    assert len({len(name) for name in names}) > 1


def test_an_answer_to_a_program_and_a_short_page_are_left_as_they_are(desk: Desk) -> None:
    assert "Content-Encoding" not in ask(desk, "/api/v1/member", "gzip").headers
    assert "Content-Encoding" not in ask(desk, "/healthz", "gzip").headers
    fragment = ask(desk, "/member/count", "gzip")
    assert fragment.status_code == 200
    assert "Content-Encoding" not in fragment.headers
