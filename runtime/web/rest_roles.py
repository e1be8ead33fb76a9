"""Roles for a time over REST: what can be asked for, asking, deciding; as the page `/access/` does.

In: a request below `/api/v1/security/roles`, its caller known. Out: an `Answer`. Who may decide is
asked in `runtime/role_requests.py`, as for the page.
"""

from __future__ import annotations

from typing import Any

import orjson

from generator.model.text import Label
from runtime import role_requests
from runtime.errors import BadRequest, FieldError, Invalid
from runtime.messages import Actor
from runtime.store import role_requests as store
from runtime.store.role_requests import RoleRequest
from runtime.web.bodies import only_text, read_json
from runtime.web.context import Web
from runtime.web.rest_routes import wrong_method
from runtime.web.trail import trail
from runtime.web.wire import Answer, Asked

SHOWN = (
    "id", "user_name", "role", "part", "reason", "until", "state", "created_at", "expires_at",
    "decided_name", "decided_at", "said",
)  # fmt: skip
KEYS = ("role", "part", "reason", "until")


def answer(asked: Asked, here: Web, actor: Actor, request_id: str) -> Answer:
    """Answer a request about roles."""
    runtime = here.runtime
    if request_id:
        only(asked, "POST")
        body = decision_of(asked, role_requests.DECISIONS)
        one = store.find(runtime.engine, runtime.system.role_request, request_id[:64])
        found = here.gate.principals.current(one.user_id) if one is not None else None
        held = found.actor.roles if found is not None else frozenset()
        done = role_requests.decide(
            trail(actor, "rest"), request_id[:64], body["decision"], body.get("said", ""), held
        )
        return sent(200, {"data": _shown(done)})
    only(asked, "GET", "POST")
    if asked.method == "POST":
        body = texts_of(asked, KEYS)
        given = [body.get(key, "") for key in KEYS]
        return sent(201, {"data": _shown(role_requests.ask(trail(actor, "rest"), *given))})
    mine = store.of_person(runtime.engine, runtime.system.role_request, actor.id)
    waiting = role_requests.waiting_for(runtime, actor)
    told = {
        "data": [_shown(one) for one in mine],
        "waiting": [_shown(one) for one in waiting],
        "roles": [one for one in role_requests.can_be_asked(runtime) if one not in actor.roles],
    }
    return sent(200, told)


def only(asked: Asked, *methods: str) -> None:
    """Refuse other methods than these."""
    wanted = "GET" if asked.method == "HEAD" else asked.method
    if wanted not in methods:
        raise wrong_method(dict.fromkeys(methods, ""))


def decision_of(asked: Asked, known: tuple[str, ...]) -> dict[str, str]:
    """Return what somebody decided, and what they said."""
    body = texts_of(asked, ("decision", "said"))
    if body.get("decision") not in known:
        named = ", ".join(known)
        raise _wrong("decision", f"Write one of: {named}.", f"可用的值：{named}。")
    return body


def texts_of(asked: Asked, known: tuple[str, ...]) -> dict[str, str]:
    """Return the texts of a body that may hold only these."""
    body = read_json(asked.body())
    if not isinstance(body, dict):
        raise BadRequest(Label({"en": "Send an object.", "zh": "请提交一个对象。"}))
    for key, value in body.items():
        if key not in known:
            raise _wrong(key, "There is no such field here.", "没有这个字段。", "unknown_field")
        if not isinstance(value, str):
            raise _wrong(key, "Write a text.", "请填写文本。")
    only_text(body)
    return body


def _shown(one: RoleRequest) -> dict[str, Any]:
    return {name: getattr(one, name) for name in SHOWN}


def sent(status: int, body: dict[str, Any]) -> Answer:
    """Return an answer of JSON."""
    return Answer(status, orjson.dumps(body, option=orjson.OPT_UTC_Z))


def _wrong(field: str, en: str, zh: str, code: str = "invalid") -> Invalid:
    message = Label({"en": en, "zh": zh})
    return Invalid(message, (FieldError(field, code, message),))
