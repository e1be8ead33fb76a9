"""Files beside a record over REST: sent, listed, fetched and taken away, through both doors."""

from __future__ import annotations

import io
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from PIL import Image

from runtime.web import attached
from runtime.web.factory import create_app
from runtime.web.settings import WebSettings
from tests.web.conftest import PASSWORD, Shop
from tests.web.test_auth import csrf_of

PLAN = b"%PDF-1.4 not much of a plan"


@pytest.fixture(params=["front", "flask"])
def office(shop: Shop, tmp_path: Path, request: pytest.FixtureRequest) -> Shop:
    """The tiny shop with files of its own; small requests go through the front or through Flask."""
    told = WebSettings(files=tmp_path / "files", front=request.param == "front")
    return replace(shop, app=create_app(shop.runtime, told))


@pytest.fixture
def order(office: Shop) -> str:
    client = office.client("ann")
    buyer = client.post("/api/v1/customer", json={"code": uuid.uuid4().hex[:12], "name": "Li"})
    lines = [{"item": "Shirt", "price": "10.50"}]
    body = {"customer": buyer.json["data"]["id"], "lines": lines}
    return f"/api/v1/order/{client.post('/api/v1/order', json=body).json['data']['id']}"


def send(
    client: FlaskClient, order: str, content: bytes = PLAN, name: str = "plan.pdf", **headers: str
) -> Any:
    data = {"file": (io.BytesIO(content), name)}
    return client.post(f"{order}/attachments", data=data, headers=headers)


def count(shop: Shop, table: str) -> int:
    with shop.runtime.engine.connect() as connection:
        return connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one()


def test_a_file_is_sent_listed_fetched_and_taken_away(office: Shop, order: str) -> None:
    client = office.client("ann")
    made = send(client, order, name="送货计划.pdf")
    assert made.status_code == 201, made.json
    found = made.json["data"]
    assert (found["name"], found["media_type"], found["size"]) == (
        "送货计划.pdf", "application/pdf", len(PLAN),
    )  # fmt: skip
    place = f"{order}/attachments/{found['id']}"
    assert made.headers["Location"] == place
    assert client.get(f"{order}/attachments").json["data"] == [found]
    got = client.get(place)
    assert (got.status_code, got.data, got.mimetype) == (200, PLAN, "application/pdf")
    assert got.headers["Content-Length"] == str(len(PLAN))
    assert got.headers["Content-Disposition"] == (
        "attachment; filename*=UTF-8''%E9%80%81%E8%B4%A7%E8%AE%A1%E5%88%92.pdf"
    )
    assert client.head(place).data == b""
    known = client.get(place, headers={"If-None-Match": got.headers["ETag"]})
    assert (known.status_code, known.data) == (304, b"")
    assert client.delete(place).status_code == 204
    assert client.get(place).status_code == 404
    assert client.delete(place).status_code == 404
    history = client.get(f"{order}/history").json["data"]
    assert [entry["operation"] for entry in history][:2] == ["detach", "attach"]


def test_what_the_screen_attached_a_program_fetches(office: Shop, order: str) -> None:
    browser = office.app.test_client()
    form = {"username": "ann", "password": PASSWORD, "csrf_token": csrf_of(browser, "/login/")}
    assert browser.post("/login/", data=form).status_code == 302
    page = order.removeprefix("/api/v1")
    sent = {"files": (io.BytesIO(PLAN), "plan.pdf"), "csrf_token": csrf_of(browser, page)}
    assert browser.post(f"{page}/attachments", data=sent).status_code == 303
    client = office.client("ann")
    (found,) = client.get(f"{order}/attachments").json["data"]
    assert client.get(f"{order}/attachments/{found['id']}").data == PLAN
    assert browser.get(f"{page}/attachments/{found['id']}").data == PLAN


def test_a_page_leaves_as_bytes_that_no_browser_runs(office: Shop, order: str) -> None:
    client = office.client("ann")
    page = b"<script>alert(1)</script>"
    made = send(client, order, page, 'a"\r\nX-Evil: 1;.html').json["data"]
    got = client.get(f"{order}/attachments/{made['id']}")
    assert (got.mimetype, got.data) == ("application/octet-stream", page)
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in got.headers["Content-Security-Policy"]
    assert "X-Evil" not in got.headers
    assert got.headers["Content-Disposition"].startswith("attachment; ")


def test_a_request_that_is_sent_twice_attaches_once(office: Shop, order: str) -> None:
    client = office.client("ann")
    key = {"Idempotency-Key": uuid.uuid4().hex}
    first, second = send(client, order, **key), send(client, order, **key)
    assert first.json == second.json
    assert second.headers["Idempotency-Replayed"] == "true"
    assert len(client.get(f"{order}/attachments").json["data"]) == 1
    assert send(client, order, b"%PDF-1.4 another", **key).status_code == 422
    assert send(client, order, PLAN, "other.pdf", **key).status_code == 422


def test_who_may_not_change_a_record_attaches_nothing_and_keeps_nothing(
    office: Shop, order: str
) -> None:
    files = count(office, "sw_file")
    guest = office.client("gus")
    assert send(guest, order).status_code == 404
    buyer = office.client("ann").get(order).json["data"]["customer"]
    buyer_id = buyer["id"] if isinstance(buyer, dict) else buyer
    assert send(guest, f"/api/v1/customer/{buyer_id}").status_code == 403
    assert send(office.client(), order).status_code == 401
    assert count(office, "sw_file") == files


