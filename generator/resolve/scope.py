"""What the names in an expression mean: the fields of the model, and who asks.

`ModelScope` is the `Scope` that `generator/expressions` asks for; it answers from resolved fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from generator.expressions import types
from generator.field_types import FieldType
from generator.kinds import Catalog
from generator.model.access import PersonFact
from generator.model.entity import Field

ACTOR: Mapping[str, types.Type] = {
    "id": types.Number(),
    "name": types.Text(),
    "email": types.Text(),
    "roles": types.ListOf(types.Text()),
}
"""What an expression may ask of the person or program that acts."""


def person_types(
    facts: Mapping[str, PersonFact],
    fields: Mapping[str, Mapping[str, Field]],
    catalog: Catalog[FieldType],
) -> Mapping[str, types.Type]:
    """Return the types of everything an expression may ask of a person."""
    lists = {
        name: types.ListOf(_item(catalog, fields[fact.entity][fact.value]))
        for name, fact in facts.items()
    }
    return {**ACTOR, **lists}


def _item(catalog: Catalog[FieldType], field: Field) -> types.Type:
    kind = catalog[field.type].expression_type(field)
    return types.Text() if isinstance(kind, types.Reference) else kind


@dataclass(frozen=True)
class ModelScope:
    """The names of one expression about records of `entity`."""

    entity: str
    fields_by_entity: Mapping[str, Mapping[str, Field]]
    catalog: Catalog[FieldType]
    names: Mapping[str, types.Type] = field(
        default_factory=lambda: {
            "actor": types.Record(ACTOR),
            "now": types.DateTime(),
            "today": types.Date(),
        }
    )

    def field(self, entity: str, name: str) -> types.Type | None:
        """Return the type of a field, or None when there is none that an expression may read."""
        found = self.fields_by_entity.get(entity, {}).get(name)
        if found is None or found.sensitivity == "secret":
            return None
        return self.catalog[found.type].expression_type(found)

    def fields(self, entity: str) -> Iterable[str]:
        """Return the names a suggestion may choose from."""
        return self.fields_by_entity.get(entity, {}).keys()
