"""Alerts over REST, for those whom they tell; a token needs the scope `operate:*`.

GET  /api/v1/alerts                       every alert the caller sees, and how it stands
GET  /api/v1/alerts/NAME                  one: what stands, what ended, its latest looks
POST /api/v1/alerts/NAME/take             {"id": …, "note": …} takes on what stands
GET  /api/v1/alerts/NAME/why?record=ID    what was asked of a record, and what became of it

Who sees what is asked in `runtime/alerts/desk.py`, as for the pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import orjson

from generator.field_types._ids import WRITTEN
from generator.model.alert import EACH, Alert
from generator.model.text import Label
from runtime.alerts import asking, desk
from runtime.alerts.desk import AlertState
from runtime.errors import BadRequest, FieldError, Invalid, NotFound
from runtime.messages import Actor
from runtime.pipeline import nothing_here
from runtime.store.trail import Trail
from runtime.web.context import Web
from runtime.web.rest_asking import payload
from runtime.web.rest_routes import wrong_method
from runtime.web.wire import Answer, Asked

ALERTS = "alerts"
ROW = (
    *("id", "subject", "value", "opened_at", "told_at", "taken_at", "taken_name", "note"),
    *("escalated_at", "ended_at"),
)


def answer(asked: Asked, here: Web, actor: Actor) -> Answer:
    """Answer a request below `/api/v1/alerts`."""
    parts = asked.path.split("/")[1:]
    runtime = here.runtime
    if not parts:
        _only(asked, "GET")
        return _sent({"data": [_state(one) for one in desk.states(runtime, actor)]})
    alert = desk.alert_of(runtime, actor, parts[0])
    if len(parts) == 1:
        _only(asked, "GET")
        return _sent({"data": _whole(here, actor, alert)})
    if parts[1:] == ["why"]:
        _only(asked, "GET")
        return _why(asked, here, actor, alert)
    if parts[1:] == ["take"]:
        _only(asked, "POST")
        return _take(asked, here, actor, alert)
    raise nothing_here()


def _whole(here: Web, actor: Actor, alert: Alert) -> dict[str, Any]:
    runtime = here.runtime
    state = next(one for one in desk.states(runtime, actor) if one.alert is alert)
    looks = [
        {"at": one.at, "value": one.value, "verdict": one.verdict, "why": one.why}
        for one in desk.looks(runtime, alert.name)
    ]
    return {
        **_state(state),
        "stands": desk.readable(runtime, actor, alert, desk.standing(runtime, alert.name), ROW),
        "ended": desk.readable(runtime, actor, alert, desk.ended(runtime, alert.name), ROW),
        "looks": looks[::-1],
    }


def _why(asked: Asked, here: Web, actor: Actor, alert: Alert) -> Answer:
    query = parse_qs(asked.query, keep_blank_values=True)
    record = query.get("record", [""])[-1]
    if query.keys() - {"record"} or not WRITTEN.fullmatch(record):
        raise _wrong("record", "Write the id of a record.", "请填写记录的 id。")
    found = asking.why(here.runtime, actor, alert, record)
    row = found.standing
    return _sent(
        {
            "data": {
                "counts": found.counts,
                "asked": [{"what": name, "holds": holds} for name, holds in found.asked],
                "standing": {name: getattr(row, name) for name in ROW} if row else None,
                "looked_at": found.looked_at,
                "is_quiet": found.is_quiet,
                "told_again_after": found.told_again_after,
            }
        }
    )


def _take(asked: Asked, here: Web, actor: Actor, alert: Alert) -> Answer:
    body = payload(asked)
    if not isinstance(body, Mapping) or body.keys() - {"id", "note"}:
        raise BadRequest(Label({"en": "Send 'id' and 'note'.", "zh": "请提交 id 和 note。"}))
    one, note = body.get("id", ""), body.get("note", "")
    if not isinstance(one, str) or not WRITTEN.fullmatch(one):
        raise NotFound(desk.NO_ALERT)
    if not isinstance(note, str) or "\x00" in note:
        raise _wrong("note", "Write a text.", "请填写文本。")
    trail = Trail(here.runtime, actor, "rest", asked.request_id, asked.address)
    desk.take_on(here.runtime, trail, alert.name, one, note.strip())
    return _sent({"data": _whole(here, actor, alert)})


def _state(state: AlertState) -> dict[str, Any]:
    alert, last = state.alert, state.last
    return {
        "name": alert.name,
        "label": dict(alert.label.texts),
        "severity": alert.severity,
        "entity": alert.entity,
        "measure": alert.measure,
        "above": str(alert.above) if alert.above is not None else None,
        "below": str(alert.below) if alert.below is not None else None,
        "against": alert.against,
        "open": state.open,
        "taken": state.taken,
        "value": last.value if last is not None and alert.measure != EACH else None,
        "verdict": last.verdict if last is not None else None,
        "looked_at": last.at if last is not None else None,
    }


def _wrong(field: str, en: str, zh: str) -> Invalid:
    message = Label({"en": en, "zh": zh})
    return Invalid(message, (FieldError(field, "invalid", message),))


def _only(asked: Asked, *methods: str) -> None:
    wanted = "GET" if asked.method == "HEAD" else asked.method
    if wanted not in methods:
        raise wrong_method(dict.fromkeys(methods, ""))


def _sent(told: Mapping[str, Any], status: int = 200) -> Answer:
    return Answer(status, orjson.dumps(told, option=orjson.OPT_UTC_Z))
