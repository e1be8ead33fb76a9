"""`notify`: tells people of some roles that a job has done what it should; the bell shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.kinds import Arg
from generator.model.job import Step
from generator.shape import Given
from generator.steps import StepNames, StepWord
from rules.role_names import closure
from runtime.jobs.doing import Doing
from runtime.notifications import Notice, notify
from runtime.store import accounts
from runtime.store.engine import write

KIND = "job"


class Notify(StepWord):
    args = {
        "notify": Arg(
            "list", "Who is told.", required=True, one=True, of=Arg("name", "A role.", to="role")
        ),
        "always": Arg(
            "boolean", "Also when no record was touched by the steps before.", default=False
        ),
    }

    def resolve(self, given: Given, names: StepNames) -> Mapping[str, Any]:
        roles = names.roles(given.get("notify", ()))
        return {"roles": roles, "always": given.get("always", False)}

    def run(self, step: Step, doing: Doing) -> None:
        if doing.place:
            return  # an earlier attempt told them
        if not step.given["always"] and not doing.position and not doing.told.get("exported"):
            return
        office, wanted = doing.office, set(step.given["roles"])
        known = office.app.roles
        holding = sorted(name for name in known if wanted & closure(name, known))
        params = {"run": doing.run_id, "job": doing.job.name, "counts": dict(doing.counts)}
        title = doing.job.label.text("en")
        with write(office.engine) as connection:
            found = accounts.holding(connection, holding)
            notices = [Notice(one.id, KIND, title=title, params=params) for one in found]
            notify(connection, office, notices, office.clock())
            doing.place = "told"
            doing.checkpoint(connection)
