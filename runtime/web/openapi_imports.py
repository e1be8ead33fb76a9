"""The paths of imports in the OpenAPI document, for each entity that the caller may import."""

from __future__ import annotations

from generator.model.entity import Entity
from runtime.messages import Actor
from runtime.runtime import Runtime
from runtime.web.openapi_parts import IDEMPOTENCY, TEXT, Shape, described, list_of, object_of
from runtime.web.openapi_schemas import ID
from runtime.web.rest_files import MULTIPART
from runtime.web.rest_import_words import NAMED, READ, WRITTEN
from runtime.web.screens import import_columns
from runtime.web.screens.import_desk import may_import
from runtime.web.screens.import_page import modes_of
from runtime.web.screens.visit import Visit
from runtime.web.urls import API

BYTES = "application/octet-stream"
BINARY: Shape = {"type": "string", "format": "binary"}
MAYBE: Shape = {"type": ["string", "null"]}


def import_paths(runtime: Runtime, actor: Actor) -> Shape:
    """Return the paths below `imports`; none for whoever may import nothing."""
    visit = Visit(runtime, actor)
    found: Shape = {}
    for entity in runtime.app.entities.values():
        if may_import(visit, entity):
            found |= _paths(visit, entity)
    return found


def _paths(visit: Visit, entity: Entity) -> Shape:
    base, name = f"{API}imports/{entity.name}", entity.name
    modes: Shape = {"enum": list(modes_of(visit, entity))}
    texts, switch = list_of(TEXT), {"type": "boolean"}
    formats: Shape = {name: {"enum": list(some)} for name, some in WRITTEN.items()}
    target = object_of({"path": TEXT, "label": TEXT})
    named = object_of({"name": TEXT, "label": TEXT})
    known = object_of(
        {
            "targets": list_of(target),
            "template": texts,
            "modes": list_of(modes),
            "maps": list_of(named),
            "mappings": texts,
        }
    )
    column = object_of({"name": TEXT, "samples": texts, "fills": MAYBE})
    upload = object_of(
        {
            **dict.fromkeys(("id", "name", "format", "encoding", "delimiter", "sheet"), TEXT),
            **dict.fromkeys(("sheets", "maps", "mappings", "key", "create"), texts),
            **dict.fromkeys(("archive", "map"), MAYBE),
            "rows": {"type": "integer"},
            "columns": list_of(column),
            "mode": modes,
            **formats,
            "modes": list_of(modes),
            "keys": list_of(texts),
            "targets": list_of(target),
        },
        *("id", "name", "archive", "format", "rows", "columns", "map", "maps", "mappings"),
        *("mode", "modes", *WRITTEN, "key", "keys", "create", "targets"),
    )
    wanted: Shape = {
        "type": "object",
        "properties": {
            **dict.fromkeys((*READ, "mapping", "keep"), TEXT),
            **dict.fromkeys(("again", "tried", "archive"), ID),
            **dict.fromkeys(("pictures", "whole", "trial"), switch),
            "map": {"enum": [*(one.name for one in import_columns.maps_of(visit, entity)), "-"]},
            "columns": {"type": "object", "additionalProperties": TEXT},
            "mode": modes,
            **formats,
            "key": texts,
            "create": texts,
        },
        "additionalProperties": False,
    }
    by_id: Shape = {"name": "id", "in": "path", "required": True, "schema": ID}
    asked = [{"name": one, "in": "query", "schema": TEXT} for one in (*READ, *NAMED, "archive")]
    told, run = object_of({"data": upload}), object_of({"data": object_of({"run": TEXT})})
    sending = {"type": "object", "properties": {"file": BINARY, "archive": BINARY}}
    sent = _call(f"send_{name}_file", 201, told)
    sent["parameters"] = [{"name": "name", "in": "query", "schema": TEXT}, IDEMPOTENCY]
    sent["requestBody"] = {
        "required": True,
        "content": {
            MULTIPART: {"schema": {**sending, "required": ["file"]}},
            BYTES: {"schema": BINARY},
        },
    }
    return {
        base: {
            "get": _call(f"read_{name}_columns", 200, object_of({"data": known})),
            "post": sent,
        },
        f"{base}/{{id}}": {
            "get": {**_call(f"read_{name}_file", 200, told), "parameters": [by_id, *asked]}
        },
        f"{base}/{{id}}/runs": {
            "post": {
                **_call(f"import_{name}_file", 202, run, wanted),
                "parameters": [by_id, IDEMPOTENCY],
            }
        },
    }


def _call(title: str, status: int, answer: Shape, body: Shape | None = None) -> Shape:
    return described(title, status, answer, body=body, tag="imports")
