"""The paths of printing in the OpenAPI document, for each entity that the caller may print."""

from __future__ import annotations

from collections.abc import Mapping

from generator.model.entity import Entity
from rules.permissions import Grant
from runtime.messages import Actor
from runtime.runtime import Runtime
from runtime.web.openapi_parts import TEXT, Shape, described, object_of
from runtime.web.openapi_schemas import ID
from runtime.web.urls import API

HTML = "text/html"


def print_paths(runtime: Runtime, actor: Actor) -> Shape:
    """Return the paths below `prints`: of one record, of chosen ones, of all that match."""
    found: Shape = {}
    for entity in runtime.app.entities.values():
        grants = {
            action: runtime.matrix.together(actor.roles, entity.name, action, "print")
            for action in ("read", "list", "export")
        }
        found |= _paths(entity, grants)
    return found


def _paths(entity: Entity, grants: Mapping[str, Grant | None]) -> Shape:
    base, found = f"{API}prints/{entity.name}", {}
    labels: Shape = {"enum": ["", *(one.name for one in entity.print_labels)]}
    label = {"name": "label", "in": "query", "schema": labels}
    if grants["read"] is not None:
        by_id = {"name": "id", "in": "path", "required": True, "schema": ID}
        found[f"{base}/{{id}}"] = {"get": _page(f"print_{entity.name}", by_id, label)}
    chosen: Shape = {}
    if grants["list"] is not None:
        ids = {"name": "ids", "in": "query", "required": True, "schema": TEXT}
        chosen["get"] = _page(f"print_some_{entity.name}", ids, label)
    if grants["export"] is not None:
        body = object_of(
            {
                "filter": {"type": "object", "additionalProperties": TEXT},
                "ids": {"type": "array", "items": ID, "minItems": 1, "maxItems": 5000},
                "sort": TEXT,
                "label": labels,
            }
        )
        run = object_of({"data": object_of({"run": TEXT})})
        name = f"print_all_{entity.name}"
        chosen["post"] = described(name, 202, run, body=body, tag="prints")
    return {**found, **({base: chosen} if chosen else {})}


def _page(name: str, *parameters: Shape) -> Shape:
    made: Shape = described(name, 200, None, tag="prints")
    made["responses"]["200"] = {
        "description": "Done",
        "content": {HTML: {"schema": {"type": "string"}}},
    }
    return {**made, "parameters": list(parameters)}
