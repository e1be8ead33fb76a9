"""What a case expects: outcome, rows, cells, reasons, transitions and calls."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from generator.model.scenario import Expected, Step
from generator.problems import Problem
from generator.resolve.scenario_names import (
    ScenarioNames,
)
from generator.saying import say
from generator.shape import Given, Written

WHOLE = "record"
"""Among `errors`: the record as a whole."""


@dataclass(frozen=True)
class Expecting:
    """Reads `then:` of the cases of one scenario."""

    names: ScenarioNames

    def expected(self, then: Given, last: Step | None) -> Expected:
        """Return what must be true after the last step."""
        expected = Expected(
            outcome=then.get("outcome", "done"),
            rows=None if then.get("rows") is None else self.names.names(then.get("rows")),
            cells={
                name.text: self._cells(name, values)
                for name, values in then.get("cells", {}).items()
            },
            masked=self.names.fields(then.get("masked", {})),
            hidden=self.names.fields(then.get("hidden", {})),
            outcomes=self._outcomes(then.get("outcomes", {})),
            errors={
                "" if name.text == WHOLE else name.text: code
                for name, code in then.get("errors", {}).items()
            },
            audit=then.get("audit"),
            entities={
                name.text: self.names.records[name.text]
                for key in ("cells", "masked", "hidden")
                for name in then.get(key, {})
                if name.text in self.names.records
            },
            reasons=then.get("reasons", ()),
            fired=None if then.get("fired") is None else tuple(map(str, then.get("fired"))),
            calls=None if then.get("calls") is None else tuple(map(str, then.get("calls"))),
            alerts=self._alerts(then),
        )
        if expected.looks and expected.outcome != "done" and last is not None:
            reads = last.action in {"list", "export", "read"}
            if reads:
                said = "A reading that is refused shows nothing."
                hint = "Remove 'rows', 'cells', 'masked' and 'hidden', or the refusal."
                self.names.problems.append(Problem("D481", then.span, said, hint))
        if expected.outcomes and last is not None and last.action != "bulk":
            said = say("'{key}' says nothing about '{action}'.", key="outcomes", action=last.action)
            hint = say("It belongs to: {names}.", names="bulk")
            self.names.problems.append(Problem("D481", then.at("outcomes"), said, hint))
        return expected

    def _alerts(self, then: Given) -> tuple[str, ...] | None:
        """Return what must stand: each is a record that is there, or an alert about a number."""
        given = then.get("alerts")
        if given is None:
            return None
        known = {**self.names.records, **self.names.words.alerts}
        for name in given:
            if str(name) not in known:
                self.names.problems.append(self.names.no_record(str(name), then.at("alerts")))
        return tuple(sorted(map(str, given)))

    def _cells(self, record: Written, values: Mapping[Written, Any]) -> dict[str, Any]:
        if not self.names.record(record):
            return {}
        entity = self.names.words.entities[self.names.records[record.text]]
        return self.names.values(values, entity, record.span)

    def _outcomes(self, written: Mapping[Written, str]) -> dict[str, str]:
        return {name.text: outcome for name, outcome in written.items() if self.names.record(name)}
