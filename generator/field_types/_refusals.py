"""What a schema says when it refuses a value, in both languages, and the field all schemas extend.

A refusal is a `str` (English) that also knows its Chinese wording, so every part of marshmallow
passes it on untouched and whoever renders it asks `text(locale)`.
"""

from __future__ import annotations

import re
from typing import Any, Generic, TypeVar

import marshmallow as ma

T = TypeVar("T")

ONE = {
    "characters": "character",
    "decimals": "decimal",
    "digits": "digit",
    "entries": "entry",
    "languages": "language",
}
"""Nouns that our messages count, in the plural and in the singular."""
PLURAL = re.compile(rf"\b1 ({'|'.join(ONE)})\b")


class Words(str):
    """A message in English that can also be read in Chinese."""

    __slots__ = ("zh",)
    zh: str

    def __new__(cls, en: str, zh: str) -> Words:
        words = super().__new__(cls, en)
        words.zh = zh
        return words

    def format(self, *args: object, **kwargs: object) -> Words:
        """Fill the places of both wordings."""
        return Words(_singular(super().format(*args, **kwargs)), self.zh.format(*args, **kwargs))

    def text(self, locale: str) -> str:
        """Return the wording for a locale such as `zh_CN` or `en`."""
        return self.zh if locale.startswith("zh") else str(self)


def _singular(text: str) -> str:
    """Return an English text with `1 entries` made `1 entry`."""
    return PLURAL.sub(lambda found: f"1 {ONE[found[1]]}", text)


class ApiField(ma.fields.Field[T], Generic[T]):
    """A marshmallow field whose refusals are `Words`."""

    default_error_messages = {
        "required": Words("This is required.", "必填。"),
        "null": Words("This cannot be empty.", "不能为空。"),
    }

    def _validate(self, value: Any) -> None:
        # marshmallow makes an object for each value, though hardly any field has validators
        if self.validators:
            super()._validate(value)

    def nothing(self) -> Any:
        """Return None for a value that says nothing, such as an empty text; refuse it if it must
        say something."""
        if self.required:
            raise self.make_error("required")
        if not self.allow_none:
            raise self.make_error("null")
        return None
