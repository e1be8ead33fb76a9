"""The names a scenario may use: its own records and people, and what the definitions have.

Comes in: a name as its author wrote it. Goes out: what it means, or a problem with the names that
would have been right.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from generator.field_types import FieldType
from generator.kinds import Catalog
from generator.model.access import Role
from generator.model.alert import Alert
from generator.model.connector import Connector, Webhook
from generator.model.entity import Entity
from generator.model.job import Job
from generator.model.ledger import Ledger
from generator.model.scenario import Somebody
from generator.model.text import Span
from generator.model.workflow import Workflow
from generator.places import Places
from generator.problems import Problem, unknown_name
from generator.saying import say
from generator.shape import Written

HERE = say("this scenario")
LINKS = {"reference", "references"}
WHOLE = "record"
"""Among `errors`: the record as a whole."""
CALLED = "called"
"""In a part of a given record: the name by which other records point at it."""


@dataclass(frozen=True)
class ScenarioWords:
    """What scenarios may refer to."""

    entities: Mapping[str, Entity]
    roles: Mapping[str, Role]
    catalog: Catalog[FieldType]
    workflows: Mapping[str, Mapping[str, Workflow]] = field(default_factory=dict)
    connectors: Mapping[str, Connector] = field(default_factory=dict)
    webhooks: Mapping[str, Webhook] = field(default_factory=dict)
    ledgers: Mapping[str, Ledger] = field(default_factory=dict)
    jobs: Mapping[str, Job] = field(default_factory=dict)
    alerts: Mapping[str, Alert] = field(default_factory=dict)
    lines: str = ""
    """The field of parts that the lines of a placed cart become; '' where nothing is placed."""


@dataclass
class ScenarioNames:
    """What one file may refer to; faults gather in `problems`."""

    words: ScenarioWords
    places: Places
    file: str
    problems: list[Problem] = field(default_factory=list)
    records: dict[str, str] = field(default_factory=dict)
    """By name of a record: its entity."""
    people: dict[str, Somebody] = field(default_factory=dict)
    wholes: dict[str, str] = field(default_factory=dict)
    """By name of a part: the given record that it is a part of."""

    def roles(self, written: Iterable[Written]) -> tuple[str, ...]:
        """Return the roles that exist of those written."""
        for one in written:
            if one.text not in self.words.roles:
                known = self.words.roles
                problem = unknown_name("role", one.text, one.span, known, defined_in="roles.yaml")
                self.problems.append(problem)
        return tuple(one.text for one in written if one.text in self.words.roles)

    def values(self, values: Mapping[Written, Any], entity: Entity, at: Span) -> dict[str, Any]:
        """Return plain values by field; relations must name records that are there."""
        found: dict[str, Any] = {}
        for name, value in values.items():
            if name.text == CALLED and entity.child_of:
                found[CALLED] = str(value)
            elif self.field(name, entity):
                found[name.text] = self.value(value, entity, name.text, name.span)
        return found

    def value(self, value: Any, entity: Entity, name: str, at: Span) -> Any:
        """Return one value; relations must name records that are there."""
        model = entity.fields[name]
        relation = self.words.catalog[model.type].relation
        if value is not None and relation in LINKS:
            for one in several(value):
                if str(one) not in self.records:
                    self.problems.append(self.no_record(str(one), at))
        if model.type == "children" and isinstance(value, (list, tuple)):
            child = self.words.entities.get(model.target)
            rows = [row for row in value if isinstance(row, Mapping)]
            if child is not None:
                return [
                    self.values({Written(str(k), at): v for k, v in row.items()}, child, at)
                    for row in rows
                ]
        return value

    def fields(self, written: Mapping[Written, Any]) -> dict[str, tuple[str, ...]]:
        """Return the fields named for each record."""
        found = {}
        for record, names in written.items():
            if self.record(record):
                entity = self.words.entities[self.records[record.text]]
                found[record.text] = tuple(n.text for n in names if self.field(n, entity))
        return found

    def names(self, names: Iterable[Written]) -> tuple[str, ...]:
        """Return the names of records that are there."""
        return tuple(name.text for name in names if self.record(name))

    def person(self, written: Written | None) -> Somebody | None:
        """Return who acts: somebody of the scenario, or a role."""
        if written is None:
            return None
        if written.text in self.people:
            return self.people[written.text]
        if written.text in self.words.roles:
            return Somebody(written.text, (written.text,))
        known = (*self.people, *self.words.roles)
        problem = unknown_name("person", written.text, written.span, known, defined_in=HERE)
        self.problems.append(problem)
        return None

    def record(self, written: Written) -> bool:
        """Tell whether a record is there; one that is not is told."""
        if written.text in self.records:
            return True
        self.problems.append(self.no_record(written.text, written.span))
        return False

    def no_record(self, name: str, at: Span) -> Problem:
        """Return what is said of a record that is not there."""
        return unknown_name("record", name, at, self.records, defined_in=HERE)

    def entity(self, written: Written) -> Entity | None:
        """Return an entity; None when there is none of that name."""
        found = self.words.entities.get(written.text)
        if found is None:
            known = self.words.entities
            problem = unknown_name(
                "entity", written.text, written.span, known, defined_in="the definitions"
            )
            self.problems.append(problem)
        return found

    def field(self, name: Written, entity: Entity) -> bool:
        """Tell whether an entity has a field; one that it has not is told."""
        if name.text in entity.fields:
            return True
        where = say("entity '{entity}'", entity=entity.name)
        problem = unknown_name("field", name.text, name.span, entity.fields, defined_in=where)
        self.problems.append(problem)
        return False


def several(value: Any) -> tuple[Any, ...]:
    """Return a relation as several: none, one, or the list that it is."""
    if value is None:
        return ()
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)
