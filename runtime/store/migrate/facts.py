"""What the definitions say of a table that its columns do not tell: kept with every release.

The number 1250 is 12.50 or 1.250 by the field's decimals; a text column may be a choice whose
options shrink. The next plan compares these facts with its own, so that no old definition file has
to be understood by a newer engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from generator.expressions import types
from generator.field_types import FieldType
from generator.model.entity import Entity, Field
from generator.model.text import Label
from generator.model.workflow import Lapse, Timer, Workflow
from runtime.store.migrate.target import Target


@dataclass(frozen=True)
class Stored:
    """How a column's values are to be read."""

    kind: str
    """text, number, boolean, date, moment, time, id, list or json."""
    scale: int = 0
    """Decimals of a number."""
    longest: int = 0
    """The most characters of a text; 0 for no limit."""
    options: tuple[str, ...] = ()
    """The closed list of a choice."""


def describe(target: Target) -> dict[str, Any]:
    """Return the facts of all definitions as plain data, by table and column."""
    return {
        entity.table: {
            "label": dict(entity.label.texts),
            "fields": {name: _field_facts(field, target) for name, field in entity.fields.items()},
            "checks": {check.code: check.that.text for check in entity.checks},
            "workflows": {
                one.name: workflow_facts(one)
                for one in target.compiled.app.workflows.get(entity.name, {}).values()
            },
        }
        for entity in target.compiled.app.entities.values()
    }


def stored(field: Field, kind: FieldType) -> Stored:
    """Return how the values of a field with a column are kept."""
    column = kind.column(field)
    means = kind.expression_type(field)
    if isinstance(means, types.Choice):
        return Stored("text", longest=_longest(column), options=tuple(means.values))
    if isinstance(means, types.ListOf):
        item = means.item
        return Stored("list", options=item.values if isinstance(item, types.Choice) else ())
    if isinstance(means, types.Number):
        return Stored("number", scale=means.scale)
    for type_, name in KINDS:
        if isinstance(means, type_):
            return Stored(name, longest=_longest(column) if name == "text" else 0)
    return Stored("id" if field.name == "id" else "json")


KINDS: tuple[tuple[type[types.Type], str], ...] = (
    (types.Text, "text"),
    (types.Boolean, "boolean"),
    (types.DateTime, "moment"),
    (types.Date, "date"),
    (types.Time, "time"),
    (types.Duration, "number"),
    (types.Reference, "id"),
)


def known_stored(facts: Mapping[str, Any], table: str, column: str) -> Stored | None:
    """Return how a column's values were kept under an earlier release's facts, if it had any."""
    found = facts.get(table, {}).get("fields", {}).get(column, {}).get("stored")
    if found is None:
        return None
    return Stored(found["kind"], found["scale"], found["longest"], tuple(found["options"]))


def known_label(facts: Mapping[str, Any], table: str, column: str = "") -> Label | None:
    """Return what a table or column was called under an earlier release's facts."""
    entity = facts.get(table, {})
    found = entity.get("fields", {}).get(column, {}) if column else entity
    return Label(found["label"]) if "label" in found else None


def label_of(entity: Entity, field: Field | None = None) -> Label:
    """Return what people call an entity or one of its fields."""
    return field.label if field else entity.label


def _field_facts(field: Field, target: Target) -> dict[str, Any]:
    facts: dict[str, Any] = {"label": dict(field.label.texts), "type": field.type}
    if field.computed is not None and field.stored:
        facts["formula"] = field.computed.text
    if target.field(field.entity, field.name) is not None:
        kept = stored(field, target.compiled.field_types[field.type])
        facts["stored"] = {
            "kind": kept.kind,
            "scale": kept.scale,
            "longest": kept.longest,
            "options": list(kept.options),
        }
    return facts


def workflow_facts(workflow: Workflow) -> dict[str, Any]:
    """Return which ways lead out of each state, and by which clocks something is due in it."""
    return {
        "ways": {
            state: sorted(
                f"{edge.name}>{to}" for edge in workflow.leaving(state) for to in edge.targets
            )
            for state in workflow.states
        },
        "clocks": {
            f"{edge.name}@{state}": clock_of(edge.timer)
            for edge in workflow.transitions
            if edge.timer is not None
            for state in edge.sources
        },
        "watchdogs": {
            f"@{name}": _lapse(state.watchdog)
            for name, state in workflow.states.items()
            if state.watchdog is not None
        },
        "reminders": {
            f"{one.name}@{name}": [*_lapse(one.after), one.every]
            for name, state in workflow.states.items()
            for one in state.reminders
        },
    }


def clock_of(timer: Timer) -> list[Any]:
    """Return what the due time of a timer follows from, as plain data."""
    seconds, *working = _lapse(timer)
    return [seconds, timer.start, *(working or ("", [])), *([timer.every] if timer.every else [])]


def _lapse(lapse: Timer | Lapse) -> list[Any]:
    calendar = lapse.calendar
    if calendar is None:
        return [lapse.seconds]
    hours = [f"{a}-{b}" for a, b in calendar.hours]
    closed, opened = (
        sorted(day.isoformat() for day in each) for each in (calendar.closed, calendar.open)
    )
    days = [sorted(calendar.days), closed, opened]
    return [lapse.seconds, calendar.name, hours, days, lapse.zone]


def _longest(column: sa.types.TypeEngine[Any] | None) -> int:
    return int(getattr(column, "length", 0) or 0)
