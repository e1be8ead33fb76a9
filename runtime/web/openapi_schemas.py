"""The model → JSON Schemas of what goes in and comes out, cut to the rights of one caller.

What is accepted is described exactly, because programs are generated from it. What comes out is
described without bounds and patterns: a record written under an older rule is still a record.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.build.tables import has_column
from generator.field_types import FieldType
from generator.kinds import Catalog
from generator.model.app import App
from generator.model.entity import Entity, Field
from rules.permissions import Grant

Shape = dict[str, Any]

BOUNDS = frozenset(
    {
        "minLength",
        "maxLength",
        "minimum",
        "maximum",
        "pattern",
        "minItems",
        "maxItems",
        "minProperties",
        "maxProperties",
        "propertyNames",
    }
)
ID: Shape = {"type": "string", "format": "uuid"}
MASKED: Shape = {
    "type": "object",
    "properties": {"v": {"type": "string"}, "m": {"const": 1}},
    "required": ["v", "m"],
    "additionalProperties": False,
}
"""A cell that the caller sees masked; sent back as it is, it leaves the value unchanged."""


def class_name(entity: str) -> str:
    """Return an entity's name as a schema is called: `order_line` → `OrderLine`."""
    return "".join(part.capitalize() for part in entity.split("_"))


def ref(name: str) -> Shape:
    """Return a reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


class Schemas:
    """Makes the schemas of one app in one language."""

    def __init__(self, app: App, catalog: Catalog[FieldType], locale: str) -> None:
        self.app, self.catalog, self.locale = app, catalog, locale

    def record(self, entity: Entity, grant: Grant, readable: frozenset[str]) -> Shape:
        """Return the schema of a record as it comes out.

        Args:
            entity: whose record.
            grant: the caller's right to read it.
            readable: the entities the caller may read, for what is included.

        """
        properties = {
            field.name: self._told(field, self._outgoing(field, grant, readable))
            for field in entity.fields.values()
            if field.name in grant.read and self._comes_out(field, readable)
        }
        return {
            "type": "object",
            "title": entity.label.text(self.locale),
            "properties": properties,
            "required": [name for name in ("id", "version") if name in properties],
        }

    def _comes_out(self, field: Field, readable: frozenset[str]) -> bool:
        relation = self.catalog[field.type].relation
        if relation in {"children", "references"}:
            return field.target in readable
        return has_column(field, self.catalog) or field.computed is not None

    def _outgoing(self, field: Field, grant: Grant, readable: frozenset[str]) -> Shape:
        if field.name in grant.masked:
            return nullable(MASKED)
        relation = self.catalog[field.type].relation
        if relation in {"children", "references"}:
            return {"type": "array", "items": ref(class_name(field.target))}
        shape = unbounded(self.catalog[field.type].json_schema(field))
        if relation == "reference":
            inner = {"type": "object", "properties": {"id": ID}, "required": ["id"]}
            options = [shape, inner] if field.target in readable else [shape]
            return {"anyOf": [*options, {"type": "null"}]}
        # a record's own id and version are the only values that are never null
        if field.name in {"id", "version"}:
            return shape
        whole = nullable(shape)
        return {"anyOf": [whole, MASKED]} if field.name in grant.veiled else whole

    def payload(
        self, entity: Entity, writable: Mapping[str, frozenset[str]], *, changes: bool
    ) -> Shape:
        """Return the schema of what makes or changes a record: exactly what is accepted."""
        fields = [
            field
            for field in entity.fields.values()
            if not field.readonly and field.name in writable.get(entity.name, frozenset())
        ]
        shape: Shape = {
            "type": "object",
            "properties": {
                field.name: self._told(field, self._incoming(field, changes=changes))
                for field in fields
            },
            "additionalProperties": False,
        }
        required = [field.name for field in fields if self._is_required(field)]
        if required and not changes:
            shape["required"] = required
        return shape

    def _incoming(self, field: Field, *, changes: bool) -> Shape:
        shape = self.catalog[field.type].json_schema(field)
        if self.catalog[field.type].relation == "children":
            suffix = "_part" if changes else "_create"
            return {**shape, "items": ref(class_name(field.target) + suffix)}
        return shape if field.required else nullable(shape)

    def part(self, entity: Entity, writable: Mapping[str, frozenset[str]]) -> Shape:
        """Return the schema of a part in a change: with its id it is changed, without it is new."""
        shape = self.payload(entity, writable, changes=False)
        return {**shape, "properties": {"id": {**ID}, **shape["properties"]}}

    def _is_required(self, field: Field) -> bool:
        if self.catalog[field.type].relation == "children":
            return bool(field.args.get("min"))
        return field.required and field.default is None and field.default_expression is None

    def _told(self, field: Field, shape: Shape) -> Shape:
        told = {"title": field.label.text(self.locale)}
        if field.help is not None:
            told["description"] = field.help.text(self.locale)
        return {**shape, **told}


def nullable(shape: Shape) -> Shape:
    """Return a schema that also takes null."""
    kind = shape.get("type")
    if kind is None or "allOf" in shape:
        return {"anyOf": [shape, {"type": "null"}]}
    kinds = list(kind) if isinstance(kind, list) else [kind]
    more = {**shape, "type": [*kinds, *(() if "null" in kinds else ("null",))]}
    if "enum" in shape and None not in shape["enum"]:
        more["enum"] = [*shape["enum"], None]
    return more


def unbounded(shape: Shape) -> Shape:
    """Return a schema without its bounds, at every depth."""
    kept: Shape = {}
    for key, value in shape.items():
        if key in BOUNDS:
            continue
        if key == "properties":
            kept[key] = {name: unbounded(inner) for name, inner in value.items()}
        elif key in {"items", "additionalProperties"} and isinstance(value, dict):
            kept[key] = unbounded(value)
        elif key in {"allOf", "anyOf", "oneOf"}:
            kept[key] = [unbounded(inner) for inner in value]
        else:
            kept[key] = value
    return kept
