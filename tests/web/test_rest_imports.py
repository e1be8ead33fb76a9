"""Imports over REST: a program sends a file, tries it, mends it and imports it like a person."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.web.desk import Desk, open_desk_with, token
from tests.web.test_imports import ACCESS, GUEST, MAP, WRONG, send, tried, tried_at, work

DUE = """
entity: due
label: {en: Due, zh: 会费}
key: code
fields:
  code: {type: code, required: true, unique: true}
  fee: {type: decimal, places: 2, label: {en: Fee, zh: 费用}}
  since: {type: date, label: {en: Since, zh: 起始}}
"""
API = "/api/v1/imports/member"
RUNS = "/api/v1/jobs/runs/"
GOOD = "Code,Name,E-mail\nB1,Bea,bea@example.com\nB2,Bob,bob@example.com\n"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    more = {"club__importmap": MAP, "guest__entity": GUEST, "due__entity": DUE}
    opened = open_desk_with(request.param, tmp_path, ACCESS, **more)
    yield opened
    opened.runtime.engine.dispose()


def client_of(desk: Desk, name: str = "kim", scopes: list[str] | None = None) -> FlaskClient:
    """Return a client with a bearer of somebody, or with a token of theirs of some scopes."""
    client = desk.app.test_client()
    gate = desk.app.extensions["shopwright"].gate
    found = gate.principals.current(desk.people[name])
    bearer = gate.jwt.issue(found.actor.id, found.fingerprint, "access")
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {bearer}"
    if scopes is not None:
        body = {"name": "program", "scopes": scopes}
        made = client.post("/api/v1/security/tokens", json=body)
        assert made.status_code == 201, made.text
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {made.json['data']['token']}"
    return client


def sent(client: FlaskClient, content: str | bytes, name: str = "members.csv", **more: Any) -> Any:
    """Send a file by its bytes; return what it is taken for."""
    data = content if isinstance(content, bytes) else content.encode()
    answer = client.post(f"{API}?name={name}", data=data, content_type="text/csv", **more)
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"] == f"{API}/{answer.json['data']['id']}"
    return answer.json["data"]


def begun(client: FlaskClient, file: str, **body: Any) -> TestResponse:
    answer = client.post(f"{API}/{file}/runs", json=body)
    assert answer.status_code == 202, answer.text
    return answer


def ended(desk: Desk, client: FlaskClient, file: str, **body: Any) -> Any:
    """Begin a run, let it work, and return what is told of it."""
    answer = begun(client, file, **body)
    work(desk, answer.json["data"]["run"])
    return client.get(answer.headers["Location"]).json["data"]


def test_a_file_is_tried_mended_and_imported(desk: Desk) -> None:
    kim = client_of(desk)
    upload = sent(kim, WRONG)
    assert (upload["format"], upload["rows"], upload["mode"]) == ("csv", 3, "upsert")
    assert {one["name"]: one["fills"] for one in upload["columns"]} == {
        "Code": "code", "Name": "name", "E-mail": "email",
    }  # fmt: skip
    trial = ended(desk, kim, upload["id"])
    assert trial["result"]["import"]["dry_run"] is True
    assert trial["counts"] == {"created": 1, "refused": 2}
    assert desk.count("member") == 0
    rows = kim.get(f"{RUNS}{trial['id']}/rows?refused=true").json["data"]
    assert [(one["record"], one["column"], one["value"]) for one in rows] == [
        ("3", "Name", ""), ("4", "E-mail", "not an address"),
    ]  # fmt: skip
    (fix,) = trial["files"]
    mended = kim.get(fix["url"]).get_data().decode("utf-8-sig")
    assert mended.splitlines()[0] == "Code,Name,E-mail,Why refused"
    real = ended(desk, kim, upload["id"], tried=trial["id"])
    assert (real["counts"], desk.count("member")) == ({"created": 1, "refused": 2}, 1)
    mended = mended.replace("A2,,", "A2,Bo,").replace("not an address", "cyd@example.com")
    again = sent(kim, mended, "members-fix.csv")
    last = ended(desk, kim, again["id"], again=trial["id"], trial=False)
    assert (last["counts"], desk.count("member")) == ({"created": 2}, 3)


def test_what_was_tried_is_imported_once(desk: Desk) -> None:
    kim = client_of(desk)
    upload = sent(kim, GOOD)
    trial = ended(desk, kim, upload["id"])
    first, second = (begun(kim, upload["id"], tried=trial["id"]).json for _ in range(2))
    assert first == second
    changed = kim.post(f"{API}/{upload['id']}/runs", json={"tried": trial["id"], "whole": True})
    assert (changed.status_code, changed.json["errors"][0]["field"]) == (422, "whole")
    other = sent(kim, GOOD)
    assert kim.post(f"{API}/{other['id']}/runs", json={"tried": trial["id"]}).status_code == 404


def test_a_key_sent_twice_is_one_upload_and_one_run(desk: Desk) -> None:
    kim = client_of(desk)
    first, second = (sent(kim, GOOD, headers={"Idempotency-Key": "u1"}) for _ in range(2))
    assert first == second
    reused = kim.post(API, data=b"Code\nX\n", headers={"Idempotency-Key": "u1"})
    assert (reused.status_code, reused.json["code"]) == (422, "idempotency_key_reused")
    address, key = f"{API}/{first['id']}/runs", {"Idempotency-Key": "r1"}
    runs = [kim.post(address, json={"trial": False}, headers=key).json for _ in range(2)]
    assert runs[0] == runs[1]
    other = kim.post(address, json={"trial": True}, headers=key)
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")


def test_the_wizard_and_the_api_have_one_upload_and_one_answer(desk: Desk) -> None:
    kim, page = client_of(desk), desk.browser()
    by_page = tried(page, WRONG)
    by_api = begun(kim, sent(kim, WRONG)["id"]).json["data"]["run"]
    asked = [
        {name: one for name, one in _input(desk, run).items() if name != "file"}
        for run in (by_page, by_api)
    ]
    assert asked[0] == asked[1]
    uploaded = send(page, GOOD).location.rpartition("/")[2]
    assert kim.get(f"{API}/{uploaded}").json["data"]["rows"] == 2
    assert page.get(f"/member/import/{sent(kim, GOOD)['id']}").status_code == 200


def _input(desk: Desk, run: str) -> dict[str, Any]:
    from runtime.jobs import desk as jobs
    from runtime.messages import Actor

    kim = Actor(desk.people["kim"], "kim", frozenset({"keeper"}))
    return dict(jobs.find_run(desk.runtime, kim, run).input)


def test_columns_an_import_map_or_a_kept_mapping_say_what_a_file_is(desk: Desk) -> None:
    kim = client_of(desk)
    known = kim.get(API).json["data"]
    assert [one["name"] for one in known["maps"]] == ["club_list"]
    assert {"path": "name", "label": "Name"} in known["targets"]
    club = sent(kim, "Nr,Who,In\nC1,Cy,yes\n")
    assert (club["map"], club["maps"]) == ("club_list", ["club_list"])
    assert ended(desk, kim, club["id"], trial=False)["counts"] == {"created": 1}
    odd = sent(kim, "Key;Called\nD1;Di\n")
    told = ended(
        desk, kim, odd["id"], columns={"Key": "code", "Called": "name"}, mode="create",
        keep="Odd", trial=False,
    )  # fmt: skip
    assert told["counts"] == {"created": 1}
    more = sent(kim, "Key;Called\nD2;Do\n")
    assert (more["mappings"], more["mode"]) == (["Odd"], "create")
    told = ended(desk, kim, more["id"], mapping="Odd", trial=False)
    assert told["counts"] == {"created": 1}
    assert kim.get(f"{API}/{club['id']}?map=-").json["data"]["map"] is None


def test_a_multipart_body_and_its_pictures_are_taken(desk: Desk) -> None:
    kim = client_of(desk)
    data = {"file": (io.BytesIO(GOOD.encode()), "members.csv")}
    answer = kim.post(API, data=data, content_type="multipart/form-data")
    assert (answer.status_code, answer.json["data"]["name"]) == (201, "members.csv")
    torn = {"file": (io.BytesIO(GOOD.encode()), "m.csv"), "archive": (io.BytesIO(b"x"), "p.zip")}
    answer = kim.post(API, data=torn, content_type="multipart/form-data")
    assert (answer.status_code, answer.json["errors"][0]["code"]) == (422, "unreadable")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"mode": "replace"}, "mode"),
        ({"columns": {"Nothing": "code"}}, "columns.Nothing"),
        ({"columns": {"Code": "nothing"}}, "columns.Code"),
        ({"columns": {"Name": "name"}, "key": ["email"]}, "key"),
        ({"columns": {}}, "columns"),
        ({"create": ["email"]}, "create"),
        ({"trial": "yes"}, "trial"),
        ({"archive": "x"}, "archive"),
        ({"delimiter": ";;"}, "delimiter"),
        ({"strange": 1}, "strange"),
        ({"map": "nothing"}, "map"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_name(
    desk: Desk, body: dict[str, Any], field: str
) -> None:
    kim = client_of(desk)
    answer = kim.post(f"{API}/{sent(kim, GOOD)['id']}/runs", json=body)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (
        400 if field == "map" else 422,
        field,
    )


def test_a_file_that_is_none_is_refused_and_one_too_large_is_not_read(desk: Desk) -> None:
    kim = client_of(desk)
    for content in (b"", b"%PDF-1.7", b"\x89PNG\r\n"):
        answer = kim.post(f"{API}?name=x.csv", data=content, content_type="text/csv")
        assert (answer.status_code, answer.json["code"]) == (422, "R422"), answer.text
    most = desk.app.extensions["shopwright"].settings.max_upload
    answer = kim.post(API, data=b"x" * (most + 1), content_type="text/csv")
    assert answer.status_code == 413


def test_nobody_imports_without_the_right_nor_sees_the_upload_of_another(desk: Desk) -> None:
    kim, ron = client_of(desk), client_of(desk, "ron")
    upload = sent(kim, GOOD)
    assert desk.app.test_client().get(API).status_code == 401
    for answer in (
        ron.get(API),
        ron.post(API, data=GOOD.encode()),
        ron.get(f"{API}/{upload['id']}"),
        ron.post(f"{API}/{upload['id']}/runs", json={}),
    ):
        assert (answer.status_code, answer.json["code"]) == (403, "R403")
    assert "imports" not in ron.get("/api/v1/openapi.json").text
    assert kim.get(f"{API}/01930000-0000-7000-8000-000000000009").status_code == 404
    assert kim.get(f"{API}/x").status_code == 404
    assert kim.get("/api/v1/imports/nothing").status_code == 404
    assert kim.delete(f"{API}/{upload['id']}").status_code == 405


def test_a_token_imports_what_its_scopes_say_and_creates_no_more(desk: Desk) -> None:
    narrow = client_of(desk, scopes=["read:member"])
    assert narrow.get(API).status_code == 403
    wide = client_of(desk, scopes=["import:member", "create:member", "update:member"])
    upload = sent(wide, GOOD)
    real = ended(desk, wide, upload["id"], trial=False)
    assert (real["state"], real["counts"]) == ("succeeded", {"created": 2})
    # a run begun by a token has no more rights than the token
    guests = b"code,host,host.name\nG1,NEW,Nora\n"
    token = client_of(desk, scopes=["import:guest", "create:guest", "update:guest", "read:guest"])
    base = "/api/v1/imports/guest"
    file = token.post(f"{base}?name=g.csv", data=guests).json["data"]
    assert file["create"] == []
    asked = token.post(f"{base}/{file['id']}/runs", json={"create": ["host"]})
    assert (asked.status_code, asked.json["errors"][0]["field"]) == (422, "create")
    begun_ = token.post(f"{base}/{file['id']}/runs", json={"trial": False})
    work(desk, begun_.json["data"]["run"])
    assert desk.count("guest") == 0


def fees(desk: Desk) -> list[tuple[str, str, str]]:
    with desk.runtime.engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT code, fee, since FROM due ORDER BY code"))
        return [(row.code, str(row.fee), str(row.since)) for row in rows]


def test_numbers_and_days_are_read_as_the_file_writes_them(desk: Desk) -> None:
    kim, page, base = client_of(desk), desk.browser(), "/api/v1/imports/due"
    text = "code;fee;since\nA;1.234,56;31.01.2026\nB;7,5;02.03.2026\n"
    answer = kim.post(f"{base}?name=d.csv", data=text.encode())
    file = answer.json["data"]
    assert (file["numbers"], file["days"]) == ("comma", "dmy")
    begun_ = kim.post(f"{base}/{file['id']}/runs", json={"trial": False})
    work(desk, begun_.json["data"]["run"])
    assert fees(desk) == [("A", "123456", "2026-01-31"), ("B", "750", "2026-03-02")]
    shown = page.get(f"/due/import/{file['id']}").text
    assert '<option value="comma" selected>1.234,56</option>' in shown
    assert "“1.234,56” is read as 1234.56." in shown
    assert "“31.01.2026” is read as 2026-01-31." in shown
    # what nobody can tell is said by a person, and looked at before it is tried
    odd = send(page, "code,since\nC,02/03/2026\n", "d.csv", "/due/import")
    body = {"csrf_token": token(page.get(odd.location)), "step": "look", "days": "mdy"}
    again = page.client.post(odd.location, data=body)
    assert "“02/03/2026” is read as 2026-02-03." in page.get(again.location).text
    work(desk, tried_at(page, again.location))
    refused = kim.post(f"{base}/{file['id']}/runs", json={"numbers": "roman"})
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "numbers")
