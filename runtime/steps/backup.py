"""`backup`: keeps the whole shop in one archive, proves that it could be restored, drops old ones.

The archive lies in the folder of backups and is no file of the run: it holds everything, so nobody
takes it from a page. `try: false` leaves the proof out where a shop is too large for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.kinds import Arg
from generator.model.job import Step
from generator.shape import Given
from generator.steps import StepNames, StepWord
from runtime.backup.taking import FOLDER, forget_old, prove, take
from runtime.jobs.doing import Doing

MOST = 400
KEPT = 14


class Backup(StepWord):
    args = {
        "backup": Arg("choice", "What is kept.", required=True, options=("everything",)),
        "keep": Arg(
            "integer",
            "How many archives are kept; older ones go.",
            default=KEPT,
            minimum=1,
            maximum=MOST,
        ),
        "try": Arg(
            "boolean",
            "It is loaded beside the shop and counted before it counts as a backup.",
            default=True,
        ),
    }

    def resolve(self, given: Given, names: StepNames) -> Mapping[str, Any]:
        return {"keep": given.get("keep", KEPT), "try": given.get("try", True)}

    def run(self, step: Step, doing: Doing) -> None:
        results = doing.folder
        assert results is not None, "a worker has a folder for results"
        data, office = results.parent, doing.office
        made = take(office.engine, office.app.name, data / "files", data / FOLDER, office.clock())
        doing.tell(kept_rows=made.rows, kept_files=made.files, bytes=made.size, at=made.path.name)
        if step.given["try"]:
            doing.working.run.progress(1, 2)
            prove(office.engine, made.path)
            doing.tell(tried=made.rows)
        doing.tell(removed=forget_old(data / FOLDER, step.given["keep"]))
