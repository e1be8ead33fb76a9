"""The model → marshmallow schemas: which payload a record is made or changed by.

A schema refuses what it does not know; ids, versions, computed and generated fields are not in it,
so a payload cannot set them. Children are nested lists; on update a child with an `id` is changed,
one without is new, and one that is left out goes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow as ma

from generator.field_types import FieldType
from generator.field_types._ids import RecordId
from generator.field_types._refusals import Words
from generator.kinds import Catalog
from generator.model.app import App
from generator.model.entity import Entity, Field


class Fault(Words):
    """A message in both languages that still knows its code."""

    code: str

    @classmethod
    def of(cls, code: str, words: Words, **params: Any) -> Fault:
        """Return the message with its parameters filled in."""
        filled = words.format(**params)
        fault = cls(str(filled), filled.zh)
        fault.code = code
        return fault


REQUIRED = Words("This is required.", "必填。")
UNKNOWN = Words(
    "There is no such field here, or it is not yours to set.", "没有这个字段，或不允许填写。"
)
WORDING = {
    "required": REQUIRED,
    "null": REQUIRED,
    "invalid": Words("This value is not right.", "内容有误。"),
    "type": Words("Write an object of fields and values.", "应为字段与值组成的对象。"),
}
"""marshmallow's own messages, in our words."""


class Payload(ma.Schema):
    """The base of every generated schema."""

    class Meta:
        """Strict: an unknown key is refused, never dropped."""

        unknown = ma.RAISE

    error_messages = {
        "unknown": Fault.of("unknown_field", UNKNOWN),
        "type": Fault.of("invalid", WORDING["type"]),
    }


def build_schema(
    entity: Entity,
    app: App,
    catalog: Catalog[FieldType],
    writable: Mapping[str, frozenset[str]],
    *,
    changes: bool,
) -> ma.Schema:
    """Return the schema of an entity's payload.

    Args:
        entity: whose records are written.
        app: the model, for child entities.
        catalog: the field types.
        writable: by entity, the fields the caller may set.
        changes: for an update: nothing is required here (the saved record is looked at as a
            whole later), and children carry ids.

    """
    fields: dict[str, ma.fields.Field[Any]] = {}
    for field in entity.fields.values():
        if field.readonly or field.name not in writable.get(entity.name, frozenset()):
            continue
        if catalog[field.type].relation == "children":
            child = app.entities[field.target]
            fields[field.name] = _children(field, child, app, catalog, writable, changes=changes)
        else:
            fields[field.name] = _single(field, catalog, changes=changes)
    return Payload.from_dict(fields, name=f"{entity.name.title()}Payload")()


def _single(field: Field, catalog: Catalog[FieldType], *, changes: bool) -> ma.fields.Field[Any]:
    has_default = field.default is not None or field.default_expression is not None
    made = catalog[field.type].schema(
        field,
        required=field.required and not changes and not has_default,
        allow_none=not field.required,
    )
    return speak(made)


def _children(
    field: Field,
    child: Entity,
    app: App,
    catalog: Catalog[FieldType],
    writable: Mapping[str, frozenset[str]],
    *,
    changes: bool,
) -> ma.fields.Field[Any]:
    nested = build_schema(child, app, catalog, writable, changes=changes)
    if changes:
        nested.declared_fields["id"] = nested.fields["id"] = nested.load_fields["id"] = speak(
            RecordId(required=False)
        )
        nested.load_fields["id"]._bind_to_schema("id", nested)
    return speak(
        catalog["children"].schema(
            field,
            item=speak(ma.fields.Nested(nested)),
            required=bool(field.args.get("min")) and not changes,
            allow_none=False,
        )
    )


def speak(field: ma.fields.Field[Any]) -> ma.fields.Field[Any]:
    """Let a field's errors carry their code, whatever marshmallow class raises them."""

    def make_error(key: str, **params: Any) -> ma.ValidationError:
        words = field.error_messages[key]
        if not isinstance(words, Words):
            words = WORDING.get(key, WORDING["invalid"])
        return ma.ValidationError(Fault.of("required" if key == "null" else key, words, **params))

    field.make_error = make_error  # type: ignore[method-assign]  # the one hook marshmallow has
    return field
