"""One reason why something cannot be done, as data: a code for programs, a text for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from generator.model.text import Label, Span


@dataclass(frozen=True)
class Blocker:
    """A reason. The text may name the parameters in braces: `{limit}`."""

    code: str
    message: Label | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    """Values in their stored form."""
    span: Span | None = None
    """The line of the definition, for the log."""


def both(en: str, zh: str) -> Label:
    """Return a text in the two languages the product speaks."""
    return Label({"en": en, "zh": zh})
