"""What a query string may say: single values, names, numbers, each refused in words when wrong."""

from __future__ import annotations

from collections.abc import Mapping

from generator.field_types._ids import WRITTEN
from generator.model.text import Label
from runtime.errors import BadRequest, FieldError

MAX_PAGE = 200


MAX_FIELDS = 100


MAX_SORTS = 5


MAX_INCLUDES = 5


MAX_SEARCH = 200


def one(query: Mapping[str, tuple[str, ...]], key: str) -> str:
    """Return the only value of a key, '' without one.

    Raises:
        BadRequest: the key is there twice; which of the two is meant nobody can tell.

    """
    values = query.get(key, ())
    if len(values) > 1:
        raise refuse(key, "Give this only once.", "该参数只能出现一次。", "repeated")
    return values[0] if values else ""


def names(query: Mapping[str, tuple[str, ...]], key: str, most: int) -> tuple[str, ...]:
    """Return the names that a key of the query lists with commas, each once.

    Raises:
        BadRequest: they are more than `most`, however often each is said.

    """
    parts = [part.strip() for text in query.get(key, ()) for part in text.split(",")]
    found = [name for name in parts if name]
    if len(found) > most:
        raise refuse(key, f"At most {most} names.", f"最多 {most} 个。")
    return tuple(dict.fromkeys(found))


def limit_of(query: Mapping[str, tuple[str, ...]], default: int) -> int:
    """Return how many rows a page may have."""
    text = one(query, "limit")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= MAX_PAGE):
        raise refuse("limit", f"Write a number from 1 to {MAX_PAGE}.", f"请填写 1 到 {MAX_PAGE}。")
    return int(text)


def ids_of(query: Mapping[str, tuple[str, ...]]) -> tuple[str, ...] | None:
    """Return the records that are asked for by id; None when rows are."""
    if "ids" not in query:
        return None
    ids = tuple(one(query, "ids").split(","))
    if len(ids) > MAX_PAGE or not all(WRITTEN.fullmatch(each) for each in ids):
        raise refuse(
            "ids",
            f"Write at most {MAX_PAGE} record ids with commas.",
            f"请填写以逗号分隔的记录 ID，最多 {MAX_PAGE} 个。",
        )
    return ids


def search_of(query: Mapping[str, tuple[str, ...]]) -> str:
    """Return what is searched for."""
    text = one(query, "q").strip()
    if len(text) > MAX_SEARCH or "\x00" in text:
        raise refuse("q", "At most 200 characters.", "最多 200 个字符。")
    return text


def choice_of(query: Mapping[str, tuple[str, ...]], key: str, options: tuple[str, ...]) -> str:
    """Return which of some options a query names; the first when it names none.

    Raises:
        BadRequest: it names another.

    """
    text = one(query, key) or options[0]
    if text not in options:
        known = ", ".join(options)
        raise refuse(key, f"Write one of: {known}.", f"可用的值：{known}。")
    return text


def refuse(key: str, en: str, zh: str, code: str = "invalid") -> BadRequest:
    """Return the refusal of one key of a query."""
    message = Label({"en": en, "zh": zh})
    return BadRequest(message, (FieldError(key, code, message),))
