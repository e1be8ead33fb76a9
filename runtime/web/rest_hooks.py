"""Outgoing webhooks over REST, for whoever administers; a token needs the scope `operate:*`.

GET    /api/v1/webhooks                          every subscription
POST   /api/v1/webhooks                          makes one; its secret is answered this once
GET    /api/v1/webhooks/ID                       one; PATCH changes what is sent, DELETE ends it
POST   /api/v1/webhooks/ID/state                 {"state": "on" | "paused" | "off"}
POST   /api/v1/webhooks/ID/secret                another secret; the one before is valid for a day
POST   /api/v1/webhooks/ID/test                  sends `webhook.test` now; what came of it
POST   /api/v1/webhooks/ID/replay                {"since": …, "until": …} tells that span again
GET    /api/v1/webhooks/ID/deliveries            its log; `status` and `before` narrow it
GET    /api/v1/webhooks/ID/deliveries/ID         one with its tries
POST   /api/v1/webhooks/ID/deliveries/ID/again   tells it again under the same id

What may be done is asked in `runtime/hooks/desk.py`, as for the pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

import orjson

from generator.field_types._ids import WRITTEN
from generator.model.text import Label
from runtime.errors import BadRequest, FieldError, Invalid, NotFound
from runtime.hooks import deliveries, desk, showing
from runtime.hooks.checking import KEYS
from runtime.hooks.subscriptions import Subscription
from runtime.messages import Actor
from runtime.pipeline import nothing_here
from runtime.store.trail import Trail
from runtime.web.context import Web
from runtime.web.rest_asking import payload, read_version
from runtime.web.rest_routes import wrong_method
from runtime.web.urls import API
from runtime.web.wire import Answer, Asked

HOOKS = "webhooks"
SHOWN = (
    "id",
    *KEYS,
    "state",
    "why",
    "failures",
    "failing_since",
    "hold_until",
    "sent_at",
    "before_until",
    "created_at",
    "created_by",
    "version",
)
DELIVERY = (
    "id",
    "event",
    "entity",
    "record_id",
    "status",
    "why",
    "attempts",
    "happened_at",
    "next_at",
    "settled_at",
)
TRY = ("number", "at", "code", "status", "milliseconds", "sent_headers", "got_headers", "got_body")


def answer(asked: Asked, here: Web, actor: Actor) -> Answer:
    """Answer a request below `/api/v1/webhooks`."""
    parts = asked.path.split("/")[1:]
    desk.require(here.runtime, actor)
    if not parts:
        _only(asked, "GET", "POST")
        if asked.method == "POST":
            return _make(asked, here, actor)
        found = desk.standings(here.runtime, actor)
        data = [{**_shown(each.one), "waiting": each.waiting, "dead": each.dead} for each in found]
        return _sent({"data": data})
    if not WRITTEN.fullmatch(parts[0]):
        raise NotFound(desk.NONE)
    one = desk.find(here.runtime, actor, parts[0])
    if len(parts) == 1:
        return _one(asked, here, actor, one)
    if parts[1] == "deliveries":
        return _deliveries(asked, here, actor, one, parts[2:])
    return _act(asked, here, actor, one, parts[1:])


def _make(asked: Asked, here: Web, actor: Actor) -> Answer:
    trail = _trail(asked, here, actor)
    made, secret = desk.make(here.runtime, trail, _body(asked, KEYS))
    one = desk.find(here.runtime, actor, made)
    sent = _sent({"data": {**_shown(one), "secret": secret}}, 201)
    sent.headers["Location"] = f"{API}{HOOKS}/{made}"
    sent.headers["Cache-Control"] = "no-store"
    return sent


def _one(asked: Asked, here: Web, actor: Actor, one: Subscription) -> Answer:
    _only(asked, "GET", "PATCH", "DELETE")
    trail = _trail(asked, here, actor)
    if asked.method == "DELETE":
        desk.remove(here.runtime, trail, one)
        return Answer(204)
    if asked.method == "PATCH":
        body, version = _body(asked, KEYS), read_version(asked.headers.get("if-match", ""))
        desk.change(here.runtime, trail, one, body, version)
        one = desk.find(here.runtime, actor, one.id)
    sent = _sent({"data": _shown(one)})
    sent.headers["ETag"] = f'"{one.version}"'
    return sent


def _act(asked: Asked, here: Web, actor: Actor, one: Subscription, parts: list[str]) -> Answer:
    runtime, trail = here.runtime, _trail(asked, here, actor)
    if parts == ["state"]:
        _only(asked, "POST")
        desk.put(runtime, trail, one, str(_body(asked, ("state",)).get("state", "")))
        return _sent({"data": _shown(desk.find(runtime, actor, one.id))})
    if parts == ["secret"]:
        _only(asked, "POST")
        sent = _sent({"data": {"secret": desk.rotate(runtime, trail, one)}})
        sent.headers["Cache-Control"] = "no-store"
        return sent
    if parts == ["test"]:
        _only(asked, "POST")
        return _delivery(here, actor, one, desk.test(runtime, trail, one))
    if parts == ["replay"]:
        _only(asked, "POST")
        body = _body(asked, ("since", "until"))
        count = desk.replay(runtime, trail, one, _time(body, "since"), _time(body, "until"))
        return _sent({"data": {"count": count}}, 202)
    raise nothing_here()


def _deliveries(
    asked: Asked, here: Web, actor: Actor, one: Subscription, parts: list[str]
) -> Answer:
    if not parts:
        _only(asked, "GET")
        return _log(asked, here, one)
    if not WRITTEN.fullmatch(parts[0]):
        raise NotFound(desk.NO_DELIVERY)
    if parts[1:] == ["again"]:
        _only(asked, "POST")
        desk.again(here.runtime, _trail(asked, here, actor), one, parts[0])
        return _delivery(here, actor, one, parts[0], 202)
    if len(parts) == 1:
        _only(asked, "GET")
        return _delivery(here, actor, one, parts[0])
    raise nothing_here()


def _log(asked: Asked, here: Web, one: Subscription) -> Answer:
    query = parse_qs(asked.query, keep_blank_values=True)
    for key in query.keys() - {"status", "before"}:
        raise _wrong(key, f"There is no '{key}' here.", f"这里没有“{key}”。", "unknown_key")
    status, before = query.get("status", [""])[-1], query.get("before", [""])[-1]
    if status not in ("", *deliveries.STATUSES):
        known = ", ".join(deliveries.STATUSES)
        raise _wrong("status", f"Write one of: {known}.", f"可用的值：{known}。")
    if before and not WRITTEN.fullmatch(before):
        raise _wrong("before", "Write the id of a delivery.", "请填写投递记录的 id。")
    found = deliveries.listed(here.runtime, one.id, status=status, before=before)
    further = found[-1].id if len(found) == deliveries.PAGE else None
    return _sent({"data": [_told(each) for each in found], "page": {"next": further}})


def _delivery(
    here: Web, actor: Actor, one: Subscription, delivery_id: str, status: int = 200
) -> Answer:
    found = deliveries.found(here.runtime, one.id, delivery_id)
    if found is None:
        raise NotFound(desk.NO_DELIVERY)
    row, tries = found
    told = [
        {
            **{name: getattr(each, name) for name in TRY},
            "sent_body": showing.body_for(here.runtime, actor, one, row, each.sent_body),
        }
        for each in tries
    ]
    sent = _sent({"data": {**_told(row), "tries": told}}, status)
    sent.headers["Cache-Control"] = "no-store"
    return sent


def _told(row: Any) -> dict[str, Any]:
    message = {"webhook_id": f"msg_{row.id}"}
    return {**{name: getattr(row, name) for name in DELIVERY}, **message}


def _shown(one: Subscription) -> dict[str, Any]:
    return {name: getattr(one, name) for name in SHOWN}


def _time(body: Mapping[str, Any], name: str) -> datetime:
    value = body.get(name)
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None or not 1970 < found.year < 9999:
        raise _wrong(name, "Write a time with its offset.", "请填写带时区的时间。")
    return found


def _body(asked: Asked, known: tuple[str, ...]) -> Mapping[str, Any]:
    body = payload(asked)
    if not isinstance(body, dict):
        raise BadRequest(Label({"en": "Send an object.", "zh": "请提交一个对象。"}))
    for key in body:
        if key not in known:
            raise _wrong(key, f"There is no '{key}' here.", f"这里没有“{key}”。", "unknown_field")
    return body


def _wrong(field: str, en: str, zh: str, code: str = "invalid") -> Invalid:
    message = Label({"en": en, "zh": zh})
    return Invalid(message, (FieldError(field, code, message),))


def _only(asked: Asked, *methods: str) -> None:
    wanted = "GET" if asked.method == "HEAD" else asked.method
    if wanted not in methods:
        raise wrong_method(dict.fromkeys(methods, ""))


def _sent(told: Mapping[str, Any], status: int = 200) -> Answer:
    return Answer(status, orjson.dumps(told, option=orjson.OPT_UTC_Z))


def _trail(asked: Asked, here: Web, actor: Actor) -> Trail:
    return Trail(here.runtime, actor, "rest", asked.request_id, asked.address)
