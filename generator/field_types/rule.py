"""`type: rule`: what a promotion says, as people write it on a screen: conditions, actions, limits.

One shape with `NAME.promotion.yaml`: a mapping of its keys. What it means is asked of the rules
when the record is saved; this type keeps the form, exact numbers as text.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import marshmallow as ma
import sqlalchemy as sa

from generator.expressions import types
from generator.field_types import ANYONE, EMPTY, Cell, Example, FieldType, Input, Viewer
from generator.field_types._json import JsonType, fault, json_text, parsed
from generator.field_types._refusals import ApiField, Words
from generator.model.entity import Field
from generator.shapes.promotion import BODY

DEPTH = 12
MOST = 20_000
OUTSIDE = frozenset({"status"})
"""A key that the record's workflow says and no rule."""
KEYS = frozenset(BODY) - OUTSIDE
TENTH = {"then": [{"type": "percent_off", "percent": "10"}]}


class Rule(FieldType):
    operators = ("empty",)
    sortable = False
    examples = (
        Example(TENTH, TENTH, json_text(TENTH)),
        Example(
            {"then": [{"type": "percent_off", "percent": 12.5}]},
            {"then": [{"type": "percent_off", "percent": "12.5"}]},
            '{"then":[{"type":"percent_off","percent":"12.5"}]}',
        ),
    )
    rejects = ("text", 7, True, [], ["then"], {"status": "active"}, {"teh": []}, {"then": ["\x00"]})

    def column(self, field: Field) -> sa.types.TypeEngine[Any]:
        return JsonType()

    def schema(self, field: Field, **options: Any) -> ma.fields.Field[Any]:
        return _Rule(**options)

    def expression_type(self, field: Field) -> types.Type:
        return types.Opaque()

    def cell(self, value: Any, field: Field, viewer: Viewer) -> Cell:
        if value is None:
            return EMPTY
        text = json_text(value)
        return Cell(text, "rule", title=text)

    def input(self, field: Field) -> Input:
        return Input("rule", {"maxlength": str(MOST)}, width="full")

    def to_text(self, value: Any, field: Field) -> str:
        return "" if value is None else json_text(value)

    def form_text(self, value: Any, field: Field, viewer: Viewer) -> str:
        return "" if value is None else json.dumps(value, ensure_ascii=False, indent=2)

    def from_text(self, text: str, field: Field, viewer: Viewer = ANYONE) -> Any:
        return parsed(text)

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {"type": "object", "properties": {key: {} for key in sorted(KEYS)}}


class _Rule(ApiField[Any]):
    default_error_messages = {
        "invalid": Words("Send an object with `then`.", "请提交包含 then 的对象。"),
        "syntax": Words(
            "This is no JSON: line {line}, column {column}.",
            "JSON 格式不正确：第 {line} 行第 {column} 列。",
        ),
        "key": Words("A promotion has no key '{name}'.", "促销中没有“{name}”这一项。"),
        "size": Words("This is too large.", "内容过大。"),
        "depth": Words("This is nested too deeply.", "嵌套层级过深。"),
        "control": Words("Control characters are not allowed.", "不能包含控制字符。"),
        "number": Words("A number in it is too large.", "其中的数字过大。"),
    }

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, str):
            try:
                json.loads(value)
            except json.JSONDecodeError as error:
                raise self.make_error("syntax", line=error.lineno, column=error.colno) from error
            except (ValueError, RecursionError) as error:
                raise self.make_error("invalid") from error
        if not isinstance(value, dict):
            raise self.make_error("invalid")
        reason = fault(value, DEPTH, MOST)
        if reason:
            raise self.make_error(reason)
        for key in value:
            if key not in KEYS:
                raise self.make_error("key", name=key[:40])
        return exact(value)


def exact(value: Any) -> Any:
    """Return plain data with its fractions as text: what a float says, to the digit."""
    match value:
        case float():
            return format(Decimal(repr(value)), "f")
        case list():
            return [exact(one) for one in value]
        case dict():
            return {name: exact(one) for name, one in value.items() if one is not None}
    return value
