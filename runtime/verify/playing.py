"""Cases → verdicts: the steps are done, one after another, and what came of them is compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from generator.compile import Compiled
from generator.model.entity import Field
from generator.model.placing import LINES
from generator.model.scenario import Case, Expected, Scenario, Step
from generator.model.text import Span
from generator.resolve.scenario_steps import made_by
from rules.proof import Proof
from rules.unmasking import EXPORT_PLAIN
from runtime.errors import RequestError
from runtime.messages import Actor, Result
from runtime.price_book import REPRICE
from runtime.store.engine import read
from runtime.store.guard import system
from runtime.store.titles import title_of
from runtime.store.trail import EXPORT, EXPORT_ENDED
from runtime.verify import backstage, elsewhere, seconds
from runtime.verify.coverage import Coverage
from runtime.verify.stage import (
    AUTHOR,
    LANGUAGE,
    Stage,
    Theatre,
    Unplayable,
    plain_api,
    told,
)
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


def play(
    compiled: Compiled, folder: Path, only: tuple[str, ...] = (), locale: str = "en"
) -> Played:
    """Play the scenarios of some definitions.

    Args:
        compiled: the definitions.
        folder: an empty folder for the database; the caller throws it away.
        only: names of scenarios; all if empty.
        locale: in which language refusals are told.

    """
    LANGUAGE.set(locale)
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
        if isinstance(found, (RequestError, str)):
            yield f"{step.action}: {found if isinstance(found, str) else told(found)}"
            return
    so_far = _audit(stage, last)
    fired, calls = elsewhere.fired(stage), elsewhere.asked_for(stage)
    found = _do(stage, last, coverage)
    if isinstance(found, str):
        yield found
        return
    yield from _outcome(case, found)
    yield from _bulk(stage, case, found)
    happened = dict.fromkeys(elsewhere.fired(stage)[len(fired) :])
    yield from _happened("fired", list(happened), case.then.fired)
    asked = dict.fromkeys(elsewhere.asked_for(stage)[len(calls) :])
    yield from _happened("calls", list(asked), case.then.calls)
    yield from _happened("audit", _audit(stage, last)[len(so_far) :], case.then.audit)
    if case.then.alerts is not None:
        yield from _happened("alerts", list(backstage.standing(stage)), case.then.alerts)
    looking = _looking(case)
    if case.then.looks and looking is not None:
        usual = looking.entity
        for entity in dict.fromkeys((usual, *case.then.entities.values())):
            expected = case.then.about(entity, usual)
            if expected.looks:
                yield from differences(_look(stage, expected, looking, entity, coverage))


def _happened(what: str, found: list[str], wanted: tuple[str, ...] | None) -> Iterator[str]:
    if wanted is not None and tuple(found) != wanted:
        yield f"{what}: {', '.join(found) or 'nothing'}, not {', '.join(wanted) or 'nothing'}"


def _looking(case: Case) -> Step | None:
    """Return the step through whose person and entity one looks: the last that somebody did."""
    return next((one for one in reversed(case.steps) if one.entity), None)


def _look(
    stage: Stage, expected: Expected, last: Step, entity_name: str, coverage: Coverage
) -> Look:
    entity = stage.runtime.app.entities[entity_name]
    query = stage.query(last.query, entity) if entity_name == last.entity else {}
    action = "export" if last.action == "export" else "list"
    return Look(stage, stage.actor(last.person), entity, expected, query, action, coverage)


def _outcome(case: Case, found: Result | RequestError | None) -> Iterator[str]:
    wanted = case.then.outcome
    if not isinstance(found, RequestError):
        if wanted != "done":
            yield f"outcome: done, not {wanted}"
        return
    if found.code != wanted:
        yield f"outcome: {told(found)}, not {wanted}"
        return
    reasons = tuple(one.code for one in found.params.get("reasons", ()))
    if case.then.reasons and reasons != case.then.reasons:
        yield f"reasons: {', '.join(reasons) or 'none'}, not {', '.join(case.then.reasons)}"
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


def _do(stage: Stage, step: Step, coverage: Coverage) -> Result | RequestError | str | None:
    """Carry a step out as its person; return a text where it cannot be done at all."""
    before = elsewhere.steps(stage)
    found = _done(stage, step, coverage)
    coverage.happened(elsewhere.steps(stage)[len(before) :])
    return found


def _done(stage: Stage, step: Step, coverage: Coverage) -> Result | RequestError | str | None:
    if not step.entity:
        return _by_itself(stage, step)
    actor = stage.actor(step.person)
    if step.action == "transition" and step.confirms:
        actor = replace(actor, proof=_proof(stage, step))
    if step.input.get("unmasked"):
        title = stage.runtime.app.entities[step.entity].label.text("en")
        actor = replace(actor, proof=Proof(title, stage.now.timestamp()))
        coverage.asked(actor, step.entity, EXPORT_PLAIN)
    coverage.asked(actor, step.entity, stage.runtime.operations[step.action].ACTION)
    if step.action == "bulk":
        coverage.asked(actor, step.entity, step.change)
    found = stage.ask(step.action, step.entity, actor, **_request(stage, step))
    if step.approver is not None:
        return seconds.decided(stage, step, actor, found, coverage)
    if isinstance(found, RequestError):
        coverage.refused(found)
    else:
        _name_made(stage, step, found)
        for outcome in found.outcomes:
            coverage.said.add(str(outcome.message))
            coverage.codes.update(error.code for error in outcome.errors)
    return found


def _by_itself(stage: Stage, step: Step) -> Result | RequestError | str | None:
    """Let time pass, another system speak, or a job or an alert do its work."""
    if step.action == "answer":
        return elsewhere.answer(stage, ".".join(step.edge), step.input, step.refused)
    if step.action == "run":
        return backstage.run_job(stage, step.edge[0], step.input)
    if step.action == "look":
        return backstage.look_at(stage, step.edge[0])
    if step.action == "event":
        return elsewhere.tell(stage, *step.edge, step.input, step.times)
    elsewhere.pass_time(stage, step.seconds)
    return None


def _name_made(stage: Stage, step: Step, found: Result) -> None:
    """Note the id of a record that a step made and named; read an export to its end."""
    if step.action in ("create", "place") and step.record:
        at = [path.text for path in found.plan.paths].index("id")
        stage.ids[step.record] = str(found.row[at])
        if step.lines:
            stage.ids.update(zip(step.lines, _lines(stage, stage.ids[step.record]), strict=False))
    elif step.action == "post" and step.called:
        stage.ids[step.called] = str(found.row["entries"][0]["balance"])
    elif step.called:
        workflow = stage.runtime.app.workflows[step.entity][step.edge[0]]
        stage.ids[step.called] = _newest(stage, made_by(workflow, step.edge[1]))
    elif step.action == "export":
        for _ in found.pages:
            pass


def _lines(stage: Stage, record_id: str) -> list[str]:
    """Return the lines of what was placed, in their order."""
    pricing = stage.runtime.app.pricing
    placing = pricing.placing if pricing is not None else None
    assert placing is not None
    fields = stage.runtime.app.entities[placing.creates].fields
    part = stage.runtime.app.entities[fields[placing.filled[LINES].into].target]
    table = stage.runtime.schema.tables[part.name]
    with read(stage.runtime.engine) as connection:
        asked = sa.select(table.c.id).where(table.c[part.child_of] == record_id)
        found = connection.execute(system(asked.order_by(table.c.position), "named lines"))
        return [str(one) for one in found.scalars()]


def _newest(stage: Stage, entity: str) -> str:
    """Return the record that was made last; ids grow with time."""
    table = stage.runtime.schema.tables[entity]
    with read(stage.runtime.engine) as connection:
        asked = sa.select(table.c.id).order_by(table.c.id.desc()).limit(1)
        found = connection.execute(system(asked, "the record a scenario names"))
        return str(found.scalar())


def _request(stage: Stage, step: Step) -> dict[str, Any]:
    entity = stage.runtime.app.entities[step.entity]
    values = stage.values(step.values, entity)
    if step.action in {"list", "export"}:
        also = (EXPORT_PLAIN,) if step.input.get("unmasked") else ()
        reason = str(step.input.get("reason") or "")
        return {"query": stage.query(step.query, entity), "also": also, "reason": reason}
    if step.action == "bulk":
        ids = [stage.ids[name] for name in step.records]
        body = {"operation": step.change, "ids": ids}
        return {"values": {**body, "values": values} if step.change == "update" else body}
    if step.action == "create":
        return {"values": values}
    if step.action == "post":
        given = {name: plain_api(value) for name, value in step.input.items()}
        return {"values": {"kind": step.edge[1], "key": values, **given}}
    if step.action == "place":
        cart = plain_api(step.input["cart"])
        return {"values": {"cart": cart, "fingerprint": _prices_now(stage, cart), "record": values}}
    if step.action == "transition":
        record_id = stage.ids[step.record]
        given = stage.answers(step.input, _questions(stage, step))
        asked = {"workflow": step.edge[0], "transition": step.edge[1], "input": given}
        seen = _seen(stage, step, asked)
        return {
            "record_id": record_id,
            "version": _version(stage, step, record_id),
            "values": {**asked, "input": {**seen, **given}},
        }
    record = stage.ids[step.record]
    more: dict[str, Any] = {"record_id": record}
    if step.action != "read":
        more["version"] = _version(stage, step, record)
    if step.action == "update":
        more["values"] = values
    if step.action == "erase":
        more["values"] = dict(step.input)
    return more


def _prices_now(stage: Stage, cart: Any) -> str:
    """Return the mark of a cart's prices, as whoever places it has seen them."""
    pricing = stage.runtime.app.pricing
    entity = pricing.entity if pricing is not None else ""
    author = Actor(1, "scenario", frozenset({AUTHOR}))
    found = stage.ask("evaluate", entity, author, values=cart)
    return found.row.priced.fingerprint if isinstance(found, Result) else "none"


