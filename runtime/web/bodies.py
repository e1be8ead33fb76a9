"""Bytes → JSON values, strictly: what two readers could understand differently is refused.

orjson reads first, because it is exact about UTF-8, surrogates and NaN. The standard library reads
again where it must, because only it sees a key that stands twice and a number too large for a
database. Without a backslash every quotation mark begins or ends a text, and one before a colon
ends a key: where as many keys were read as stand there, none stands twice.
"""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

from generator.model.text import Label
from runtime.errors import BadRequest, FieldError, Invalid

MAX_DEPTH = 32
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Controls that are no line break, and what turns the direction of a text."""
NO_CONTROLS = Label({"en": "Control characters are not allowed.", "zh": "不能包含控制字符。"})
KEY = re.compile(rb'"\s*:')
"""Where a key ends, in a body without a backslash; and where a text begins with a colon."""
SAFE = 2**53
"""Up to here both read a number alike, and every column holds it."""
SMALLEST, LARGEST = -(2**63), 2**63 - 1


def read_json(body: bytes) -> Any:
    """Return the value a JSON body holds.

    Raises:
        BadRequest: it is not JSON, is too deep, names a key twice, or holds a number out of range.

    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise _refuse(
            "", "invalid_json", f"This is not JSON: see {place}.", f"不是有效的 JSON：{place}。"
        ) from error
    if _depth(value) > MAX_DEPTH:
        raise _refuse("", "too_deep", f"At most {MAX_DEPTH} levels.", f"最多 {MAX_DEPTH} 层。")
    if b"\\" not in body and _keys(value) == len(KEY.findall(body)):
        return value
    found = _strict(body.decode())
    path = _out_of_range(found)
    if path is not None:
        raise _refuse(path, "out_of_range", "This number is too large.", "数值超出范围。")
    return found


def only_text(value: Any, path: str = "") -> None:
    """Refuse texts that hold signs no text holds, and no database keeps.

    The fields of records say so themselves; this is for what is no record.

    Raises:
        Invalid: at the path of the first.

    """
    if isinstance(value, str) and CONTROLS.search(value):
        raise Invalid(NO_CONTROLS, (FieldError(path, "control", NO_CONTROLS),))
    if isinstance(value, dict):
        for key, part in value.items():
            only_text(key, path)
            only_text(part, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for number, part in enumerate(value):
            only_text(part, f"{path}.{number}" if path else str(number))


def _keys(value: Any) -> int:
    """Return how many keys a value of a few levels has; -1 where a number may be too large."""
    if isinstance(value, dict):
        counts = [_keys(part) for part in value.values()]
        return -1 if -1 in counts else len(value) + sum(counts)
    if isinstance(value, list):
        counts = [_keys(part) for part in value]
        return -1 if -1 in counts else sum(counts)
    is_small = value is None or isinstance(value, str) or -SAFE <= value <= SAFE
    return 0 if is_small else -1


class _OutOfRange:
    """Stands for a number that no column holds."""


OUT_OF_RANGE = _OutOfRange()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise _refuse(twice, "duplicate_key", f"'{twice}' stands twice.", f"“{twice}”出现了两次。")
    return found


def _integer(text: str) -> Any:
    if len(text) > 20:
        return OUT_OF_RANGE
    number = int(text)
    return number if SMALLEST <= number <= LARGEST else OUT_OF_RANGE


def _number(text: str) -> Any:
    number = float(text)
    return OUT_OF_RANGE if number in (float("inf"), float("-inf")) else number


def _out_of_range(value: Any) -> str | None:
    """Return the path of the first number out of range."""
    if value is OUT_OF_RANGE:
        return ""
    if isinstance(value, dict):
        parts = list(value.items())
    elif isinstance(value, list):
        parts = [(str(number), part) for number, part in enumerate(value)]
    else:
        return None
    for key, part in parts:
        found = _out_of_range(part)
        if found is not None:
            return f"{key}.{found}" if found else key
    return None


def _depth(value: Any) -> int:
    """Return how deep lists and objects are nested, without recursion."""
    deepest, level = 0, [value]
    while level and deepest <= MAX_DEPTH:
        inner: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                inner += [part for part in each.values() if isinstance(part, (dict, list))]
            elif isinstance(each, list):
                inner += [part for part in each if isinstance(part, (dict, list))]
        deepest, level = deepest + 1, inner
    return deepest


_strict = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_number
).decode
"""What `json.loads` would make anew for each body."""


def _refuse(field: str, code: str, en: str, zh: str) -> BadRequest:
    message = Label({"en": en, "zh": zh})
    return BadRequest(message, (FieldError(field, code, message),))
