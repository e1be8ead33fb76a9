"""`import`: many records at once, found by their natural key, then created or changed.

The payload is `{"records": […], "mode": "upsert", "key": ["code"]}`. A record has the API form of
a create; where a reference stands, it may name the other record by its key
(`{"owner": {"code": "N1"}}`, or just `"N1"`). Each record has its own outcome, and one that is
refused costs only itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.model.entity import Entity
from generator.model.text import Label
from rules.permissions import Grant
from runtime.errors import BadRequest, FieldError, Forbidden, TooLarge
from runtime.messages import Incoming, Result
from runtime.operations import _sensitive
from runtime.operations._import_item import MODES, ImportCall, ImportPlan
from runtime.operations._importing import apply
from runtime.operations._keys import Keys, names_one
from runtime.operations._writing import invalid_shape, written_alone
from runtime.runtime import Runtime
from runtime.store.engine import write

ACTION = "import"
MOST = 1000
"""Records of one request; a file is cut into as many requests as it takes."""
SETS = ("create", "lenient", "keep", "parts")


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> ImportCall:
    entity = written_alone(runtime.app.entities[incoming.entity])
    values = incoming.values
    if not isinstance(values, Mapping) or not isinstance(values.get("records"), list):
        raise invalid_shape()
    if not all(isinstance(one, Mapping) for one in values["records"]):
        raise invalid_shape()
    if len(values["records"]) > MOST:
        raise TooLarge(Label({"en": f"At most {MOST} records.", "zh": f"最多 {MOST} 条记录。"}))
    assert incoming.actor is not None
    return ImportCall(
        incoming=incoming,
        actor=incoming.actor,
        entity=entity,
        records=tuple(values["records"]),
        mode=_mode(values),
        key=_key(values, entity, runtime),
        **{name: _names(values, name) for name in SETS},
    )


def plan(call: ImportCall, grant: Grant, runtime: Runtime) -> ImportPlan:
    grants = {
        action: runtime.matrix.grant(call.actor.roles, call.entity.name, action)
        for action in ("create", "update")
    }
    for action in MODES[call.mode]:
        if grants[action] is None:
            raise Forbidden(
                Label(
                    {
                        "en": f"Your roles do not include '{action}' here.",
                        "zh": f"您的角色没有此处的“{action}”权限。",
                    }
                )
            )
    return ImportPlan(call, grants["create"], grants["update"])


def execute(plan: ImportPlan, runtime: Runtime) -> Result:
    _sensitive.ask_to_begin(runtime, plan.call.incoming, ACTION)
    with write(runtime.engine) as connection:
        outcomes = apply(connection, plan, runtime, Keys(runtime, plan.call.actor))
    return Result(outcomes=tuple(outcomes))


def _mode(values: Mapping[str, Any]) -> str:
    mode = values.get("mode", "upsert")
    if mode not in MODES:
        raise _refuse(
            "mode", f"Write one of: {', '.join(MODES)}.", f"可用的值：{'、'.join(MODES)}。"
        )
    return str(mode)


def _key(values: Mapping[str, Any], entity: Entity, runtime: Runtime) -> tuple[str, ...]:
    key = values.get("key") or entity.key
    known = {one.name for one in entity.fields.values() if names_one(runtime, one)}
    if not isinstance(key, list | tuple) or not all(
        isinstance(one, str) and one in known for one in key
    ):
        raise _refuse("key", "Write a list of fields.", "请填写字段列表。")
    return tuple(key)


def _names(values: Mapping[str, Any], name: str) -> frozenset[str]:
    written = values.get(name, ())
    if not isinstance(written, list | tuple) or not all(isinstance(one, str) for one in written):
        raise _refuse(name, "Write a list of fields.", "请填写字段列表。")
    return frozenset(written)


def _refuse(key: str, en: str, zh: str) -> BadRequest:
    message = Label({"en": en, "zh": zh})
    return BadRequest(message, (FieldError(key, "invalid", message),))
