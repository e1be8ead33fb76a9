"""Background work over REST: jobs somebody operates, their runs, starting and stopping one.

GET  /api/v1/jobs                    jobs the caller operates, each with its next and latest run
GET  /api/v1/jobs/NAME               one job with what it may be told
POST /api/v1/jobs/NAME               {"parameters": {…}} starts a run (202)
GET  /api/v1/jobs/NAME/runs          its latest runs
GET  /api/v1/jobs/runs/ID            one run: how far it is, what became of its records
POST /api/v1/jobs/runs/ID            {"action": "cancel" | "retry" | "rest" | "undo" | "carry_out"}
GET  /api/v1/jobs/runs/ID/rows       what became of each record, of a file's row with its column
                                     and value; `after` is the last place seen
GET  /api/v1/jobs/runs/ID/files/ID   a file the run made

Who sees and does what is asked in `runtime/jobs/desk.py`, as for the pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from generator.field_types._ids import WRITTEN
from generator.model.job import Job
from generator.model.text import Label
from runtime.errors import Forbidden, NotFound
from runtime.jobs import afterwards, desk, results, telling
from runtime.jobs.desk import JobState
from runtime.jobs.work.import_rows import NAME as IMPORT
from runtime.messages import Actor
from runtime.pipeline import nothing_here
from runtime.store.trail import Trail
from runtime.web.context import Web
from runtime.web.rest_asking import NO_KEY, read_key
from runtime.web.rest_plain import answer_of, body_of, method_of, wrong
from runtime.web.urls import API
from runtime.web.wire import Answer, Asked

JOBS = "jobs"
ROWS = 500
"""Rows of one answer."""
AFTERWARDS = {
    "rest": afterwards.start_rest,
    "undo": afterwards.start_undo,
    "carry_out": afterwards.carry_out,
}
ACTIONS = ("cancel", "retry", *AFTERWARDS)
RUN = (
    "id", "job", "queue", "state", "source", "created_at", "due_at", "started_at", "finished_at",
    "attempt", "max_attempts", "done", "total", "message", "counts", "retry_of",
)  # fmt: skip
"""What of a run every one sees who sees it; the trace of a fault is for the page of operators."""


def answer(asked: Asked, here: Web, actor: Actor) -> Answer:
    """Answer a request below `/api/v1/jobs`."""
    parts = asked.path.split("/")[1:]
    if not parts:
        method_of(asked, "GET")
        return answer_of({"data": [_job(here, one) for one in desk.states(here.runtime, actor)]})
    if len(parts) >= 2 and parts[0] == "runs":
        return _of_run(asked, here, actor, parts[1], parts[2:])
    job = desk.job_of(here.runtime, actor, parts[0])
    if len(parts) == 1:
        method_of(asked, "GET", "POST")
        if asked.method == "POST":
            return _start(asked, here, actor, job)
        states = desk.states(here.runtime, actor)
        return answer_of({"data": _job(here, next(one for one in states if one.job is job))})
    if parts[1:] == ["runs"]:
        method_of(asked, "GET")
        found = desk.recent(here.runtime, actor, job.name)
        return answer_of({"data": [_run(one) for one in found]})
    raise nothing_here()


def _start(asked: Asked, here: Web, actor: Actor, job: Job) -> Answer:
    body = body_of(asked, ("parameters",))
    given = body.get("parameters", {})
    if not isinstance(given, Mapping):
        raise wrong("parameters", "Send an object.", "请提交一个对象。")
    key = read_key(asked.headers.get("idempotency-key", NO_KEY))
    once = f"rest-{actor.id}-{job.name}-{key}"[:200] if key else None
    run_id = desk.run_now(here.runtime, _trail(asked, here, actor), job.name, given, once)
    return _accepted(here, actor, run_id)


def _of_run(asked: Asked, here: Web, actor: Actor, run_id: str, beyond: list[str]) -> Answer:
    if not WRITTEN.fullmatch(run_id):
        raise NotFound(desk.GONE)
    run = desk.find_run(here.runtime, actor, run_id)
    if not beyond:
        method_of(asked, "GET", "POST")
        if asked.method == "POST":
            return _act(asked, here, actor, run)
        return answer_of({"data": _whole(here, actor, run)})
    method_of(asked, "GET")
    if beyond == ["rows"]:
        return _rows(asked, here, actor, run)
    if len(beyond) == 2 and beyond[0] == "files":
        return _file(here, actor, run, beyond[1])
    raise nothing_here()


def _act(asked: Asked, here: Web, actor: Actor, run: Any) -> Answer:
    action = str(body_of(asked, ("action",)).get("action", ""))
    if action not in ACTIONS:
        known = ", ".join(ACTIONS)
        raise wrong("action", f"Write one of: {known}.", f"可用的值：{known}。")
    if action != "cancel" and actor.scopes is not None and not actor.scopes & desk.OPERATING:
        # a run acts with all roles of its person, so a narrow token does not begin one
        said = {
            "en": "This token's scopes do not include 'operate:*'.",
            "zh": "此令牌的权限范围不含“operate:*”。",
        }
        raise Forbidden(Label(said))
    trail = _trail(asked, here, actor)
    if action in AFTERWARDS:
        return _accepted(here, actor, AFTERWARDS[action](here.runtime, trail, run.id))
    if action == "cancel":
        desk.cancel(here.runtime, trail, run.id)
    else:
        desk.retry(here.runtime, trail, run.id)
    return _accepted(here, actor, run.id)


def _rows(asked: Asked, here: Web, actor: Actor, run: Any) -> Answer:
    query = parse_qs(asked.query, keep_blank_values=True)
    if query.keys() - {"after", "refused"}:
        name = sorted(query.keys() - {"after", "refused"})[0]
        raise wrong(name, f"There is no '{name}' here.", f"这里没有“{name}”。", "unknown_key")
    after, refused = query.get("after", ["-1"])[-1], query.get("refused", ["false"])[-1]
    if not after.lstrip("-").isdigit() or len(after) > 9 or not after.isascii():
        raise wrong("after", "Write a whole number.", "请填写整数。")
    if refused not in ("true", "false"):
        raise wrong("refused", "Write true or false.", "请填写 true 或 false。")
    found = telling.rows(
        here.runtime, actor, run, refused=refused == "true", after=int(after), limit=ROWS
    )
    data = [
        {
            "position": one.position,
            "entity": one.entity,
            "record": one.record_id or None,
            "status": one.status,
            "code": one.code,
            "message": Label(one.message).text(asked.locale) if one.message else None,
            "version": one.version,
            "changed": one.is_changed,
            **_cell(one.message),
        }
        for one in found
    ]
    further = found[-1].position if len(found) == ROWS else None
    return answer_of({"data": data, "page": {"next": further}})


def _cell(message: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return of a refused row of a file where it is wrong; nothing of other rows."""
    return {name: message[name] for name in ("column", "value") if message and name in message}


