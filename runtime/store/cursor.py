"""Page cursors: the sort values of a row as URL-safe text, and back.

A cursor holds nothing that its reader did not see: the values it was sorted by, and the id. One
that was made for another order is refused. What leaves the house is sealed for its reader and for
what they asked: a cursor that somebody wrote, altered or was given by another person opens nothing.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from datetime import date, datetime, time
from typing import Any

import orjson

from generator.model.text import Label
from runtime.errors import BadRequest, FieldError
from runtime.store.audit_key import AuditKey
from runtime.store.plan import Cursor, Sort

LONGEST = 2000
"""Characters of a cursor."""
MARK = 32
"""Hexadecimal digits of a seal."""
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
    refusal = _refusal(backwards=backwards)
    if len(text) > LONGEST:
        raise refusal
    try:
        body = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not isinstance(body, list) or len(body) != len(sort) + 1 or body[0] != _order(sort):
            raise refusal
        values = tuple(_value(item) for item in body[1:])
    except (binascii.Error, ValueError, UnicodeEncodeError, KeyError, TypeError) as error:
        raise refusal from error
    return Cursor(values, backwards)


def seal_cursor(text: str, key: AuditKey, asked: str) -> str:
    """Return a cursor as it leaves the house; '' stays as it is.

    Args:
        text: what `write_cursor` made.
        key: the key of the installation.
        asked: who asks, and for which rows.

    """
    return f"{text}.{_mark(text, key, asked)}" if text else ""


def open_cursor(text: str, key: AuditKey, asked: str, *, backwards: bool) -> str:
    """Return what `seal_cursor` sealed for the same person and question; '' stays as it is.

    Raises:
        BadRequest: it was sealed for something else, or by nobody.

    """
    if not text:
        return ""
    inner, _, mark = text.rpartition(".")
    if not text.isascii() or not hmac.compare_digest(mark, _mark(inner, key, asked)):
        raise _refusal(backwards=backwards)
    return inner


def _mark(text: str, key: AuditKey, asked: str) -> str:
    return key.of(f"page\n{asked}\n{text}".encode())[:MARK]


def _refusal(*, backwards: bool) -> BadRequest:
    key = "before" if backwards else "after"
    return BadRequest(_BAD, (FieldError(key, "invalid_cursor", _BAD),))


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
