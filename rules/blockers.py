"""One reason why something cannot be done, as data: a code for programs, a text for people."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from generator.model.text import Label, Span
from rules.masks import STARS


@dataclass(frozen=True)
class Blocker:
    """A reason. The text may name the parameters in braces: `{limit}`."""

    code: str
    message: Label | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    """Values in their stored form; numbers with decimals as texts."""
    span: Span | None = None
    """The line of the definition, for the log."""
    reads: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    """By parameter: the fields of the record that it is made of; who may not read them all is told
    the reason without it."""


def both(en: str, zh: str) -> Label:
    """Return a text in the two languages the product speaks."""
    return Label({"en": en, "zh": zh})


def without(one: Blocker, names: Collection[str]) -> Blocker:
    """Return a reason that tells nothing of some of its parameters."""
    if not names:
        return one
    texts = dict(one.message.texts) if one.message is not None else {}
    for locale, text in texts.items():
        for name in names:
            text = text.replace("{" + name + "}", STARS)
        texts[locale] = text
    kept = {name: value for name, value in one.params.items() if name not in names}
    return replace(one, message=Label(texts) if texts else None, params=kept)
