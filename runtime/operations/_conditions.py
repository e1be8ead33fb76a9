"""Fields that are asked, required or fixed only while a condition of the record holds.

One rule for every door, judged on the record as it will be saved, where unknown counts as no:

- a field that is not visible is empty. What is sent for it is refused, what it held before goes,
  and a default is not taken;
- a field that is read only keeps its value. Something else sent for it is refused;
- a field that is required has a value, if it is visible.
"""

from __future__ import annotations

from dataclasses import dataclass

from generator.model.entity import Field
from generator.model.text import Label
from runtime.errors import FieldError
from runtime.operations._work import Draft, Facts, Work

HIDDEN = Label(
    {"en": "This is not asked here; leave it empty.", "zh": "当前情况下无需填写，请留空。"}
)
FIXED = Label({"en": "This cannot be changed now.", "zh": "当前状态下不能修改。"})
REQUIRED = Label({"en": "This is required.", "zh": "必填。"})


@dataclass(frozen=True, slots=True)
class Standing:
    """What the conditions of a field say of one record."""

    visible: bool
    required: bool
    fixed: bool


def standing(work: Work, field: Field, seen: Facts) -> Standing:
    """Return what the conditions of a field say."""
    visible = field.visible is None or field.visible.passes(seen, work.context)
    required = field.required_when is not None and field.required_when.passes(seen, work.context)
    fixed = field.readonly_when is not None and field.readonly_when.passes(seen, work.context)
    return Standing(visible, field.required or (visible and required), fixed)


def empty_the_hidden(work: Work, draft: Draft, seen: Facts) -> bool:
    """Empty what is not visible; return whether anything was, so that formulas are run again."""
    emptied = False
    for field in work.runtime.needs[draft.entity.name].conditional:
        if field.visible is None or draft.facts.get(field.name) is None:
            continue
        if field.visible.passes(seen, work.context):
            continue
        if _was_sent(draft, field):
            work.errors.append(FieldError(draft.at(field.name), "hidden", HIDDEN))
            continue
        draft.facts[field.name] = seen[field.name] = None
        emptied = True
    return emptied


def require(work: Work, draft: Draft, seen: Facts) -> None:
    """Note what lacks a value though the record needs it, and what changed though it may not."""
    for field in work.runtime.needs[draft.entity.name].conditional:
        now = standing(work, field, seen)
        if now.required and not field.required and draft.facts.get(field.name) is None:
            work.errors.append(FieldError(draft.at(field.name), "required", REQUIRED))
        if now.fixed and _was_sent(draft, field):
            work.errors.append(FieldError(draft.at(field.name), "read_only", FIXED))


def _was_sent(draft: Draft, field: Field) -> bool:
    """Return whether the payload gives the field another value than the record has.

    What the engine itself worked out meanwhile was sent by nobody.
    """
    if field.name not in draft.sent:
        return False
    value = draft.facts.get(field.name)
    if draft.before is not None:
        return value != draft.before.get(field.name)
    return value is not None
