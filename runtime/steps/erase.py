"""`erase`: erases the data of every person that matches, each in a transaction of its own.

So is said how long data is kept: a schedule, and a condition on the person's record, which best
asks too whether there is still something to erase. With the rights of the job's role; who has
something under way, or whose erasure waits for somebody's approval, is told in the run and stops
no other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.kinds import Arg
from generator.model.job import Step
from generator.model.text import Label
from generator.shape import Given
from generator.steps import StepNames, StepWord
from runtime.errors import NeedsApproval, RequestError
from runtime.jobs.doing import Doing, Page
from runtime.messages import Outcome
from runtime.operations._bulk_firing import refused
from runtime.pipeline import handle
from runtime.store import approvals

ACTION = "erase"
WAITS = Label({"en": "It waits for somebody's approval.", "zh": "等待他人审批。"})


class Erase(StepWord):
    args = {
        "erase": Arg(
            "name", "Which people: an entity with `about: this`.", required=True, to="entity"
        ),
        "where": Arg("expression", "Only those for whom this holds.", required=True),
        "because": Arg("text", "The reason that the log tells.", required=True),
    }

    def resolve(self, given: Given, names: StepNames) -> Mapping[str, Any]:
        entity = names.entity(given.get("erase"))
        if entity is None:
            return {}
        where = names.condition(given.get("where"), entity.name)
        return {"entity": entity.name, "where": where, "because": str(given.get("because"))}

    def needs(self, step: Step) -> tuple[str, str]:
        return ACTION, step.given["entity"]

    def run(self, step: Step, doing: Doing) -> None:
        entity = step.given["entity"]
        told, office = {"reason": step.given["because"]}, doing.office

        def erase(page: Page) -> Iterator[Outcome]:
            asked_before = {
                one.record_id
                for one in approvals.pending(office.engine, office.system.approval)
                if (one.entity, one.operation) == (entity, ACTION)
            }
            for record_id, version in page:
                if record_id in asked_before:
                    yield refused(record_id, NeedsApproval(WAITS))
                    continue
                asked = doing.incoming(
                    ACTION, entity, record_id=record_id, version=version, values=told
                )
                answer = handle(asked, office)
                if isinstance(answer, RequestError):
                    yield refused(record_id, answer)
                else:
                    yield Outcome(record_id, "ok")

        doing.each(entity, step.given["where"], erase)
