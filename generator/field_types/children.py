"""`type: children`: the parts of a record, such as its lines, edited and saved together with it.

The parts are records of an entity that is `child_of` this one. What one part looks like is known
to the whole model only, so the builder hands in the schema of a row: `schema(field, item=…)`.
"""

from __future__ import annotations

from typing import Any

import marshmallow as ma

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
from generator.field_types._json import fault, json_text, parsed
from generator.field_types._refusals import ApiField, Words
from generator.kinds import Arg
from generator.model.entity import Field

MOST = 1000


class Children(FieldType):
    args = {
        "of": Arg("name", "The entity of the parts.", required=True, to="entity"),
        "min": Arg("integer", "The fewest parts.", default=0, minimum=0, maximum=MOST),
        "max": Arg("integer", "The most parts.", default=MOST, minimum=1, maximum=10_000),
    }
    operators = ("empty",)
    sortable = False
    relation = "children"
    example_args = {"of": "part"}
    examples = (
        Example([{"amount": 1}, {"amount": 2}], [{"amount": 1}, {"amount": 2}], "2"),
        Example([{"amount": 1}], [{"amount": 1}], "1", {"min": 1}),
    )
    rejects = (
        "text",
        {"amount": 1},
        [7],
        [[]],
        [None],
        True,
        [{}] * 1001,
        [{"a": "\x00"}],
        [{"a": float("nan")}],
    )

    def column(self, field: Field) -> None:
        return None

    def schema(
        self, field: Field, *, item: ma.fields.Field[Any] | None = None, **options: Any
    ) -> ma.fields.Field[Any]:
        """Return the schema of the list; `item` reads one part (any plain object without it)."""
        return Rows(
            item or _Row(), field.args.get("min") or 0, field.args.get("max") or MOST, **options
        )

    def expression_type(self, field: Field) -> types.Type:
        return types.Children(field.target)

    def cell(self, value: Any, field: Field, viewer: Viewer) -> Cell:
        return EMPTY if value is None else Cell(str(len(value)), "number")

    def input(self, field: Field) -> Input:
        return Input("grid", width="full")

    def to_text(self, value: Any, field: Field) -> str:
        return "" if value is None else json_text(value)

    def from_text(self, text: str, field: Field, viewer: Viewer = ANYONE) -> Any:
        return parsed(text)

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {
            "type": "array",
            "items": {"type": "object"},
            "minItems": field.args.get("min") or 0,
            "maxItems": field.args.get("max") or MOST,
        }


class _Row(ApiField[dict[str, Any]]):
    default_error_messages = {"invalid": Words("Send an object.", "请提交对象。")}

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> dict[str, Any]:
        if not isinstance(value, dict) or fault(value, 5, 20_000):
            raise self.make_error("invalid")
        return value


class Rows(ApiField[list[Any]]):
    """A list of parts, each read by `item`."""

    default_error_messages = {
        "invalid": Words("Send a list of objects.", "请提交明细列表。"),
        "min": Words("At least {min} entries.", "至少 {min} 行。"),
        "max": Words("At most {max} entries.", "最多 {max} 行。"),
    }

    def __init__(self, item: ma.fields.Field[Any], fewest: int, most: int, **options: Any) -> None:
        super().__init__(**options)
        self.item, self.fewest, self.most = item, fewest, most

    def _bind_to_schema(self, field_name: str, parent: Any) -> None:
        super()._bind_to_schema(field_name, parent)
        # a nested schema finds its context through its parent, as in marshmallow's own List
        self.item._bind_to_schema(field_name, self)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> list[Any]:
        if not isinstance(value, list):
            raise self.make_error("invalid")
        if len(value) < self.fewest:
            raise self.make_error("min", min=self.fewest)
        if len(value) > self.most:
            raise self.make_error("max", max=self.most)
        rows: list[Any] = []
        faults: dict[int, Any] = {}
        for index, row in enumerate(value):
            try:
                rows.append(self.item.deserialize(row))
            except ma.ValidationError as error:
                faults[index] = error.messages
        if faults:
            raise ma.ValidationError(faults)
        return rows
