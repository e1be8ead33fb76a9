"""`expire`: gives back holds and takes out lots of ledgers whose time is over.

The scheduler does it every few seconds by itself; a step of a job makes sure of it before what
follows, such as a count at the end of a day.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.kinds import Arg
from generator.model.job import Step
from generator.shape import Given
from generator.steps import StepNames, StepWord
from runtime.expiring import BATCH, expire
from runtime.jobs.doing import Doing


class Expire(StepWord):
    args = {"expire": Arg("choice", "What runs out of time.", required=True, options=("ledgers",))}

    def resolve(self, given: Given, names: StepNames) -> Mapping[str, Any]:
        return {"expire": given.get("expire")}

    def run(self, step: Step, doing: Doing) -> None:
        total = 0
        while found := expire(doing.office):
            total += found
            doing.working.run.progress(total)
            if found < BATCH:
                break
        doing.tell(expired=total)
