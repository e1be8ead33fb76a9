"""What somebody wants kept, checked before it is: every fault at once, in both languages."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from generator.cron import read_cron
from generator.model.job import Cron
from generator.model.text import Label
from runtime.errors import FieldError, Forbidden, Invalid
from runtime.exporting.wish import Schedule, Wish
from runtime.messages import Actor
from runtime.runtime import Runtime
from runtime.web import parquet
from runtime.web.screens.settings_page import known_zones
from runtime.web.spreadsheets import FORMATS

MOST_COLUMNS = 100
MOST_PEOPLE = 50
LONGEST_NAME = 60
LONGEST_LIST = 4000
LONGEST_RULE = 100
NOT_SHARED = Label(
    {
        "en": "Your roles do not include 'share' here. Ask an administrator.",
        "zh": "您的角色没有此处的“share”（共享）权限，请联系管理员。",
    }
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


@dataclass(frozen=True)
class Draft:
    """What somebody wants kept."""

    wish: Wish
    shared: bool = False
    role: str = ""
    """Shared with this role alone; empty for everybody who may export such records."""
    schedule: Schedule | None = None


def check(runtime: Runtime, actor: Actor, draft: Draft, taken: Collection[str]) -> Draft:
    """Return a draft as it is kept; `taken` are the names of the person's other exports.

    Raises:
        Forbidden: they may not export such records, or not tell others of it.
        Invalid: something in it cannot be.

    """
    wish = draft.wish
    if not may(runtime, actor, "export", wish.entity):
        raise Forbidden()
    name = " ".join(_CONTROL.sub(" ", wish.name).split())
    errors = [*_about_wish(wish, name, taken), *_about_others(runtime, draft)]
    if errors:
        raise Invalid(errors[0].message, tuple(errors))
    if wish.form == "parquet":
        parquet.require()
    plan = draft.schedule
    others = plan is not None and (plan.roles or set(plan.people) - {actor.id})
    if (draft.shared or others) and not may(runtime, actor, "share", wish.entity):
        raise Forbidden(NOT_SHARED)
    role = draft.role if draft.shared else ""
    return Draft(replace(wish, name=name), draft.shared, role, plan)


def may(runtime: Runtime, actor: Actor, action: str, entity: str) -> bool:
    """Return whether somebody may do something with the records of an entity at all."""
    if entity not in runtime.app.entities:
        return False
    wanted = {f"{action}:{entity}", f"{action}:*", f"*:{entity}", "*:*"}
    if actor.scopes is not None and not actor.scopes & wanted:
        return False
    return runtime.matrix.grant(actor.roles, entity, action) is not None


def too_many(most: int) -> Invalid:
    """Refuse one more than somebody may keep."""
    error = _wrong("name", f"At most {most} saved exports.", f"最多保存 {most} 个导出。")
    return Invalid(error.message, (error,))


def _about_wish(wish: Wish, name: str, taken: Collection[str]) -> Iterator[FieldError]:
    if not name or len(name) > LONGEST_NAME:
        en = f"Write a name of at most {LONGEST_NAME} characters."
        yield _wrong("name", en, f"请填写名称，最多 {LONGEST_NAME} 个字符。")
    if name in taken:
        yield _wrong("name", "You have an export of that name.", "您已有同名导出。")
    if not 0 < len(wish.columns) <= MOST_COLUMNS:
        en = f"Tick 1 to {MOST_COLUMNS} columns."
        yield _wrong("columns", en, f"请勾选 1 至 {MOST_COLUMNS} 列。")
    if wish.form not in FORMATS:
        known = ", ".join(FORMATS)
        yield _wrong("format", f"Write one of: {known}.", f"可用的格式：{known}。")
    if len(wish.listed) > LONGEST_LIST:
        yield _wrong("list", "This list has too many filters.", "筛选条件过多，无法保存。")


def _about_others(runtime: Runtime, draft: Draft) -> Iterator[FieldError]:
    plan = draft.schedule
    roles = {*([draft.role] if draft.role else []), *(plan.roles if plan else ())}
    if roles - runtime.app.roles.keys():
        yield _wrong("role", "There is no such role.", "没有这个角色。")
    if plan is None:
        return
    known = read_cron(plan.cron) if len(plan.cron) <= LONGEST_RULE else ""
    if not isinstance(known, Cron):
        yield _wrong("schedule", "Write a rule of five fields.", "请填写五段式的时间规则。")
    if plan.zone not in known_zones():
        yield _wrong("zone", "There is no such time zone.", "没有这个时区。")
    if len(plan.people) > MOST_PEOPLE:
        yield _wrong("people", f"At most {MOST_PEOPLE} people.", f"最多 {MOST_PEOPLE} 人。")


def _wrong(field: str, en: str, zh: str) -> FieldError:
    return FieldError(field, "invalid", Label({"en": en, "zh": zh}))
