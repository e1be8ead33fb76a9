"""`GET /api/v1/openapi.json`: what one caller may do over REST, as an OpenAPI 3.1 document.

It is made from the model and the caller's grants, so it never offers what would be refused and
never names what the caller may not know. Documents are kept by rights and language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from generator.model.entity import Entity
from generator.model.workflow import Workflow
from rules import privacy
from rules.permissions import Grant, transition_action
from rules.unmasking import EXPORT_PLAIN
from runtime.errors import (
    BadRequest,
    Broken,
    Busy,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    RequestError,
    Stale,
    TooLarge,
    TooMany,
    Unauthenticated,
    VersionRequired,
)
from runtime.jobs import desk
from runtime.messages import Actor
from runtime.operations import _looking
from runtime.operations._columns import reader
from runtime.operations._writing import OF_WHOLES
from runtime.price_book import reprices_by
from runtime.runtime import Runtime
from runtime.web import rest_ledgers
from runtime.web.openapi_alerts import alert_paths
from runtime.web.openapi_exports import export_paths
from runtime.web.openapi_hooks import hook_paths, told
from runtime.web.openapi_imports import import_paths
from runtime.web.openapi_messages import message_paths
from runtime.web.openapi_parts import (
    ABOUT_INCIDENTS,
    BEFORE,
    BULK_SHAPES,
    COMMON_SHAPES,
    EXPORTING,
    GROUPING,
    IDEMPOTENCY,
    IF_MATCH,
    IF_NONE_MATCH,
    INCIDENT_SHAPES,
    PAGING,
    PART_ID,
    RECORD_ID,
    SELECTING,
    STEPS,
    TALK_SHAPES,
    UNMASKING,
    WORKFLOW_SHAPES,
    job_paths,
    security_paths,
)
from runtime.web.openapi_prices import price_shapes
from runtime.web.openapi_prints import print_paths
from runtime.web.openapi_schemas import Schemas, Shape, class_name, ref
from runtime.web.problems import WrongMedia
from runtime.web.rest_files import MULTIPART
from runtime.web.rest_routes import PLACING, PRICES, ROUTES
from runtime.web.spreadsheets import MEDIA
from runtime.web.urls import API
from runtime.web.wire import JSON, PROBLEM

VERSION = "1"
MOST_DOCUMENTS = 64
PROBLEMS: tuple[type[RequestError], ...] = (
    BadRequest,
    Unauthenticated,
    Forbidden,
    NotFound,
    Conflict,
    Stale,
    TooLarge,
    WrongMedia,
    Invalid,
    VersionRequired,
    TooMany,
    Busy,
    Broken,
)
ALWAYS = (400, 401, 403, 404, 429)
REFUSED_WITH = {
    "create": (409, 413, 415, 422),
    "update": (409, 412, 413, 415, 422, 428),
    "delete": (409, 412, 422, 428),
    "restore": (409, 412),
    "bulk": (409, 413, 415, 422),
    "comment": (409, 413, 415, 422),
    "edit_comment": (412, 413, 415, 422, 428),
    "delete_comment": (412,),
    "extend": (409, 413, 415, 422),
    "attach": (409, 413, 415, 422),
    "reveal": (413, 415, 422),
    "copy_person": (413, 415, 422, 428),
    "erase": (409, 412, 413, 415, 422, 428),
    "transition": (409, 413, 415, 422, 428, 500),
    "transitions": (500,),
    "preview_transition": (409, 413, 415, 422, 428),
    "settle_incident": (409, 413, 415, 422),
    "aggregate": (503,),
    **dict.fromkeys(rest_ledgers.ROUTES, (409, 413, 415, 422, 503)),
}
LISTED = {"list": (*PAGING, *SELECTING), "aggregate": GROUPING, "export": EXPORTING}
"""Operations that are asked for as a list is, with what each takes besides filters."""
WHEN = frozenset({"created_at", "updated_at"})
"""What every program filters by: what changed since it last asked."""
MATCHED = "{field}: masked; its whole value finds the record. So many an hour, and each is logged."
WITHOUT_ANSWER = ("delete", "delete_comment", "detach", "follow", "unfollow")
PLAIN_ANSWERS: Mapping[str, Shape] = {
    **{name: {"204": {"description": "Done"}} for name in WITHOUT_ANSWER},
    "copy_person": {"202": {"description": "Begun", "content": {JSON: {"schema": ref("Begun")}}}},
}
"""What is answered alike for every entity."""
WITH_TAG = frozenset(
    {
        "read",
        "create",
        "update",
        "restore",
        "comment",
        "edit_comment",
        "transition",
        "transitions",
        "erase",
    }
)
"""Operations whose answer says the version."""
OF_PEOPLE = frozenset({"copy_person", "erasure", "erase"})
"""What is done with a record that is a person."""
ABOUT_A_PART = frozenset({"edit_comment", "delete_comment", "attachment", "detach", "extend"})


FURTHER: Mapping[str, tuple[Shape, ...]] = {
    "read": (*SELECTING, IF_NONE_MATCH),
    "update": (IF_MATCH, IDEMPOTENCY),
    "delete": (IF_MATCH, IDEMPOTENCY),
    "erase": (IF_MATCH, IDEMPOTENCY),
    "restore": ({**IF_MATCH, "required": False},),
    "history": (BEFORE,),
    "comments": (BEFORE,),
    "comment": (IDEMPOTENCY,),
    "edit_comment": (IF_MATCH,),
    "delete_comment": ({**IF_MATCH, "required": False},),
    "attach": (IDEMPOTENCY,),
    "extend": (IDEMPOTENCY,),
    "attachment": (IF_NONE_MATCH,),
    "transition": ({**IF_MATCH, "required": False}, IDEMPOTENCY),
}
"""What an operation on one record takes beside its id."""


class Documents:
    """Makes documents and remembers them."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self._made: dict[Any, bytes] = {}

    def document(self, actor: Actor) -> bytes:
        """Return the document for a caller, as JSON."""
        key = (actor.roles, actor.locale)
        found = self._made.get(key)
        if found is None:
            if len(self._made) >= MOST_DOCUMENTS:
                self._made.clear()
            found = self._made[key] = orjson.dumps(_Document(self.runtime, actor).make())
        return found


