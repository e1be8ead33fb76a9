"""Texts as programs and people send them: trimmed, bounded, without control characters.

Comes in: any JSON value; goes out: a `str`, or None for an empty text, so that "nothing" has one
form in the database. The length is looked at first: ten megabytes are refused without a scan.

The controls that turn the direction of text (U+202A to U+202E, U+2066 to U+2069) are refused too:
they make a text read otherwise than it is. Joiners and the marks LRM and RLM belong to writing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from generator.field_types._refusals import ApiField, Words
from generator.patterns import why_not
from generator.problems import quoted
from generator.saying import say

_ANYWHERE = r"\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff"
CONTROL = re.compile(rf"[\x00-\x08\x0a-\x1f\u2028\u2029{_ANYWHERE}]")
CONTROL_IN_PARAGRAPHS = re.compile(rf"[\x00-\x08\x0b\x0c\x0e-\x1f{_ANYWHERE}]")


class Line(ApiField[str | None]):
    """One line of text; an empty text is null."""

    default_error_messages = {
        "invalid": Words("Write a text.", "请填写文本。"),
        "control": Words("Control characters are not allowed.", "不能包含控制字符。"),
        "line_break": Words(
            "Write it in one line, without a line break.", "请写成一行，不能换行。"
        ),
        "max": Words("At most {max} characters.", "最多 {max} 个字符。"),
        "min": Words("At least {min} characters.", "至少 {min} 个字符。"),
        "pattern": Words("This does not have the expected form.", "格式不正确。"),
    }
    control = CONTROL

    def __init__(
        self, most: int, fewest: int = 0, pattern: str | None = None, **options: Any
    ) -> None:
        super().__init__(**options)
        self.most, self.fewest = most, fewest
        self.pattern = re.compile(pattern) if pattern else None

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str | None:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if len(value) > self.most * 2 + 100:
            raise self.make_error("max", max=self.most)
        found = self.control.search(value)
        if found:
            only_breaks = not CONTROL_IN_PARAGRAPHS.search(value.replace("\r", ""))
            raise self.make_error("line_break" if only_breaks else "control")
        text: str = value.strip()
        if not text:
            nothing: None = self.nothing()
            return nothing
        if len(text) > self.most:
            raise self.make_error("max", max=self.most)
        if len(text) < self.fewest:
            raise self.make_error("min", min=self.fewest)
        if self.pattern and not self.pattern.fullmatch(text):
            raise self.make_error("pattern")
        return text


class Paragraphs(Line):
    """Text of several lines; line ends become \\n."""

    control = CONTROL_IN_PARAGRAPHS

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str | None:
        if isinstance(value, str) and len(value) <= self.most * 2 + 100:
            value = value.replace("\r\n", "\n").replace("\r", "\n")
        return super()._deserialize(value, attr, data, **kwargs)


def pattern_faults(pattern: str | None) -> Iterator[tuple[str, str, str]]:
    """Yield why a `pattern` is refused."""
    why = why_not(pattern or "")
    if why:
        yield (
            "pattern",
            say("The pattern {pattern} {why}.", pattern=quoted(pattern or ""), why=say(why)),
            r"Write one such as [A-Z]{2}[0-9]+ or [a-z]+(-[a-z]+)*; a sign such as ( or [ itself"
            r" is \( or \[.",
        )
