"""What saving any record of an entity asks of its model again and again, worked out once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from generator.model.entity import FILES, Entity, Field

if TYPE_CHECKING:
    from runtime.runtime import Runtime


@dataclass(frozen=True)
class Form:
    """What saving any record of an entity asks of its model, worked out once."""

    blank: Mapping[str, None]
    """A new record before anything is known: every single value, null."""
    relations: Mapping[str, str]
    """The relation of each field; empty for a plain value."""
    defaults: tuple[tuple[Field, Any], ...]
    """Fields with a default that a payload may leave out, and its stored value if it is fixed."""
    stored: frozenset[str]
    """The fields with a column."""
    pointers: tuple[Field, ...]
    """The fields that hold the id of another record or of a file."""
    children: tuple[str, ...]
    """The fields that hold parts."""
    computed: tuple[str, ...]
    """The single values that follow from others."""
    required: tuple[str, ...]
    """The single values that somebody has to give."""
    amounts: tuple[Field, ...]
    """The amounts whose currency stands in another field."""
    dumps: Mapping[str, Callable[[Any], Any] | None]
    """By field: from the stored to the API form."""


def form_of(runtime: Runtime, entity: Entity) -> Form:
    """Return the form of an entity."""
    found = runtime.forms.get(entity.name)
    if found is None:
        found = runtime.forms[entity.name] = _form(runtime, entity)
    return found


def _form(runtime: Runtime, entity: Entity) -> Form:
    catalog = runtime.compiled.field_types
    relations = {name: catalog[model.type].relation for name, model in entity.fields.items()}
    defaults = []
    for model in entity.fields.values():
        if model.readonly and model.default is None:
            # a state begins where its workflow does; nothing else the engine writes has a default
            continue
        if model.default is not None:
            fixed = catalog[model.type].schema(model).deserialize(model.default)
            defaults.append((model, fixed))
        elif model.default_expression is not None:
            defaults.append((model, None))
    blank = {n: None for n, kind in relations.items() if kind not in {"children", "references"}}
    return Form(
        blank=blank,
        relations=relations,
        defaults=tuple(defaults),
        pointers=tuple(
            model
            for name, model in entity.fields.items()
            if model.type in FILES or (relations[name] == "reference" and name != entity.child_of)
        ),
        stored=frozenset(runtime.schema.tables[entity.name].columns.keys()),
        children=tuple(n for n, model in entity.fields.items() if model.type == "children"),
        computed=tuple(n for n in blank if entity.fields[n].computed is not None),
        required=tuple(n for n in blank if _is_asked(entity.fields[n])),
        amounts=tuple(
            model
            for model in entity.fields.values()
            if model.computed is None and has_currency_beside(model)
        ),
        dumps={name: catalog[entity.fields[name].type].dump(entity.fields[name]) for name in blank},
    )


def has_currency_beside(model: Field) -> bool:
    """Return whether a field is an amount whose currency another field says."""
    code = str(model.args.get("currency") or "")
    return bool(code) and not code.isupper() and model.args.get("places") is None


def _is_asked(model: Field) -> bool:
    return model.required and not model.readonly
