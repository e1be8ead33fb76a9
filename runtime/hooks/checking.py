"""What a subscription shall be is checked, seen by its owner: everything wrong at once.

Comes in: what somebody wrote, by name. Goes out: a `Wanted`, or every fault at its field. What may
be chosen (`entities_for`, `events_for`) is asked here too, by forms and by the API's document.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.model.entity import Entity
from generator.model.text import Label
from runtime.errors import BadRequest, FieldError, Invalid
from runtime.hooks.subscriptions import (
    ALERTS,
    EVENTS,
    OF_ALERTS,
    RESTORED,
    TOLD,
    TRANSITIONED,
    Subscription,
    Wanted,
)
from runtime.hooks.telling import owner_of, query_of
from runtime.messages import Actor, Incoming
from runtime.operations import _reading
from runtime.operations._columns import reader
from runtime.outside.settings import check_address
from runtime.runtime import Runtime
from runtime.store.trail import plain_text

MOST_FIELDS, LONGEST = 100, 2000
KEYS = tuple(Wanted.__dataclass_fields__)


def events_for(runtime: Runtime, entity: str) -> tuple[str, ...]:
    """Return what can be told of an entity, or of alerts."""
    if entity == ALERTS:
        return OF_ALERTS
    told = [f"{TOLD}:{one.name}" for one in runtime.app.messages.values() if one.entity == entity]
    model, workflows = runtime.app.entities[entity], runtime.app.workflows.get(entity, {})
    whole = [one for one in EVENTS if one != RESTORED or model.archive]
    if not workflows:
        return (*(one for one in whole if one != TRANSITIONED), *told)
    steps = {
        f"{TRANSITIONED}:{name}.{edge.name}": None
        for name, workflow in workflows.items()
        for edge in workflow.transitions
    }
    return (*whole, *steps, *told)


def entities_for(runtime: Runtime, actor: Actor) -> tuple[Entity, ...]:
    """Return the entities of which somebody may be told; parts are told with their wholes."""
    return tuple(
        one
        for one in runtime.app.entities.values()
        if not one.child_of and runtime.matrix.grant(actor.roles, one.name, "read") is not None
    )


def checked(runtime: Runtime, given: Mapping[str, Any]) -> Wanted:
    """Return what a subscription shall be, in the reach of its owner.

    Raises:
        Invalid: with everything that is wrong.

    """
    wrong = [
        _error(key, "unknown_field", f"There is no '{key}' here.", f"这里没有“{key}”。")
        for key in given
        if key not in KEYS
    ]
    found = Wanted(
        name=_text(given, "name", wrong, 100),
        url=_text(given, "url", wrong, LONGEST),
        entity=_text(given, "entity", wrong, 63),
        events=_texts(given, "events", wrong, 200),
        owner_id=_number(given, wrong),
        filter=_text(given, "filter", wrong, LONGEST, may_be_empty=True),
        fields=_texts(given, "fields", wrong, MOST_FIELDS, may_be_empty=True),
        skips_own=_flag(given, wrong),
    )
    if not wrong:
        wrong += [*_address(runtime, found), *_reach(runtime, found)]
    if wrong:
        raise Invalid(wrong[0].message, tuple(wrong))
    return found


def _address(runtime: Runtime, found: Wanted) -> list[FieldError]:
    try:
        check_address(runtime, found.url)
    except ValueError:
        en = "An address is public, and begins with https:// in production."
        return [_error("url", "invalid", en, "请填写公网地址；生产环境须以 https:// 开头。")]
    return []


def _reach(runtime: Runtime, found: Wanted) -> list[FieldError]:
    """Return what is wrong with what is asked for, seen by its owner."""
    owner = owner_of(runtime, Subscription(**{name: getattr(found, name) for name in KEYS}))
    if owner is None:
        return [_error("owner_id", "not_found", "Nobody active has it.", "没有该启用账号。")]
    names = {one.name for one in entities_for(runtime, owner)} | {ALERTS}
    if found.entity not in names:
        en = "Its owner may not read this, or it is nothing that is told."
        return [_error("entity", "choice", en, "所有者无权读取该对象，或该对象不可订阅。")]
    known = events_for(runtime, found.entity)
    lost = [one for one in found.events if one not in known]
    wrong = [
        _error("events", "choice", f"There is no event '{one}'.", f"没有事件“{one}”。")
        for one in lost
    ]
    if found.entity == ALERTS:
        if found.filter or found.fields:
            en = "Alerts have neither filter nor fields."
            wrong.append(_error("filter", "invalid", en, "预警不支持筛选条件和字段选择。"))
        return wrong
    return [*wrong, *_question(runtime, found, owner)]


def _question(runtime: Runtime, found: Wanted, owner: Actor) -> list[FieldError]:
    grant = runtime.matrix.grant(owner.roles, found.entity, "read")
    assert grant is not None, "it is among the entities that the owner may read"
    wrong: list[FieldError] = []
    reads = reader(runtime, owner, grant)
    for name in found.fields:
        try:
            reads.path(found.entity, name)
        except BadRequest as refusal:
            wrong.append(FieldError("fields", "unknown_field", refusal.message))
    try:
        asked = Incoming("read", found.entity, owner, query=query_of(found.filter))
        _reading.parse_read(asked, grant, runtime)
    except ValueError:
        en = "Write it like the query of a list: status=paid&total[gte]=100"
        zh = "请按列表查询的写法填写，例如 status=paid&total[gte]=100"
        wrong.append(_error("filter", "invalid", en, zh))
    except BadRequest as refusal:
        wrong += [FieldError("filter", one.code, one.message) for one in refusal.errors]
    return wrong


def _text(
    given: Mapping[str, Any],
    name: str,
    wrong: list[FieldError],
    longest: int,
    *,
    may_be_empty: bool = False,
) -> str:
    value = given.get(name, "")
    text = value.strip() if isinstance(value, str) else ""
    is_plain = text == plain_text(text, longest)
    if not is_plain or not isinstance(value, str) or (not text and not may_be_empty):
        en, zh = f"Write 1 to {longest} characters.", f"请输入 1 到 {longest} 个字符。"
        wrong.append(_error(name, "required" if not text else "invalid", en, zh))
    return text


def _texts(
    given: Mapping[str, Any],
    name: str,
    wrong: list[FieldError],
    most: int,
    *,
    may_be_empty: bool = False,
) -> tuple[str, ...]:
    value = given.get(name, ())
    is_list = isinstance(value, (list, tuple)) and all(
        isinstance(one, str) and 0 < len(one) <= 200 for one in value
    )
    if not is_list or len(value) > most or (not value and not may_be_empty):
        least = 0 if may_be_empty else 1
        en, zh = f"Choose {least} to {most}.", f"请选择 {least} 到 {most} 项。"
        wrong.append(_error(name, "required" if not value else "invalid", en, zh))
        return ()
    return tuple(dict.fromkeys(value))


def _number(given: Mapping[str, Any], wrong: list[FieldError]) -> int:
    value = given.get("owner_id", 0)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 2**31:
        wrong.append(_error("owner_id", "invalid", "Name an account.", "请指定账号。"))
        return 0
    return value


def _flag(given: Mapping[str, Any], wrong: list[FieldError]) -> bool:
    value = given.get("skips_own", False)
    if not isinstance(value, bool):
        wrong.append(
            _error("skips_own", "invalid", "Write true or false.", "请填写 true 或 false。")
        )
    return value is True


def said(en: str, zh: str) -> Label:
    return Label({"en": en, "zh": zh})


def _error(field: str, code: str, en: str, zh: str) -> FieldError:
    return FieldError(field, code, said(en, zh))


def wrong(field: str, en: str, zh: str) -> Invalid:
    error = _error(field, "invalid", en, zh)
    return Invalid(error.message, (error,))
