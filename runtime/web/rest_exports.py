"""Saved exports over REST, and files of records that nobody waits for.

GET    /api/v1/exports           what the caller may have made: their own, and those shared
POST   /api/v1/exports           {"entity", "columns", "format", …}: with "name" it is kept (201),
                                 without, a run makes the file now (202)
GET    /api/v1/exports/ID        one
PATCH  /api/v1/exports/ID        changes one of the caller's own
DELETE /api/v1/exports/ID        lets it go, and its schedule
POST   /api/v1/exports/ID/runs   makes the file now, for the caller and with their rights (202)

A run and its file are those of `/api/v1/jobs/runs/ID`. `list` is the query string of a list's page;
`filter` is that of the API, as a mapping of texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from generator.field_types._ids import WRITTEN
from runtime.errors import NotFound, RequestError
from runtime.exporting import saved
from runtime.exporting.beginning import begin
from runtime.exporting.checking import Draft
from runtime.exporting.saved import Saved
from runtime.exporting.wish import Schedule, Wish
from runtime.messages import Actor, Incoming
from runtime.pipeline import authorize, handle, nothing_here
from runtime.store.trail import Trail
from runtime.web import spreadsheets
from runtime.web.context import Web
from runtime.web.rest_plain import answer_of, body_of, method_of, wrong
from runtime.web.urls import API
from runtime.web.wire import Answer, Asked

EXPORTS = "exports"
ABOUT_FILE = ("entity", "columns", "format", "list", "filter", "plain")
KEPT = ("name", "shared", "role", "schedule")
PLAN = ("cron", "zone", "roles", "people")
TEXTS = ("entity", "format", "list", "name", "role")


def answer(asked: Asked, here: Web, actor: Actor) -> Answer:
    """Answer a request below `/api/v1/exports`."""
    parts = asked.path.split("/")[1:]
    runtime = here.runtime
    trail = Trail(runtime, actor, "rest", asked.request_id, asked.address)
    if not parts:
        if method_of(asked, "GET", "POST") == "GET":
            return answer_of({"data": [_shown(one) for one in saved.seen_by(runtime, actor)]})
        body = body_of(asked, (*ABOUT_FILE, *KEPT))
        if "name" not in body:
            return _made(asked, here, actor, body)
        draft = _draft(here, body, None)
        _look_through(asked, here, actor, draft.wish)
        export_id = saved.keep(runtime, trail, draft)
        told = answer_of({"data": _shown(saved.own(runtime, actor, export_id))}, 201)
        told.headers["Location"] = f"{API}{EXPORTS}/{export_id}"
        return told
    if not WRITTEN.fullmatch(parts[0]):
        raise NotFound(saved.GONE)
    found = saved.one_seen(runtime, actor, parts[0])
    if parts[1:] == ["runs"]:
        method_of(asked, "POST")
        return accepted(begin(runtime, trail, found))
    if parts[1:]:
        raise nothing_here()
    return _one(asked, here, trail, found)


def _one(asked: Asked, here: Web, trail: Trail, found: Saved) -> Answer:
    assert trail.actor is not None
    method = method_of(asked, "GET", "PATCH", "DELETE")
    if method == "DELETE":
        saved.drop(here.runtime, trail, found.id)
        return Answer(204)
    if method == "PATCH":
        body = body_of(asked, (*ABOUT_FILE, *KEPT))
        draft = _draft(here, body, found)
        if body.keys() & {"columns", "filter"}:
            _look_through(asked, here, trail.actor, draft.wish)
        saved.keep(here.runtime, trail, draft, found.id)
        found = saved.own(here.runtime, trail.actor, found.id)
    return answer_of({"data": _shown(found)})


def _made(asked: Asked, here: Web, actor: Actor, body: Mapping[str, Any]) -> Answer:
    """Have a file made now.

    Raises:
        RequestError: they may not export such records.

    """
    wish = _wish(body, None)
    if wish.form not in spreadsheets.FORMATS:
        known = ", ".join(spreadsheets.FORMATS)
        raise wrong("format", f"Write one of: {known}.", f"可用的格式：{known}。")
    told = {name: one for name, one in wish.told().items() if name != "query"}
    outcome = handle(replace(_incoming(asked, actor, wish), values=told), here.runtime)
    if isinstance(outcome, RequestError):
        raise outcome
    return accepted(str(outcome.row))


def _incoming(asked: Asked, actor: Actor, wish: Wish) -> Incoming:
    query = {"fields": (",".join(wish.columns),), **(wish.query or {})}
    return Incoming(
        "export",
        wish.entity,
        actor,
        query=query,
        request_id=asked.request_id,
        address=asked.address,
    )


def _look_through(asked: Asked, here: Web, actor: Actor, wish: Wish) -> None:
    """Plan what is to be kept as if it were made now: what it names must be there for the caller.

    Raises:
        RequestError: they may not export such records, or not by these columns and filters.

    """
    if not wish.columns:
        return  # refused with all else that is wrong
    incoming, runtime = _incoming(asked, actor, wish), here.runtime
    try:
        grant = authorize(incoming, runtime)
        operation = runtime.operations["export"]
        operation.plan(operation.parse(incoming, grant, runtime), grant, runtime)
    except RequestError as refusal:
        refusal.incoming = incoming
        raise


def _draft(here: Web, body: Mapping[str, Any], old: Saved | None) -> Draft:
    plan = old.schedule if old else None
    if "schedule" in body:
        plan = _schedule(here, body["schedule"])
    shared, role = (old.shared, old.role) if old else (False, "")
    if "shared" in body:
        shared = body["shared"] is True
    return Draft(_wish(body, old.wish if old else None), shared, str(body.get("role", role)), plan)


def _wish(body: Mapping[str, Any], old: Wish | None) -> Wish:
    for name in TEXTS:
        if not isinstance(body.get(name, ""), str):
            raise wrong(name, "Write a text.", "请填写文本。")
    columns = body.get("columns", old.columns if old else ())
    if not isinstance(columns, (list, tuple)) or not all(isinstance(one, str) for one in columns):
        raise wrong("columns", "Send a list of fields.", "请提交字段列表。")
    if old is not None and body.get("entity", old.entity) != old.entity:
        raise wrong("entity", "This stays as it is.", "此项不可修改。")
    query = old.query if old else None
    if "filter" in body:
        query = filter_of(body["filter"])
    return Wish(
        body.get("entity", old.entity if old else ""),
        tuple(columns),
        body.get("format", old.form if old else "csv"),
        body.get("list", old.listed if old else ""),
        query if old is not None or "list" in body else query or {},
        body.get("plain", old.plain if old else True) is True,
        body.get("name", old.name if old else ""),
    )


def filter_of(given: Any) -> dict[str, tuple[str, ...]]:
    """Return filters as the pipeline is asked; a key that is none is refused."""
    if not isinstance(given, Mapping) or not all(isinstance(one, str) for one in given.values()):
        raise wrong("filter", "Write filters as texts.", "筛选条件应为文本。")
    kept = {"fields", "include", "limit", "after", "before", "count"} & given.keys()
    if kept:
        name = sorted(kept)[0]
        raise wrong("filter", f"'{name}' is no filter.", f"“{name}”不是筛选条件。")
    return {str(name): (text,) for name, text in given.items()}


def _schedule(here: Web, given: Any) -> Schedule | None:
    if given is None:
        return None
    if not isinstance(given, Mapping) or given.keys() - set(PLAN):
        known = ", ".join(PLAN)
        raise wrong("schedule", f"Send an object of: {known}.", f"请提交对象：{known}。")
    roles, people = given.get("roles", []), given.get("people", [])
    fits = isinstance(roles, list) and all(isinstance(one, str) for one in roles)
    fits = fits and isinstance(people, list) and all(type(one) is int for one in people)
    if not fits:
        raise wrong("schedule", "Roles are names, people are numbers.", "角色为名称，人员为编号。")
    zone = str(given.get("zone") or here.runtime.app.time_zone)
    return Schedule(str(given.get("cron", "")), zone, tuple(roles), tuple(people))


def _shown(one: Saved) -> dict[str, Any]:
    plan, wish = one.schedule, one.wish
    return {
        "id": one.id,
        "name": wish.name,
        "owner": one.owner,
        "entity": wish.entity,
        "columns": list(wish.columns),
        "format": wish.form,
        "list": wish.listed,
        "filter": {name: texts[-1] for name, texts in (wish.query or {}).items()},
        "plain": wish.plain,
        "shared": one.shared,
        "role": one.role or None,
        "schedule": None
        if plan is None
        else {
            "cron": plan.cron,
            "zone": plan.zone,
            "roles": list(plan.roles),
            "people": list(plan.people),
        },
    }


def accepted(run_id: str) -> Answer:
    """Answer that a run was begun, and where it is asked after."""
    told = answer_of({"data": {"run": run_id}}, 202)
    told.headers["Location"] = f"{API}jobs/runs/{run_id}"
    return told
