"""Alerts: every entity, field, role and condition they name is found.

Comes in: what authors gave. Goes out: `Alert`s by name, and what is wrong with a name. What fits
together is asked in `generator/checks/alerts.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import time
from typing import Any

from generator.model.alert import Alert, Escalation, Quiet, Stretch
from generator.model.entity import Entity
from generator.model.job import Schedule
from generator.model.text import Label
from generator.problems import Problem, defined_twice
from generator.resolve.fields import humanize
from generator.resolve.reading import JobWords, Reading
from generator.shape import Given, Written
from generator.shapes.alert import ALERT
from generator.source_nodes import Source

USUAL = 900
"""Seconds between two looks where no schedule is given."""


def resolve_alerts(
    files: Iterable[tuple[Source, Given]], words: JobWords
) -> tuple[dict[str, Alert], list[Problem]]:
    """Return the alerts by name and what is wrong with them."""
    problems: list[Problem] = []
    found: dict[str, Alert] = {}
    for _, given in files:
        name = given.get("alert")
        if name is None:
            continue
        if name in found:
            problems.append(defined_twice("alert", name, given.at("alert"), found[name].span))
            continue
        alert = _Reader(given, words, problems).alert(name)
        if alert is not None:
            found[name] = alert
    return found, problems


class _Reader(Reading):
    """Reads one file; what is wrong is collected and the rest goes on."""

    shape, is_told = ALERT, False
    shortest = {"every": 60, "last": 60, "after": 60, "again": 0}

    def alert(self, name: str) -> Alert | None:
        """Return the alert; None where nobody knows what it looks at."""
        given = self.given
        entity = self.entity(given.get("of"))
        if entity is None:
            return None
        role = given.get("role")
        return Alert(
            name=name,
            label=given.get("label") or Label({"": humanize(name)}),
            help=given.get("help"),
            severity=self._value("severity"),
            entity=entity.name,
            where=self.condition(given.get("where"), entity.name),
            measure=self._value("measure"),
            field=self._field(given.get("field"), entity),
            among=self.condition(given.get("among"), entity.name),
            during=self._during(given.get("during"), entity),
            above=given.get("above"),
            below=given.get("below"),
            against=self._value("against"),
            weeks=self._value("weeks"),
            schedule=self.schedule(given.get("schedule")) or self._usual(),
            on_change=self._value("on_change"),
            role=next(iter(self.roles([role])), "") if role is not None else "",
            tell=self.roles(given.get("tell", ())),
            tell_field=self._field(given.get("tell_field"), entity),
            mail=self._value("mail"),
            again=self.seconds(given, "again"),
            quiet=self._quiet(given.get("quiet")),
            escalation=self._escalation(given.get("escalate")),
            span=given.at("alert"),
            spans={key: given.at(key) for key in given.values},
        )

    def _value(self, key: str) -> Any:
        return self.given.get(key, ALERT.args[key].default)

    def _usual(self) -> Schedule:
        return Schedule(None, USUAL, self.known.zone, None, "15m")

    def _field(self, written: Written | None, entity: Entity) -> str:
        return next(iter(self.fields([written], entity)), "") if written is not None else ""

    def _during(self, given: Given | None, entity: Entity) -> Stretch | None:
        if given is None or given.get("field") is None:
            return None
        return Stretch(self._field(given.get("field"), entity), self.seconds(given, "last"))

    def _quiet(self, given: Given | None) -> Quiet | None:
        if given is None or given.get("from") is None or given.get("to") is None:
            return None
        begins, ends = (time.fromisoformat(given.get(key)) for key in ("from", "to"))
        return Quiet(begins, ends, self.zone(given))

    def _escalation(self, given: Given | None) -> Escalation | None:
        if given is None or given.get("tell") is None:
            return None
        return Escalation(self.seconds(given, "after"), self.roles(given.get("tell", ())))
