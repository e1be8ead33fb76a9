"""`type: json`: an object or a list of plain data, bounded in size and depth.

`schema` is a JSON Schema (2020-12) the value must satisfy; it is never fetched from elsewhere. A
lone text or number is refused, so that a typing mistake is not stored as a text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import marshmallow as ma
import sqlalchemy as sa

from generator.expressions import types
from generator.field_types import (
    ANYONE,
    EMPTY,
    Cell,
    Example,
    FieldType,
    Input,
    Viewer,
)
from generator.field_types._json import JsonType, fault, json_text, parsed
from generator.field_types._refusals import ApiField, Words
from generator.kinds import Arg
from generator.model.entity import Field
from generator.problems import quoted
from generator.saying import say

DEPTH = 20


class Json(FieldType):
    args = {
        "schema": Arg("value", "A JSON Schema the value must satisfy."),
        "max": Arg(
            "integer", "The most characters as text.", default=20_000, minimum=2, maximum=1_000_000
        ),
    }
    operators = ("empty",)
    sortable = False
    examples = (
        Example(
            {"a": [1, 2.5, None, True, "是"]},
            {"a": [1, 2.5, None, True, "是"]},
            '{"a":[1,2.5,null,true,"是"]}',
        ),
        Example([], [], "[]"),
        Example({"n": 1}, {"n": 1}, '{"n":1}', {"schema": {"type": "object", "required": ["n"]}}),
    )
    rejects = (
        "text",
        7,
        True,
        {"a": "\x00"},
        {"\x00": 1},
        [float("nan")],
        [float("inf")],
        [2**53],
        [1e300],
        ["x" * 20_001],
        [0] * 20_001,
        ["\ud800"],
    )

    def faults(self, field: Field) -> Iterator[tuple[str, str, str]]:
        schema = field.args.get("schema")
        if schema is None:
            return
        import jsonschema  # noqa: PLC0415 (few definitions have a schema)

        try:
            jsonschema.Draft202012Validator.check_schema(schema)
        except jsonschema.SchemaError as error:
            form = "The schema of '{field}' is no JSON Schema: {message}."
            if error.path:
                form = "The schema of '{field}' is no JSON Schema at '{path}': {message}."
            yield (
                "schema",
                say(
                    form,
                    field=field.name,
                    path=error.json_path,
                    message=error.message[:200],
                ),
                "Write one as json-schema.org describes it, such as {type: object}.",
            )
            return
        for reference in _elsewhere(schema):
            yield (
                "schema",
                say(
                    "The schema of '{field}' refers to {reference}.",
                    field=field.name,
                    reference=quoted(reference),
                ),
                "Schemas are not fetched; refer to a part of this one, such as #/$defs/size.",
            )

    def column(self, field: Field) -> sa.types.TypeEngine[Any]:
        return JsonType()

    def schema(self, field: Field, **options: Any) -> ma.fields.Field[Any]:
        return _Plain(field.args.get("schema"), field.args.get("max") or 20_000, **options)

    def expression_type(self, field: Field) -> types.Type:
        return types.Opaque()

    def cell(self, value: Any, field: Field, viewer: Viewer) -> Cell:
        if value is None:
            return EMPTY
        text = json_text(value)
        return Cell(text, "json", title=text)

    def input(self, field: Field) -> Input:
        return Input("json", {"maxlength": str(field.args.get("max") or 20_000)}, width="full")

    def to_text(self, value: Any, field: Field) -> str:
        return "" if value is None else json_text(value)

    def form_text(self, value: Any, field: Field, viewer: Viewer) -> str:
        return "" if value is None else json.dumps(value, ensure_ascii=False, indent=2)

    def from_text(self, text: str, field: Field, viewer: Viewer = ANYONE) -> Any:
        return parsed(text)

    def json_schema(self, field: Field) -> dict[str, Any]:
        shape: dict[str, Any] = {"type": ["object", "array"]}
        given = field.args.get("schema")
        return {"allOf": [shape, given]} if given else shape


def _elsewhere(schema: Any) -> Iterator[str]:
    """Yield the references that lead out of a schema."""
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key in ("$ref", "$dynamicRef") and isinstance(value, str):
                if not value.startswith("#"):
                    yield value
            else:
                yield from _elsewhere(value)
    elif isinstance(schema, list):
        for item in schema:
            yield from _elsewhere(item)


class _Plain(ApiField[Any]):
    default_error_messages = {
        "invalid": Words("Send an object or a list.", "请提交 JSON 对象或数组。"),
        "syntax": Words(
            "This is no JSON: line {line}, column {column}.",
            "JSON 格式不正确：第 {line} 行第 {column} 列。",
        ),
        "size": Words("This is too large.", "内容过大。"),
        "depth": Words("This is nested too deeply.", "嵌套层级过深。"),
        "control": Words("Control characters are not allowed.", "不能包含控制字符。"),
        "number": Words("A number in it is too large.", "其中的数字过大。"),
        "schema": Words(
            "This does not have the expected form at '{path}'.", "“{path}”处的格式不正确。"
        ),
    }

    def __init__(self, schema: Any, most: int, **options: Any) -> None:
        super().__init__(**options)
        self.most = most
        self.validator = _validator(schema) if schema else None

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, str):
            self._refuse_text(value)
        if not isinstance(value, (dict, list)):
            raise self.make_error("invalid")
        reason = fault(value, DEPTH, self.most)
        if reason:
            raise self.make_error(reason)
        if self.validator is not None:
            wrong = next(self.validator.iter_errors(value), None)
            if wrong is not None:
                path = wrong.json_path if len(wrong.json_path) < 200 else "$"
                raise self.make_error("schema", path=path)
        return value

    def _refuse_text(self, text: str) -> None:
        """Say where a text that somebody typed stops being JSON, if that is what is wrong."""
        try:
            json.loads(text)
        except json.JSONDecodeError as error:
            raise self.make_error("syntax", line=error.lineno, column=error.colno) from error
        except (ValueError, RecursionError) as error:
            raise self.make_error("invalid") from error


def _validator(schema: Any) -> Any:
    import jsonschema  # noqa: PLC0415 (few definitions have a schema)
    from referencing import Registry  # noqa: PLC0415 (likewise)

    return jsonschema.Draft202012Validator(schema, registry=Registry())
