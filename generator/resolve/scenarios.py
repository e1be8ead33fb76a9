"""Scenarios: every record, field, person and role they name is there, and every step is one step.

Comes in: what authors gave. Goes out: `Scenario`s whose records stand in the order in which they
can be made. Names of records stay names: what runs a scenario puts ids in their place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from generator.durations import seconds_of
from generator.field_types import FieldType
from generator.kinds import Catalog
from generator.model.access import Role
from generator.model.connector import Connector
from generator.model.entity import Entity
from generator.model.scenario import Case, Expected, GivenRecord, Scenario, Somebody, Step
from generator.model.text import Label, Span
from generator.model.workflow import Workflow
from generator.places import Places
from generator.problems import Problem, defined_twice, missing_key, quoted, unknown_name
from generator.resolve.fields import humanize
from generator.saying import say
from generator.shape import Given, Written
from generator.source_nodes import Source

HERE = say("this scenario")
ACTIONS = (
    "list",
    "export",
    "read",
    "create",
    "update",
    "delete",
    "restore",
    "bulk",
    "transition",
    "wait",
    "time_passes",
    "answer",
)
ON_RECORD = {"read", "update", "delete", "restore", "transition"}
NOBODY = Somebody("", ())
"""Who acts when only time passes or another system answers."""
A_DAY = 86_400
TAKES: Mapping[str, frozenset[str]] = {
    "called": frozenset({"create", "transition"}),
    "values": frozenset({"create", "update", "bulk"}),
    "filter": frozenset({"list", "export"}),
    "records": frozenset({"bulk"}),
    "change": frozenset({"bulk"}),
    "name": frozenset({"transition"}),
    "input": frozenset({"transition"}),
    "unconfirmed": frozenset({"transition"}),
    "output": frozenset({"answer"}),
    "refused": frozenset({"answer"}),
}
"""By key of a step: the actions that it belongs to."""
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


def resolve_scenarios(
    files: Iterable[tuple[Source, Given]], words: ScenarioWords
) -> tuple[dict[str, Scenario], list[Problem]]:
    """Return the scenarios by name, and what is wrong with them."""
    found: dict[str, Scenario] = {}
    problems: list[Problem] = []
    for source, given in files:
        name = given.get("scenario")
        if name is None:
            continue
        if name in found:
            first = found[name].span
            problems.append(defined_twice("scenario", name, given.at("scenario"), first))
            continue
        reading = _Reading(words, Places([source]), source.file)
        found[name] = reading.scenario(name, given)
        problems += reading.problems
    return found, problems


@dataclass
class _Reading:
    """One file being read; faults gather in `problems`."""

    words: ScenarioWords
    places: Places
    file: str
    problems: list[Problem] = field(default_factory=list)
    records: dict[str, str] = field(default_factory=dict)
    """By name of a record: its entity."""
    people: dict[str, Somebody] = field(default_factory=dict)
    wholes: dict[str, str] = field(default_factory=dict)
    """By name of a part: the given record that it is a part of."""

    def scenario(self, name: str, given: Given) -> Scenario:
        for login, roles in given.get("people", {}).items():
            self.people[login.text] = Somebody(login.text, self._roles(roles))
        records = self._given(given.get("given", {}))
        known = dict(self.records)
        cases = []
        for case, body in given.get("cases", {}).items():
            self.records = dict(known)
            cases.append(self._case(case, body))
        return Scenario(
            name,
            given.get("label") or Label({"": humanize(name)}),
            given.get("on"),
            self._in_order(records),
            tuple(cases),
            given.at("scenario"),
            self.people,
        )

    def _roles(self, written: Iterable[Written]) -> tuple[str, ...]:
        for one in written:
            if one.text not in self.words.roles:
                known = self.words.roles
                problem = unknown_name("role", one.text, one.span, known, defined_in="roles.yaml")
                self.problems.append(problem)
        return tuple(one.text for one in written if one.text in self.words.roles)

    def _given(self, written: Mapping[Written, Any]) -> list[GivenRecord]:
        places: dict[str, Span] = {}
        bodies: list[tuple[Written, Entity, Any]] = []
        for name, records in written.items():
            entity = self._entity(name)
            if entity is None:
                continue
            if entity.child_of:
                self.problems.append(_part(name, entity))
                continue
            for record, values in records.items():
                if record.text in places:
                    self.problems.append(
                        defined_twice("record", record.text, record.span, places[record.text])
                    )
                    continue
                places[record.text] = record.span
                self.records[record.text] = entity.name
                bodies.append((record, entity, values))
        for record, entity, values in bodies:
            plain = {name.text: value for name, value in values.items()}
            self._name_parts(record, plain, entity, places)
        return [
            GivenRecord(
                record.text, entity.name, self._values(values, entity, record.span), record.span
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
            child = self.words.entities.get(model.target)
            for row in rows:
                if child is None or not isinstance(row, Mapping):
                    continue
                called = row.get(CALLED)
                if called is not None and str(called) in places:
                    first = places[str(called)]
                    self.problems.append(defined_twice("record", str(called), root.span, first))
                elif called is not None:
                    places[str(called)] = root.span
                    self.records[str(called)] = child.name
                    self.wholes[str(called)] = root.text
                self._name_parts(root, row, child, places)

    def _in_order(self, records: Iterable[GivenRecord]) -> tuple[GivenRecord, ...]:
        """Return records after those they point at; a circle is a fault."""
        every = {one.name: one for one in records}
        ordered: dict[str, GivenRecord] = {}

        def visit(one: GivenRecord, above: tuple[str, ...]) -> None:
            if one.name in ordered:
                return
            if one.name in above:
                said = say("The record '{name}' points at itself through others.", name=one.name)
                hint = "Leave one of the relations out; a step can set it."
                self.problems.append(Problem("D482", one.span, said, hint))
                return
            entity = self.words.entities[one.entity]
            for name in self._pointed(one.values, entity):
                whole = self.wholes.get(name, name)
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
            if self.words.catalog[model.type].relation in LINKS:
                yield from (str(one) for one in _several(value))
            elif model.type == "children":
                child = self.words.entities[model.target]
                for row in _several(value):
                    yield from self._pointed(row, child)

    def _values(self, values: Mapping[Written, Any], entity: Entity, at: Span) -> dict[str, Any]:
        """Return plain values by field; relations must name records that are there."""
        found: dict[str, Any] = {}
        for name, value in values.items():
            if name.text == CALLED and entity.child_of:
                found[CALLED] = str(value)
            elif self._field(name, entity):
                found[name.text] = self._value(value, entity, name.text, name.span)
        return found

    def _value(self, value: Any, entity: Entity, name: str, at: Span) -> Any:
        model = entity.fields[name]
        relation = self.words.catalog[model.type].relation
        if value is not None and relation in LINKS:
            for one in _several(value):
                if str(one) not in self.records:
                    self.problems.append(self._no_record(str(one), at))
        if model.type == "children" and isinstance(value, (list, tuple)):
            child = self.words.entities.get(model.target)
            rows = [row for row in value if isinstance(row, Mapping)]
            if child is not None:
                return [
                    self._values({Written(str(k), at): v for k, v in row.items()}, child, at)
                    for row in rows
                ]
        return value

    def _case(self, name: Written, body: Given) -> Case:
        usual = self._person(body.get("as"))
        given = [self._step(one, usual, "as" in body) for one in body.get("when", ())]
        steps = [step for step in given if step is not None]
        then = body.get("then") or Given("then", name.span, {})
        expected = self._expected(then, steps[-1] if steps else None)
        return Case(name.text, tuple(steps), expected, name.span)

    def _step(self, body: Given, usual: Somebody | None, somebody: bool) -> Step | None:
        actions = [action for action in ACTIONS if action in body]
        if len(actions) != 1:
            hint = say("Write one of: {names}.", names=", ".join(ACTIONS))
            said = "A step does just one thing."
            self.problems.append(Problem("D480", body.span, said, hint))
            return None
        action = actions[0]
        for key, belongs in TAKES.items():
            if key in body and action not in belongs:
                said = say("'{key}' says nothing about '{action}'.", key=key, action=action)
                hint = say("It belongs to: {names}.", names=", ".join(sorted(belongs)))
                self.problems.append(Problem("D481", body.at(key), said, hint))
        person = self._person(body.get("as")) or usual
        if action == "wait":
            return Step("wait", "", NOBODY, body.span, seconds=body.get("wait") * A_DAY)
        if action == "time_passes":
            return self._time(body)
        if action == "answer":
            return self._answer(body)
        if person is None:
            if "as" not in body and not somebody:
                self.problems.append(missing_key("as", body.span, "a step"))
            return None
        return self._acted(action, body, person)

    def _time(self, body: Given) -> Step | None:
        seconds = seconds_of(body.get("time_passes"))
        if seconds is None:
            said = say("{written} is no length of time.", written=quoted(body.get("time_passes")))
            hint = "Write PT30M, P2D, 30m, 2h or 7d: more than nothing, at most 400 days."
            self.problems.append(Problem("D621", body.at("time_passes"), said, hint))
            return None
        return Step("wait", "", NOBODY, body.span, seconds=seconds)

    def _answer(self, body: Given) -> Step | None:
        written: Written = body.get("answer")
        name, _, operation = written.text.rpartition(".")
        connector = self.words.connectors.get(name)
        if connector is None:
            known, where = self.words.connectors, "the definitions"
            problem = unknown_name("connector", name, written.span, known, defined_in=where)
            self.problems.append(problem)
            return None
        if operation not in connector.operations:
            inside = say("connector '{name}'", name=name)
            self.problems.append(
                unknown_name(
                    "operation", operation, written.span, connector.operations, defined_in=inside
                )
            )
            return None
        return Step(
            "answer",
            "",
            NOBODY,
            body.span,
            edge=(name, operation),
            input={key.text: value for key, value in body.get("output", {}).items()},
            refused=body.get("refused"),
        )

    def _edge(self, body: Given, entity: Entity) -> tuple[str, str] | None:
        """Return the workflow and the name of a transition; the workflow may be left out."""
        written = body.get("name")
        if written is None:
            self.problems.append(missing_key("name", body.span, "a step"))
            return None
        workflow, _, name = written.text.rpartition(".")
        own = self.words.workflows.get(entity.name, {})
        found = [one.name for one in own.values() if workflow in ("", one.name) and one.named(name)]
        if len(found) == 1:
            return found[0], name
        known = sorted({edge.name for one in own.values() for edge in one.transitions})
        if len(found) > 1:
            known = [f"{one}.{name}" for one in found]
        where = say("entity '{entity}'", entity=entity.name)
        self.problems.append(
            unknown_name("transition", written.text, written.span, known, defined_in=where)
        )
        return None

    def _name_made(self, edge: tuple[str, str], entity: Entity, body: Given) -> None:
        """Note the name of the record that a transition makes."""
        if "called" not in body:
            return
        made = made_by(self.words.workflows[entity.name][edge[0]], edge[1])
        if made:
            self.records[body.get("called")] = made
            return
        said = say("'{name}' makes no record.", name=edge[1])
        hint = say("Remove '{key}'.", key="called")
        self.problems.append(Problem("D481", body.at("called"), said, hint))

    def _answers(self, edge: tuple[str, str], entity: Entity, body: Given) -> dict[str, Any]:
        """Return what a transition is told; relations among it must name records that are there."""
        fields = {
            name: question.field
            for one in self.words.workflows[entity.name][edge[0]].named(edge[1])
            for name, question in one.input.items()
        }
        found = {}
        for name, value in body.get("input", {}).items():
            model = fields.get(name.text)
            if model is not None and self.words.catalog[model.type].relation in LINKS:
                for one in _several(value):
                    if str(one) not in self.records:
                        self.problems.append(self._no_record(str(one), name.span))
            found[name.text] = value
        return found

    def _acted(self, action: str, body: Given, person: Somebody) -> Step | None:
        subject: Written = body.get(action)
        record = ""
        if action in ON_RECORD:
            if not self._record(subject):
                return None
            record, entity = subject.text, self.words.entities[self.records[subject.text]]
        else:
            found = self._entity(subject)
            if found is None:
                return None
            entity = found
        values = self._values(body.get("values", {}), entity, body.span)
        if action == "transition":
            edge = self._edge(body, entity)
            if edge is None:
                return None
            self._name_made(edge, entity, body)
            return Step(
                action,
                entity.name,
                person,
                body.span,
                record=record,
                edge=edge,
                input=self._answers(edge, entity, body),
                confirms=not body.get("unconfirmed", False),
                called=body.get("called", ""),
            )
        if action == "create":
            record = body.get("called", "")
            if record in self.records:
                at = body.at("called")
                self.problems.append(defined_twice("record", record, at, body.span))
            self.records[record] = entity.name
        return Step(
            action,
            entity.name,
            person,
            body.span,
            record=record,
            values=values,
            query={key.text: value for key, value in body.get("filter", {}).items()},
            records=self._names(body.get("records", ())),
            change=body.get("change", "update") if action == "bulk" else "",
        )

    def _expected(self, then: Given, last: Step | None) -> Expected:
        expected = Expected(
            outcome=then.get("outcome", "done"),
            rows=None if then.get("rows") is None else self._names(then.get("rows")),
            cells={
                name.text: self._cells(name, values)
                for name, values in then.get("cells", {}).items()
            },
            masked=self._fields(then.get("masked", {})),
            hidden=self._fields(then.get("hidden", {})),
            outcomes=self._outcomes(then.get("outcomes", {})),
            errors={
                "" if name.text == WHOLE else name.text: code
                for name, code in then.get("errors", {}).items()
            },
            audit=then.get("audit"),
            entities={
                name.text: self.records[name.text]
                for key in ("cells", "masked", "hidden")
                for name in then.get(key, {})
                if name.text in self.records
            },
            reasons=then.get("reasons", ()),
            fired=None if then.get("fired") is None else tuple(map(str, then.get("fired"))),
            calls=None if then.get("calls") is None else tuple(map(str, then.get("calls"))),
        )
        if expected.looks and expected.outcome != "done" and last is not None:
            reads = last.action in {"list", "export", "read"}
            if reads:
                said = "A reading that is refused shows nothing."
                hint = "Remove 'rows', 'cells', 'masked' and 'hidden', or the refusal."
                self.problems.append(Problem("D481", then.span, said, hint))
        if expected.outcomes and last is not None and last.action != "bulk":
            said = say("'{key}' says nothing about '{action}'.", key="outcomes", action=last.action)
            hint = say("It belongs to: {names}.", names="bulk")
            self.problems.append(Problem("D481", then.at("outcomes"), said, hint))
        return expected

    def _cells(self, record: Written, values: Mapping[Written, Any]) -> dict[str, Any]:
        if not self._record(record):
            return {}
        entity = self.words.entities[self.records[record.text]]
        return self._values(values, entity, record.span)

    def _fields(self, written: Mapping[Written, Any]) -> dict[str, tuple[str, ...]]:
        found = {}
        for record, names in written.items():
            if self._record(record):
                entity = self.words.entities[self.records[record.text]]
                found[record.text] = tuple(n.text for n in names if self._field(n, entity))
        return found

    def _outcomes(self, written: Mapping[Written, str]) -> dict[str, str]:
        return {name.text: outcome for name, outcome in written.items() if self._record(name)}

    def _names(self, names: Iterable[Written]) -> tuple[str, ...]:
        return tuple(name.text for name in names if self._record(name))

    def _person(self, written: Written | None) -> Somebody | None:
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

    def _record(self, written: Written) -> bool:
        if written.text in self.records:
            return True
        self.problems.append(self._no_record(written.text, written.span))
        return False

    def _no_record(self, name: str, at: Span) -> Problem:
        return unknown_name("record", name, at, self.records, defined_in=HERE)

    def _entity(self, written: Written) -> Entity | None:
        found = self.words.entities.get(written.text)
        if found is None:
            known = self.words.entities
            problem = unknown_name(
                "entity", written.text, written.span, known, defined_in="the definitions"
            )
            self.problems.append(problem)
        return found

    def _field(self, name: Written, entity: Entity) -> bool:
        if name.text in entity.fields:
            return True
        where = say("entity '{entity}'", entity=entity.name)
        problem = unknown_name("field", name.text, name.span, entity.fields, defined_in=where)
        self.problems.append(problem)
        return False


def made_by(workflow: Workflow, name: str) -> str:
    """Return the entity of which a transition makes a record; empty if it makes none."""
    for edge in workflow.named(name):
        for effect in edge.effects:
            if effect.word == "create":
                return str(effect.given["entity"])
    return ""


def _several(value: Any) -> tuple[Any, ...]:
    if value is None:
        return ()
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)


def _part(name: Written, entity: Entity) -> Problem:
    said = say("'{entity}' is a part of '{whole}'.", entity=entity.name, whole=entity.child_of)
    hint = say("Give it inside the records of '{whole}'.", whole=entity.child_of)
    return Problem("D483", name.span, said, hint)
