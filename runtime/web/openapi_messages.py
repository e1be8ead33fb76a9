"""Messages in the OpenAPI document, for whoever may read what some of them tell of."""

from __future__ import annotations

from generator.model.message import CHANNELS
from runtime.messages import Actor
from runtime.runtime import Runtime
from runtime.web.openapi_parts import TEXT, Shape, described, object_of
from runtime.web.rest_message_choices import WAYS
from runtime.web.screens.messages_page import may_see
from runtime.web.screens.visit import Visit
from runtime.web.urls import API


def message_paths(runtime: Runtime, actor: Actor) -> Shape:
    """Return the paths below `messages`; none for whoever sees no message."""
    visit = Visit(runtime, actor)
    names = [one.name for one in runtime.app.messages.values() if may_see(visit, one)]
    if not names:
        return {}
    texts: Shape = {"type": "object", "additionalProperties": TEXT}
    line: Shape = {
        "name": TEXT,
        "label": texts,
        "entity": TEXT,
        "variables": {"type": "array", "items": TEXT},
        "outside": {"type": "boolean"},
        "always": {"type": "array", "items": {"enum": list(CHANNELS)}},
    }
    ways: Shape = {name: {"enum": [*some, None]} for name, some in WAYS.items()}
    line["chosen"] = {"type": ["object", "null"], "properties": ways}
    listed = object_of({"data": {"type": "array", "items": object_of(line)}})
    whole = object_of(
        {"data": object_of({**line, **dict.fromkeys(("inbox", "subject", "mail"), texts)})}
    )
    named = {"name": "name", "in": "path", "required": True, "schema": {"enum": names}}
    record = {"name": "record", "in": "query", "schema": TEXT}
    base = f"{API}messages"

    def asked(name: str, answer: Shape, *parameters: Shape) -> Shape:
        return {**described(name, 200, answer, tag="messages"), "parameters": list(parameters)}

    body: Shape = {"type": "object", "properties": ways, "additionalProperties": False}
    one = object_of({"data": object_of(line)})
    choosing = described("choose_message", 200, one, body=body, tag="messages")
    return {
        base: {"get": asked("list_messages", listed)},
        f"{base}/{{name}}": {
            "get": asked("read_message", whole, named, record),
            "patch": {**choosing, "parameters": [named]},
        },
    }
