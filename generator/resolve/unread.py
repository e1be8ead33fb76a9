"""What was meant as a name and could not be read as one: fields, and links that lead nowhere.

Their own fault is told where they stand. Whoever refers to them would be told that there is no such
name, although the author wrote it; so nobody is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from generator.model.entity import Field


@dataclass(frozen=True)
class Unread:
    """Names of which only their own fault is told."""

    fields: Mapping[str, set[str]]
    """By entity: what was written as a field and makes none."""
    astray: frozenset[str] = frozenset()
    """Fields that lead to an entity that is not there; what lies behind them is unknown."""

    def has(self, entity: str, name: str) -> bool:
        """Say whether a name was meant as a field of an entity."""
        return name in self.fields.get(entity, ())

    def doubts(self, expression: str) -> bool:
        """Say whether an expression names anything of this, so that nothing is sure about it."""
        names = {*self.astray, *(name for found in self.fields.values() for name in found)}
        return bool(names) and any(word in names for word in re.findall(r"\w+", expression))


def astray(fields: Mapping[str, Mapping[str, Field]]) -> frozenset[str]:
    """Return the names of fields whose entity is not there."""
    every: Iterable[Field] = (field for found in fields.values() for field in found.values())
    return frozenset(one.name for one in every if one.target and one.target not in fields)
