"""Scenarios: every record, field, person and role they name is there, and every step is one step.

Comes in: what authors gave. Goes out: `Scenario`s whose records stand in the order in which they
can be made. Names of records stay names: what runs a scenario puts ids in their place.
"""

from __future__ import annotations

from collections.abc import Iterable

from generator.model.scenario import Case, Scenario, Somebody
from generator.model.text import Label
from generator.places import Places
from generator.problems import Problem, defined_twice
from generator.resolve.fields import humanize
from generator.resolve.scenario_expected import Expecting
from generator.resolve.scenario_names import (
    ScenarioNames,
    ScenarioWords,
)
from generator.resolve.scenario_records import GivenRecords
from generator.resolve.scenario_steps import Steps
from generator.shape import Given, Written
from generator.source_nodes import Source


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
        names = ScenarioNames(words, Places([source]), source.file)
        found[name] = _Reading(names).scenario(name, given)
        problems += names.problems
    return found, problems


class _Reading:
    """One file being read."""

    def __init__(self, names: ScenarioNames) -> None:
        self.names = names
        self.records, self.steps = GivenRecords(names), Steps(names)
        self.expecting = Expecting(names)

    def scenario(self, name: str, given: Given) -> Scenario:
        for login, roles in given.get("people", {}).items():
            self.names.people[login.text] = Somebody(login.text, self.names.roles(roles))
        records = self.records.given(given.get("given", {}))
        known = dict(self.names.records)
        cases = []
        for case, body in given.get("cases", {}).items():
            self.names.records = dict(known)
            cases.append(self._case(case, body))
        return Scenario(
            name,
            given.get("label") or Label({"": humanize(name)}),
            given.get("on"),
            self.records.in_order(records),
            tuple(cases),
            given.at("scenario"),
            self.names.people,
        )

    def _case(self, name: Written, body: Given) -> Case:
        usual = self.names.person(body.get("as"))
        given = [self.steps.step(one, usual, "as" in body) for one in body.get("when", ())]
        steps = [step for step in given if step is not None]
        then = body.get("then") or Given("then", name.span, {})
        expected = self.expecting.expected(then, steps[-1] if steps else None)
        return Case(name.text, tuple(steps), expected, name.span)
