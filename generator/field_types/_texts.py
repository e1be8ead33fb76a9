"""Texts as programs and people send them: trimmed, bounded, without control characters."""

from __future__ import annotations

import re
from typing import Any

import marshmallow as ma

CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\x80-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
CONTROL_IN_PARAGRAPHS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f\ud800-\udfff\ufffe\uffff]")


class Line(ma.fields.Field[str]):
    """One line of text; an empty text is null."""

    default_error_messages = {
        "invalid": "Write a text.",
        "control": "Control characters are not allowed.",
        "max": "At most {max} characters.",
        "min": "At least {min} characters.",
        "pattern": "This does not have the expected form.",
    }
    control = CONTROL

    def __init__(
        self, most: int, fewest: int = 0, pattern: str | None = None, **options: Any
    ) -> None:
        super().__init__(**options)
        self.most, self.fewest = most, fewest
        self.pattern = re.compile(pattern) if pattern else None

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if len(value) > self.most * 2 + 100:
            raise self.make_error("max", max=self.most)
        if self.control.search(value):
            raise self.make_error("control")
        value = value.strip()
        if not value and self.required:
            raise self.make_error("required")
        if len(value) > self.most:
            raise self.make_error("max", max=self.most)
        if len(value) < self.fewest:
            raise self.make_error("min", min=self.fewest)
        if self.pattern and not self.pattern.fullmatch(value):
            raise self.make_error("pattern")
        return value


class Paragraphs(Line):
    """Text of several lines; line ends become \\n."""

    control = CONTROL_IN_PARAGRAPHS

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        if isinstance(value, str):
            value = value.replace("\r\n", "\n").replace("\r", "\n")
        return super()._deserialize(value, attr, data, **kwargs)
