"""Webhooks over REST: who manages them, what is refused at which field, and what a log shows."""

from __future__ import annotations

from typing import Any

from runtime.alerts import looking
from runtime.hooks import deliveries, showing
from tests.hooks.shop import Teller
from tests.web.test_jobs import program

BASE = "/api/v1/webhooks"


def test_an_administrator_makes_tries_changes_and_ends_a_subscription(small: Teller) -> None:
    client, header = program(small.desk)

    def ask(method: str, place: str = "", **options: Any) -> Any:
        return client.open(BASE + place, method=method, headers=header, **options)

    wanted = {"name": "ERP", "url": small.ear.url, "entity": "member", "events": ["created"]}
    made = ask("POST", json=wanted)
    assert made.status_code == 201, made.text
    one, secret = made.json["data"], made.json["data"]["secret"]
    here = f"/{one['id']}"
    assert made.headers["Location"] == BASE + here
    assert "secret" not in ask("GET", here).json["data"]
    tried = ask("POST", f"{here}/test").json["data"]
    assert (tried["status"], tried["tries"][0]["status"]) == ("sent", 204)
    assert small.ear.every[0].is_signed_by(secret)
    record = small.member(1, email="ann@mail.example")
    small.work()
    listed = ask("GET", f"{here}/deliveries?status=sent").json["data"]
    assert [each["event"] for each in listed] == ["created", "test"]
    again = ask("POST", f"{here}/deliveries/{listed[0]['id']}/again")
    assert again.status_code == 202
    assert ask("POST", f"{here}/deliveries/{listed[0]['id']}/again").status_code == 409
    small.work()
    assert [each.told["data"].get("id") for each in small.ear.every] == [None, record, record]
    span = {"since": "2026-11-22T11:00:00Z", "until": "2026-11-22T13:00:00+00:00"}
    assert ask("POST", f"{here}/replay", json=span).json["data"] == {"count": 1}
    assert ask("POST", f"{here}/replay", json={**span, "until": "soon"}).status_code == 422
    changed = ask("PATCH", here, json={"name": "New", "fields": ["name"]})
    assert (changed.json["data"]["name"], changed.headers["ETag"]) == ("New", '"2"')
    assert ask("POST", f"{here}/state", json={"state": "off"}).json["data"]["state"] == "off"
    assert ask("POST", f"{here}/state", json={"state": "asleep"}).status_code == 422
    other = ask("POST", f"{here}/secret").json["data"]["secret"]
    assert other != secret
    assert [each["name"] for each in ask("GET").json["data"]] == ["New"]
    done = {each.operation for each in small.stored("audit") if each.entity == "@webhook"}
    assert done >= {"webhook_made", "webhook_tested", "webhook_changed", "webhook_again"}
    assert ask("DELETE", here).status_code == 204
    assert ask("GET", here).status_code == 404


def test_everything_wrong_is_told_at_its_field(small: Teller) -> None:
    client, header = program(small.desk)
    right = {"name": "ERP", "url": small.ear.url, "entity": "member", "events": ["created"]}
    ron = small.desk.people["ron"]
    for wrong, fields in (
        ({"name": "", "events": []}, {"name", "events"}),
        ({"colour": "red"}, {"colour"}),
        ({"url": "http://10.0.0.1/"}, {"url"}),
        ({"entity": "loan_book"}, {"entity"}),
        ({"entity": "loan", "owner_id": ron}, {"entity"}),
        ({"owner_id": 999}, {"owner_id"}),
        ({"owner_id": True, "skips_own": 1}, {"owner_id", "skips_own"}),
        ({"events": ["created", "exploded"]}, {"events"}),
        ({"fields": ["name", "nothing"]}, {"fields"}),
        ({"filter": "nothing=1"}, {"filter"}),
        ({"filter": "sort=name"}, {"filter"}),
        ({"filter": "what"}, {"filter"}),
        ({"entity": "@alert", "events": ["opened"], "filter": "a=b"}, {"filter"}),
    ):
        answer = client.post(BASE, headers=header, json={**right, **wrong})
        assert answer.status_code == 422, (wrong, answer.text)
        assert {one["field"] for one in answer.json["errors"]} == fields, answer.text


def test_nobody_else_sees_that_there_are_any(small: Teller) -> None:
    hook, _ = small.listen()
    small.member(1)
    small.work()
    client, header = program(small.desk, "ron")
    for place in ("", f"/{hook}", f"/{hook}/deliveries", "/nothing"):
        assert client.get(BASE + place, headers=header).status_code == 403
    assert client.get(BASE).status_code == 401
    document = client.get("/api/v1/openapi.json", headers=header).json
    assert not [path for path in document["paths"] if path.startswith(BASE)]
    # what would be told of what they may read is described, of nothing else
    assert "member.created" in document["webhooks"]
    assert not [kind for kind in document["webhooks"] if kind.startswith("loan")]
    mine, header = program(small.desk)
    narrow = {"name": "narrow", "scopes": ["read:*"], "days": 1}
    token = mine.post("/api/v1/security/tokens", headers=header, json=narrow).json["data"]["token"]
    by_token = mine.get(BASE, headers={"Authorization": f"Bearer {token}"})
    assert by_token.status_code == 403


def test_a_body_is_shown_only_to_who_may_read_all_of_it(small: Teller) -> None:
    hook, _ = small.listen(fields=["name"])
    small.member(1)
    small.work()
    (row,) = small.stored("hook_delivery")
    _, (tried,) = deliveries.found(small.runtime, hook, row.id)
    one = small.hook(hook)

    def shown(name: str) -> str | None:
        return showing.body_for(small.runtime, small.actor(name), one, row, tried.sent_body)

    assert "Member 1" in (shown("kim") or "")
    assert "Member 1" in (shown("ron") or "")
    small.ask("update", "member", row.record_id, values={"active": False}, version=1)
    assert shown("ron") is None


def test_alerts_are_read_taken_on_and_explained_record_by_record(small: Teller) -> None:
    client, header = program(small.desk)
    asleep, awake = small.member(1, active=False), small.member(2)
    looking.look(small.runtime, small.runtime.app.alerts["asleep"])
    base = "/api/v1/alerts"
    (listed,) = client.get(base, headers=header).json["data"]
    assert (listed["name"], listed["open"], listed["verdict"]) == ("asleep", 1, "fires")
    one = client.get(f"{base}/asleep", headers=header).json["data"]
    (stands,) = one["stands"]
    assert stands["subject"] == asleep
    why = client.get(f"{base}/asleep/why?record={asleep}", headers=header).json["data"]
    assert why["asked"] == [{"what": "reach", "holds": True}, {"what": "where", "holds": True}]
    assert (why["counts"], why["standing"]["id"]) == (True, stands["id"])
    other = client.get(f"{base}/asleep/why?record={awake}", headers=header).json["data"]
    assert (other["counts"], other["standing"]) == (False, None)
    assert other["asked"][-1] == {"what": "where", "holds": False}
    for place, status in (("why?record=x", 422), (f"why?record={stands['id']}", 404), ("x", 404)):
        assert client.get(f"{base}/asleep/{place}", headers=header).status_code == status
    take = {"id": stands["id"], "note": "I call"}
    taken = client.post(f"{base}/asleep/take", headers=header, json=take).json["data"]
    assert taken["stands"][0]["note"] == "I call"
    assert client.post(f"{base}/asleep/take", headers=header, json=take).status_code == 409
    theirs, header = program(small.desk, "ron")
    assert theirs.get(base, headers=header).json["data"] == []
    assert theirs.get(f"{base}/asleep", headers=header).status_code == 404