def _file(here: Web, actor: Actor, run: Any, file_id: str) -> Answer:
    found = telling.file_of(here.runtime, actor, run.id, file_id)
    path = results.path_of(here.settings.files.parent / results.FOLDER, run.id, found.id)
    if not path.is_file():
        raise NotFound(desk.EXPIRED)
    sent = Answer(200, media_type=found.media_type, stream=results.pieces(path))
    sent.headers["Content-Length"] = str(found.size)
    sent.headers["Content-Disposition"] = results.disposition(found.name)
    sent.headers["Cache-Control"] = "no-store"
    return sent


def _whole(here: Web, actor: Actor, run: Any) -> dict[str, Any]:
    offered = afterwards.offers(here.runtime, run, actor.id)
    files = [
        {
            "id": one.id,
            "name": one.name,
            "size": one.size,
            "rows": one.rows,
            "expires_at": one.expires_at,
            "url": f"{API}{JOBS}/runs/{run.id}/files/{one.id}",
        }
        for one in telling.files(here.runtime, actor, run)
    ]
    may = [name for name in AFTERWARDS if getattr(offered, name)]
    result = run.result if isinstance(run.result, Mapping) else {}
    told = {name: one for name, one in result.items() if isinstance(one, (str, int, float))}
    if run.job == IMPORT and telling.is_theirs(here.runtime, actor, run):
        told["import"] = _imported(result.get("import"), actor)
    return {**_run(run), "result": told, "files": files, "offers": may}


def _imported(told: Any, actor: Actor) -> Any:
    """Return what an import came to, with the fault of its file in the caller's language."""
    if not isinstance(told, Mapping) or "fault" not in told:
        return told
    return {**told, "fault": Label(told["fault"]).text(actor.locale)}


def _run(run: Any) -> dict[str, Any]:
    return {name: getattr(run, name) for name in RUN}


def _job(here: Web, state: JobState) -> dict[str, Any]:
    job, types = state.job, here.runtime.compiled.field_types
    asked = {name: types[one.type].json_schema(one) for name, one in job.parameters.items()}
    return {
        "name": job.name,
        "label": dict(job.label.texts),
        "schedule": job.schedule.text if job.schedule is not None else None,
        "zone": job.schedule.zone if job.schedule is not None else None,
        "next_at": state.next_at,
        "paused_at": state.paused_at,
        "parameters": asked,
        "last": _run(state.last) if state.last is not None else None,
    }


def _accepted(here: Web, actor: Actor, run_id: str) -> Answer:
    run = desk.find_run(here.runtime, actor, run_id)
    sent = answer_of({"data": _whole(here, actor, run)}, 202)
    sent.headers["Location"] = f"{API}{JOBS}/runs/{run_id}"
    return sent


def _trail(asked: Asked, here: Web, actor: Actor) -> Trail:
    return Trail(here.runtime, actor, "rest", asked.request_id, asked.address)
