"""A request in, what it asks for out: the operation, its key, and the inputs it carries.

It is the way of `runtime/connectors/http.py` backwards: the same templates, read instead of filled.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

from generator.connectors import PLACE
from generator.model.connector import KEY, Connector, Operation
from generator.model.entity import Field


@dataclass(frozen=True)
class Request:
    """What somebody asks for."""

    connector: Connector
    operation: Operation
    key: str
    inputs: Mapping[str, str]
    is_status: bool


def read_request(
    connector: Connector, method: str, path: str, headers: Mapping[str, str], body: Any
) -> Request | None:
    """Return what a request asks for; None when nothing of the connector is asked so."""
    asking = {one.status for one in connector.operations.values() if one.status}
    for operation in connector.operations.values():
        found = _matched(operation, method, path)
        if found is None:
            continue
        inputs = {**dict(_picked(operation.given["body"], body)), **found}
        key = found.pop(KEY, "") or headers.get(connector.given["key_header"].lower(), "")
        told = {
            name.partition(":")[0]: _text(name, value, operation.input)
            for name, value in inputs.items()
            if name != KEY
        }
        return Request(connector, operation, key, told, operation.name in asking)
    return None


def _matched(operation: Operation, method: str, path: str) -> dict[str, str] | None:
    if operation.given["method"] != method:
        return None
    names: list[str] = []
    pattern, last = "", 0
    template = "/" + operation.given["path"].lstrip("/")
    for place in PLACE.finditer(template):
        pattern += re.escape(template[last : place.start()]) + "([^/]+)"
        names.append(place[1])
        last = place.end()
    pattern += re.escape(template[last:])
    found = re.fullmatch(pattern, path)
    if found is None:
        return None
    return {name: unquote(text) for name, text in zip(names, found.groups(), strict=True)}


def _picked(template: Any, body: Any) -> Iterator[tuple[str, Any]]:
    """Yield `name` or `name:form` and the value that stands in its place."""
    if isinstance(template, str):
        whole = PLACE.fullmatch(template)
        if whole is not None and body is not None:
            yield whole[1] + (f":{whole[2]}" if whole[2] else ""), body
    elif isinstance(template, Mapping) and isinstance(body, Mapping):
        for name, inner in template.items():
            yield from _picked(inner, body.get(name))
    elif isinstance(template, (list, tuple)) and isinstance(body, list):
        for inner, value in zip(template, body, strict=False):
            yield from _picked(inner, value)


def _text(name: str, value: Any, fields: Mapping[str, Field]) -> str:
    plain, _, form = name.partition(":")
    field = fields.get(plain)
    if form == "minor" and field is not None:
        places = int(field.args.get("places") or 2)
        return str(Decimal(int(value)).scaleb(-places))
    return str(value)
