"""The fields of one entity: what the author gave, the built-in ones, and the link to a parent.

Comes in: the `Given` of an entity file. Goes out: `Field`s without expressions; those are compiled
in a second pass (`generator/resolve/expressions.py`), because an expression may walk to any entity.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from generator.field_types import FieldType
from generator.kinds import Catalog
from generator.model.entity import THIS, Field
from generator.model.text import NOWHERE, Label, Span
from generator.problems import Problem, reserved_name, unknown_name
from generator.saying import say
from generator.shape import Given, Written

if TYPE_CHECKING:
    from generator.resolve.machines import Column

STATE = "state"
"""The type of a column that a workflow owns."""

BUILT_IN: Mapping[str, tuple[str, Label, Mapping[str, Any]]] = {
    "id": ("id", Label({"en": "ID", "zh": "ID"}), {}),
    "created_at": ("datetime", Label({"en": "Created", "zh": "创建时间"}), {}),
    "created_by": ("user", Label({"en": "Created by", "zh": "创建人"}), {}),
    "updated_at": ("datetime", Label({"en": "Updated", "zh": "更新时间"}), {}),
    "updated_by": ("user", Label({"en": "Updated by", "zh": "更新人"}), {}),
    "version": ("integer", Label({"en": "Version", "zh": "版本"}), {}),
    "archived_at": ("datetime", Label({"en": "Archived", "zh": "归档时间"}), {}),
}
"""What every record has; the engine alone writes it."""

CHILD_BUILT_IN = "position"
"""The order of a child among its siblings, from 0."""

CONSTANTS = {"true", "false", "null"}
RESERVED = {
    *BUILT_IN,
    CHILD_BUILT_IN,
    "actor",
    "now",
    "today",
    "input",
    "from_state",
    THIS,
    *CONSTANTS,
}
"""Names that no field may take: built in, or with a meaning in every expression."""


def resolve_fields(
    given: Given,
    entity: str,
    catalog: Catalog[FieldType],
    entities: Iterable[str],
    from_app: Mapping[str, Any],
) -> tuple[dict[str, Field], list[Problem]]:
    """Return the fields of an entity in the author's order, then the built-in ones."""
    problems: list[Problem] = []
    fields: dict[str, Field] = {}
    for name, body in given.get("fields", {}).items():
        if name.text in RESERVED:
            problems.append(_reserved(name))
        elif _is_whole(body, catalog):
            fields[name.text] = _field(name, body, entity, catalog, from_app)
            problems += _unknown_target(fields[name.text], body, entities)
    parent = given.get("child_of")
    if parent is not None and parent.text not in fields:
        fields[parent.text] = _parent_field(parent, entity)
        fields[CHILD_BUILT_IN] = _built_in(
            CHILD_BUILT_IN, "integer", Label({"en": "Position", "zh": "序号"}), entity
        )
    for name, (word, label, args) in BUILT_IN.items():
        fields[name] = _built_in(name, word, label, entity, args)
    return fields, problems


def _is_whole(body: Given, catalog: Catalog[FieldType]) -> bool:
    """Say whether a field's type is known and has every argument it cannot be without."""
    if "type" not in body or body.get("type").text not in catalog:
        return False
    args = catalog[body.get("type").text].args
    return all(key in body for key, arg in args.items() if arg.required)


def _field(
    name: Written,
    given: Given,
    entity: str,
    catalog: Catalog[FieldType],
    from_app: Mapping[str, Any],
) -> Field:
    word = given.get("type").text
    args = {
        key: _plain(
            _json(given.get(key))
            if arg.type == "value" and key in given
            else given.get(key, from_app.get(arg.from_app, arg.default))
        )
        for key, arg in catalog[word].args.items()
    }
    return Field(
        name=name.text,
        type=word,
        entity=entity,
        label=given.get("label") or Label({"": humanize(name.text)}),
        span=name.span,
        args=_aimed(args, entity, catalog[word]),
        required=given.get("required", False) is True,
        unique=given.get("unique", False),
        index=given.get("index", False),
        default=_default(given.get("default")),
        immutable=given.get("immutable", False),
        readonly="computed" in given or catalog[word].generated,
        help=given.get("help"),
        placeholder=given.get("placeholder"),
        sensitivity=given.get("class", "public"),
        stored=given.get("stored", False),
        bulk_edit=given.get("bulk_edit", False),
        renamed_from=given.get("renamed_from"),
        mask=catalog[word].mask,
        declassified=given.get("declassify", ""),
    )


