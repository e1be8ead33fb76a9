"""`fire`: fires a transition of every record that matches, each in a transaction of its own.

Where the transition has `trigger: system` the engine fires it; otherwise the job's role does, and
may be refused like anybody. A record that is refused stops no other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from generator.kinds import Arg
from generator.model.job import Step
from generator.model.workflow import SYSTEM, USER
from generator.shape import Given
from generator.steps import StepNames, StepWord
from runtime.jobs.doing import Doing, Page
from runtime.messages import Actor, Outcome
from runtime.operations._answers import read_answers
from runtime.operations._bulk_firing import Batch, fire_each
from runtime.operations._wanted import Wanted


class Fire(StepWord):
    args = {
        "fire": Arg("path", "`workflow.transition`.", required=True),
        "of": Arg("name", "Of which records.", required=True, to="entity"),
        "where": Arg("expression", "Only of those for which this holds.", required=True),
        "input": Arg(
            "map", "The answers to its questions.", default={}, of=Arg("value", "An answer.")
        ),
    }

    def resolve(self, given: Given, names: StepNames) -> Mapping[str, Any]:
        entity = names.entity(given.get("of"))
        if entity is None:
            return {}
        answers = {name.text: value for name, value in given.get("input", {}).items()}
        return {
            "entity": entity.name,
            "edge": names.edge(given.get("fire"), entity.name),
            "where": names.condition(given.get("where"), entity.name),
            "input": answers,
        }

    def run(self, step: Step, doing: Doing) -> None:
        entity, (workflow, name) = step.given["entity"], step.given["edge"]
        office = doing.office
        edges = office.app.workflows[entity][workflow].named(name)
        by_system = any(SYSTEM in edge.triggers for edge in edges)
        # whatever has a log row of this run was done before it was cut short
        asked = doing.incoming("transition", entity, values={"batch": doing.run_id})
        if by_system:
            machine = Actor(0, doing.job.name, frozenset(), kind="system")
            asked = replace(asked, actor=machine, source=SYSTEM)
        answers = read_answers(office, entity, edges, step.given["input"])
        wanted = Wanted(
            entity,
            "",
            workflow,
            name,
            answers,
            SYSTEM if by_system else USER,
            batch_id=doing.run_id,
            reason=doing.job.name,
        )
        batch = Batch(doing.run_id, asked, wanted, edges)

        def fire(page: Page) -> Iterable[Outcome]:
            # at whatever version they are: the condition was asked a moment ago
            return fire_each(office, batch, [(record_id, None) for record_id, _ in page])

        doing.each(entity, step.given["where"], fire, by_system=by_system)
