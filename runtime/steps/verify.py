"""`verify`: proves that ledgers follow from their entries, or that the audit is what was written.

What does not agree is in the log of the run, and the run fails, so that somebody is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.kinds import Arg
from generator.model.job import Step
from generator.shape import Given
from generator.steps import StepNames, StepWord
from runtime.jobs.doing import Doing
from runtime.store.audit_verify import verify
from runtime.store.engine import read
from runtime.store.ledger_verify import replay

LEDGERS, AUDIT = "ledgers", "audit"
MOST_TOLD = 50


class DoesNotAgree(Exception):
    """What was verified is not as it should be; the log of the run says where."""


class Verify(StepWord):
    args = {"verify": Arg("choice", "What is proved.", required=True, options=(LEDGERS, AUDIT))}

    def resolve(self, given: Given, names: StepNames) -> Mapping[str, Any]:
        return {"verify": given.get("verify")}

    def run(self, step: Step, doing: Doing) -> None:
        (_audit if step.given["verify"] == AUDIT else _ledgers)(doing)


def _ledgers(doing: Doing) -> None:
    office, wrong = doing.office, 0
    entries = balances = 0
    for number, name in enumerate(office.app.ledgers, 1):
        doing.working.run.progress(number, len(office.app.ledgers), name)
        with read(office.engine) as connection:
            found = replay(connection, office.book(name))
        entries, balances = entries + found.entries, balances + found.balances
        wrong += len(found.drifts)
        for one in found.drifts[:MOST_TOLD]:
            text = f"{one.ledger}: {one.number} is {one.kept}, {one.by} say {one.should}"
            told = {
                "ledger": one.ledger,
                "number": one.number,
                "kept": one.kept,
                "should": one.should,
                "by": one.by,
            }
            doing.working.run.note(text, "error", "drift", told)
    doing.tell(balances=balances, entries=entries, drifts=wrong)
    if wrong:
        raise DoesNotAgree(f"{wrong} numbers do not follow from what was posted")


def _audit(doing: Doing) -> None:
    office = doing.office
    found = verify(office.engine, office.schema, (office.audit_key, *office.old_audit_keys), "")
    for one in found.findings[:MOST_TOLD]:
        texts = dict(one.message.texts)
        doing.working.run.note(one.message.text("en"), "error", "finding", {"texts": texts})
    doing.tell(rows=found.rows, seals=found.seals, findings=found.count)
    if found.count:
        raise DoesNotAgree(f"{found.count} rows of the audit are not what was written")
