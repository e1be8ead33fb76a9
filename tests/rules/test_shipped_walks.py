"""Random walks over every shipped workflow: fifty steps, a thousand seeds, nothing ever torn.

Pure: the algorithm decides over made-up records, so that every workflow is walked in seconds. What
must hold is §4 of the semantics: a state of the definition, a log without a gap, one write a step,
no timer of a state that was left, derived columns as they would be computed anew.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from generator.compile import Compiled, compile_definitions
from generator.model.entity import Entity, Field
from generator.model.workflow import PEOPLE, InputField
from rules.commands import ArmTimer, CloseState, SetState, WriteLog
from rules.workflow.asking import Ask, Asker, Deed, Done, Machines, Refused, Situation, holds
from rules.workflow.firing import fire, settle
from tests.rules.machine_form import NOON

DEFINITIONS = Path(__file__).parents[2] / "definitions"
WALK, SEEDS, RECORDS = 50, 1000, 40
"""Steps of a walk, walks of a workflow, and records that the walks of a workflow begin with."""
SOURCES = ("user", "user", "api", "system", "timer", "event")
DEEP = 2
"""So far references and parts of a record are made up."""


@cache
def compiled() -> Compiled:
    return compile_definitions(DEFINITIONS)


def machines_of(entity: str) -> Machines:
    app = compiled().app
    workflows, derivations = app.workflows[entity], app.derivations.get(entity, ())
    return Machines(app.entities[entity], workflows, derivations, compiled().catalogs["effects"])


def value_of(chance: random.Random, field: Field, depth: int) -> Any:
    """Return some value of a field in its stored form; often none, as in life."""
    if field.type == "children":
        entity = compiled().app.entities[field.target]
        size = chance.choice((0, 1, 2)) if depth else 0
        return tuple(record(chance, entity, depth - 1) for _ in range(size))
    if field.type == "references":
        return ()
    if chance.random() < 0.2:
        return None
    if field.type == "reference":
        target = compiled().app.entities.get(field.target)
        return record(chance, target, depth - 1) if depth and target is not None else None
    return plain(chance, field)


def plain(chance: random.Random, field: Field) -> Any:
    moment = NOON + timedelta(hours=chance.randint(-500, 500))
    match field.type:
        case "boolean":
            return chance.random() < 0.5
        case "date":
            return moment.date()
        case "datetime":
            return moment
        case "time":
            return moment.time()
        case "choice" | "state":
            options = list(field.args.get("options") or ())
            return chance.choice(options) if options else None
        case "integer" | "money" | "decimal" | "percent" | "quantity" | "duration" | "rating":
            return chance.choice((0, 1, 5, 500, 100_000))
        case "tags" | "choices" | "multi_choice":
            return ()
        case _:
            return f"t{chance.randint(0, 9)}"


def record(chance: random.Random, entity: Entity, depth: int = DEEP) -> dict[str, Any]:
    """Return a made-up record, in some state of each of its workflows."""
    made = {name: value_of(chance, field, depth) for name, field in entity.fields.items()}
    for machine in compiled().app.workflows.get(entity.name, {}).values():
        made[machine.field] = chance.choice(list(machine.states))
    for derived in compiled().app.derivations.get(entity.name, ()):
        made[derived.field] = chance.choice(list(derived.states))
    return {**made, "id": f"{entity.name}-{chance.randint(0, 9)}", "version": 1}


def answers(chance: random.Random, asked: Mapping[str, InputField]) -> dict[str, Any]:
    return {name: plain(chance, one.field) for name, one in asked.items() if chance.random() < 0.8}


@pytest.mark.parametrize("entity", sorted(compiled().app.workflows))
def test_a_walk_over_a_shipped_workflow_tears_nothing(entity: str) -> None:
    machines = machines_of(entity)
    chance = random.Random(entity)
    edges = [(one.name, edge) for one in machines.workflows.values() for edge in one.transitions]
    roles = sorted({role for _, edge in edges for role in edge.roles})
    begun = [record(chance, machines.entity) for _ in range(RECORDS)]
    taken: set[str] = set()
    for seed in range(SEEDS):
        walk = random.Random(f"{entity}-{seed}")
        taken |= _walk(machines, edges, roles, dict(begun[seed % RECORDS]), walk)
    by_people = {edge.name for _, edge in edges if PEOPLE & set(edge.triggers)}
    assert len(taken & by_people) * 2 >= len(by_people), "the walks get about"


def _walk(
    machines: Machines,
    edges: list[Any],
    roles: list[str],
    facts: dict[str, Any],
    chance: random.Random,
) -> set[str]:
    logged: dict[str, list[WriteLog]] = {name: [] for name in machines.workflows}
    timers: dict[str, set[str]] = {name: set() for name in machines.workflows}
    past: tuple[Deed, ...] = ()
    taken: set[str] = set()
    now: datetime = NOON
    last: tuple[dict[str, Any], datetime] | None = None
    for _ in range(WALK):
        now += timedelta(minutes=chance.randint(0, 600))
        here = [one for one in edges if one[1].leads_from(facts[_column(machines, one[0])])]
        workflow, edge = chance.choice(here or edges)
        source = chance.choice((*edge.triggers, *SOURCES))
        levels = frozenset({"type_value", "reauth", "second_person"})
        by = Asker(source, frozenset(roles), chance.choice("abc"), confirmed=levels)
        visited = {name: tuple(row.before for row in rows) for name, rows in logged.items()}
        situation = Situation(facts, now, now.date(), past, visited)
        before = dict(facts)
        ask = Ask(workflow, edge.name, by, answers(chance, edge.input))
        outcome = fire(machines, ask, situation)
        assert facts == before, "asking changes nothing"
        if isinstance(outcome, Refused):
            continue
        for command in outcome.commands:
            match command:
                case WriteLog():
                    rows = logged[command.workflow]
                    assert not rows or rows[-1].after == command.before, "no gap in the log"
                    assert not machines.workflows[command.workflow].states[command.before].final
                    rows.append(command)
                case CloseState():
                    timers[command.workflow].clear()
                case ArmTimer():
                    timers[command.workflow].add(command.transition)
        facts, past = dict(outcome.facts), (*past, Deed(by.id, edge.name))[-20:]
        _read_back(machines, facts, chance)
        taken |= {step.transition for step in outcome.steps}
        _whole(machines, outcome, facts, logged, timers)
        last = (dict(outcome.facts), now)
    if last is not None:
        _ended(machines, *last)
    return taken


def _read_back(machines: Machines, facts: dict[str, Any], chance: random.Random) -> None:
    """Put in the place of ids that were written what lies behind them, never nothing."""
    for name, field in machines.entity.fields.items():
        target = compiled().app.entities.get(field.target)
        if field.type == "reference" and isinstance(facts.get(name), str) and target is not None:
            facts[name] = record(chance, target, DEEP - 1)


def _column(machines: Machines, workflow: str) -> str:
    return machines.workflows[workflow].field


def _whole(
    machines: Machines,
    outcome: Done,
    facts: dict[str, Any],
    logged: Mapping[str, list[WriteLog]],
    timers: Mapping[str, set[str]],
) -> None:
    for workflow in machines.workflows.values():
        state = facts[workflow.field]
        assert state in workflow.states
        assert (
            all(facts.get(name) is not None for name in workflow.states[state].require)
            or not (logged[workflow.name])
        )
        assert not logged[workflow.name] or logged[workflow.name][-1].after == state
        for name in timers[workflow.name]:
            edges = workflow.named(name)
            assert not edges or any(one.leads_from(state) for one in edges), "a timer outlives it"
    writes = [one for one in outcome.commands if isinstance(one, SetState)]
    assert len(writes) == len(outcome.steps)


def _ended(machines: Machines, facts: dict[str, Any], now: datetime) -> None:
    """Check what is dear to ask, once a walk: nothing automatic is left, nothing drifted."""
    beside = {"now": now, "today": now.date(), "utc_offset": timedelta()}
    for one in machines.derivations:
        case = next(case for case in one.cases if holds(case.when, facts, beside))
        assert facts[one.field] == case.value, "a derived column is as computed anew"
    after = settle(machines, Situation(facts, now, now.date()))
    assert isinstance(after, Done)
    assert not after.steps, "what is automatic came to its end"
