"""What every OpenAPI document has, whatever the definitions: parameters, problems, sign-in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runtime.web.urls import API
from runtime.web.wire import JSON, PROBLEM

Shape = dict[str, Any]

TEXT: Shape = {"type": "string"}
MAYBE_TEXT: Shape = {"type": ["string", "null"]}
MAYBE_NUMBER: Shape = {"type": ["integer", "null"]}
VERSION_TAG = r'^"[0-9]{1,10}"$'
RECORD = {"type": "string", "format": "uuid"}


def _query(name: str, schema: Shape, description: str) -> Shape:
    return {"name": name, "in": "query", "schema": schema, "description": description}


RECORD_ID: Shape = {"name": "id", "in": "path", "required": True, "schema": RECORD}
IF_MATCH: Shape = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "The ETag of the record as it was read.",
    "schema": {"type": "string", "pattern": VERSION_TAG},
}
IF_NONE_MATCH: Shape = {"name": "If-None-Match", "in": "header", "schema": TEXT}
IDEMPOTENCY: Shape = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same request under the same key is carried out once.",
    "schema": {"type": "string", "maxLength": 255, "pattern": "^[!-~]+$"},
}
PAGING = [
    _query("limit", {"type": "integer", "minimum": 1, "maximum": 200}, "Records of a page."),
    _query("after", TEXT, "The cursor `page.next` of the page before."),
    _query("before", TEXT, "The cursor `page.previous` of the page after."),
    _query("sort", TEXT, "Paths with commas, `-` in front for descending."),
    _query("q", {"type": "string", "maxLength": 200}, "Looks for text."),
    _query("count", {"enum": ["none", "capped", "exact"]}, "How far to count."),
    _query("archived", {"enum": ["no", "only", "all"]}, "Whether to show what was deleted."),
    _query("ids", TEXT, "Ids with commas: only these records."),
]
SELECTING = [
    _query("fields", TEXT, "Paths with commas, such as `number,customer.name`."),
    _query(
        "include",
        TEXT,
        "References, parts or linked records with commas; with a dot, what those point at.",
    ),
]


GROUPING = [
    _query(
        "group",
        TEXT,
        "Up to three fields or paths, with commas; a date or moment also as `placed_at:month`,"
        " by day, month or year.",
    ),
    _query("sum", TEXT, "Number fields to add up, with commas."),
    _query("min", TEXT, "Fields whose least value is told."),
    _query("max", TEXT, "Fields whose largest value is told."),
    _query("limit", {"type": "integer", "minimum": 1, "maximum": 200}, "Groups at most."),
]
EXPORTING = [
    _query("format", {"enum": ["csv", "xlsx"]}, "The kind of file; csv if missing."),
    _query("fields", TEXT, "The columns: fields or paths, with commas."),
    _query("sort", TEXT, "Fields, with commas; - in front for descending."),
]
UNMASKING = [
    _query(
        "unmasked",
        {"type": "boolean"},
        "Masked values leave in clear; `X-Reason` says why, and the log keeps it.",
    ),
    {"name": "X-Reason", "in": "header", "schema": {"type": "string", "maxLength": 500}},
]


def _object(properties: Shape, *required: str) -> Shape:
    return {"type": "object", "properties": properties, "required": list(required or properties)}


def _list(items: Shape) -> Shape:
    return {"type": "array", "items": items}


_ERROR = _object({"field": TEXT, "code": TEXT, "message": TEXT})
_REASON = _object({"code": TEXT, "message": TEXT, "params": {"type": "object"}})
_ANYTHING: Shape = {"type": ["object", "null"], "additionalProperties": True}
_KEPT_VALUES: Shape = {
    **_ANYTHING,
    "description": "Values by field. Of fields of class `sensitive` and `secret` no log keeps the "
    'value: a mark stands there, `{"sealed": …}`, the same for the same value of this record.',
}

COMMON_SHAPES: Shape = {
    "Problem": _object(
        {
            "type": TEXT,
            "title": TEXT,
            "status": {"type": "integer"},
            "code": TEXT,
            "detail": TEXT,
            "errors": _list(_ERROR),
            "request_id": TEXT,
            "reasons": _list(_REASON),
            "current": TEXT,
            "incident": TEXT,
            "allowed": _list(TEXT),
            "needs": TEXT,
        },
        "type",
        "title",
        "status",
        "code",
        "detail",
        "errors",
        "request_id",
    ),
    "Page": _object(
        {
            "next": MAYBE_TEXT,
            "previous": MAYBE_TEXT,
            "limit": {"type": "integer"},
            "total": MAYBE_NUMBER,
            "total_is_exact": {"type": ["boolean", "null"]},
        }
    ),
    "Groups": _object(
        {
            "data": _list(
                _object(
                    {
                        "group": {"type": "object", "additionalProperties": True},
                        "count": {"type": "integer"},
                        "sum": _ANYTHING,
                        "min": _ANYTHING,
                        "max": _ANYTHING,
                    },
                    "group",
                    "count",
                )
            ),
            "page": _object({"limit": {"type": "integer"}, "is_complete": {"type": "boolean"}}),
        }
    ),
    "Created": _object({"data": _object({"id": RECORD})}),
    "History": _object(
        {
            "data": _list(
                _object(
                    {
                        "id": TEXT,
                        "at": {"type": "string", "format": "date-time"},
                        "actor_name": TEXT,
                        "actor_kind": TEXT,
                        "operation": TEXT,
                        "source": TEXT,
                        "reason": TEXT,
                        "before": _KEPT_VALUES,
                        "after": _KEPT_VALUES,
                    }
                )
            ),
            "page": _object({"next": MAYBE_TEXT}),
        }
    ),
}

_AT: Shape = {"type": "string", "format": "date-time"}
_BY: Shape = {"actor_id": {"type": "integer"}, "actor_name": TEXT}
_NUMBER: Shape = {"type": "integer"}
_COMMENT = _object(
    {
        "id": TEXT,
        "at": _AT,
        **_BY,
        "text": TEXT,
        "mentions": {"type": "object", "additionalProperties": _NUMBER},
        "edited_at": {"type": ["string", "null"], "format": "date-time"},
        "version": _NUMBER,
        "unheard": _list(TEXT),
    }
)
_ATTACHMENT = _object(
    {
        "id": TEXT,
        "at": _AT,
        **_BY,
        "file": TEXT,
        "name": TEXT,
        "media_type": TEXT,
        "size": _NUMBER,
        "width": MAYBE_NUMBER,
        "height": MAYBE_NUMBER,
    }
)

TALK_SHAPES: Shape = {
    "Said": _object({"data": _COMMENT}),
    "Saying": _object({"text": {"type": "string", "minLength": 1, "maxLength": 10_000}}),
    "Revealing": _object({"field": {"type": "string"}, "reason": {"type": "string"}}),
    "Copying": _object(
        {"format": {"enum": ["xlsx", "csv", "jsonl"]}, "reason": {"type": "string"}}, "reason"
    ),
    "Erasing": _object({"reason": {"type": "string"}}, "reason"),
    "Erasure": _object(
        {
            "data": _list(
                _object(
                    {
                        "entity": {"type": "string"},
                        "records": {"type": "integer"},
                        "fields": _list({"type": "string"}),
                        "goes": {"type": "boolean"},
                        "kept": {"type": "integer"},
                        "kept_until": {"type": ["string", "null"], "format": "date"},
                        "under_way": {"type": "integer"},
                    }
                )
            )
        }
    ),
    "Begun": _object({"data": _object({"run": {"type": "string"}})}),
    "Revealed": _object({"data": _object({"field": {"type": "string"}, "value": {}})}),
    "Waiting": _object({"data": {"type": "object"}}),
    "Said_page": _object({"data": _list(_COMMENT), "page": _object({"next": MAYBE_TEXT})}),
    "Attached": _object({"data": _ATTACHMENT}),
    "Sending": _object({"file": {"type": "string", "format": "binary"}}),
    "Attached_page": _object({"data": _list(_ATTACHMENT), "page": _object({"next": MAYBE_TEXT})}),
}
"""What people say and keep beside records."""

_STEP = _object({"workflow": TEXT, "transition": TEXT, "from": TEXT, "to": TEXT, "log": TEXT})
STEPS: Shape = {"steps": _list(_STEP), "repeated": {"type": "boolean"}}
"""What a transition tells beside the record: each step that was taken."""
_OFFERED = _object(
    {
        "id": TEXT,
        "workflow": TEXT,
        "transition": TEXT,
        "label": TEXT,
        "allowed": {"type": "boolean"},
        "reasons": _list(_REASON),
        "targets": _list(TEXT),
        "confirm": TEXT,
        "input_schema": {"type": "object"},
    }
)
_DUE = _object(
    {
        **dict.fromkeys(("workflow", "transition", "state"), TEXT),
        "kind": {"enum": ["transition", "watchdog", "reminder"]},
        "due_at": _AT,
        "id": RECORD,
        "armed_at": _AT,
    }
)
WORKFLOW_SHAPES: Shape = {
    "Due": _object({"data": _DUE}),
    "Due_page": _object({"data": _list(_DUE), "page": _object({"next": MAYBE_TEXT})}),
    "Extending": _object({"due_at": _AT, "reason": {**TEXT, "minLength": 3, "maxLength": 500}}),
    "Transitions": _object(
        {
            "data": _object(
                {
                    "states": {"type": "object", "additionalProperties": TEXT},
                    "version": _NUMBER,
                    "transitions": _list(_OFFERED),
                }
            )
        }
    ),
}

_INCIDENT = _object(
    {
        **dict.fromkeys(("id", "kind", "entity", "record_id", "about", "state", "opened_at"), TEXT),
        **dict.fromkeys(("closed_at", "closed_name", "outcome", "reason"), MAYBE_TEXT),
        "facts": {"type": "object"},
    }
)
INCIDENT_SHAPES: Shape = {
    "Incidents": _object({"data": _list(_INCIDENT)}),
    "Settled": _object({"data": _INCIDENT}),
    "Settling": {
        "type": "object",
        "properties": {
            "incident": TEXT,
            "outcome": {"enum": ["retry", "done", "failed"]},
            "reason": TEXT,
            "output": {"type": "object"},
        },
        "required": ["incident", "outcome"],
        "additionalProperties": False,
    },
}
"""What went wrong outside, and what a person says of it."""
ABOUT_INCIDENTS: tuple[Shape, ...] = (
    {"name": "state", "in": "query", "schema": {"enum": ["open", "closed"]}},
    {"name": "record", "in": "query", "schema": TEXT},
)

PART_ID: Shape = {"name": "part", "in": "path", "required": True, "schema": RECORD}
BEFORE: Shape = {"name": "before", "in": "query", "schema": TEXT}

BULK_SHAPES: Shape = {
    "Bulk": {
        "type": "object",
        "description": "Records by id or by a filter, and what to do with each of them.",
        "properties": {
            "operation": {"enum": ["update", "delete", "restore", "transition"]},
            "workflow": TEXT,
            "transition": TEXT,
            "input": {"type": "object", "additionalProperties": True},
            "reason": TEXT,
            "batch": RECORD,
            "background": {"type": "boolean"},
            "values": {"type": "object", "additionalProperties": True},
            "ids": {
                "type": "array",
                "minItems": 1,
                "maxItems": 1000,
                "items": {
                    "anyOf": [
                        RECORD,
                        _object({"id": RECORD, "version": MAYBE_NUMBER}, "id"),
                    ]
                },
            },
            "filter": {"type": "object", "additionalProperties": TEXT},
            "all": {"type": "boolean"},
            "preview": {"type": "boolean"},
        },
        "required": ["operation"],
        "additionalProperties": False,
    },
    "Outcomes": _object(
        {
            "data": _list(
                _object(
                    {
                        "id": MAYBE_TEXT,
                        "status": TEXT,
                        "version": MAYBE_NUMBER,
                        "message": TEXT,
                        "errors": _list(_ERROR),
                    }
                )
            )
        }
    ),
}

_TOKENS = _object({"access_token": TEXT, "refresh_token": TEXT}, "access_token")
_SCOPES = {"anyOf": [_list(TEXT), {"type": "null"}]}
_MOMENT = {"type": ["string", "null"], "format": "date-time"}
_TOKEN = {"id": TEXT, "name": TEXT, "scopes": _SCOPES, "expires_at": _MOMENT}
_KEPT = _object({**_TOKEN, "prefix": TEXT, "created_at": _MOMENT, "last_used_at": _MOMENT})


WAITS: Shape = {"type": "object"}
"""A request for approval: its fields are those of the entity it is about."""


def security_paths() -> Shape:
    """Return the paths below `security/`."""
    base = f"{API}security"
    credentials = _object(
        {"username": TEXT, "password": TEXT, "code": TEXT, "refresh": {"type": "boolean"}},
        "username",
        "password",
    )
    wanted = _object(
        {
            "name": {"type": "string", "minLength": 1, "maxLength": 100},
            "scopes": _SCOPES,
            "days": {"type": "integer", "minimum": 1, "maximum": 366},
        },
        "name",
    )
    choices = {"enum": ["approve", "reject", "withdraw"]}
    decision = _object({"decision": choices, "said": TEXT}, "decision")
    asking = _object(
        {
            "role": TEXT,
            "part": {"type": "string", "examples": ["export:order"]},
            "reason": {"type": "string", "minLength": 5, "maxLength": 2000},
            "until": {"type": "string", "format": "date"},
        },
        "role",
        "reason",
        "until",
    )
    why = {"type": "string", "minLength": 5, "maxLength": 2000}
    taking = _object({"role": TEXT, "reason": why}, "role", "reason")
    ends = {"enum": ["grant", "reject", "withdraw", "revoke"]}
    me = {"id": {"type": "integer"}, "name": TEXT, "roles": _list(TEXT), "scopes": _SCOPES}
    by_id = {"name": "id", "in": "path", "required": True, "schema": TEXT}
    return {
        f"{base}/login": {"post": _call("login", 200, _TOKENS, body=credentials, open_to_all=True)},
        f"{base}/refresh": {"post": _call("refresh", 200, _TOKENS)},
        f"{base}/me": {"get": _call("me", 200, _object({"data": _object(me)}))},
        f"{base}/approvals": {"get": _call("list_approvals", 200, _object({"data": _list(WAITS)}))},
        f"{base}/approvals/{{id}}": {
            "post": {
                **_call("decide", 200, _object({"data": WAITS}), body=decision),
                "parameters": [by_id],
            }
        },
        f"{base}/emergencies": {
            "get": _call("list_emergencies", 200, _object({"data": _list(WAITS)})),
            "post": _call("take_in_emergency", 201, _object({"data": WAITS}), body=taking),
        },
        f"{base}/emergencies/{{id}}": {
            "post": {
                **_call(
                    "decide_emergency",
                    200,
                    _object({"data": WAITS}),
                    body=_object(
                        {"decision": {"enum": ["end", "review"]}, "said": TEXT}, "decision"
                    ),
                ),
                "parameters": [by_id],
            }
        },
        f"{base}/roles": {
            "get": _call("list_role_requests", 200, _object({"data": _list(WAITS)})),
            "post": _call("ask_for_role", 201, _object({"data": WAITS}), body=asking),
        },
        f"{base}/roles/{{id}}": {
            "post": {
                **_call(
                    "decide_role",
                    200,
                    _object({"data": WAITS}),
                    body=_object({"decision": ends, "said": TEXT}, "decision"),
                ),
                "parameters": [by_id],
            }
        },
        f"{base}/tokens": {
            "get": _call("list_tokens", 200, _object({"data": _list(_KEPT)})),
            "post": _call(
                "create_token",
                201,
                _object({"data": _object({**_TOKEN, "token": TEXT})}),
                body=wanted,
            ),
        },
        f"{base}/tokens/{{id}}": {"delete": {**_call("revoke_token", 204), "parameters": [by_id]}},
    }


def job_paths(names: Sequence[str]) -> Shape:
    """Return the paths below `jobs/`, for somebody who operates jobs of these names."""
    base, states = f"{API}jobs", {"enum": ["queued", "running", "succeeded", "failed", "cancelled"]}
    number: Shape = {"type": "integer"}
    counts = {"type": ["object", "null"], "additionalProperties": number}
    moments = dict.fromkeys(("created_at", "due_at", "started_at", "finished_at"), _MOMENT)
    run = {"id": TEXT, "job": TEXT, "state": states, **moments, "done": number, "counts": counts}
    one, many = _object({"data": _object(run)}), _object({"data": _list(_object(run))})
    job = _object({"name": TEXT, "next_at": _MOMENT, "paused_at": _MOMENT})
    row = _object({"position": number, "record": MAYBE_TEXT, "status": TEXT})
    page = _object({"next": {"type": ["integer", "null"]}})
    act = {"enum": ["cancel", "retry", "rest", "undo", "carry_out"]}
    start = {"type": "object", "properties": {"parameters": {"type": "object"}}}
    name: Shape = {"name": "name", "in": "path", "required": True, "schema": {"enum": [*names]}}
    run_id = {"name": "id", "in": "path", "required": True, "schema": TEXT}
    after = {"name": "after", "in": "query", "schema": number}
    refused = {"name": "refused", "in": "query", "schema": {"enum": ["true", "false"]}}

    def call(title: str, status: int, answer: Shape, *parameters: Shape, **more: Any) -> Shape:
        made = _call(title, status, answer, tag="jobs", **more)
        return {**made, "parameters": list(parameters)} if parameters else made

    found: Shape = {
        f"{base}": {"get": call("list_jobs", 200, _object({"data": _list(job)}))},
        f"{base}/runs/{{id}}": {
            "get": call("read_run", 200, one, run_id),
            "post": call("act_on_run", 202, one, run_id, body=_object({"action": act}, "action")),
        },
        f"{base}/runs/{{id}}/rows": {
            "get": call(
                "list_run_rows",
                200,
                _object({"data": _list(row), "page": page}),
                run_id,
                after,
                refused,
            )
        },
    }
    if names:
        found[f"{base}/{{name}}"] = {
            "get": call("read_job", 200, _object({"data": job}), name),
            "post": call("start_job", 202, one, name, body=start),
        }
        found[f"{base}/{{name}}/runs"] = {"get": call("list_runs", 200, many, name)}
    return found


def _call(
    name: str,
    status: int,
    answer: Shape | None = None,
    *,
    body: Shape | None = None,
    open_to_all: bool = False,
    tag: str = "security",
) -> Shape:
    done: Shape = {"description": "Done"}
    if answer is not None:
        done["content"] = {JSON: {"schema": answer}}
    problem = {"content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    made: Shape = {
        "operationId": name,
        "tags": [tag],
        "responses": {str(status): done, "4XX": {"description": "Refused", **problem}},
    }
    if body is not None:
        made["requestBody"] = {"required": True, "content": {JSON: {"schema": body}}}
    if open_to_all:
        made["security"] = []
    return made


object_of, list_of, described = _object, _list, _call
"""For the parts of the document that stand in files of their own."""
