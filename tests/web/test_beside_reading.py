"""To print, comment, open files and link are rights of their own, record by record.

Ron reads two members; one line gives him all four of these actions on the one called Given alone.
A third member he does not read at all: whatever he asks, it is not there for him.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from runtime.files import FileStore
from runtime.messages import Actor, Incoming, Result
from runtime.pipeline import handle
from tests.web.desk import Browser, Desk, open_desk_with
from tests.web.test_prints import work
from tests.web.test_trail import program

ACCESS = """
access: desk
grants:
  keeper: {"*": all}
  reader:
    member:
      - {allow: [list, read, history, create, update, import, export], rows: "code != 'HIDDEN'"}
      - {allow: [print, comment, file, link], rows: "name == 'Given'"}
    loan: [view, create, import, export]
guardrails:
  sealed:
    entities: member
    deny: [print, comment, file, link]
    when: "email == 'sealed@example.com'"
    message: {en: This one is sealed., zh: 此记录已封存。}
"""
NONE = """
access: desk
grants:
  keeper: {"*": all}
  reader:
    member: [list, read, history, create, update, import, export]
    loan: [view, create]
"""
PAPER = b"%PDF-1.4 a paper"


@dataclass
class Office:
    """The desk, four members, and Ron who asks."""

    desk: Desk
    given: str
    """Covered by both lines."""
    read: str
    """Only read."""
    sealed: str
    """Covered by both lines, and by the guardrail."""
    hidden: str
    parts: dict[str, str]
    """By member: a file beside it."""
    ron: FlaskClient
    screen: Browser

    @property
    def everyone(self) -> tuple[tuple[str, int], ...]:
        """Each member and what a refusal answers; 0 for the one that is given."""
        return ((self.given, 0), (self.read, 403), (self.sealed, 403), (self.hidden, 404))


def opened(kind: str, folder: Path, access: str) -> Office:
    desk = open_desk_with(kind, folder, access)
    kim = program(desk, "kim")

    parts: dict[str, str] = {}

    def made(code: str, name: str) -> str:
        record = desk.make("member", code=code, name=name, email="open@example.com")
        for field, content, file_name in (("picture", red(), "a.png"), ("paper", PAPER, "a.pdf")):
            keep(desk, record, field, content, file_name)
        sent = {"file": (io.BytesIO(PAPER), "beside.pdf")}
        beside = kim.post(f"/api/v1/member/{record}/attachments", data=sent)
        assert beside.status_code == 201, beside.text
        parts[record] = beside.json["data"]["id"]
        return record

    sealed = made("SEALED", "Given")
    change(kim, sealed, email="sealed@example.com")
    return Office(
        desk,
        given=made("GIVEN", "Given"),
        read=made("READ", "Read"),
        sealed=sealed,
        hidden=made("HIDDEN", "Given"),
        parts=parts,
        ron=program(desk, "ron"),
        screen=desk.browser("ron"),
    )


def red() -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (40, 40), "red").save(held, "PNG")
    return held.getvalue()


def keep(desk: Desk, record: str, field: str, content: bytes, name: str) -> None:
    """Put a file into a field of a member."""
    runtime = desk.runtime
    folder = desk.app.extensions["shopwright"].settings.files
    files = FileStore(folder, runtime.engine, runtime.system.file, runtime.clock, runtime.make_id)
    kept = files.keep(name, content, desk.people["kim"])
    change(program(desk, "kim"), record, **{field: kept.id})


def change(client: FlaskClient, record: str, **values: str) -> None:
    """Change a member over REST."""
    place = f"/api/v1/member/{record}"
    version = client.get(place).headers["ETag"]
    answer = client.patch(place, json=values, headers={"If-Match": version})
    assert answer.status_code == 200, answer.text


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def office(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    found = opened(request.param, tmp_path_factory.mktemp("beside"), ACCESS)
    yield found
    found.desk.runtime.engine.dispose()


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    found = opened("sqlite", tmp_path_factory.mktemp("without"), NONE)
    yield found
    found.desk.runtime.engine.dispose()


def send(office: Office, record: str, rest: str, **values: object) -> TestResponse:
    """Send something from a record's page that carries the form's token."""
    page = office.screen.get(f"/member/{office.given}")
    return office.screen.send(page, f"/member/{record}/{rest}", **values)


def test_a_record_is_printed_where_a_line_gives_it(office: Office) -> None:
    ron, screen = office.ron, office.screen
    for record, refused in office.everyone:
        for client in (ron, screen.client):
            assert client.get(f"/api/v1/prints/member/{record}").status_code == (refused or 200)
        assert screen.get(f"/member/{record}/print").status_code == (refused or 200)
        assert screen.get(f"/member/print?ids={record}").status_code == (refused or 200)
    sealed = ron.get(f"/api/v1/prints/member/{office.sealed}")
    assert sealed.json["detail"] == "This one is sealed."
    ids = ",".join(record for record, _ in office.everyone)
    for page in (
        ron.get(f"/api/v1/prints/member?ids={ids}"),
        screen.get(f"/member/print?ids={ids}"),
    ):
        assert (page.status_code, page.text.count("<h1>")) == (200, 1), page.text


def test_a_run_prints_no_more_than_that(office: Office) -> None:
    begun = office.ron.post("/api/v1/prints/member", json={})
    run_id = begun.json["data"]["run"]
    assert work(office.desk, run_id) == "succeeded"
    told = office.ron.get(f"/api/v1/jobs/runs/{run_id}").json["data"]
    assert told["done"] == 1
    page = office.ron.get(told["files"][0]["url"])
    assert ("GIVEN" in page.text, "READ" in page.text, "SEALED" in page.text) == (
        True,
        False,
        False,
    )


def test_a_comment_is_written_where_a_line_gives_it_and_read_everywhere(office: Office) -> None:
    ron = office.ron
    for record, refused in office.everyone:
        place = f"/api/v1/member/{record}/comments"
        said = ron.post(place, json={"text": "hello @kim"})
        assert said.status_code == (refused or 201), said.text
        assert ron.get(place).status_code == (404 if refused == 404 else 200)
        people = office.screen.get(f"/member/{record}/people?q=k")
        assert people.status_code == (refused or 200)
        sent = send(office, record, "comments", text="hello")
        assert sent.status_code == (refused or 303)


def test_files_are_opened_where_a_line_gives_it(office: Office) -> None:
    ron = office.ron
    for record, refused in office.everyone:
        place = f"/api/v1/member/{record}/attachments"
        assert ron.get(place).status_code == (refused or 200)
        part = office.parts[record]
        assert ron.get(f"{place}/{part}").status_code == (refused or 200)
        assert office.screen.get(f"/member/{record}/attachments/{part}").status_code == (
            refused or 200
        )
        sent = ron.post(place, data={"file": (io.BytesIO(PAPER), "more.pdf")})
        assert sent.status_code == (refused or 201), sent.text
        if refused:
            assert ron.delete(f"{place}/{part}").status_code == refused
        for field in ("picture", "paper"):
            shown = office.screen.get(f"/member/{record}/files/{field}")
            assert shown.status_code == (404 if refused else 200)
    page = office.screen.get(f"/member/{office.given}").text
    assert "beside.pdf" in page
    assert "beside.pdf" not in office.screen.get(f"/member/{office.read}").text


def test_a_field_with_a_file_is_empty_elsewhere_in_every_answer(office: Office) -> None:
    rows = office.ron.get("/api/v1/member?fields=code,picture,paper&sort=code").json["data"]
    shown = {row["code"]: (bool(row.get("picture")), bool(row.get("paper"))) for row in rows}
    assert shown == {"GIVEN": (True, True), "READ": (False, False), "SEALED": (False, False)}
    gallery = office.screen.get("/member/?layout=gallery").text
    assert f"/member/{office.given}/files/picture" in gallery
    for record in (office.read, office.sealed, office.hidden):
        assert f"/member/{record}/files/picture" not in gallery
    told = office.ron.get("/api/v1/member/export?fields=code,paper&sort=code").text
    lines = [line.split(",") for line in told.strip().splitlines()[1:]]
    assert [bool(line[-1]) for line in lines] == [True, False, False], told


def test_a_field_with_a_file_is_not_set_elsewhere(office: Office) -> None:
    for record in (office.read, office.sealed):
        found = office.ron.get(f"/api/v1/member/{record}")
        change = {"paper": None}
        headers = {"If-Match": found.headers["ETag"]}
        answer = office.ron.patch(f"/api/v1/member/{record}", json=change, headers=headers)
        assert answer.status_code in (403, 422), answer.text
    kim = program(office.desk, "kim")
    assert kim.get(f"/api/v1/member/{office.read}").json["data"]["paper"]


def loan(office: Office, **values: object) -> TestResponse:
    member = values.pop("member", office.given)
    books = [{"title": "Tea", **values}]
    return office.ron.post("/api/v1/loan", json={"member": member, "books": books})


def test_only_what_may_be_linked_is_pointed_at(office: Office) -> None:
    for record, refused in office.everyone:
        for answer, place in (
            (loan(office, member=record), "member"),
            (loan(office, donors=[record]), "books.0.donors.0"),
        ):
            assert answer.status_code == (422 if refused else 201), answer.text
            if refused:
                (error,) = answer.json["errors"]
                assert (error["field"], error["code"]) == (place, "not_found")


def test_an_import_links_no_more_than_that(office: Office) -> None:
    person = office.desk.people["ron"]
    ron = Actor(person, "ron", frozenset({"reader"}))
    for code, outcome in (("GIVEN", "created"), ("READ", "invalid"), ("HIDDEN", "invalid")):
        records = [{"member": code, "books": [{"title": "Tea"}]}]
        asked = Incoming("import", "loan", ron, values={"records": records, "mode": "create"})
        answer = handle(asked, office.desk.runtime)
        assert isinstance(answer, Result), answer
        assert [one.status for one in answer.outcomes] == [outcome]


def test_a_choice_offers_what_may_be_linked_and_a_filter_what_is_read(office: Office) -> None:
    def offered(query: str) -> set[str]:
        items = office.screen.get(f"/member/choices?{query}").json["items"]
        return {str(one["id"]) for one in items}

    assert offered("for=loan.member") == {office.given}
    assert offered("for=loan_book.donors") == {office.given}
    assert offered("") == {office.given, office.read, office.sealed}
    titles = offered(f"for=loan.member&ids={office.read}")
    assert titles == {office.read}, "what somebody else linked keeps its title"


def test_who_is_given_none_of_it_finds_no_button_and_no_path(without: Office) -> None:
    record, screen, ron = without.read, without.screen, without.ron
    page = screen.get(f"/member/{record}?tab=history").text
    for address in ("print", "comments", "attachments"):
        assert f"/member/{record}/{address}" not in page, address
    assert "beside.pdf" not in screen.get(f"/member/{record}").text
    assert 'formaction="/member/print"' not in screen.get("/member/").text
    edit = screen.get(f"/member/{record}/edit").text
    assert ('name="picture' in edit, 'name="paper' in edit) == (False, False)
    paths = ron.get("/api/v1/openapi.json").json["paths"]
    for place in ("prints/member", "prints/member/{id}", "member/{id}/attachments"):
        assert f"/api/v1/{place}" not in paths, place
    assert "post" not in paths["/api/v1/member/{id}/comments"]
    for method, place, body in (
        ("GET", f"prints/member/{record}", None),
        ("GET", f"prints/member?ids={record}", None),
        ("POST", "prints/member", {}),
        ("POST", f"member/{record}/comments", {"text": "hello"}),
        ("GET", f"member/{record}/attachments", None),
    ):
        assert ron.open(f"/api/v1/{place}", method=method, json=body).status_code == 403, place
    assert ron.get("/api/v1/member?fields=picture").status_code == 400
    assert loan(without).status_code == 422
    assert screen.get("/member/choices?for=loan.member").json["items"] == []
