"""Tables in JSON: an object a line, objects over several lines, or one list of objects; objects in
objects are `a.b` columns.

A list of objects makes several rows of one record, with its values in the first: the children.
With `nested` each object below another is a record of its own, which knows its parent as
`parent.KEY` and how deep it lies as `depth`. One object that has nothing but a list of objects, as
many programs answer (`{"products": [...]}`), is that list. A line that is no object is a torn row;
where the first is none, objects go over several lines, or this is no such file.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator, Mapping
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import Any

import orjson

from runtime.importing.faults import FileFault
from runtime.importing.tables import Reading, Row, Torn, checked_columns, open_bytes

READER = json.JSONDecoder()
"""Says where a value ends; what it is, the stricter one reads."""
BLANK = re.compile(r"\s*")
LARGEST = 200_000_000
"""Bytes of a file that is one JSON value; larger ones must have an object a line."""
DEEPEST = 50
LONGEST_TOLD = 80
"""Bytes of a broken line that its verdict repeats."""


class Broken(bytes):
    """A line that is no object, as it stands in the file."""


class JsonTable:
    """Objects as rows."""

    whole = True
    hidden: frozenset[int] = frozenset()

    def __init__(self, path: Path, reading: Reading) -> None:
        self.path, self.name, self.nested = path, path.name, reading.nested
        found: dict[str, None] = {}
        for _, record in self._flat():
            for part in () if isinstance(record, Broken) else record:
                found |= dict.fromkeys(part)
        self.columns = checked_columns(self.name, list(found))

    def rows(self) -> Iterator[Row]:
        """Yield rows; those of one object carry one line."""
        width = len(self.columns)
        for line, record in self._flat():
            if isinstance(record, Broken):
                told = record[:LONGEST_TOLD].decode("utf-8", "replace")
                yield Row(line, [""] * width, Torn(1, width, told, "no_json"))
                continue
            for part in record:
                yield Row(line, [part.get(name, "") for name in self.columns])

    def _flat(self) -> Iterator[tuple[int, list[dict[str, Any]] | Broken]]:
        number = 0
        for line, one in self.objects():
            if isinstance(one, Broken):
                if self.nested:
                    raise self._no_object(line)
                yield line, one
                continue
            if not self.nested:
                yield line, _flatten(one)
                continue
            for node in _below(one, self.nested, {}, 0):
                number += 1
                yield number, [node]

    def objects(self) -> Iterator[tuple[int, Mapping[str, Any] | Broken]]:
        """Yield the objects as they stand in the file, each with its line or its number.

        Raises:
            FileFault: it is no list of objects, or its first line is none.

        """
        try:
            with open_bytes(self.path) as stream:
                start = stream.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")
            if start.startswith(b"["):
                with open_bytes(self.path) as stream:
                    text = stream.read(LARGEST + 1)
                if len(text) > LARGEST:
                    raise self._fault("too large; write an object a line", "过大，请每行一个对象")
                items: Any = enumerate(orjson.loads(text.lstrip(b"\xef\xbb\xbf")), start=1)
            else:
                items = self._lines()
            for line, one in items if self.nested else _unwrapped(iter(items)):
                if not isinstance(one, dict | Broken):
                    raise self._no_object(line)
                yield line, one
        except (OSError, EOFError, ValueError, zlib.error) as error:
            raise self._fault(f"no JSON: {error}", f"不是有效的 JSON：{error}") from error

    def _lines(self) -> Iterator[tuple[int, Any]]:
        """Yield the objects of lines; of a file whose first is no whole one, those of its text."""
        is_first = True
        with open_bytes(self.path) as stream:
            for line, text in enumerate(stream, start=1):
                stripped = text.strip().lstrip(b"\xef\xbb\xbf")
                if stripped:
                    one = _object(stripped)
                    if is_first and isinstance(one, Broken):
                        yield from self._over_lines()
                        return
                    is_first = False
                    yield line, one

    def _over_lines(self) -> Iterator[tuple[int, Any]]:
        """Yield objects that are each written over several lines, one after the other.

        Raises:
            ValueError: there is something else between them.

        """
        with open_bytes(self.path) as stream:
            held = stream.read(LARGEST + 1)
        if len(held) > LARGEST:
            raise self._fault("too large; write an object a line", "过大，请每行一个对象")
        text, place, number = held.decode("utf-8-sig"), 0, 0
        while (place := _next_sign(text, place)) < len(text):
            try:
                _, end = READER.raw_decode(text, place)
            except RecursionError as error:
                raise ValueError("too deep") from error
            number += 1
            yield number, orjson.loads(text[place:end])
            place = end

    def _no_object(self, line: int) -> FileFault:
        return self._fault(f"not a list of objects (item {line})", f"不是对象列表（第 {line} 项）")

    def _fault(self, en: str, zh: str) -> FileFault:
        return FileFault(f"'{self.name}' is {en}.", f"文件“{self.name}”{zh}。")


def _unwrapped(items: Iterator[tuple[int, Any]]) -> Iterator[tuple[int, Any]]:
    """Yield what a file holds; where that is one object that is a list and no more, its items."""
    begun = list(islice(items, 2))
    held = list(begun[0][1].values()) if len(begun) == 1 and isinstance(begun[0][1], dict) else []
    if len(held) == 1 and isinstance(held[0], list) and isinstance((held[0] or [0])[0], dict):
        yield from enumerate(held[0], start=1)
        return
    yield from chain(begun, items)


def _next_sign(text: str, place: int) -> int:
    found = BLANK.match(text, place)
    return place if found is None else found.end()


def _object(text: bytes) -> Any:
    """Return the object of a line, or the line where it is none."""
    try:
        found = orjson.loads(text)
    except ValueError:
        return Broken(text)
    return found if isinstance(found, dict) else Broken(text)


def _flatten(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of one object: its values, and its lists of objects beside each other."""
    own: dict[str, Any] = {}
    lists: list[list[dict[str, Any]]] = []
    _spread(record, "", own, lists, 0)
    rows = [own]
    for parts in zip_longest(*lists, fillvalue={}):
        rows.append({key: value for part in parts for key, value in part.items()})
    if len(rows) > 1:
        rows[1] = {**rows[0], **rows[1]}
        rows.pop(0)
    return rows


def _spread(
    record: Mapping[str, Any],
    prefix: str,
    own: dict[str, Any],
    lists: list[list[dict[str, Any]]],
    depth: int,
) -> None:
    for key, value in record.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and depth < DEEPEST:
            _spread(value, f"{name}.", own, lists, depth + 1)
        elif isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
            rows = []
            for one in value:
                inner: dict[str, Any] = {}
                _spread(one, f"{name}.", inner, [], depth + 1)
                rows.append(inner)
            lists.append(rows)
        else:
            own[name] = "" if value is None else value


def _below(
    node: Mapping[str, Any], key: str, parent: Mapping[str, Any], depth: int
) -> Iterator[dict[str, Any]]:
    """Yield a node and all below it, each knowing its parent's values."""
    own = {name: value for name, value in node.items() if name != key and _is_plain(value)}
    yield {**own, **{f"parent.{name}": value for name, value in parent.items()}, "depth": depth}
    for child in node.get(key) or ():
        if isinstance(child, dict) and depth < DEEPEST:
            yield from _below(child, key, own, depth + 1)


def _is_plain(value: Any) -> bool:
    return not isinstance(value, dict | list)
