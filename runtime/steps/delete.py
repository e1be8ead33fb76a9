"""`delete`: puts away every record that matches; an entity with `archive: true` keeps it, hidden.

Each is a transaction of its own, with the rights of the job's role; one that is still needed by
others stays, and stops no other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.kinds import Arg
from generator.model.job import Step
from generator.shape import Given
from generator.steps import StepNames, StepWord
from runtime.errors import RequestError
from runtime.jobs.doing import Doing, Page
from runtime.messages import Outcome
from runtime.operations._bulk_firing import refused
from runtime.pipeline import handle


class Delete(StepWord):
    args = {
        "delete": Arg("name", "Which records.", required=True, to="entity"),
        "where": Arg("expression", "Only those for which this holds.", required=True),
    }

    def resolve(self, given: Given, names: StepNames) -> Mapping[str, Any]:
        entity = names.entity(given.get("delete"))
        if entity is None:
            return {}
        where = names.condition(given.get("where"), entity.name)
        return {"entity": entity.name, "where": where}

    def needs(self, step: Step) -> tuple[str, str]:
        return "delete", step.given["entity"]

    def run(self, step: Step, doing: Doing) -> None:
        entity = step.given["entity"]

        def put_away(page: Page) -> Iterator[Outcome]:
            for record_id, version in page:
                asked = doing.incoming("delete", entity, record_id=record_id, version=version)
                answer = handle(asked, doing.office)
                if isinstance(answer, RequestError):
                    yield refused(record_id, answer)
                else:
                    yield Outcome(record_id, "ok")

        doing.each(entity, step.given["where"], put_away)
