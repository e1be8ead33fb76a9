"""Page cursors: the sort values of a row as URL-safe text, and back.

A cursor holds nothing that its reader did not see: the values it was sorted by, and the id. One
that was made for another order, or by hand, is refused.
"""

from __future__ import annotations

import base64
import binascii
from datetime import date, datetime, time
from typing import Any

import orjson

from generator.model.text import Label
from runtime.errors import BadRequest, FieldError
from runtime.store.plan import Cursor, Sort

_BAD = Label({"en": "This page link is not valid any more.", "zh": "该分页链接已失效。"})


def write_cursor(sort: tuple[Sort, ...], values: tuple[Any, ...]) -> str:
    """Return the text for a row's sort values."""
    body = orjson.dumps([_order(sort), *(_plain(value) for value in values)])
    return base64.urlsafe_b64encode(body).decode().rstrip("=")


def read_cursor(text: str, sort: tuple[Sort, ...], *, backwards: bool) -> Cursor:
    """Return the cursor that a text stands for.

    Raises:
        BadRequest: it is not one of ours, or was made for another order.

    """
    key = "before" if backwards else "after"
    refusal = BadRequest(_BAD, (FieldError(key, "invalid_cursor", _BAD),))
    if len(text) > 2000:
        raise refusal
    try:
        body = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not isinstance(body, list) or body[0] != _order(sort) or len(body) != len(sort) + 1:
            raise refusal
        values = tuple(_value(item) for item in body[1:])
    except (binascii.Error, ValueError, UnicodeEncodeError, KeyError, TypeError) as error:
        raise refusal from error
    return Cursor(values, backwards)


def _order(sort: tuple[Sort, ...]) -> str:
    return ",".join(("-" if key.descending else "") + key.path.text for key in sort)


def _plain(value: Any) -> Any:
    for name, kind in _KINDS.items():
        if type(value) is kind:
            return {name: value.isoformat()}
    return value


def _value(item: Any) -> Any:
    if isinstance(item, dict):
        (name, text), *_ = item.items()
        return _KINDS[name].fromisoformat(text)
    if item is not None and not isinstance(item, (str, int, bool)):
        raise ValueError(item)
    return item


_KINDS: dict[str, Any] = {"m": datetime, "d": date, "t": time}