def test_a_token_that_may_only_read_fetches_and_attaches_nothing(office: Shop, order: str) -> None:
    ann = office.client("ann")
    made = send(ann, order).json["data"]
    asked = {"name": uuid.uuid4().hex, "scopes": ["read:order", "file:order"]}
    token = ann.post("/api/v1/security/tokens", json=asked).json["data"]["token"]
    program = office.app.test_client()
    program.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    assert program.get(f"{order}/attachments/{made['id']}").data == PLAN
    assert send(program, order).status_code == 403
    assert program.delete(f"{order}/attachments/{made['id']}").status_code == 403


def test_a_file_is_found_beside_its_own_record_only(office: Shop, order: str) -> None:
    client = office.client("ann")
    made = send(client, order).json["data"]
    buyer = client.get(order).json["data"]["customer"]
    buyer_id = buyer["id"] if isinstance(buyer, dict) else buyer
    assert client.get(f"/api/v1/customer/{buyer_id}/attachments/{made['id']}").status_code == 404
    assert client.get(f"{order}/attachments/none").status_code == 404
    assert office.client("gus").get(f"{order}/attachments/{made['id']}").status_code == 404


@pytest.mark.parametrize(
    "name", ["a.hta", "a.exe", "a.mhtml", "a.js", "a.svgz", "a.swf", "a.jar", "a.docm", "a.xsl"]
)
def test_what_a_machine_would_run_leaves_as_plain_bytes(
    office: Shop, order: str, name: str
) -> None:
    ann = office.client("ann")
    sent = send(ann, order, name=name)
    assert sent.status_code == 201, sent.text
    answer = ann.get(f"{order}/attachments/{sent.json['data']['id']}")
    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_the_session_of_a_browser_needs_its_token(office: Shop, order: str) -> None:
    browser = office.app.test_client()
    form = {"username": "ann", "password": PASSWORD, "csrf_token": csrf_of(browser, "/login/")}
    browser.post("/login/", data=form)
    assert send(browser, order).status_code == 403
    token = csrf_of(browser, "/customer/")
    assert send(browser, order, **{"X-CSRFToken": token}).status_code == 201


def picture(form: str) -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (3, 2)).save(held, form)
    return held.getvalue()


@pytest.mark.parametrize(
    ("content", "name", "status", "code"),
    [
        (b"", "plan.pdf", 422, "empty"),
        (b"no picture", "photo.png", 422, "invalid"),
        (b"x" * 2_001, "plan.pdf", 422, "size"),
        (b"x" * 80_000, "plan.pdf", 413, None),
    ],
    ids=["empty", "not what it says", "large", "larger"],
)
def test_a_file_that_is_not_taken_is_refused_as_on_screen(
    office: Shop,
    order: str,
    monkeypatch: pytest.MonkeyPatch,
    content: bytes,
    name: str,
    status: int,
    code: str | None,
) -> None:
    monkeypatch.setattr(attached, "LARGEST", 2_000)
    refused = send(office.client("ann"), order, content, name)
    assert refused.status_code == status, refused.json
    assert refused.mimetype == "application/problem+json"
    errors = refused.json.get("errors", [])
    assert [(one["field"], one["code"]) for one in errors] == ([("file", code)] if code else [])


def test_a_body_longer_than_json_may_be_is_taken_for_a_file(office: Shop, order: str) -> None:
    client = office.client("ann")
    assert send(client, order, b"x" * 3_000_000, "large.bin").status_code == 201


def test_a_picture_tells_its_size(office: Shop, order: str) -> None:
    made = send(office.client("ann"), order, picture("PNG"), "photo.png").json["data"]
    assert (made["media_type"], made["width"], made["height"]) == ("image/png", 3, 2)


BOUND = "multipart/form-data; boundary=b"


@pytest.mark.parametrize(
    ("body", "media", "status"),
    [
        (b'{"file": "x"}', "application/json", 415),
        (b"x", "multipart/form-data", 415),
        (b"", BOUND, 422),
        (b"--b\r\nbroken", BOUND, 400),
        (b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--b--\r\n', BOUND, 422),
        (b'--b\r\nContent-Disposition: form-data; name="x"; filename="x"\r\n\r\nx\r\n--b--\r\n',
         BOUND, 422),
    ],
    ids=["json", "no boundary", "nothing", "torn", "text", "another name"],
)  # fmt: skip
def test_what_is_no_file_in_a_form_is_refused(
    office: Shop, order: str, body: bytes, media: str, status: int
) -> None:
    client = office.client("ann")
    refused = client.post(f"{order}/attachments", data=body, content_type=media)
    assert refused.status_code == status, refused.json
    chinese = client.post(
        f"{order}/attachments", data=body, content_type=media, headers={"Accept-Language": "zh"}
    ).json
    assert any("一" <= letter <= "鿿" for letter in chinese["detail"])


def test_the_document_tells_of_attachments_to_whom_may_use_them(office: Shop) -> None:
    document = office.client("ann").get("/api/v1/openapi.json").json
    beside = document["paths"]["/api/v1/order/{id}/attachments"]
    assert list(beside["post"]["requestBody"]["content"]) == ["multipart/form-data"]
    assert {"201", "413", "415", "422"} <= beside["post"]["responses"].keys()
    one = document["paths"]["/api/v1/order/{id}/attachments/{part}"]
    assert {"200", "304"} <= one["get"]["responses"].keys()
    guests = office.client("gus").get("/api/v1/openapi.json").json["paths"]
    assert "post" not in guests["/api/v1/customer/{id}/attachments"]
