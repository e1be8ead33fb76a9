"""The records a scenario begins with, in the order in which they can be made."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from generator.model.entity import Entity
from generator.model.scenario import GivenRecord
from generator.model.text import Span
from generator.problems import Problem, defined_twice
from generator.resolve.scenario_names import (
    CALLED,
    LINKS,
    ScenarioNames,
    several,
)
from generator.saying import say
from generator.shape import Written


@dataclass(frozen=True)
class GivenRecords:
    """Reads `given:` of one scenario."""

    names: ScenarioNames

    def given(self, written: Mapping[Written, Any]) -> list[GivenRecord]:
        """Return the records there are when a case begins, and note their names."""
        places: dict[str, Span] = {}
        bodies: list[tuple[Written, Entity, Any]] = []
        for name, records in written.items():
            entity = self.names.entity(name)
            if entity is None:
                continue
            if entity.child_of:
                self.names.problems.append(_part(name, entity))
                continue
            for record, values in records.items():
                if record.text in places:
                    self.names.problems.append(
                        defined_twice("record", record.text, record.span, places[record.text])
                    )
                    continue
                places[record.text] = record.span
                self.names.records[record.text] = entity.name
                bodies.append((record, entity, values))
        for record, entity, values in bodies:
            plain = {name.text: value for name, value in values.items()}
            self._name_parts(record, plain, entity, places)
        return [
            GivenRecord(
                record.text,
                entity.name,
                self.names.values(values, entity, record.span),
                record.span,
            )
            for record, entity, values in bodies
        ]

    def _name_parts(
        self, root: Written, values: Mapping[str, Any], entity: Entity, places: dict[str, Span]
    ) -> None:
        """Note the names that parts of a given record are `called`."""
        for name, rows in values.items():
            model = entity.fields.get(name)
            if model is None or model.type != "children" or not isinstance(rows, (list, tuple)):
                continue
            child = self.names.words.entities.get(model.target)
            for row in rows:
                if child is None or not isinstance(row, Mapping):
                    continue
                called = row.get(CALLED)
                if called is not None and str(called) in places:
                    first = places[str(called)]
                    self.names.problems.append(
                        defined_twice("record", str(called), root.span, first)
                    )
                elif called is not None:
                    places[str(called)] = root.span
                    self.names.records[str(called)] = child.name
                    self.names.wholes[str(called)] = root.text
                self._name_parts(root, row, child, places)

    def in_order(self, records: Iterable[GivenRecord]) -> tuple[GivenRecord, ...]:
        """Return records after those they point at; a circle is a fault."""
        every = {one.name: one for one in records}
        ordered: dict[str, GivenRecord] = {}

        def visit(one: GivenRecord, above: tuple[str, ...]) -> None:
            if one.name in ordered:
                return
            if one.name in above:
                said = say("The record '{name}' points at itself through others.", name=one.name)
                hint = "Leave one of the relations out; a step can set it."
                self.names.problems.append(Problem("D482", one.span, said, hint))
                return
            entity = self.names.words.entities[one.entity]
            for name in self._pointed(one.values, entity):
                whole = self.names.wholes.get(name, name)
                if whole in every and whole != one.name:
                    visit(every[whole], (*above, one.name))
            ordered[one.name] = one

        for one in every.values():
            visit(one, ())
        return tuple(ordered.values())

    def _pointed(self, values: Mapping[str, Any], entity: Entity) -> Iterable[str]:
        for name, value in values.items():
            if name == CALLED:
                continue
            model = entity.fields[name]
            if self.names.words.catalog[model.type].relation in LINKS:
                yield from (str(one) for one in several(value))
            elif model.type == "children":
                child = self.names.words.entities[model.target]
                for row in several(value):
                    yield from self._pointed(row, child)


def _part(name: Written, entity: Entity) -> Problem:
    said = say("'{entity}' is a part of '{whole}'.", entity=entity.name, whole=entity.child_of)
    hint = say("Give it inside the records of '{whole}'.", whole=entity.child_of)
    return Problem("D483", name.span, said, hint)
