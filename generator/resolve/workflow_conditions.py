"""What a workflow asks and does: conditions compiled, questions, effects and times understood.

Comes in: what stands at a state or a transition. Goes out: parts of the model. A condition sees the
record, who acts, the answers (`input`) and the state that is left (`from_state`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from generator.durations import seconds_of
from generator.effects import EffectWord
from generator.expressions import types
from generator.expressions.compile import Expression, parse
from generator.kinds import Catalog
from generator.model.connector import Operation, Retry
from generator.model.entity import Field
from generator.model.ledger import Ledger
from generator.model.workflow import (
    Clause,
    Effect,
    InputField,
    Lapse,
    Timer,
)
from generator.problems import Problem, quoted
from generator.resolve.fields import resolve_field
from generator.resolve.scope import ModelScope
from generator.resolve.workflow_names import MachineNames
from generator.saying import say
from generator.shape import Given, Written

ENTERED_AT = "entered_at"
FROM_STATE = "from_state"


@dataclass(frozen=True)
class Conditions:
    """Reads conditions, effects and times of one machine."""

    names: MachineNames

    def scope(self, asked: Mapping[str, types.Type]) -> ModelScope:
        base = self.names.words.scope(self.names.machine.entity)
        names = {
            **base.names,
            "input": types.Record(dict(asked)),
            FROM_STATE: types.Choice(tuple(name.text for name in self.names.machine.states)),
        }
        return ModelScope(base.entity, base.fields_by_entity, base.catalog, names)

    def condition(self, written: Any, scope: ModelScope) -> Expression | None:
        return self.parse(written, scope, types.Boolean())

    def parse(
        self, written: Any, scope: ModelScope, expected: types.Type | None = None
    ) -> Expression | None:
        if not isinstance(written, Written) or self.names.words.unread.doubts(written.text):
            return None
        expression, found = parse(written.text, written.span, scope, expected, written=written.raw)
        self.names.problems += found
        return expression

    def clauses(self, written: Iterable[Given], key: str, scope: ModelScope) -> tuple[Clause, ...]:
        found = []
        for clause in written:
            condition = self.condition(clause.get(key), scope)
            params = {
                name.text: self.parse(body, scope)
                for name, body in clause.get("params", {}).items()
            }
            if condition is not None:
                found.append(
                    Clause(
                        condition,
                        clause.get("code", ""),
                        clause.get("message"),
                        {name: one for name, one in params.items() if one is not None},
                        clause.at(key),
                    )
                )
        return tuple(found)

    def effects(self, written: Iterable[Given], scope: ModelScope) -> tuple[Effect, ...]:
        found = []
        for given in written:
            words: Catalog[EffectWord] = self.names.catalogs["effects"]
            name = next((key for key in given.values if key in words), None)
            if name is None:
                continue
            before = len(self.names.problems)
            resolved = words[name].resolve(given, EffectNames(self, scope))
            when = self.condition(given.get("if"), scope)
            if len(self.names.problems) == before:
                found.append(Effect(name, resolved, when, given.span))
        return tuple(found)

    def questions(self, written: Mapping[Written, Given]) -> dict[str, InputField]:
        found = {}
        for name, body in written.items():
            field = resolve_field(
                name, body, self.names.machine.entity, self.names.words.catalog, self.names.from_app
            )
            if field is not None:
                found[name.text] = InputField(self._picking(field, body), None, None)
        return found

    def _picking(self, field: Field, body: Given) -> Field:
        """Return a question's field with what may be picked: it asks the other record alone."""
        if (
            not isinstance(body.get("pick"), Written)
            or field.target not in self.names.words.entities
        ):
            return field
        scope = self.names.words.scope(field.target)
        return replace(field, pick=self.parse(body.get("pick"), scope, types.Boolean()))

    def checked(self, question: InputField, body: Given, scope: ModelScope) -> InputField:
        return InputField(
            question.field, self.condition(body.get("check"), scope), body.get("message")
        )

    # --- time
    def seconds(self, given: Given, key: str) -> int:
        if key not in given:
            return 0
        seconds = seconds_of(given.get(key))
        if seconds is None:
            message = say("{written} is no length of time.", written=quoted(given.get(key)))
            hint = "Write PT30M, P2D, 30m, 2h or 7d: more than nothing, at most 400 days."
            self.names.problems.append(Problem("D621", given.at(key), message, hint))
        return seconds or 0

    def lapse(self, given: Given) -> Lapse:
        """Return the length `after`, of working time where `business` names a calendar."""
        names = self.names
        return Lapse(
            self.seconds(given, "after"), names.calendar(given.get("business")), names.clock.zone
        )

    def timer(self, given: Given, scope: ModelScope) -> Timer:
        start = given.get("from")
        if start is not None and start.text != ENTERED_AT:
            field = self.names.field(start)
            if field is not None and field.type not in {"date", "datetime"}:
                message = say("{field} is no date.", field=quoted(start.text))
                hint = "Write entered_at, or a field of type date or datetime."
                self.names.problems.append(Problem("D621", start.span, message, hint))
        return Timer(
            self.seconds(given, "after"),
            start.text if start is not None else ENTERED_AT,
            self.condition(given.get("if"), scope),
            self.seconds(given, "again"),
            given.span,
            self.seconds(given, "every"),
            self.names.calendar(given.get("business")),
            self.names.clock.zone,
        )


