"""What the names of one expression mean; the model, or a test, gives it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from generator.expressions.types import Type


class Scope(Protocol):
    """The names one expression may use."""

    @property
    def entity(self) -> str:
        """The entity the expression speaks about, '' for none."""
        ...

    @property
    def names(self) -> Mapping[str, Type]:
        """The roots beside the fields: `actor`, `input`, `now`, `params`. They win over fields."""
        ...

    def field(self, entity: str, name: str) -> Type | None:
        """Return the type of a stored field, a `Reference` or `Children` to walk, or None."""
        ...

    def fields(self, entity: str) -> Iterable[str]:
        """Return the names of the fields of an entity, for suggestions."""
        ...


@dataclass(frozen=True)
class FixedScope:
    """A scope from plain mappings: entity → field → type."""

    entity: str = ""
    entities: Mapping[str, Mapping[str, Type]] = field(default_factory=dict)
    names: Mapping[str, Type] = field(default_factory=dict)

    def field(self, entity: str, name: str) -> Type | None:
        return self.entities.get(entity, {}).get(name)

    def fields(self, entity: str) -> Iterable[str]:
        return self.entities.get(entity, {})
