"""What the matrix gives and does not give, in words: lines, guardrails, and why not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from generator.expressions.words import words
from generator.model.text import Span
from rules.asking import Reason
from rules.permissions import Grant, Line
from runtime.runtime import Runtime


@dataclass(frozen=True)
class ModelLabels:
    """What fields and choices are called, for conditions in words."""

    runtime: Runtime

    def field(self, entity: str, name: str, locale: str) -> str:
        """Return the label of a field."""
        found = self.runtime.app.field(entity, name)
        return found.label.text(locale) if found is not None else name

    def value(self, entity: str, name: str, value: str, locale: str) -> str:
        """Return the label of one value of a choice."""
        found = self.runtime.app.field(entity, name)
        kind = self.runtime.compiled.field_types[found.type] if found is not None else None
        options = kind.input(found).options if kind is not None and found is not None else ()
        return next((one.label.text(locale) for one in options if one.value == value), value)


GRANTED = {
    "en": {
        "all": "all",
        "rows": "rows: {}",
        "reads": "reads: {}",
        "masked": "masked: {}",
        "hidden": "hidden: {}",
        "writes": "writes: {}",
        "sets": "sets: {} to {}",
        "fills": "fills: {} with {}",
        "check": "check: {}",
        "most": "at most: {1} a {0}",
        "kinds": "posts: {}",
        "only": "only where {}",
        "never": "not where {}",
        "nothing": "nothing",
    },
    "zh": {
        "all": "全部",
        "rows": "记录：{}",
        "reads": "可读：{}",
        "masked": "脱敏：{}",
        "hidden": "隐藏：{}",
        "writes": "可写：{}",
        "sets": "固定：{} 为 {}",
        "fills": "默认：{} 为 {}",
        "check": "校验：{}",
        "most": "上限：{} 最大 {}",
        "kinds": "可过账：{}",
        "only": "仅限 {}",
        "never": "排除 {}",
        "nothing": "无",
    },
}
"""What a line of the matrix gives, in words."""


def line_in_words(line: Line, grant: Grant, runtime: Runtime, locale: str) -> list[str]:
    """Return what one line of the matrix gives: where it stands, rows, cells, what it sets."""
    labels = ModelLabels(runtime)
    told = GRANTED[locale]
    place = f" ({line.span.file}:{line.span.line})" if line.span is not None else ""
    rows = told["all"] if line.rows is None else words(line.rows, locale, labels)
    masks = [f"{name} ({kind})" for name, kind in sorted(line.masked.items())]
    hidden = runtime.app.entities[grant.entity].fields.keys() - line.clear - line.masked.keys()
    found = [told["rows"].format(rows), told["reads"].format(_listed(line.clear, locale))]
    found += [told["masked"].format(", ".join(masks))] if masks else []
    found += [told["hidden"].format(_listed(hidden, locale))] if hidden else []
    found.append(told["writes"].format(_listed(line.write, locale)))
    found += [told["sets"].format(name, one.text) for name, one in sorted(line.force.items())]
    found += [told["fills"].format(name, one.text) for name, one in sorted(line.default.items())]
    if line.check is not None:
        found.append(told["check"].format(words(line.check, locale, labels)))
    found += [told["most"].format(name, number) for name, number in sorted(line.limits.items())]
    if line.kinds is not None:
        found.append(told["kinds"].format(_listed(line.kinds, locale)))
    return [f"{line.role}{place}", *(f"  {text}" for text in found)]


def guards_in_words(grant: Grant, runtime: Runtime, locale: str) -> list[str]:
    """Return what the guardrails of an entity say about an action."""
    labels, told = ModelLabels(runtime), GRANTED[locale]
    found = [told["only"].format(words(one, locale, labels)) for one in grant.require]
    return found + [told["never"].format(words(one, locale, labels)) for one in grant.forbid]


def _listed(names: Iterable[str], locale: str) -> str:
    return ", ".join(sorted(names)) or GRANTED[locale]["nothing"]


def reason_in_words(reason: Reason, locale: str) -> list[str]:
    """Return why something is not given, each rule with its place."""
    chinese = locale == "zh"
    if reason.guard is not None:
        name, at = reason.guard.name, place(reason.guard.span)
        return [
            f"护栏“{name}”不允许（{at}）" if chinese else f"the guardrail {name} refuses it ({at})"
        ]
    found = ["没有任何授权行给予此操作" if chinese else "no line gives it"]
    for rule in reason.lines:
        gives, at = ", ".join(rule.actions), place(rule.span)
        found.append(
            f"{rule.role} 的授权行只给予 {gives}（{at}）"
            if chinese
            else f"the line of {rule.role} gives only {gives} ({at})"
        )
    for rule in reason.others:
        at = place(rule.span)
        found.append(f"{rule.role} 可以（{at}）" if chinese else f"{rule.role} may ({at})")
    return found


def place(span: Span) -> str:
    """Return file and line."""
    return f"{span.file}:{span.line}"
