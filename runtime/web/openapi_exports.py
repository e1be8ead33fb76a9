"""The paths of saved exports in the OpenAPI document, for somebody who may export anything."""

from __future__ import annotations

from collections.abc import Sequence

from runtime.web.openapi_parts import TEXT, Shape, described, list_of, object_of
from runtime.web.spreadsheets import FORMATS
from runtime.web.urls import API


def export_paths(entities: Sequence[str]) -> Shape:
    """Return the paths below `exports`; `entities` are those the caller may export."""
    base, texts = f"{API}exports", list_of(TEXT)
    plan = {
        "type": ["object", "null"],
        "properties": {
            "cron": TEXT,
            "zone": TEXT,
            "roles": texts,
            "people": list_of({"type": "integer"}),
        },
    }
    known: Shape = {
        "columns": texts,
        "format": {"enum": list(FORMATS)},
        "list": TEXT,
        "filter": {"type": "object", "additionalProperties": TEXT},
        "plain": {"type": "boolean"},
        "name": TEXT,
        "shared": {"type": "boolean"},
        "role": TEXT,
        "schedule": plan,
    }
    kept = object_of({**known, "role": {"type": ["string", "null"]}, "id": TEXT, "entity": TEXT})
    wanted = object_of({**known, "entity": {"enum": [*entities]}}, "entity", "columns")
    changed = object_of(known)
    by_id = {"name": "id", "in": "path", "required": True, "schema": TEXT}
    run = object_of({"data": object_of({"run": TEXT})})
    one = object_of({"data": kept})

    def call(title: str, status: int, answer: Shape | None, body: Shape | None = None) -> Shape:
        return described(title, status, answer, body=body, tag="exports")

    making = call("export", 201, one, wanted)
    making["responses"]["202"] = call("made", 202, run)["responses"]["202"]
    return {
        base: {
            "get": call("list_exports", 200, object_of({"data": list_of(kept)})),
            "post": making,
        },
        f"{base}/{{id}}": {
            "parameters": [by_id],
            "get": call("read_export", 200, one),
            "patch": call("change_export", 200, one, changed),
            "delete": call("drop_export", 204, None),
        },
        f"{base}/{{id}}/runs": {
            "parameters": [by_id],
            "post": call("run_export", 202, run),
        },
    }
