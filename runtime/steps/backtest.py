"""`backtest`: plays carts of the past through two sets of rules; the page of the run shows it.

Nothing is written but the report, and nothing of it is kept on the way: a run that was cut short
begins anew. What it tells of records is told to each reader within what they may read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.kinds import Arg
from generator.model.job import Step
from generator.shape import Given
from generator.steps import StepNames, StepWord
from runtime.backtest import NONE, NOW, WITH, WITHOUT, RuleSet, Wanted, backtest, named
from runtime.jobs.doing import Doing

REPORT = "backtest"
"""Where the report is in the result of a run."""
USUAL = 1000


class Backtest(StepWord):
    args = {
        "backtest": Arg(
            "identifier",
            "The parameter that names a promotion; where it is empty, all that hold are tried.",
            required=True,
        ),
        "against": Arg(
            "identifier",
            "The parameter that says what it is held against: `without` it, `none` at all, or "
            "`now`, as it holds now.",
        ),
        "last": Arg("identifier", "The parameter that says how many of the latest carts."),
    }

    def resolve(self, given: Given, names: StepNames) -> Mapping[str, Any]:
        return {
            "promotion": names.parameter(given, "backtest", ("text",)),
            "against": names.parameter(given, "against", ("choice",)),
            "last": names.parameter(given, "last", ("integer",)),
        }

    def run(self, step: Step, doing: Doing) -> None:
        told = {key: doing.input.get(name) if name else None for key, name in step.given.items()}
        promotion = str(told["promotion"] or "").strip()
        last = int(told["last"] or USUAL)
        tried = RuleSet(WITH, named(doing.office, promotion)) if promotion else RuleSet(NOW)
        against = str(told["against"] or WITHOUT)
        other = RuleSet(against if against in (NOW, NONE) else WITHOUT, tried.promotion)
        wanted = Wanted(other if promotion else RuleSet(NONE), tried, last)
        report = backtest(
            doing.office, wanted, lambda done: doing.working.run.progress(done, max(last, done))
        )
        doing.position = report["carts"]
        doing.working.run.progress(doing.position, doing.position)
        doing.tell(**{REPORT: report, "carts": report["carts"], "changed": report["changed"]})
