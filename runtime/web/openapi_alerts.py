"""Alerts in the OpenAPI document, for whoever sees some of them."""

from __future__ import annotations

from typing import Any

from runtime.alerts import desk
from runtime.messages import Actor
from runtime.runtime import Runtime
from runtime.web.openapi_parts import MAYBE_TEXT, TEXT, Shape, described, object_of
from runtime.web.urls import API

NUMBER: Shape = {"type": "integer"}
FLAG: Shape = {"type": "boolean"}
MAYBE_MOMENT: Shape = {"type": ["string", "null"], "format": "date-time"}


def alert_paths(runtime: Runtime, actor: Actor) -> Shape:
    """Return the paths below `alerts`; none for whoever sees no alert."""
    names = [one.name for one in desk.seen_by(runtime, actor)]
    if not names:
        return {}
    base = f"{API}alerts"
    row = object_of(
        {
            "id": TEXT,
            "subject": TEXT,
            "value": MAYBE_TEXT,
            **dict.fromkeys(("opened_at", "told_at", "taken_at", "ended_at"), MAYBE_MOMENT),
            "note": MAYBE_TEXT,
        }
    )
    state = {
        **dict.fromkeys(("name", "severity", "entity", "measure"), TEXT),
        "open": NUMBER,
        "taken": NUMBER,
        "value": MAYBE_TEXT,
        "verdict": MAYBE_TEXT,
        "looked_at": MAYBE_MOMENT,
    }
    rows: Shape = {"type": "array", "items": row}
    looks: Shape = {"type": "array", "items": {"type": "object"}}
    whole = object_of({"data": object_of({**state, "stands": rows, "ended": rows, "looks": looks})})
    listed = object_of({"data": {"type": "array", "items": object_of(state)}})
    question = object_of({"what": TEXT, "holds": FLAG})
    why = object_of(
        {
            "data": object_of(
                {
                    "counts": FLAG,
                    "asked": {"type": "array", "items": question},
                    "standing": {"anyOf": [row, {"type": "null"}]},
                    "looked_at": MAYBE_MOMENT,
                    "is_quiet": FLAG,
                    "told_again_after": MAYBE_MOMENT,
                }
            )
        }
    )
    named = {"name": "name", "in": "path", "required": True, "schema": {"enum": names}}
    record = {"name": "record", "in": "query", "required": True, "schema": TEXT}
    wanted = object_of({"id": TEXT, "note": TEXT}, "id")

    def asked(name: str, answer: Shape, *parameters: Shape, **more: Any) -> Shape:
        made = described(name, 200, answer, tag="alerts", **more)
        return {**made, "parameters": list(parameters)}

    return {
        base: {"get": asked("list_alerts", listed)},
        f"{base}/{{name}}": {"get": asked("read_alert", whole, named)},
        f"{base}/{{name}}/take": {"post": asked("take_alert", whole, named, body=wanted)},
        f"{base}/{{name}}/why": {"get": asked("explain_alert", why, named, record)},
    }
