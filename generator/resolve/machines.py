"""Which state machines there are and which column each owns, before any expression is read.

Comes in: the `Given`s of the workflow files. Goes out: one `Machine` a workflow, with what other
files add to it, and the columns that entities get from them. Fields come first because conditions
everywhere may ask for a state.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from generator.model.text import Label, Span
from generator.model.workflow import CLOSED, OPEN, PROGRESS
from generator.problems import Problem, defined_twice, unknown_name
from generator.resolve.fields import humanize
from generator.saying import say
from generator.shape import Given, Written
from generator.source_nodes import Source


@dataclass(frozen=True)
class Machine:
    """One workflow as it was written, and what other files add to it."""

    entity: str
    name: str
    given: Given
    span: Span
    states: Mapping[Written, Given]
    transitions: tuple[tuple[Written, Given], ...]
    """In the order of the files; one name may stand several times."""

    @property
    def field(self) -> str:
        """The column it owns."""
        return str(self.given.get("field", self.name))

    @property
    def label(self) -> Label:
        found = self.given.get("label")
        return found if isinstance(found, Label) else Label({"": humanize(self.name)})

    @property
    def is_derived(self) -> bool:
        """Whether the state follows from other fields."""
        return "derive" in self.given


@dataclass(frozen=True)
class Column:
    """The column that a machine gives its entity."""

    field: str
    label: Label
    options: Mapping[str, Any]
    initial: str
    span: Span
    cases: tuple[tuple[str, Written | None], ...] = ()
    """Of a derived state: values and their conditions, in order."""


def gather(
    files: Iterable[tuple[Source, Given]], entities: Iterable[str], problems: list[Problem]
) -> list[Machine]:
    """Return the workflows of all files; what extends one of another file is put into it."""
    known = set(entities)
    found: dict[tuple[str, str], Machine] = {}
    additions: list[tuple[Written, str, Given]] = []
    for _, given in files:
        entity = given.get("entity")
        if entity is None:
            continue
        if entity.text not in known:
            problems.append(
                unknown_name(
                    "entity", entity.text, entity.span, known, defined_in="the definitions"
                )
            )
            continue
        for name, body in given.get("workflows", {}).items():
            key = (entity.text, name.text)
            if body.get("extends", False):
                additions.append((name, entity.text, body))
            elif key in found:
                problems.append(defined_twice("workflow", name.text, name.span, found[key].span))
            else:
                found[key] = Machine(
                    *key, body, name.span, dict(body.get("states", {})), tuple(_rows(body))
                )
    for name, entity_name, body in additions:
        base = found.get((entity_name, name.text))
        if base is None:
            names = [machine.name for machine in found.values() if machine.entity == entity_name]
            where = say("entity '{entity}'", entity=entity_name)
            problems.append(unknown_name("workflow", name.text, name.span, names, defined_in=where))
        else:
            found[entity_name, name.text] = _extended(base, body, problems)
    return list(found.values())


def _rows(body: Given) -> Iterable[tuple[Written, Given]]:
    for name, rows in body.get("transitions", {}).items():
        for row in rows:
            yield name, row


def _extended(base: Machine, body: Given, problems: list[Problem]) -> Machine:
    states = dict(base.states)
    first = {name.text: name.span for name in base.states}
    for name, state in body.get("states", {}).items():
        if name.text in first:
            problems.append(defined_twice("state", name.text, name.span, first[name.text]))
        else:
            states[name] = state
    return replace(base, states=states, transitions=(*base.transitions, *_rows(body)))


def columns(machines: Iterable[Machine], problems: list[Problem]) -> dict[str, dict[str, Column]]:
    """Return the columns of each entity; two machines cannot own one."""
    found: dict[str, dict[str, Column]] = {}
    for machine in machines:
        own = found.setdefault(machine.entity, {})
        if machine.field in own:
            first = own[machine.field].span
            at = machine.given.at("field") if "field" in machine.given else machine.span
            problems.append(defined_twice("state column", machine.field, at, first))
            continue
        initial = machine.given.get("initial", ())
        own[machine.field] = Column(
            machine.field,
            machine.label,
            {name.text: _option(name, state) for name, state in machine.states.items()},
            initial[0].text if initial else "",
            machine.span,
            tuple(_case(case) for case in machine.given.get("derive", ())),
        )
    return found


def _option(name: Written, state: Given) -> Mapping[str, Any]:
    progress = PROGRESS[CLOSED if state.get("final") else state.get("category", OPEN)]
    return {
        "label": state.get("label") or Label({"": humanize(name.text)}),
        "tone": state.get("tone", "neutral"),
        "progress": progress,
    }


def _case(case: Given) -> tuple[str, Written | None]:
    value = case.get("value")
    condition = case.get("if")
    return value.text if value else "", condition if isinstance(condition, Written) else None
