"""Values put into texts, and values found in JSON by keys joined by dots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from generator.connectors import PLACE

MINOR = "minor"


def ask_path(body: Any, path: Sequence[str]) -> Any:
    """Return what stands at a path of a JSON value; None where it leads nowhere."""
    for step in path:
        if isinstance(body, Mapping):
            body = body.get(step)
        elif isinstance(body, list) and step.isdigit() and int(step) < len(body):
            body = body[int(step)]
        else:
            return None
    return body


def fill(template: Any, values: Mapping[str, Any]) -> Any:
    """Return a template with values in their places, lists and mappings inside too.

    A text that is nothing but one place becomes the value itself, whatever it is; `{name:minor}`
    is a decimal without its point, such as 1250 for 12.50. A mapping's entry without a value falls
    away.
    """
    if isinstance(template, str):
        whole = PLACE.fullmatch(template)
        if whole is not None:
            return _value(values, whole[1], whole[2])
        return PLACE.sub(lambda found: _text(_value(values, found[1], found[2])), template)
    if isinstance(template, Mapping):
        filled = {str(name): fill(inner, values) for name, inner in template.items()}
        return {name: value for name, value in filled.items() if value is not None}
    if isinstance(template, (list, tuple)):
        return [fill(inner, values) for inner in template]
    return template


def _value(values: Mapping[str, Any], name: str, form: str | None) -> Any:
    value = values.get(name)
    if form == MINOR and value is not None:
        return int(str(value).replace(".", ""))
    return value


def _text(value: Any) -> str:
    return "" if value is None else str(value)
