"""Cases → verdicts: the steps are done, one after another, and what came of them is compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from generator.compile import Compiled
from generator.model.scenario import Case, Scenario, Step
from generator.model.text import Span
from runtime.errors import RequestError
from runtime.messages import Result
from runtime.store.engine import read
from runtime.verify.coverage import Coverage
from runtime.verify.stage import Stage, Theatre, Unplayable, told
from runtime.verify.surfaces import Look, differences


@dataclass(frozen=True)
class CaseVerdict:
    """What became of a case."""

    scenario: str
    case: str
    span: Span
    faults: tuple[str, ...] = ()
    """What was otherwise than expected, by surface; empty if all was as it must be."""

    @property
    def holds(self) -> bool:
        """Return whether everything was as expected."""
        return not self.faults


@dataclass
class Played:
    """What came of all scenarios."""

    coverage: Coverage
    verdicts: list[CaseVerdict] = field(default_factory=list)

    @property
    def failed(self) -> int:
        """How many cases do not hold."""
        return sum(not one.holds for one in self.verdicts)


def play(compiled: Compiled, folder: Path, only: tuple[str, ...] = ()) -> Played:
    """Play the scenarios of some definitions.

    Args:
        compiled: the definitions.
        folder: an empty folder for the database; the caller throws it away.
        only: names of scenarios; all if empty.

    """
    theatre = Theatre(compiled, folder)
    played = Played(Coverage(compiled.app, theatre.runtime.matrix))
    try:
        for scenario in compiled.app.scenarios.values():
            if not only or scenario.name in only:
                played.verdicts += _scenario(theatre, scenario, played.coverage)
    finally:
        theatre.close()
    return played


def _scenario(theatre: Theatre, scenario: Scenario, coverage: Coverage) -> Iterator[CaseVerdict]:
    try:
        theatre.begin(scenario)
    except Unplayable as fault:
        reason = f"given: {fault}"
        for case in scenario.cases:
            yield CaseVerdict(scenario.name, case.name, case.span, (reason,))
        return
    for case in scenario.cases:
        stage = theatre.case()
        faults = tuple(_case(stage, case, coverage))
        yield CaseVerdict(scenario.name, case.name, case.span, faults)


def _case(stage: Stage, case: Case, coverage: Coverage) -> Iterator[str]:
    """Yield what is otherwise; a step that fails before the last one ends the case."""
    *before, last = case.steps
    for step in before:
        found = _do(stage, step, coverage)
        if isinstance(found, RequestError):
            yield f"{step.action}: {told(found)}"
            return
    so_far = _audit(stage, last)
    found = _do(stage, last, coverage)
    yield from _outcome(case, found)
    yield from _bulk(stage, case, found)
    if case.then.audit is not None:
        written = _audit(stage, last)[len(so_far) :]
        if tuple(written) != case.then.audit:
            yield f"audit: {', '.join(written) or 'nothing'}, not " + (
                ", ".join(case.then.audit) or "nothing"
            )
    if case.then.looks and last.entity:
        yield from differences(_look(stage, case, last, coverage))


def _look(stage: Stage, case: Case, last: Step, coverage: Coverage) -> Look:
    entity = stage.runtime.app.entities[last.entity]
    query = stage.query(last.query, entity)
    action = "export" if last.action == "export" else "list"
    return Look(stage, stage.actor(last.person), entity, case.then, query, action, coverage)


def _outcome(case: Case, found: Result | RequestError | None) -> Iterator[str]:
    wanted = case.then.outcome
    if not isinstance(found, RequestError):
        if wanted != "done":
            yield f"outcome: done, not {wanted}"
        return
    if found.code != wanted:
        yield f"outcome: {told(found)}, not {wanted}"
        return
    errors = {error.field: error.code for error in found.errors}
    for name, code in case.then.errors.items():
        if errors.get(name) != code:
            said = ", ".join(f"{field}: {code}" for field, code in errors.items())
            yield f"errors: {said or 'none'}, not {name}: {code}"


def _bulk(stage: Stage, case: Case, found: Result | RequestError | None) -> Iterator[str]:
    if not isinstance(found, Result):
        return
    became = {one.record_id: one for one in found.outcomes}
    for name, wanted in case.then.outcomes.items():
        one = became.get(stage.ids[name])
        status = "not asked" if one is None else one.status
        if status != wanted:
            errors = [f"{error.field}: {error.message}" for error in one.errors] if one else []
            yield f"outcomes: {name} is {status}, not {wanted} {'; '.join(errors)}".rstrip()


def _do(stage: Stage, step: Step, coverage: Coverage) -> Result | RequestError | None:
    """Carry a step out as its person."""
    if step.action == "wait":
        stage.advance(step.days)
        return None
    actor = stage.actor(step.person)
    coverage.asked(actor, step.entity, stage.runtime.operations[step.action].ACTION)
    if step.action == "bulk":
        coverage.asked(actor, step.entity, step.change)
    found = stage.ask(step.action, step.entity, actor, **_request(stage, step))
    if isinstance(found, RequestError):
        coverage.refused(found)
    elif step.action == "create" and step.record:
        at = [path.text for path in found.plan.paths].index("id")
        stage.ids[step.record] = str(found.row[at])
    elif step.action == "export":
        for _ in found.pages:
            pass
    for outcome in found.outcomes if isinstance(found, Result) else ():
        coverage.said.add(str(outcome.message))
        coverage.codes.update(error.code for error in outcome.errors)
    return found


def _request(stage: Stage, step: Step) -> dict[str, Any]:
    entity = stage.runtime.app.entities[step.entity]
    values = stage.values(step.values, entity)
    if step.action in {"list", "export"}:
        return {"query": stage.query(step.query, entity)}
    if step.action == "bulk":
        ids = [stage.ids[name] for name in step.records]
        body = {"operation": step.change, "ids": ids}
        return {"values": {**body, "values": values} if step.change == "update" else body}
    if step.action == "create":
        return {"values": values}
    record = stage.ids[step.record]
    more: dict[str, Any] = {"record_id": record}
    if step.action != "read":
        more["version"] = _version(stage, step, record)
    if step.action == "update":
        more["values"] = values
    return more


def _version(stage: Stage, step: Step, record: str) -> int:
    """Return the version the person would have read; 1 if they cannot read it."""
    with stage.runtime.engine.connect() as connection:
        table = stage.runtime.schema.tables[step.entity]
        found = connection.execute(sa.select(table.c.version).where(table.c.id == record)).scalar()
    return int(found or 1)


def _audit(stage: Stage, step: Step) -> list[str]:
    """Return what the audit says was done to a step's record, in order."""
    record = stage.ids.get(step.record, "")
    audit = stage.runtime.system.audit
    with read(stage.runtime.engine) as connection:
        chosen = sa.select(audit.c.operation).where(audit.c.record_id == record)
        return [str(row[0]) for row in connection.execute(chosen.order_by(audit.c.id))]
