"""The shapes → JSON Schemas that an editor completes and checks YAML with, and the reference.

They follow from the same `Arg`s that the reader reads by, so the three accept the same keys; the
tests try it with every specimen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.field_types import FieldType
from generator.kinds import ACTION, CONDITION, Arg, Catalog, Kind, Shape

DRAFT = "https://json-schema.org/draft/2020-12/schema"
PRICING_WORDS = {
    "conditions": "## Conditions\n\nWhat must be true for a promotion; after `type:` in `when`.",
    "actions": "## Actions\n\nWhat a promotion does; after `type:` in `then`.",
}
NAME = "^[a-z][a-z0-9_]{0,39}$"
PATH = r"^-?[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$"

WORDS = {"condition": CONDITION, "action": ACTION}
_AMOUNT = {"type": ["string", "number"], "pattern": r"^-?[0-9]{1,15}(\.[0-9]{1,6})?$"}
_AMOUNTS = {
    "type": "object",
    "patternProperties": {"^[A-Z]{3}$": _AMOUNT},
    "additionalProperties": False,
}
_SCALAR = {"type": ["string", "number", "boolean"]}


def json_schema(shape: Shape, catalogs: Mapping[str, Catalog[Any]]) -> dict[str, Any]:
    """Return the JSON Schema of one kind of definition file."""
    schema = {"$schema": DRAFT, "title": shape.name, **_shape(shape, catalogs)}
    if any(_inner(arg).type in WORDS for arg in shape.args.values()):
        # a condition may hold conditions, so they stand once and are pointed at
        schema["$defs"] = {name: _shape(word, catalogs) for name, word in WORDS.items()}
    return schema


def _inner(arg: Arg) -> Arg:
    """Return what a list or a map holds at last."""
    return arg if arg.of is None else _inner(arg.of)


def _shape(shape: Shape, catalogs: Mapping[str, Catalog[Any]]) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "type": "object",
        "description": shape.help,
        "properties": {name: _arg(arg, catalogs) for name, arg in shape.args.items()},
        "required": [name for name, arg in shape.args.items() if arg.required],
    }
    if not shape.family:
        return {**schema, "additionalProperties": False}
    catalog = catalogs[shape.family]
    if not shape.word:
        return {
            "description": shape.help,
            "oneOf": [_key_word(word, catalog[word], schema, catalogs) for word in catalog],
        }
    schema["properties"][shape.word] = {"enum": list(catalog)}
    schema["allOf"] = [
        {
            "if": {"properties": {shape.word: {"const": word}}, "required": [shape.word]},
            "then": _word(catalog[word], catalogs),
        }
        for word in catalog
    ]
    schema["unevaluatedProperties"] = False
    return schema


def _key_word(
    word: str, kind: Kind, schema: Mapping[str, Any], catalogs: Mapping[str, Catalog[Any]]
) -> dict[str, Any]:
    """Return the schema of a mapping in which the word is a key."""
    own = _word(kind, catalogs)
    return {
        "type": "object",
        "properties": {**schema["properties"], **own["properties"]},
        "required": sorted({word, *schema["required"], *own["required"]}),
        "additionalProperties": False,
    }


def _word(kind: Kind, catalogs: Mapping[str, Catalog[Any]]) -> dict[str, Any]:
    return {
        "properties": {name: _arg(arg, catalogs) for name, arg in kind.args.items()},
        "required": [name for name, arg in kind.args.items() if arg.required],
    }


def _arg(arg: Arg, catalogs: Mapping[str, Catalog[Any]]) -> dict[str, Any]:
    schema = dict(_TYPES[arg.type](arg, catalogs)) if arg.type in _TYPES else _plain(arg)
    if arg.help:
        schema["description"] = arg.help
    if arg.default is not None and not isinstance(arg.default, (tuple, dict)):
        schema["default"] = arg.default
    return schema


def _plain(arg: Arg) -> dict[str, Any]:
    simple: dict[str, dict[str, Any]] = {
        "icon": {"type": "string"},
        "identifier": {"type": "string", "pattern": NAME},
        "name": {"type": "string"},
        "path": {"type": "string", "pattern": PATH},
        "expression": {
            "type": ["string", "number", "boolean"] if arg.or_true else ["string", "number"]
        },
        "boolean": {"type": "boolean"},
        "date": {"type": "string", "format": "date"},
        "choice": {"enum": list(arg.options)},
        "value": {},
        "amount": {"anyOf": [_AMOUNT, _AMOUNTS]},
        "percent": {**_AMOUNT, "minimum": 0, "maximum": 100},
        "condition": {"$ref": "#/$defs/condition"},
        "action": {"$ref": "#/$defs/action"},
    }
    return simple[arg.type]


def _text(arg: Arg, catalogs: Mapping[str, Catalog[Any]]) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if arg.pattern:
        schema["pattern"] = f"^(?:{arg.pattern})$"
    return schema


def _label(arg: Arg, catalogs: Mapping[str, Catalog[Any]]) -> dict[str, Any]:
    texts = {
        "type": "object",
        "patternProperties": {"^[a-z]{2}(_[A-Z][A-Za-z]+)?$": {"type": "string"}},
    }
    return {"anyOf": [{"type": "string"}, {**texts, "additionalProperties": False}]}


def _number(arg: Arg, catalogs: Mapping[str, Catalog[Any]]) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "integer" if arg.type == "integer" else "number"}
    if arg.minimum is not None:
        schema["minimum"] = arg.minimum
    if arg.maximum is not None:
        schema["maximum"] = arg.maximum
    return schema


def _list(arg: Arg, catalogs: Mapping[str, Catalog[Any]]) -> dict[str, Any]:
    assert arg.of is not None
    item = _arg(arg.of, catalogs)
    schema: dict[str, Any] = {"type": "array", "items": item}
    if arg.of.type in ("text", "name", "path", "choice"):
        schema["uniqueItems"] = True
    if arg.minimum is not None:
        schema["minItems"] = arg.minimum
    return {"anyOf": [schema, item]} if arg.one else schema


def _map(arg: Arg, catalogs: Mapping[str, Catalog[Any]]) -> dict[str, Any]:
    assert arg.of is not None
    pattern = f"^(?:{arg.pattern})$" if arg.pattern else NAME
    return {
        "type": "object",
        "patternProperties": {pattern: _arg(arg.of, catalogs)},
        "additionalProperties": False,
    }


def _nested(arg: Arg, catalogs: Mapping[str, Catalog[Any]]) -> dict[str, Any]:
    assert arg.shape is not None
    forms = [_shape(arg.shape, catalogs)]
    if arg.or_true:
        forms.append({"type": "boolean"})
    if arg.or_label:
        forms.append(_label(arg, catalogs))
    if arg.or_word:
        forms.append(_word_form(arg.shape.args[arg.or_word], catalogs))
    return forms[0] if len(forms) == 1 else {"anyOf": forms}


def _word_form(arg: Arg, catalogs: Mapping[str, Catalog[Any]]) -> dict[str, Any]:
    inner = arg.of if arg.type == "list" and arg.one and arg.of is not None else arg
    return _arg(inner, catalogs)


_TYPES = {
    "text": _text,
    "label": _label,
    "integer": _number,
    "decimal": _number,
    "list": _list,
    "map": _map,
    "shape": _nested,
}


def reference(shapes: Mapping[str, Shape], catalogs: Mapping[str, Catalog[Any]]) -> str:
    """Return the reference of the definition language as Markdown: every kind, every key."""
    parts = [
        "# Reference of the definition language",
        "",
        "Generated by `python app.py reference`; a test fails when it is stale.",
        "",
    ]
    seen: set[str] = set()
    for kind, shape in shapes.items():
        parts += [f"## `{'NAME.' if kind not in {'app', 'roles'} else ''}{kind}.yaml`", ""]
        parts += _reference_of(shape, seen)
    parts += ["## Field types", "", "What may stand after `type:`.", ""]
    catalog: Catalog[FieldType] = catalogs["field_types"]
    for word in catalog:
        parts += [f"### `{word}`", "", catalog[word].help().rstrip(".") + ".", ""]
        parts += _table(catalog[word].args)
        parts += _nested_references(catalog[word].args, seen)
        parts += [f"Filters: {', '.join(f'`{name}`' for name in catalog[word].operators)}.", ""]
    parts += ["## Effects", "", "What a transition may cause: the word is a key.", ""]
    for word, kind in catalogs["effects"].words.items():
        parts += [f"### `{word}`", "", kind.help().rstrip(".") + ".", ""]
        parts += _table(kind.args)
    parts += ["## Connector types", "", "How another system is reached; after `type:`.", ""]
    for word, kind in catalogs["connectors"].words.items():
        parts += [f"### `{word}`", "", kind.help().rstrip(".") + ".", ""]
        parts += _table(kind.args)
        parts += _nested_references(kind.args, seen)
    parts += ["## Steps of jobs", "", "What a job does: the word is a key.", ""]
    for word, kind in catalogs["steps"].words.items():
        parts += [f"### `{word}`", "", kind.help().rstrip(".") + ".", ""]
        parts += _table(kind.args)
    for family, heading in PRICING_WORDS.items():
        parts += [heading, ""]
        for word, kind in catalogs[family].words.items():
            parts += [f"### `{word}`", "", kind.help().rstrip(".") + ".", ""]
            parts += _table(kind.args)
            parts += _nested_references(kind.args, seen)
    parts += ["## Lints", "", "What is warned about before a promotion goes live.", ""]
    for word, kind in catalogs["lints"].words.items():
        parts.append(f"- `{word}`: {kind.help().rstrip('.')}.")
    return "\n".join(parts).rstrip() + "\n"


def _reference_of(shape: Shape, seen: set[str]) -> list[str]:
    if shape.name in seen:
        return []
    seen.add(shape.name)
    return [shape.help, "", *_table(shape.args), *_nested_references(shape.args, seen)]


def _nested_references(args: Mapping[str, Arg], seen: set[str]) -> list[str]:
    parts: list[str] = []
    for arg in args.values():
        inner: Arg | None = arg
        while inner is not None:
            if inner.shape is not None and inner.shape.name not in seen:
                parts += [f"### {inner.shape.name}", "", *_reference_of(inner.shape, seen)]
            inner = inner.of
    return parts


def _table(args: Mapping[str, Arg]) -> list[str]:
    if not args:
        return []
    rows = ["| key | takes | default | meaning |", "|---|---|---|---|"]
    for name, arg in args.items():
        takes = _takes(arg).replace("|", "\\|")
        default = "required" if arg.required else _default(arg)
        rows.append(f"| `{name}` | {takes} | {default} | {arg.help} |")
    return [*rows, ""]


def _takes(arg: Arg) -> str:
    if arg.type == "choice":
        return " ".join(f"`{option}`" for option in arg.options)
    if arg.type == "name":
        return f"name of {arg.to}" if arg.to else "name"
    if arg.type == "shape" and arg.shape is not None:
        return f"[{arg.shape.name}](#{arg.shape.name})"
    if arg.type in {"list", "map"} and arg.of is not None:
        return f"{arg.type} of {_takes(arg.of)}"
    return arg.type


def _default(arg: Arg) -> str:
    if arg.default is None or arg.default in ((), {}):
        return ""
    if isinstance(arg.default, bool):
        return f"`{str(arg.default).lower()}`"
    return f"`{arg.default}`"
