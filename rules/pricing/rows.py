"""A record that is a promotion → the promotion as it is written, in the one shape of files.

Comes in: how records of an entity are promotions, and the facts of one. Goes out: plain values for
`read_promotion`, and for each value the field of the record it came from, so that what is wrong
is told where somebody can change it. Nothing is looked up here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from generator.expressions import types
from generator.model.pricing import Each, Offering, Slot

ALIVE = ("scheduled", "active")
"""What an evaluation may apply; a version is frozen as a promotion becomes one of these."""
SHADOW = "shadow"
"""Tried beside everything that is placed, and changes no price."""
FROZEN = (*ALIVE, SHADOW)
STATUSES = ("draft", "review", "shadow", "scheduled", "active", "paused", "ended")
JOINED = ("when", "then")
"""Lists to which the rule and the template both contribute, the rule first.

Of a mapping both say keys, and the template's hold; of all else the template's holds."""
IN_ZONE = ("window", "recurs")
Path = tuple[str | int, ...]


class _Gone:
    """Stands for an item whose value is empty."""


GONE = _Gone()


@dataclass(frozen=True)
class Composed:
    """A record as a promotion."""

    id: str
    status: str
    written: Mapping[str, Any]
    """As the rules read it, without version and status."""
    rule: str
    """The field in which people write it, or what else stands for the whole."""
    places: Mapping[Path, str] = field(default_factory=dict)
    """Path of the promotion → path of the field of the record."""

    def field(self, path: Path) -> str:
        """Return where in the record something of the promotion is written."""
        for end in range(len(path), 0, -1):
            found = self.places.get(path[:end])
            if found is not None:
                rest = path[end:] if found.startswith(f"{self.rule}.") else ()
                return ".".join((found, *(str(step) for step in rest)))
        return self.rule


def key_of(values: Iterable[Any], record_id: str) -> str:
    """Return what identifies a record as a promotion: its natural key, else its id."""
    return "-".join(str(one) for one in values if one is not None) or record_id


def compose(
    offering: Offering, facts: Mapping[str, Any], context: Mapping[str, Any], key: str, zone: str
) -> Composed:
    """Return a record as a promotion.

    Args:
        offering: how records of its entity are promotions.
        facts: the record, with what the template reads behind its references.
        context: now, today and who acts.
        key: what identifies it within its entity.
        zone: the time zone of times that name none.

    """
    places: dict[Path, str] = {}
    fill = _Fill(context, places)
    rule = facts.get(offering.rule) if offering.rule else None
    written: dict[str, Any] = dict(rule or {})
    for name in written:
        places[(name,)] = f"{offering.rule}.{name}"
    says = fill.value(offering.says or {}, facts, (), "")
    for name, value in (says if isinstance(says, Mapping) else {}).items():
        before = written.get(name)
        if name in JOINED and before:
            _move(places, name, len(before))
            value = [*before, *value]
        elif isinstance(before, Mapping) and isinstance(value, Mapping):
            value = {**before, **value}
        written[name] = value
    for name in IN_ZONE:
        if isinstance(written.get(name), Mapping):
            written[name] = {"zone": zone, **written[name]}
    label = facts.get(offering.label)
    written["label"] = dict(label) if isinstance(label, Mapping) else {"": str(label or key)}
    written["id"] = f"{offering.entity}:{key}"
    said = str(offering.status.function(facts, context) or STATUSES[0])
    status = offering.stages.get(said, said)
    home = offering.rule or offering.label
    return Composed(written["id"], status, written, home, places)


def _move(places: dict[Path, str], name: str, by: int) -> None:
    """Shift the places of a template's list behind the items that the rule wrote."""
    moved = {
        path: found
        for path, found in places.items()
        if len(path) > 1 and path[0] == name and isinstance(path[1], int)
    }
    for path in moved:
        del places[path]
    for path, found in moved.items():
        places[(name, int(path[1]) + by, *path[2:])] = found


class _Fill:
    def __init__(self, context: Mapping[str, Any], places: dict[Path, str]) -> None:
        self.context, self.places = context, places

    def value(self, says: Any, facts: Mapping[str, Any], path: Path, prefix: str) -> Any:
        """Return a part of the template with its slots filled; `GONE` where one stays empty."""
        match says:
            case Slot():
                found = plain(says.value.function(facts, self.context), says.value.type)
                if says.value.paths:
                    self.places[path] = f"{prefix}{says.value.paths[0][0]}"
                return None if found is None and says.optional else GONE if found is None else found
            case Each():
                return self.each(says, facts, path)
            case Mapping():
                return self.mapping(says, facts, path, prefix)
            case list() | tuple():
                items: list[Any] = []
                for one in says:
                    found = self.value(one, facts, (*path, len(items)), prefix)
                    if found is not GONE:
                        items.append(found)
                return items
        return str(says) if isinstance(says, Decimal) else says

    def mapping(
        self, says: Mapping[str, Any], facts: Mapping[str, Any], path: Path, prefix: str
    ) -> Any:
        found = {
            name: self.value(value, facts, (*path, name), prefix) for name, value in says.items()
        }
        # of the promotion itself a key goes; deeper, the item of the list around it
        in_a_list = any(isinstance(step, int) for step in path)
        if in_a_list and any(value is GONE for value in found.values()):
            return GONE
        kept = {name: one for name, one in found.items() if one is not None and one is not GONE}
        return kept if kept or not says else None

    def each(self, says: Each, facts: Mapping[str, Any], path: Path) -> list[Any]:
        items: list[Any] = []
        self.places[path] = says.parts
        for number, part in enumerate(facts.get(says.parts) or ()):
            here = (*path, len(items))
            found = self.value(says.of, part, here, f"{says.parts}.{number}.")
            if found is not GONE:
                items.append(found)
        return items


def plain(value: Any, kind: types.Type) -> Any:
    """Return a stored value as a file would write it; None for null and for an empty list."""
    if value is None or (isinstance(value, list | tuple) and not value):
        return None
    if isinstance(kind, types.Number) and kind.scale and not isinstance(value, bool):
        return format(Decimal(value).scaleb(-kind.scale), "f")
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [str(one) for one in value]
    return value