class _Document:
    """One document in the making."""

    def __init__(self, runtime: Runtime, actor: Actor) -> None:
        self.runtime, self.actor, self.app = runtime, actor, runtime.app
        self.schemas = Schemas(runtime.app, runtime.compiled.field_types, actor.locale)
        self.readable = frozenset(name for name in self.app.entities if self.grant(name, "read"))

    def grant(self, entity: str, action: str) -> Grant | None:
        """Return what the caller may do."""
        return self.runtime.matrix.grant(self.actor.roles, entity, action)

    def make(self) -> Shape:
        """Return the document."""
        paths: Shape = dict(security_paths())
        paths |= job_paths([one.name for one in desk.operated(self.runtime, self.actor)])
        exported = [name for name in self.app.entities if self.grant(name, "export")]
        paths |= export_paths(exported) if exported else {}
        paths |= hook_paths(self.runtime, self.actor) | alert_paths(self.runtime, self.actor)
        paths |= message_paths(self.runtime, self.actor) | print_paths(self.runtime, self.actor)
        paths |= import_paths(self.runtime, self.actor)
        beside = (BULK_SHAPES, TALK_SHAPES, WORKFLOW_SHAPES, INCIDENT_SHAPES)
        shapes: Shape = dict(COMMON_SHAPES)
        for one in beside:
            shapes |= one
        for entity in self.app.entities.values():
            shapes.update(self._shapes(entity))
            shapes.update(self._edge_shapes(entity))
            paths |= self._edges(entity)
            for route, operations in ROUTES.items():
                if "{transition}" in route:
                    continue
                offered = {
                    method.lower(): self._operation(entity, operation)
                    for method, operation in operations.items()
                    if self._is_offered(entity, operation)
                }
                if offered:
                    path = f"{API}{entity.name}" + (f"/{route}" if route else "")
                    paths[path] = offered
        pricing = self.app.pricing
        if pricing is not None and self.grant(pricing.entity, "evaluate") is not None:
            shapes |= price_shapes(pricing)
            paths[f"{API}{PRICES}"] = {"post": self._prices(pricing.entity)}
        if pricing is not None and pricing.placing is not None:
            made = self.app.entities[pricing.placing.creates]
            if self.grant(made.name, "create") is not None:
                shapes |= price_shapes(pricing)
                paths[f"{API}{PLACING}"] = {"post": self._place(made)}
        return {
            "openapi": "3.1.0",
            "info": {
                "title": self.app.label.text(self.actor.locale),
                "version": VERSION,
                "x-definitions": self.app.digest,
            },
            "servers": [{"url": "/"}],
            "security": [{"bearer": []}],
            "tags": [
                {"name": entity.name, "description": entity.label.text(self.actor.locale)}
                for entity in self.app.entities.values()
                if any(f"{API}{entity.name}" in path for path in paths)
            ],
            "paths": paths,
            "webhooks": told(self.runtime, self.actor, shapes),
            "components": {
                "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
                "schemas": shapes,
                "responses": self._refusals(),
            },
        }

    def _prices(self, entity: str) -> Shape:
        """Return what pricing a cart takes and answers."""
        answer = {"description": "Done", "content": {JSON: {"schema": ref("Prices")}}}
        refused = (*ALWAYS, 413, 415, 422)
        return {
            "operationId": "evaluate_prices",
            "tags": [entity],
            "requestBody": {"required": True, "content": {JSON: {"schema": ref("Cart")}}},
            "responses": {
                "200": answer,
                **{
                    str(status): {"$ref": f"#/components/responses/R{status}"}
                    for status in sorted(refused)
                },
            },
        }

    def _place(self, entity: Entity) -> Shape:
        """Return what placing a cart takes and answers."""
        made = self._operation(entity, "create")
        made["operationId"] = "place_cart"
        made["requestBody"] = {"required": True, "content": {JSON: {"schema": ref("Placing")}}}
        return made

    def _edges(self, entity: Entity) -> Shape:
        """Return the address of every transition that the caller's roles may fire."""
        found: Shape = {}
        for workflow in self.app.workflows.get(entity.name, {}).values():
            for name in dict.fromkeys(edge.name for edge in workflow.transitions):
                if self.grant(entity.name, transition_action(workflow.name, name)) is None:
                    continue
                path = f"{API}{entity.name}/{{id}}/transitions/{workflow.name}/{name}"
                found[path] = {"post": self._edge(entity, workflow, name)}
                if reprices_by(self.app, entity.name, workflow.name, name):
                    found[f"{path}/preview"] = {"post": self._preview(entity, workflow, name)}
        return found

    def _edge(self, entity: Entity, workflow: Workflow, name: str) -> Shape:
        edges = workflow.named(name)
        made = self._operation(entity, "transition")
        made["operationId"] = f"transition_{entity.name}_{workflow.name}_{name}"
        made["summary"] = edges[0].label.text(self.actor.locale)
        body = {"schema": ref(f"{class_name(entity.name)}_{workflow.name}_{name}")}
        is_needed = any(one.field.required for edge in edges for one in edge.input.values())
        made["requestBody"] = {"required": is_needed, "content": {JSON: body}}
        return made

    def _preview(self, entity: Entity, workflow: Workflow, name: str) -> Shape:
        made = self._operation(entity, "preview_transition")
        made["operationId"] = f"preview_{entity.name}_{workflow.name}_{name}"
        made["summary"] = f"What it would cost: {workflow.named(name)[0].label.text('en')}"
        body = {"schema": ref(f"{class_name(entity.name)}_{workflow.name}_{name}")}
        made["requestBody"] = {"required": True, "content": {JSON: body}}
        return made

    def _edge_shapes(self, entity: Entity) -> Shape:
        """Return the body of every transition that the caller's roles may fire."""
        found: Shape = {}
        types = self.runtime.compiled.field_types
        for workflow in self.app.workflows.get(entity.name, {}).values():
            for name in dict.fromkeys(edge.name for edge in workflow.transitions):
                if self.grant(entity.name, transition_action(workflow.name, name)) is None:
                    continue
                asked = {
                    one: question.field
                    for edge in workflow.named(name)
                    for one, question in edge.input.items()
                }
                properties = {
                    one: types[field.type].json_schema(field) for one, field in asked.items()
                }
                needed = [one for one, field in asked.items() if field.required]
                answers = {
                    "type": "object",
                    "properties": properties,
                    "required": needed,
                    "additionalProperties": False,
                }
                found[f"{class_name(entity.name)}_{workflow.name}_{name}"] = {
                    "type": "object",
                    "properties": {"input": answers, "reason": {"type": "string"}},
                    "required": ["input"] if needed else [],
                    "additionalProperties": False,
                }
        return found

    def _is_offered(self, entity: Entity, operation: str) -> bool:
        module = self.runtime.operations.get(operation)
        if operation in rest_ledgers.ROUTES and not rest_ledgers.offers(
            self.app, entity.name, operation
        ):
            return False
        if operation == "transitions" and entity.name not in self.app.workflows:
            return False
        if operation in OF_PEOPLE and not privacy.is_person(self.app, entity.name):
            return False
        if module is None or (operation in OF_WHOLES and entity.child_of):
            return False
        wanted = (module.ACTION, *getattr(module, "ALSO", ()))
        return self.runtime.matrix.together(self.actor.roles, entity.name, *wanted) is not None

    def _shapes(self, entity: Entity) -> Shape:
        """Return the schemas of an entity, of which those without a right are left out."""
        name, found = class_name(entity.name), {}
        reads = self.grant(entity.name, "read") or self.grant(entity.name, "list")
        if reads is not None:
            found[name] = self.schemas.record(entity, reads, self.readable)
            found[f"{name}_answer"] = _object({"data": ref(name)})
            if entity.name in self.app.workflows:
                found[f"{name}_moved"] = _object({"data": ref(name), **STEPS})
            found[f"{name}_page"] = _object(
                {"data": {"type": "array", "items": ref(name)}, "page": ref("Page")}
            )
        for action, suffix in (("create", "_create"), ("update", "_update")):
            writable = self._writable(entity, action)
            if entity.name not in writable:
                continue
            changes = action == "update"
            if entity.child_of and changes:
                found[f"{name}_part"] = self.schemas.part(entity, writable)
            found[name + suffix] = self.schemas.payload(entity, writable, changes=changes)
        return found

    def _writable(self, entity: Entity, action: str) -> Mapping[str, frozenset[str]]:
        names = (entity.name, *self.runtime.child_entities(entity))
        grants = {name: self.grant(name, action) for name in names}
        return {name: grant.write for name, grant in grants.items() if grant is not None}

    def _operation(self, entity: Entity, operation: str) -> Shape:
        made: Shape = {
            "operationId": f"{operation}_{entity.name}",
            "tags": [entity.name],
            "responses": {
                **self._success(entity, operation),
                **self._sensitive(entity, operation),
                **{
                    str(status): {"$ref": f"#/components/responses/R{status}"}
                    for status in sorted((*ALWAYS, *REFUSED_WITH.get(operation, ())))
                },
            },
        }
        parameters = self._parameters(entity, operation)
        if parameters:
            made["parameters"] = parameters
        name = class_name(entity.name)
        body = {
            "create": f"{name}_create",
            "update": f"{name}_update",
            "bulk": "Bulk",
            "comment": "Saying",
            "edit_comment": "Saying",
            "reveal": "Revealing",
            "copy_person": "Copying",
            "erase": "Erasing",
            "settle_incident": "Settling",
            "extend": "Extending",
        }
        if operation in rest_ledgers.ROUTES:
            content = {JSON: {"schema": self._posting(entity, operation)}}
            made["requestBody"] = {"required": True, "content": content}
        if operation == "attach":
            content = {MULTIPART: {"schema": ref("Sending")}}
            made["requestBody"] = {"required": True, "content": content}
        if operation in body:
            content = {JSON: {"schema": ref(body[operation])}}
            made["requestBody"] = {"required": True, "content": content}
        return made

    def _posting(self, entity: Entity, operation: str) -> Shape:
        """Return the body of a post to a ledger."""
        ledger = self.app.ledgers[entity.name]
        field = self.app.entities[ledger.entries].fields["quantity"]
        quantity = self.runtime.compiled.field_types[field.type].json_schema(field)
        return rest_ledgers.body(ledger, operation, quantity)

    def _sensitive(self, entity: Entity, operation: str) -> Shape:
        """Return what an operation answers that asks for more than a right."""
        asks = {
            one.ask
            for one in self.app.sensitive
            if one.entity == entity.name and operation in one.actions
        }
        found: Shape = {}
        if "approve" in asks or operation == "settle_incident":
            waits = {"schema": ref("Waiting")}
            found["202"] = {"description": "Waits for approval", "content": {JSON: waits}}
        if asks & {"confirm", "type"}:
            found["428"] = {"$ref": "#/components/responses/R428"}
        return found

    def _success(self, entity: Entity, operation: str) -> Shape:
        if operation in PLAIN_ANSWERS:
            return dict(PLAIN_ANSWERS[operation])
        if operation in rest_ledgers.ROUTES:
            shape = rest_ledgers.POSTED
            return {"201": {"description": "Posted", "content": {JSON: {"schema": shape}}}}
        name = class_name(entity.name)
        shown = ref(f"{name}_answer") if entity.name in self.readable else ref("Created")
        shape = {
            "list": ref(f"{name}_page"),
            "bulk": ref("Outcomes"),
            "history": ref("History"),
            "reveal": ref("Revealed"),
            "erasure": ref("Erasure"),
            "comments": ref("Said_page"),
            "comment": ref("Said"),
            "edit_comment": ref("Said"),
            "attachments": ref("Attached_page"),
            "attach": ref("Attached"),
            "aggregate": ref("Groups"),
            "transitions": ref("Transitions"),
            "preview_transition": ref("Repriced"),
            "incidents": ref("Incidents"),
            "settle_incident": ref("Settled"),
            "timers": ref("Due_page"),
            "extend": ref("Due"),
            "transition": ref(f"{name}_moved") if entity.name in self.readable else ref("Created"),
        }.get(operation, shown)
        answer: Shape = {"description": "Done", "content": {JSON: {"schema": shape}}}
        if operation == "export":
            answer["content"] = {
                media.partition(";")[0]: {"schema": {"type": "string", "format": "binary"}}
                for media in MEDIA.values()
            }
        if operation in WITH_TAG:
            answer["headers"] = {"ETag": {"schema": {"type": "string"}}}
        if operation == "create":
            answer["headers"]["Location"] = {"schema": {"type": "string"}}
            return {"201": answer}
        if operation == "attach":
            answer["headers"] = {"Location": {"schema": {"type": "string"}}}
        if operation in {"comment", "attach"}:
            return {"201": answer}
        if operation == "attachment":
            # any kind of file comes; generators of clients know the first of these two alone
            file = {"schema": {"type": "string", "format": "binary"}}
            answer["content"] = {"application/octet-stream": file, "*/*": file}
            answer["headers"] = {"ETag": {"schema": {"type": "string"}}}
        if operation in {"read", "attachment"}:
            return {"200": answer, "304": {"description": "Not changed"}}
        return {"200": answer}

    def _parameters(self, entity: Entity, operation: str) -> list[Shape]:
        if operation in LISTED:
            more = self._unmasking(entity) if operation == "export" else []
            found = [*LISTED[operation], *more, *self._view(entity)]
            return [*found, *self._filters(entity, operation)]
        if operation in {"create", "bulk", *rest_ledgers.ROUTES}:
            return [IDEMPOTENCY]
        if operation == "settle_incident":
            return []
        if operation == "incidents":
            return list(ABOUT_INCIDENTS)
        found = [RECORD_ID, *((PART_ID,) if operation in ABOUT_A_PART else ())]
        return [*found, *FURTHER.get(operation, ())]

    def _unmasking(self, entity: Entity) -> list[Shape]:
        """Return the parameters for an export in clear, for whom a line gives it."""
        return UNMASKING if self.grant(entity.name, EXPORT_PLAIN) is not None else []

    def _view(self, entity: Entity) -> list[Shape]:
        names = [view.name for view in entity.list.views]
        return [{"name": "view", "in": "query", "schema": {"enum": names}}] if names else []

    def _filters(self, entity: Entity, operation: str) -> list[Shape]:
        """Return a parameter for each field, and for each operator of those lists filter by."""
        grant = self.grant(entity.name, "list")
        assert grant is not None
        found = self._look_ups(entity, grant) if operation == "list" else []
        for field in entity.fields.values():
            operators = self.runtime.compiled.field_types[field.type].operators
            if field.name not in grant.read or field.name in grant.masked or not operators:
                continue
            asked = field.name in entity.list.filters or field.name in WHEN
            chosen = operators if asked else operators[:1]
            for operator in chosen:
                plain = operator in ("eq", "has") and operator == operators[0]
                name = field.name if plain else f"{field.name}[{operator}]"
                found.append(
                    {
                        "name": name,
                        "in": "query",
                        "description": field.label.text(self.actor.locale),
                        "schema": {"type": "string"},
                    }
                )
        return found

    def _look_ups(self, entity: Entity, grant: Grant) -> list[Shape]:
        """Return a parameter for each masked field that the caller may look up by its value."""
        looking = _looking.right(self.runtime, self.actor, entity.name)
        if looking is None:
            return []
        reads = replace(reader(self.runtime, self.actor, grant), looking=looking)
        return [
            {
                "name": name,
                "in": "query",
                "description": MATCHED.format(field=field.label.text(self.actor.locale)),
                "schema": {"type": "string"},
            }
            for name, field in entity.fields.items()
            if name in grant.masked and reads.looked_up(reads.path(entity.name, name)) is not None
        ]

    def _refusals(self) -> Shape:
        return {
            f"R{kind.status}": {
                "description": kind.title.text(self.actor.locale),
                "content": {PROBLEM: {"schema": ref("Problem")}},
            }
            for kind in PROBLEMS
        }


def _object(properties: Shape) -> Shape:
    return {"type": "object", "properties": properties, "required": list(properties)}