def _seen(stage: Stage, step: Step, asked: dict[str, Any]) -> dict[str, Any]:
    """Return the mark of the prices that whoever changes something placed has seen."""
    workflow = stage.runtime.app.workflows[step.entity][step.edge[0]]
    names = {
        effect.given["seen"].text.removeprefix("input.")
        for edge in workflow.named(step.edge[1])
        for effect in edge.effects
        if effect.word == REPRICE
    }
    if not names:
        return {}
    actor, record = stage.actor(step.person), stage.ids[step.record]
    found = stage.ask("preview_transition", step.entity, actor, record_id=record, values=asked)
    mark = found.row.found.priced.fingerprint if isinstance(found, Result) else "none"
    return dict.fromkeys(names, mark)


def _questions(stage: Stage, step: Step) -> dict[str, Field]:
    workflow = stage.runtime.app.workflows[step.entity][step.edge[0]]
    return {
        name: question.field
        for edge in workflow.named(step.edge[1])
        for name, question in edge.input.items()
    }


def _proof(stage: Stage, step: Step) -> Proof:
    """Return that the person confirmed whatever may be asked: the title, and the password."""
    entity = stage.runtime.app.entities[step.entity]
    table = stage.runtime.schema.tables[step.entity]
    asked = sa.select(table).where(table.c.id == stage.ids[step.record])
    with read(stage.runtime.engine) as connection:
        row = connection.execute(system(asked, "proof")).mappings().first()
        facts: dict[str, Any] = {} if row is None else {str(name): row[name] for name in row}
        title = title_of(connection, stage.runtime, entity, facts)
    return Proof(title or "yes", stage.now.timestamp())


def _version(stage: Stage, step: Step, record: str) -> int:
    """Return the version the person would have read; 1 if they cannot read it."""
    with stage.runtime.engine.connect() as connection:
        table = stage.runtime.schema.tables[step.entity]
        found = connection.execute(sa.select(table.c.version).where(table.c.id == record)).scalar()
    return int(found or 1)


def _audit(stage: Stage, step: Step) -> list[str]:
    """Return what the audit says was done to a step's record, in order; of an export what left."""
    record = stage.ids.get(step.record, "")
    table = stage.runtime.system.audit
    about = [table.c.record_id == record]
    if step.action == "export":
        about = [table.c.entity == step.entity, table.c.operation.in_([EXPORT, EXPORT_ENDED])]
    with read(stage.runtime.engine) as connection:
        chosen = sa.select(table.c.operation).where(*about)
        return [str(row[0]) for row in connection.execute(chosen.order_by(table.c.id))]