def resolve_field(
    name: Written,
    given: Given,
    entity: str,
    catalog: Catalog[FieldType],
    from_app: Mapping[str, Any] | None = None,
) -> Field | None:
    """Return a field that stands outside an entity, such as a question; None if it is not whole."""
    if not _is_whole(given, catalog):
        return None
    return _field(name, given, entity, catalog, from_app or {})


def with_columns(
    fields: Mapping[str, Field], entity: str, columns: Mapping[str, Column]
) -> tuple[dict[str, Field], list[Problem]]:
    """Return the fields of an entity with those that its workflows own.

    One that the author wrote keeps its label and place; others stand behind the written ones.
    """
    problems = []
    found: dict[str, Field] = {}
    for name, column in columns.items():
        written = fields.get(name)
        if written is not None and written.type != STATE:
            message = say("'{field}' is no state, so no workflow can own it.", field=name)
            hint = say("Write `{field}: {{type: state}}`, or remove the field.", field=name)
            problems.append(Problem("D624", written.span, message, hint))
        elif written is None:
            found[name] = _state_field(
                Field(name, STATE, entity, column.label, column.span, {}), column
            )
    for name, field in fields.items():
        if field.type == STATE and name not in columns:
            message = say("No workflow owns the state '{field}'.", field=name)
            hint = say(
                "Write a workflow of '{entity}' with `field: {field}`.", entity=entity, field=name
            )
            problems.append(Problem("D624", field.span, message, hint))
    own = {
        name: _state_field(field, columns[name])
        if field.type == STATE and name in columns
        else field
        for name, field in fields.items()
        if field.span != NOWHERE and not (field.type == STATE and name not in columns)
    }
    built_in = {name: field for name, field in fields.items() if field.span == NOWHERE}
    return {**own, **found, **built_in}, problems


def _state_field(field: Field, column: Column) -> Field:
    return replace(
        field,
        args={"options": column.options},
        default=column.initial or None,
        required=not column.cases,
        readonly=True,
        index=True,
        stored=bool(column.cases),
    )


def _default(value: Any) -> Any:
    """Return a default as a program would send it: 1.50 is the exact text "1.50"."""
    return str(value) if isinstance(value, Decimal) else _json(value)


def _json(value: Any) -> Any:
    """Return plain data as JSON holds it: a number with decimals is a float."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, list):
        return [_json(item) for item in value]
    if isinstance(value, dict):
        return {key: _json(item) for key, item in value.items()}
    return value


def _aimed(args: dict[str, Any], entity: str, kind: FieldType) -> dict[str, Any]:
    """Return the arguments with the target of a relation that names none: its own entity."""
    if kind.relation == "reference" and "to" not in kind.args:
        return {**args, "to": entity}
    return args


def _plain(value: Any) -> Any:
    """Return an argument without its places: names and paths as text."""
    if isinstance(value, Written):
        return value.text
    if isinstance(value, tuple):
        return tuple(_plain(item) for item in value)
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Given):
        return {key: _plain(item) for key, item in value.values.items()}
    return value


def _parent_field(parent: Written, entity: str) -> Field:
    return Field(
        name=parent.text,
        type="reference",
        entity=entity,
        label=Label({"": humanize(parent.text)}),
        span=parent.span,
        args={"to": parent.text, "on_delete": "delete", "pick": None},
        required=True,
        index=True,
        immutable=True,
        readonly=True,
    )


def _built_in(
    name: str, word: str, label: Label, entity: str, args: Mapping[str, Any] | None = None
) -> Field:
    return Field(
        name=name,
        type=word,
        entity=entity,
        label=label,
        span=NOWHERE,
        args=dict(args or {}),
        required=name not in {"archived_at", "created_by", "updated_by"},
        readonly=True,
        sensitivity="internal" if name in {"created_by", "updated_by"} else "public",
    )


def humanize(name: str) -> str:
    """Return a label made from a name: `postal_code` is `Postal code`."""
    return name.replace("_", " ").capitalize()


def _unknown_target(field: Field, given: Given, entities: Iterable[str]) -> list[Problem]:
    known = set(entities)
    return [
        unknown_name("entity", field.args[key], given.at(key), known, defined_in="the definitions")
        for key in ("to", "of")
        if key in given and field.args.get(key) and field.args[key] not in known
    ]


def _reserved(name: Written) -> Problem:
    why = "every record has a field of that name"
    if name.text not in BUILT_IN and name.text != CHILD_BUILT_IN:
        why = "the word has a meaning in every expression"
    return reserved_name("a field", name.text, name.span, why)


def span_of(field: Field, fallback: Span) -> Span:
    """Return where a field was written, or the fallback for a built-in one."""
    return fallback if field.span == NOWHERE else field.span