@dataclass(frozen=True)
class EffectNames:
    """What the word of an effect may ask, with the conditions of its own place."""

    conditions: Conditions
    scope: ModelScope

    def expression(
        self, written: Any, expected: types.Type | None = None, entity: str = ""
    ) -> Expression | None:
        scope = replace(self.scope, entity=entity) if entity else self.scope
        return self.conditions.parse(written, scope, expected)

    def movement(self, written: Any, *, transfers: bool) -> tuple[Ledger, str] | None:
        return self.conditions.names.movement(written, transfers=transfers)

    def holding(self, written: Written) -> Ledger | None:
        return self.conditions.names.holding(written)

    def seconds(self, given: Given, key: str) -> int | None:
        return self.conditions.seconds(given, key)

    def parts(self, written: Written) -> tuple[str, str]:
        return self.conditions.names.parts(written)

    def exactly(self, given: Given, written: Mapping[str, Any], wanted: Iterable[str]) -> None:
        self.conditions.names.exactly(given, written, tuple(wanted))

    def without(self, given: Given, keys: Iterable[str]) -> None:
        for key in keys:
            if key in given:
                message = say("'{key}' means nothing beside 'take_back'.", key=key)
                hint = say("Remove '{key}': all that was posted is taken back.", key=key)
                self.conditions.names.problems.append(Problem("D911", given.at(key), message, hint))

    def field(self, written: Written, entity: str = "") -> Field | None:
        return self.conditions.names.field(written, entity)

    def type_of(self, field: Field) -> types.Type:
        return self.conditions.names.type_of(field)

    def number(self, written: Written) -> str:
        return self.conditions.names.number(written)

    def retry(self, given: Given | None, otherwise: Retry | None) -> Retry | None:
        if given is None:
            return None
        first, cap = (self.conditions.seconds(given, key) for key in ("first", "cap"))
        usual = otherwise or Retry(6, 10, 3600, True)
        return Retry(
            given.get("max", usual.most),
            first or usual.first,
            cap or usual.cap,
            given.get("backoff") == "exponential" if "backoff" in given else usual.doubles,
            tuple(given.get("give_up_on", usual.give_up_on)),
        )

    def roles(self, written: Iterable[Written]) -> tuple[str, ...]:
        return self.conditions.names.roles(written)

    def edge(self, written: Any, entity: str = "") -> tuple[str, str] | None:
        return self.conditions.names.edge(written, entity)

    def way(self, written: Any) -> tuple[tuple[str, ...], str]:
        return self.conditions.names.way(written)

    def entity(self, written: Written) -> str:
        return self.conditions.names.entity(written)

    def operation(self, written: str) -> Operation | None:
        connector, _, name = written.rpartition(".")
        found = self.conditions.names.connectors.get(connector)
        return found.operations.get(name) if found is not None else None
