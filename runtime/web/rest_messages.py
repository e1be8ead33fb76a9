"""Messages over REST: which there are, one filled with a record, and how the caller has them told.

GET   /api/v1/messages                 every message of records that the caller may read
GET   /api/v1/messages/NAME?record=ID  its texts in every language; of a record where it is named
PATCH /api/v1/messages/NAME            {"bell": "off", "mail": "daily"}: how the caller wants it

A token needs the right to read what a message tells of, as the pages ask.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import orjson

from generator.field_types._ids import WRITTEN
from generator.model.message import Message
from generator.model.text import Label
from runtime.errors import FieldError, Invalid, NotFound
from runtime.messages import Actor
from runtime.operations.read import not_found
from runtime.pipeline import nothing_here
from runtime.web.context import Web
from runtime.web.message_text import in_every_language
from runtime.web.rest_message_choices import WAYS, choices_of, choose
from runtime.web.rest_plain import body_of, method_of
from runtime.web.screens.messages_page import may_see
from runtime.web.screens.visit import Visit
from runtime.web.wire import Answer, Asked

MESSAGES = "messages"


def answer(asked: Asked, here: Web, actor: Actor) -> Answer:
    """Answer a request below `/api/v1/messages`."""
    parts = asked.path.split("/")[1:]
    visit = Visit(here.runtime, actor, asked.request_id, asked.address)
    if not parts:
        method_of(asked, "GET")
        every = sorted(visit.app.messages.values(), key=lambda one: (one.entity, one.name))
        chosen = choices_of(visit)
        return _sent([{**_line(one), **chosen(one)} for one in every if may_see(visit, one)])
    message = visit.app.messages.get(parts[0])
    if len(parts) > 1:
        raise nothing_here()
    if message is None or not may_see(visit, message):
        raise NotFound
    if method_of(asked, "GET", "PATCH") == "PATCH":
        choose(visit, message, body_of(asked, tuple(WAYS)))
        return _sent({**_line(message), **choices_of(visit)(message)})
    told = {**_line(message), **choices_of(visit)(message)}
    return _sent({**told, **_filled(visit, message, _record(asked))})


def _record(asked: Asked) -> str:
    query = parse_qs(asked.query, keep_blank_values=True)
    record = query.get("record", [""])[-1]
    if query.keys() - {"record"} or ("record" in query and not WRITTEN.fullmatch(record)):
        message = Label({"en": "Write the id of a record.", "zh": "请填写记录的 id。"})
        raise Invalid(message, (FieldError("record", "invalid", message),))
    return record


def _line(message: Message) -> dict[str, Any]:
    return {
        "name": message.name,
        "label": dict(message.label.texts),
        "entity": message.entity,
        "variables": list(message.variables),
        "outside": message.to is not None,
        "always": sorted(message.always),
    }


def _filled(visit: Visit, message: Message, record: str) -> Mapping[str, Any]:
    """Return the texts of a message: as they are written, or filled with a record.

    Raises:
        NotFound: the record is not there, or not for the caller.

    """
    if not record:
        texts = {"inbox": message.inbox, "subject": message.subject, "mail": message.mail}
        return {name: dict(label.texts) for name, label in texts.items()}
    found = in_every_language(visit, message.name, record)
    if found is None:
        raise not_found()
    return {
        name: {locale: getattr(one, name) for locale, one in found.items()}
        for name in ("inbox", "subject", "mail")
    }


def _sent(told: Any) -> Answer:
    return Answer(200, orjson.dumps({"data": told}))
