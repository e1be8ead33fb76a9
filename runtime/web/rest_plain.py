"""What requests about no entity have in common: the method, an object of known keys, the answer.

Comes in: what was asked. Goes out: its method or its body, or the refusal that says what is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from generator.model.text import Label
from runtime.errors import BadRequest, FieldError, Invalid
from runtime.web.bodies import only_text, read_json
from runtime.web.rest_routes import wrong_method
from runtime.web.wire import Answer, Asked


def method_of(asked: Asked, *methods: str) -> str:
    """Return the method, HEAD as GET; any but these is refused with 405."""
    wanted = "GET" if asked.method == "HEAD" else asked.method
    if wanted not in methods:
        raise wrong_method(dict.fromkeys(methods, ""))
    return wanted


def body_of(asked: Asked, known: tuple[str, ...]) -> Mapping[str, Any]:
    """Return the object that was sent, an empty one for nothing.

    Raises:
        BadRequest: it is no object.
        Invalid: it has a key that is not known.

    """
    has_body = asked.headers.get("content-length", "0") not in ("", "0")
    body = read_json(asked.body()) if has_body else {}
    if not isinstance(body, dict):
        raise BadRequest(Label({"en": "Send an object.", "zh": "请提交一个对象。"}))
    for key in body:
        if key not in known:
            raise wrong(key, f"There is no '{key}' here.", f"这里没有“{key}”。", "unknown_field")
    only_text(body)
    return body


def wrong(field: str, en: str, zh: str, code: str = "invalid") -> Invalid:
    """Return the refusal of one field."""
    message = Label({"en": en, "zh": zh})
    return Invalid(message, (FieldError(field, code, message),))


def answer_of(told: Mapping[str, Any], status: int = 200) -> Answer:
    """Return an answer in JSON."""
    return Answer(status, orjson.dumps(told, option=orjson.OPT_UTC_Z))
