"""What a schema says when it refuses a value, in both languages, and the field all schemas extend.

A refusal is a `str` (English) that also knows its Chinese wording, so every part of marshmallow
passes it on untouched and whoever renders it asks `text(locale)`.
"""

from __future__ import annotations

from typing import Any, Generic, Self, TypeVar

import marshmallow as ma

T = TypeVar("T")


class Words(str):
    """A message in English that can also be read in Chinese."""

    __slots__ = ("code", "zh")
    zh: str
    code: str
    """A stable word for programs: the key of the message in its field."""

    def __new__(cls, en: str, zh: str, code: str = "invalid") -> Self:
        words = super().__new__(cls, en)
        words.zh, words.code = zh, code
        return words

    def format(self, *args: object, **kwargs: object) -> Words:
        """Fill the places of both wordings."""
        return Words(super().format(*args, **kwargs), self.zh.format(*args, **kwargs), self.code)

    def text(self, locale: str) -> str:
        """Return the wording for a locale such as `zh_CN` or `en`."""
        return self.zh if locale.startswith("zh") else str(self)


class ApiField(ma.fields.Field[T], Generic[T]):
    """A marshmallow field whose refusals are `Words`."""

    default_error_messages = {
        "required": Words("This is required.", "必填。"),
        "null": Words("This cannot be empty.", "不能为空。"),
    }

    def make_error(self, key: str, **kwargs: Any) -> ma.ValidationError:
        """Return the refusal under a key, which it keeps as its code; null is `required`."""
        error = super().make_error(key, **kwargs)
        for words in error.messages:
            if isinstance(words, Words):
                words.code = "required" if key == "null" else key
        return error

    def nothing(self) -> Any:
        """Return None for a value that says nothing, such as an empty text; refuse it if it must
        say something."""
        if self.required:
            raise self.make_error("required")
        if not self.allow_none:
            raise self.make_error("null")
        return None
