"""Facts about state machines, in a neutral form, run through the real compiler and engine.

`pytest tests/rules/test_workflow_vectors.py --vectors FILE` runs any file of the form that
`workflow_vectors.json` beside this file documents by example; without the option that file runs,
and our own facts in the same form.
A vector that needs a feature we refuse must be refused, by the name the vector or its feature has.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from generator.model.workflow import PEOPLE
from generator.problems import snake
from rules.blockers import Blocker
from rules.commands import (
    ArmTimer,
    Call,
    Command,
    Enqueue,
    OpenTask,
    SetState,
)
from rules.workflow import bulk, entry, offers, outside
from rules.workflow.asking import Ask, Asker, Deed, Done, Machines, Refused, Situation
from rules.workflow.firing import fire
from rules.workflow.timers import Waiting, ring
from tests.rules.known_rules import (
    DEFAULTS,
    DERIVED,
    NOTHING,
    PARTS,
    VALUES,
    order_guards,
)
from tests.rules.machine_form import COLUMN, FLOW, NOON, Neutral, Record, called, load

Vector = Mapping[str, Any]
REFUSED = {"parallel": "unsupported_feature", "history": "unsupported_feature"}
"""Features that we refuse, and how."""
UNSET = "unknown"
"""What the neutral form calls a reason whose author gave no code."""
EVENTS = {
    "left": "exit:{state}",
    "fired": "on:{transition}@{before}",
    "entered": "enter:{state}",
    "completed": "after:{transition}@{before}",
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "vector" not in metafunc.fixturenames:
        return
    file = metafunc.config.getoption("--vectors")
    files = [Path(file)] if file else [GIVEN, OWN]
    found = [
        (vector, content)
        for content in (json.loads(one.read_text(encoding="utf-8")) for one in files)
        for vector in content["vectors"]
    ]
    names = [f"{vector['id']}-{vector['type']}" for vector, _ in found]
    metafunc.parametrize(("vector", "known"), found, ids=names)


GIVEN = Path(__file__).parent / "workflow_vectors.json"
OWN = Path(__file__).parent / "workflow_vectors_own.json"


def test_a_vector_holds(vector: Vector, known: Vector, tmp_path: Path) -> None:
    definition = definition_of(vector, known)
    if is_refused(vector, definition):
        neutral = Neutral(definition or {**EMPTY, "kind": "petri"}, legacy=True).load(tmp_path)
        assert REFUSED["parallel"] in neutral.refused
        return
    assert vector["type"] in TYPES, f"no vector of type '{vector['type']}' is known"
    TYPES[vector["type"]](vector, known, tmp_path)


def definition_of(vector: Vector, known: Vector) -> Vector:
    named = vector.get("definition")
    found = vector.get("definition_inline") or known["definitions"].get(named) or {}
    return dict(found)


def is_refused(vector: Vector, definition: Vector) -> bool:
    """Whether a vector needs several states at once; some of a net's questions need only one."""
    if vector["type"] in ANSWERED_BY_THEMSELVES:
        return False
    if vector.get("feature") == "parallel":
        return True
    return definition.get("kind") == "petri" and not _single(vector, definition)


def _single(vector: Vector, definition: Vector) -> bool:
    start = vector.get("start") or definition["initial"]
    places = [start] if isinstance(start, str) else start
    edges = _flat(definition)["transitions"]
    asked = vector.get("fire") or vector.get("ask")
    return len(places) == 1 and any(edge["id"] == asked for edge in edges)


def _flat(definition: Vector) -> dict[str, Any]:
    """The part of a net in which one place leads to one place; a machine is whole."""
    if definition.get("kind") != "petri":
        return dict(definition)
    edges = [e for e in definition["transitions"] if len(e["from"]) == len(e["to"]) == 1]
    return {**definition, "kind": "single", "transitions": edges}


def steps_of(vector: Vector) -> list[Vector]:
    return list(vector.get("steps", ()))


def machine_of(vector: Vector, known: Vector, folder: Path, **more: Any) -> Neutral:
    """The machine of a vector with every value and role that its steps need."""
    env: dict[str, Any] = dict(vector.get("env", {}))
    roles: set[str] = set(vector.get("roles", ()))
    forced: dict[str, dict[str, Any]] = {}
    for step in steps_of(vector):
        env = {**step.get("env", {}), **env}
        roles |= set(step.get("roles", ()))
        for name, text in step.get("force_guard", {}).items():
            forced[name] = {"guard": [{"if": "false", "message": str(text)}]}
    more.setdefault("more", forced)
    more.setdefault("legacy", True)
    more.setdefault("lenient", True)
    definition = _flat(definition_of(vector, known))
    return Neutral(definition, env, frozenset(roles), **more).load(folder)


def one_state(start: Any) -> str | None:
    return start[0] if isinstance(start, list) else start


# --- machines that run


def run(vector: Vector, known: Vector, folder: Path) -> None:
    neutral = machine_of(vector, known, folder)
    record = Record(neutral, neutral.facts(one_state(vector.get("start"))))
    for step in steps_of(vector):
        record.facts |= {
            name: value
            for name, value in neutral.facts(None, step.get("env")).items()
            if name != COLUMN and step.get("env")
        }
        roles = step.get("roles")
        if "allowed" in step:
            assert record.allowed(roles) == set(step["allowed"])
        if "fire" in step:
            told(record.fire(step["fire"], roles, step.get("input")), step)
        if step.get("settle"):
            told(record.settle(), step)
        if "state" in step:
            assert record.state == one_state(step["state"])


def told(outcome: Done | Refused, step: Vector) -> None:
    assert (outcome.code if isinstance(outcome, Refused) else None) == step.get("error"), outcome
    if "reason" in step and isinstance(outcome, Refused):
        assert [str(one.message) for one in outcome.reasons] == [step["reason"]]


def matrix(vector: Vector, known: Vector, folder: Path) -> None:
    neutral = machine_of(vector, known, folder)
    every = {neutral.edges.back(edge.name) for edge in neutral.ready.workflows[FLOW].transitions}
    for state, allowed in vector["allowed"].items():
        assert Record(neutral, neutral.facts(state)).allowed() == set(allowed)
        for name in every - set(allowed):
            record = Record(neutral, neutral.facts(state))
            outcome = record.fire(name)
            assert isinstance(outcome, Refused)
            assert outcome.code == "not_in_from_state"
            assert record.state == state


def event_order(vector: Vector, known: Vector, folder: Path) -> None:
    neutral = machine_of(vector, known, folder)
    record = Record(neutral, neutral.facts(one_state(vector["start"])))
    outcome = record.fire(vector["fire"])
    assert isinstance(outcome, Done), outcome
    befores = {(step.transition, step.after): step.before for step in outcome.steps}
    seen: list[str] = []
    for event in outcome.events:
        name = neutral.edges.back(event.transition)
        left = event.name in {"left", "fired"}
        before = event.state if left else befores[event.transition, event.state]
        if event.name == "left":
            seen.append(f"before:{name}@{before}")
        seen.append(EVENTS[event.name].format(state=event.state, transition=name, before=before))
    assert seen == list(vector["expect"])
    assert record.state == vector.get("expect_state", record.state)


def stored_state(vector: Vector, known: Vector, folder: Path) -> None:
    neutral = machine_of(vector, known, folder)
    facts = {**neutral.facts(None), COLUMN: vector["stored"]}
    workflow = neutral.ready.workflows[FLOW]
    for edge in workflow.transitions:
        ask = Ask(FLOW, edge.name, neutral.asker())
        outcome = fire(neutral.ready, ask, Situation(facts, NOON, NOON.date()))
        assert isinstance(outcome, Refused)
        assert (outcome.code, outcome.current) == (vector["code"], vector["stored"])
    assert entry.written(workflow, vector["stored"]).code == vector["code"].upper()


def errors(vector: Vector, known: Vector, folder: Path) -> None:
    if "steps" in vector:
        run(vector, known, folder)
        return
    broken = (
        {"do": [{"set": {"x_broken": "x_broken * x_broken"}}]} if vector["effect_raises"] else {}
    )
    neutral = machine_of(
        vector | {"env": {"broken": 10**17}},
        known,
        folder,
        more={vector["fire"]: broken},
    )
    record = Record(neutral, neutral.facts(vector["start"]))
    before = dict(record.facts)
    outcome = record.fire(vector["fire"])
    assert isinstance(outcome, Refused)
    assert outcome.code == "effect_failed"
    assert record.facts == before
    assert record.state == vector["ours_state"]


def post_state(vector: Vector, known: Vector, folder: Path) -> None:
    actions = list(vector["actions_refused"])
    rows = [{"id": action, "from": ["placed"], "to": ["placed"]} for action in actions]
    rows += [{"id": f"end {one}", "from": ["placed"], "to": [one]} for one in vector["states"]]
    states = ["placed", *vector["states"]]
    definition = {**EMPTY, "states": states, "initial": ["placed"], "transitions": rows}
    neutral = Neutral({**definition, "final": vector["states"]}).load(folder)
    for state in vector["states"]:
        for action in actions:
            record = Record(neutral, neutral.facts(state))
            outcome = record.fire(action)
            assert isinstance(outcome, Refused)
            assert outcome.code == "not_in_from_state"
            assert record.state == state
            assert not record.allowed()


# --- definitions that are right or wrong


def validity(vector: Vector, known: Vector, folder: Path) -> None:
    definition = definition_of(vector, known)
    expected = str(vector.get("ours") or vector["expect"])
    code = vector.get("code")
    if expected.startswith(("ok", "valid")):
        neutral = Neutral(definition, legacy=True).load(folder)
        assert neutral.refused == set(), neutral.refused
        return
    warned = expected.startswith("warning")
    neutral = Neutral(definition, legacy=warned).load(folder)
    code = next((one for one in known["format"]["error_codes"] if one in expected), code)
    found = [one for one in neutral.problems if called(one) == code]
    assert found, [f"{one.code} {called(one)}: {one.message}" for one in neutral.problems]
    assert {one.severity for one in found} == {"warning" if warned else "error"}
    for state in vector.get("states", ()):
        assert any(f"'{neutral.states[state]}'" in one.message for one in found), state


def lint(vector: Vector, known: Vector, folder: Path) -> None:
    if "expect" in vector:
        for number, (name, expected) in enumerate(vector["expect"].items()):
            for text in expected:
                code, _, rest = text.partition(":")
                state = rest.split()[0]
                guards = every_exit_guarded(known["definitions"][name], state)
                stuck = guards if code == "all_exits_guarded" else {}
                neutral = Neutral(known["definitions"][name], more=stuck, legacy=True)
                neutral.load(folder / str(number))
                assert (code, state) in [(one, where) for _, one, where in findings(neutral)]
        return
    neutral = machine_of(vector, known, folder, lenient=False)
    codes = set(known["format"]["error_codes"])
    mine = [found for found in findings(neutral) if found[1] in codes]
    assert sorted(mine, key=str) == sorted((tuple(one) for one in vector["findings"]), key=str)


def findings(neutral: Neutral) -> list[tuple[str, str, str | None]]:
    """What is known about a graph, as level, name and state of the neutral form."""
    found = []
    for problem in neutral.problems:
        state = getattr(problem.message, "parts", {}).get("state")
        back = neutral.states.back(str(state)) if state is not None else None
        found.append((problem.severity, called(problem), back))
    return found


def every_exit_guarded(definition: Vector, state: str) -> dict[str, dict[str, Any]]:
    """A guard of its own for every edge out of a state."""
    exits = [row["id"] for row in definition["transitions"] if state in row["from"]]
    return {name: {"guard": [{"if": "actor.id == 1"}]} for name in exits}


def stuck(vector: Vector, known: Vector, folder: Path) -> None:
    definition = definition_of(vector, known)
    guards = every_exit_guarded(definition, vector["state"])
    neutral = Neutral(definition, more=guards, legacy=True).load(folder)
    wanted = ("warning", vector["expect_lint"], vector["state"])
    assert wanted in findings(neutral)


def written(vector: Vector, known: Vector, folder: Path) -> None:
    body = vector["definition_yaml"]
    text = (
        "entity: thing\nworkflows:\n  flow:\n    initial: a\n"
        f"    states: {{a: A, b: {{final: true}}}}\n    {body}\n"
    )
    problems, _ = load(folder, {}, {}, more={"thing.workflow.yaml": text})
    assert vector["code"] in {called(one) for one in problems if one.severity == "error"}


def yaml_types(vector: Vector, known: Vector, folder: Path) -> None:
    for number, (text, _) in enumerate(vector["cases"]):
        here = folder / str(number)
        flow = "    states: {a: A, b: {final: true}}\n    initial: a\n    transitions:\n      go:\n"
        flow += "        from: a\n        to: b\n        roles: any\n"
        body = "".join(f"        {line}\n" for line in _placed(text).split("\n"))
        text = f"entity: thing\nworkflows:\n  flow:\n{flow}{body}"
        problems, _ = load(here, {}, {}, more={"thing.workflow.yaml": text})
        assert any(one.severity == "error" for one in problems), text


def _placed(text: str) -> str:
    """Lines of YAML where their keys belong."""
    if text.startswith("after:"):
        return f"trigger: timer\ntimer:\n  {text}"
    return text


def notes(vector: Vector, known: Vector, folder: Path) -> None:
    """A feature that we refuse by name; the way that leads to the same is there."""
    feature = vector["feature"]
    problems, _ = load(
        folder / "refused",
        {},
        {FLOW: {**_plain_flow(), feature: True}}
        if feature == "parallel"
        else {FLOW: {**_plain_flow(), "states": {"a": {"history": True}, "b": {"final": True}}}},
    )
    assert REFUSED[feature] in {called(one) for one in problems}
    if feature == "history":
        back = {
            "field": COLUMN,
            "initial": "a",
            "states": {"a": {}, "b": {}, "held": {}},
            "transitions": {
                "on": {"from": "a", "to": "b", "roles": "any"},
                "hold": {"from": ["a", "b"], "to": "held", "roles": "any"},
                "back": {
                    "from": "held",
                    "to": {"previous": ["a", "b"], "else": "a"},
                    "roles": "any",
                },
            },
        }
        _, machines = load(folder / "instead", {}, {FLOW: back})
        assert machines is not None
        for visited, wanted in ((("b",), "b"), ((), "a"), (("held",), "a")):
            situation = Situation({COLUMN: "held"}, NOON, NOON.date(), visited={FLOW: visited})
            outcome = fire(machines, Ask(FLOW, "back", Asker("user")), situation)
            assert isinstance(outcome, Done)
            assert outcome.facts[COLUMN] == wanted


def _plain_flow() -> dict[str, Any]:
    return {
        "field": COLUMN,
        "initial": "a",
        "states": {"a": {}, "b": {"final": True}},
        "transitions": {"go": {"from": "a", "to": "b", "roles": "any"}},
    }


# --- conditions


def guard_expr(vector: Vector, known: Vector, folder: Path) -> None:
    env = vector.get("env")
    text = vector["expression"]
    definition = {
        "kind": "single",
        "states": ["a", "b"],
        "initial": ["a"],
        "final": ["b"],
        "transitions": [{"id": "go", "from": ["a"], "to": ["b"], "guard": text}],
    }
    if env is not None:
        definition["known_names"] = list(env)
    neutral = Neutral(definition, env or {})
    if env is not None:
        neutral.types = {
            name: Neutral({"transitions": []}, {name: env[name]}).types[name] for name in env
        }
    neutral.load(folder)
    if vector["expect"] == "error":
        assert vector["code"] in neutral.refused, neutral.refused
        return
    if vector["expect"] == "error_or_false" and neutral.machines is None:
        assert neutral.refused <= {vector["code"], "expression_not_allowed"}
        return
    outcome = Record(neutral, neutral.facts("a")).fire("go")
    assert isinstance(outcome, Done) is (vector["expect"] is True), outcome


def blockers(vector: Vector, known: Vector, folder: Path) -> None:
    results = vector["guard_results"]
    clauses = []
    for text, code in results:
        clause: dict[str, Any] = {"if": "false"}
        if text is not None:
            clause["message"] = text
        if code != UNSET:
            clause["code"] = snake(code).upper()
        clauses.append(clause)
    more = {vector["transition"]: {"guard": clauses}}
    neutral = machine_of(vector, known, folder, more=more)
    record = Record(neutral, neutral.facts(vector["start"]))
    outcome = record.fire(vector["transition"])
    assert isinstance(outcome, Refused)
    assert outcome.code == "guard_blocked"
    assert len(outcome.reasons) == vector["expect_count"]
    found = [(str(r.message) if r.message else None, r.code) for r in outcome.reasons]
    assert found == [
        (text, "BLOCKED" if code == UNSET else snake(code).upper()) for text, code in results
    ]


def guard_scope(vector: Vector, known: Vector, folder: Path) -> None:
    """Each guard reads a field of its own; asking reads the fields of those that are evaluated."""
    definition = _flat(definition_of(vector, known))
    names = dict.fromkeys(row["id"] for row in definition["transitions"])
    env = {f"g {name}": True for name in names}
    more = {name: {"guard": [{"if": f"x_{snake(f'g {name}')}"}]} for name in names}
    neutral = Neutral(definition, env, more=more, legacy=True, lenient=True).load(folder)
    read: list[str] = []
    facts = Watched(neutral.facts(one_state(vector["start"])), read)
    situation = Situation(facts, NOON, NOON.date())
    offers.offers(neutral.ready, neutral.asker(), situation, neutral.edges[vector["ask"]])
    evaluated = [name for name in names if neutral.values[f"g {name}"] in read]
    assert evaluated == vector["guards_evaluated"]


class Watched(dict[str, Any]):
    """A record that remembers what was read of it."""

    def __init__(self, facts: Mapping[str, Any], read: list[str]) -> None:
        super().__init__(facts)
        self.read = read

    def __getitem__(self, name: str) -> Any:
        self.read.append(name)
        return super().__getitem__(name)


def read_purity(vector: Vector, known: Vector, folder: Path) -> None:
    neutral = machine_of(vector, known, folder)
    facts = {**neutral.facts(None), COLUMN: vector["start"]}
    before = dict(facts)
    situation = Situation(facts, NOON, NOON.date())
    found = offers.offers(neutral.ready, neutral.asker(), situation, neutral.edges[vector["ask"]])
    assert isinstance(found, Refused)
    assert found.code == "unknown_stored_state"
    assert facts == before
    assert vector["expect_writes"] == 0
    assert vector["expect_events"] == []


def guard_rule(vector: Vector, known: Vector, folder: Path) -> None:
    clauses = order_guards(vector["start"], vector["fire"])
    env = dict(vector["env"])
    used = [one for one in clauses if all(name in env for name in _names(one[0]))]
    guard = [
        {"if": _prefixed(text, env), "message": reason, "code": snake(reason).upper()}
        for text, reason in used
    ]
    more = {vector["fire"]: {"guard": guard}} if guard else {}
    neutral = machine_of(vector, known, folder, more=more)
    record = Record(neutral, neutral.facts(vector["start"]))
    outcome = record.fire(vector["fire"])
    word, _, reason = vector["expect"].partition(": ")
    if word == "allowed":
        assert isinstance(outcome, Done), outcome
        return
    assert isinstance(outcome, Refused), outcome
    assert outcome.code == "guard_blocked"
    assert record.state == vector["start"]
    if reason in {text for _, text in used}:
        assert [str(one.message) for one in outcome.reasons] == [reason]


def _names(text: str) -> list[str]:
    return [
        word for word in text.replace(">", " ").replace("<", " ").split() if word.isidentifier()
    ]


def _prefixed(text: str, env: Iterable[str]) -> str:
    return " ".join(f"x_{word}" if word in env else word for word in text.split())


def veto(vector: Vector, known: Vector, folder: Path) -> None:
    cases = vector.get("cases") or [
        {"hook": vector["hook"], "state": vector["ours_stored"]},
    ]
    for number, case in enumerate(cases):
        hook = case["hook"]
        stops = hook is False or isinstance(hook, str)
        hooked: dict[str, Any] = {"refuse": "x_stops"}
        if isinstance(hook, str):
            hooked["message"] = hook
        neutral = machine_of(
            {**vector, "env": {"stops": stops}},
            known,
            folder / str(number),
            more={vector["fire"]: {"before": [hooked]}},
        )
        record = Record(neutral, neutral.facts(vector["start"]))
        outcome = record.fire(vector["fire"])
        assert (isinstance(outcome, Refused) and outcome.code == "vetoed") is stops
        assert record.state == case["state"]
        if "message" in case and isinstance(outcome, Refused):
            assert [str(one.message) for one in outcome.reasons] == [case["message"]]


# --- what follows from other records


def derive(vector: Vector, known: Vector, folder: Path) -> None:
    rule = vector["rule"]
    assert rule in DERIVED, f"no rule '{rule}' is known"
    for number, case in enumerate(vector.get("cases", [vector])):
        given = {**DEFAULTS.get(rule, {}), **case}
        facts = {
            key: value
            for key, value in given.items()
            if key not in {"id", "type", "source", "note", "rule", "expect", "ours", "cases"}
        }
        assert derived(rule, facts, folder / str(number)) == case["expect"], case


def derived(rule: str, facts: Mapping[str, Any], folder: Path) -> Any:
    """What a rule makes of facts, through a `derive:` of our language."""
    many = PARTS.get(rule, "")
    single = {key: value for key, value in facts.items() if key != many}
    fields = {key: {"type": _type(value)} for key, value in single.items()}
    cases = DERIVED[rule]
    values = dict.fromkeys(value for _, value in cases)
    machine = {
        "field": "result",
        "states": {value: {} for value in values},
        "derive": [
            {"if": text, "value": value} if text else {"else": True, "value": value}
            for text, value in cases
        ],
    }
    parts = {}
    if many:
        part = many.removesuffix("s")
        parts = {part: {"amount": {"type": "integer"}, "state": {"type": "text"}}}
    _, machines = load(folder, fields, {"result": machine}, parts=parts)
    assert machines is not None, [str(one.message) for one in _]
    rows = [_row(row) for row in facts.get(many, ())] if many else []
    record = {**single, **({many: rows} if many else {}), "result": None}
    outcome = _computed(machines, record)
    means = VALUES.get(rule, {NOTHING: None})
    return means.get(outcome, outcome)


def _computed(machines: Machines, record: Mapping[str, Any]) -> Any:
    field = machines.entity.fields["result"]
    assert field.computed is not None
    by_formula = field.computed.function(record, {})
    one = machines.derivations[0]
    by_cases = next(
        case.value for case in one.cases if case.when is None or case.when.passes(record, {})
    )
    assert by_formula == by_cases
    return by_formula


def _type(value: Any) -> str:
    return "boolean" if isinstance(value, bool) else "integer" if isinstance(value, int) else "text"


def _row(row: Any) -> dict[str, Any]:
    if isinstance(row, str):
        return {"amount": 0, "state": row}
    return {"amount": row[0], "state": row[1]}


def cascade(vector: Vector, known: Vector, folder: Path) -> None:
    if "cases" in vector:
        paid_and_shipped(vector, folder)
        return
    expected = vector["expect"]
    before = [text for text in expected if "before state write" in text]
    after = [text for text in expected if text not in before]
    neutral = Neutral(
        known["definitions"][vector["trigger"].partition(".")[0]],
        legacy=True,
        more={
            vector["trigger"].partition(".")[2]: {
                "do": [{"enqueue": snake(text)[:40]} for text in before],
                "then": [{"enqueue": snake(text)[:40]} for text in after],
            }
        },
    ).load(folder)
    name = vector["trigger"].partition(".")[2]
    edge = neutral.ready.workflows[FLOW].named(neutral.edges[name])[0]
    record = Record(neutral, neutral.facts(neutral.states.back(edge.sources[0])))
    outcome = record.fire(name)
    assert isinstance(outcome, Done)
    jobs = [one.job for one in outcome.commands if isinstance(one, Enqueue)]
    assert jobs == [snake(text)[:40] for text in expected]
    assert _place(outcome.commands, SetState) == len(before)


def _place(commands: Iterable[Command], kind: type) -> int:
    return next(number for number, one in enumerate(commands) if isinstance(one, kind))


def paid_and_shipped(vector: Vector, folder: Path) -> None:
    """Two machines of one record; a third one follows when both have arrived."""

    def two(field: str, name: str, end: str) -> dict[str, Any]:
        return {
            "field": field,
            "initial": "waiting",
            "states": {"waiting": {}, end: {"final": True}},
            "transitions": {name: {"from": "waiting", "to": end, "roles": "any"}},
        }

    both = {"guard": ["payment_status == 'paid'", "shipping_status == 'shipped'"]}
    order = {
        "field": "status",
        "initial": "new",
        "states": {"new": {}, "fulfilled": {"final": True}},
        "transitions": {"fulfil": {"from": "new", "to": "fulfilled", "trigger": "auto", **both}},
    }
    machines = {
        "payment": two("payment_status", "pay", "paid"),
        "shipping": two("shipping_status", "ship", "shipped"),
        "main": order,
    }
    flows = {"pay": "payment", "ship": "shipping"}
    _, loaded = load(folder, {}, machines)
    assert loaded is not None
    for case in vector["cases"]:
        facts: Mapping[str, Any] = {
            "payment_status": "waiting",
            "shipping_status": "waiting",
            "status": "new",
        }
        for name in case["do"]:
            ask = Ask(flows[name], name, Asker("user"))
            outcome = fire(loaded, ask, Situation(facts, NOON, NOON.date()))
            assert isinstance(outcome, Done)
            facts = outcome.facts
        assert facts["status"] == case["order"]


# --- time


def timer(vector: Vector, known: Vector, folder: Path) -> None:
    if "orders" in vector:
        sweep(vector, folder)
    elif "order" in vector:
        expiry(vector, folder)
    else:
        delayed(vector, known, folder)


def delayed(vector: Vector, known: Vector, folder: Path) -> None:
    neutral = machine_of(vector, known, folder)
    machines = neutral.ready
    workflow = machines.workflows[FLOW]
    record = Record(neutral, neutral.facts(None))
    waiting = _armed(record, machines, workflow.initial)
    fired = 0
    moments = [(one["at_ms"], 0, one) for one in steps_of(vector)]
    moments += [(one["at_ms"], 1, one) for one in vector["checks"]]
    for at, kind, what in sorted(moments, key=lambda one: one[:2]):
        record.later(at)
        for one in sorted(waiting, key=lambda each: each.due):
            if one.due > record.now or one not in waiting:
                continue
            rung = ring(machines, one, record.situation, fire)
            waiting.remove(one)
            fired += rung.status == "fired"
            if rung.done is not None:
                record.follow(rung.done)
                waiting = _armed(record, machines, record.facts[COLUMN])
        if kind == 0:
            outcome = record.fire(what["fire"], source="user")
            told(outcome, what)
            if isinstance(outcome, Done):
                waiting = _armed(record, machines, record.facts[COLUMN])
        assert record.state == what.get("state", record.state)
        assert fired == what.get("fired", fired)


def _armed(record: Record, machines: Machines, state: str) -> list[Waiting]:
    from rules.workflow.timers import armed

    commands = armed(machines.workflows[FLOW], state, record.facts, record.now)
    assert all(isinstance(one, ArmTimer) for one in commands)
    return [Waiting(one.workflow, one.transition, one.due, record.entered) for one in commands]


def sweep(vector: Vector, folder: Path) -> None:
    """Each order is taken alone; one that fails is due again later and not in this sweep."""
    machine = {
        "field": COLUMN,
        "initial": "new",
        "states": {"new": {}, "cancelled": {"final": True}},
        "transitions": {
            "cancel": {
                "from": "new",
                "to": "cancelled",
                "trigger": "timer",
                "timer": {"after": "PT30M"},
                "do": [{"set": {"factor": "factor * factor"}}],
            }
        },
    }
    _, machines = load(folder, {"factor": {"type": "integer"}}, {FLOW: machine})
    assert machines is not None
    due = {order["id"]: NOON for order in vector["orders"]}
    states = dict.fromkeys(due, "new")
    attempts = dict.fromkeys(due, 0)
    for order in vector["orders"]:
        facts = {COLUMN: "new", "factor": 10**17 if order.get("effect_raises") else 1}
        situation = Situation(facts, NOON, NOON.date(), entered="e")
        rung = ring(machines, Waiting(FLOW, "cancel", NOON, "e"), situation, fire)
        attempts[order["id"]] += 1
        if rung.done is not None:
            states[order["id"]] = rung.done.facts[COLUMN]
        elif rung.due is not None:
            due[order["id"]] = rung.due
            assert rung.due >= NOON + timedelta(minutes=1)
    assert states == {order["id"]: order["expect"] for order in vector["orders"]}
    for name, count in vector.get("expect_attempts", {}).items():
        assert attempts[name] == count


def expiry(vector: Vector, folder: Path) -> None:
    """What is due is asked, not how many payments there are."""
    order = vector["order"]
    paid = [key for key in order if key not in {"total", "payments", "age_minutes"}]
    amounts = {key: {"type": "decimal", "places": 2} for key in ("total", *paid)}
    machine = {
        "field": COLUMN,
        "initial": "new",
        "states": {"new": {}, "done": {"final": True}, "expired": {"final": True}},
        "transitions": {
            "finish": {"from": "new", "to": "done", "roles": "any"},
            "expire": {
                "from": "new",
                "to": "expired",
                "trigger": "timer",
                "timer": {
                    "after": f"PT{vector['limit_minutes']}M",
                    "if": " - ".join(["total", *paid]) + " > 0",
                },
            },
        },
    }
    _, machines = load(folder, amounts, {FLOW: machine})
    assert machines is not None
    facts: dict[str, Any] = {key: round(float(order[key]) * 100) for key in amounts}
    facts[COLUMN] = "new"
    late = NOON + timedelta(minutes=order["age_minutes"])
    situation = Situation(facts, late, late.date(), entered="e")
    due = NOON + timedelta(minutes=vector["limit_minutes"])
    rung = ring(machines, Waiting(FLOW, "expire", due, "e"), situation, fire)
    expired = due <= late and rung.status == "fired"
    assert expired is not vector["expect"].startswith("not")


# --- people


def visibility(vector: Vector, known: Vector, folder: Path) -> None:
    neutral = machine_of({**vector, "roles": vector["as_user"]}, known, folder)
    record = Record(neutral, neutral.facts(None))
    assert record.allowed(vector["as_user"]) == set(vector["expect_menu"])
    for edge in neutral.ready.workflows[FLOW].transitions:
        if PEOPLE & set(edge.triggers):
            continue
        name = neutral.edges.back(edge.name)
        person = Record(neutral, neutral.facts(None)).fire(name, vector["as_user"], source="user")
        assert isinstance(person, Refused)
        assert person.code == "wrong_trigger"
        machine = Record(neutral, neutral.facts(None)).fire(name, source="system")
        assert isinstance(machine, Done) is (vector["as_system_expect"] == "ok")


def bulk_of(vector: Vector, known: Vector, folder: Path) -> None:
    if "definition" not in vector:
        most = max(case["n"] for case in vector["cases"] if case["mode"] != "refused")
        flow = _plain_flow()
        flow["transitions"]["go"]["bulk"] = {"max": most}
        _, machines = load(folder, {}, {FLOW: flow})
        assert machines is not None
        edge = machines.workflows[FLOW].transitions[0]
        for case in vector["cases"]:
            assert bulk.manner(edge, case["n"]) == case["mode"], case
        return
    roles = {role for case in vector["cases"] for role in case["roles"]}
    neutral = machine_of({**vector, "roles": sorted(roles)}, known, folder)
    workflow = neutral.ready.workflows[FLOW]
    for case in vector["cases"]:
        states = [neutral.states[state] for state in case["states"]]
        found = offers.common(workflow, states, neutral.asker(case["roles"]))
        assert sorted(neutral.edges.back(name) for name in found) == sorted(case["expect"])


def self_approval(vector: Vector, known: Vector, folder: Path) -> None:
    cases = vector.get("cases", [vector])
    for number, case in enumerate(cases):
        history = case.get("history") or [[case["owner"], "create"]]
        members = ["created_by", "last_editor", "actor_of:submit", "editors_since:submit"]
        approve: dict[str, Any] = {"from": "submitted", "to": "approved", "roles": "any"}
        if not case.get("allow"):
            approve["not_actor"] = members
        machine = {
            "field": COLUMN,
            "initial": "draft",
            "states": {"draft": {}, "submitted": {}, "approved": {"final": True}},
            "transitions": {
                "submit": {"from": "draft", "to": "submitted", "roles": "any"},
                "approve": approve,
            },
        }
        _, machines = load(folder / str(number), {}, {FLOW: machine})
        assert machines is not None
        past = tuple(Deed(actor, did) for actor, did in history)
        situation = Situation({COLUMN: "submitted"}, NOON, NOON.date(), past)
        ask = Ask(FLOW, "approve", Asker("user", id=case["actor"]))
        outcome = fire(machines, ask, situation)
        wanted = case.get("ours") or case.get("expect")
        assert isinstance(outcome, Done) is (wanted == "ok"), case
        if isinstance(outcome, Refused):
            assert outcome.code == "same_person"


def bypass(vector: Vector, known: Vector, folder: Path) -> None:
    first = next(case["state_after"] for case in vector["cases"] if "state_after" in case)
    others = {case["state"] for case in vector["cases"] if case["state"]} - {first}
    rows = [{"id": f"to {one}", "from": [first], "to": [one]} for one in sorted(others)]
    made = {**EMPTY, "states": [first, *sorted(others)], "initial": [first]}
    made |= {"final": sorted(others), "transitions": rows}
    neutral = Neutral(definition_of(vector, known) or made, legacy=True).load(folder)
    workflow = neutral.ready.workflows[FLOW]
    for case in vector["cases"]:
        wanted = str(case.get("ours") or case.get("expect") or "")
        given = neutral.states[case["state"]] if case["state"] else None
        found = (
            entry.first(workflow, given)
            if case["op"] == "insert"
            else entry.written(workflow, given)
        )
        assert isinstance(found, Blocker) is wanted.startswith("refused"), case
        if "state_after" in case:
            assert found == neutral.states[case["state_after"]]
    assert neutral.ready.entity.fields[COLUMN].readonly


# --- the outside


def race(vector: Vector, known: Vector, folder: Path) -> None:
    if "deliveries" in vector:
        delivered(vector, folder)
    else:
        late_payment(vector, folder)


def delivered(vector: Vector, folder: Path) -> None:
    """The same event is applied once, and every delivery is answered well."""
    flow = _plain_flow()
    flow["transitions"]["go"] = {"from": "a", "to": "b", "trigger": "system"}
    _, machines = load(folder, {}, {FLOW: flow})
    assert machines is not None
    facts: Mapping[str, Any] = {COLUMN: "a"}
    causes: frozenset[str] = frozenset()
    steps, answers = 0, []
    for _ in range(vector["deliveries"]):
        ask = Ask(FLOW, "go", Asker("system"), cause="event-1")
        outcome = fire(machines, ask, Situation(facts, NOON, NOON.date(), causes=causes))
        answers.append(200 if isinstance(outcome, Done) else 409)
        assert isinstance(outcome, Done)
        steps += len(outcome.steps)
        facts, causes = outcome.facts, causes | {"event-1"}
    expected = vector["expect"]
    assert (steps, steps) == (expected["settlements"], expected["events"])
    assert answers == expected["http"]


def late_payment(vector: Vector, folder: Path) -> None:
    expected = vector["expect"]
    machines = {
        "main": {
            "field": "status",
            "initial": "new",
            "states": {"new": {}, "done": {"final": True}, "cancelled": {"final": True}},
            "transitions": {
                "finish": {"from": "new", "to": "done", "roles": "any"},
                "expire": {
                    "from": "new",
                    "to": "cancelled",
                    "trigger": "timer",
                    "timer": {"after": "PT30M", "if": "payment == 'pending'"},
                },
            },
        },
        "payment": {
            "states": {
                "pending": {},
                "completed": {
                    "final": True,
                    "enter": [
                        {
                            "task": "refund_required",
                            "for": "clerk",
                            "if": "status == 'cancelled'",
                        }
                    ],
                },
            },
            "initial": "pending",
            "transitions": {
                "settle": {
                    "from": "pending",
                    "to": "completed",
                    "trigger": ["system", "user"],
                    "roles": "any",
                }
            },
        },
    }
    _, loaded = load(folder, {}, machines)
    assert loaded is not None
    start = Situation({"status": "new", "payment": "pending"}, NOON, NOON.date(), entered="e")
    rung = ring(loaded, Waiting("main", "expire", NOON, "e"), start, fire)
    assert rung.done is not None
    ask = Ask("payment", "settle", Asker("system"), cause="webhook-1")
    outcome = fire(loaded, ask, Situation(rung.done.facts, NOON, NOON.date()))
    assert isinstance(outcome, Done)
    assert outcome.facts["status"] == expected["order"]
    assert outcome.facts["payment"] == expected["payment"]
    tasks = [one.name for one in outcome.commands if isinstance(one, OpenTask)]
    assert tasks == [expected["task"]]


def saga(vector: Vector, known: Vector, folder: Path) -> None:
    if "expect_key" in vector:
        flow, run_id, step = vector["flow"], vector["run"], vector["step"]
        calls = _calls([{"id": step}], folder, flow, run_id)
        kind = vector["expect_key"].rpartition(":")[2]
        expected = vector["expect_key"].rpartition(":")[0]
        base = calls[0].key.split(":")
        assert [snake(flow), run_id, f"provider.{snake(step)}"] == base
        assert len(expected.split(":")) == len(base)
        undone = outside.following(
            (outside.Made(calls[0], outside.DONE), outside.Made(calls[0], outside.FAILED))
        )
        assert undone.key == calls[0].key + outside.UNDO
        assert kind in {"invoke", "compensate"}
        return
    steps = vector["steps"]
    calls = _calls(steps, folder)
    names = {f"provider.{snake(step['id'])}": step for step in steps}
    made = tuple(outside.Made(call) for call in calls)
    invoked: list[str] = []
    undone_order: list[str] = []
    expected = vector["expect"]
    state, made = _work(made, names, invoked, undone_order, answered=False)
    if any(step.get("wait") for step in steps):
        assert (state, invoked) == ("running", expected["invoked_before"])
        assert expected["before_answer"] == "invoking"
        state, made = _work(made, names, invoked, undone_order, answered=True)
        assert state == expected["after_answer"]
    if "result" in expected:
        assert state == expected["result"]
    if "invoked" in expected:
        assert list(dict.fromkeys(invoked)) == expected["invoked"]
    for name, count in expected.get("attempts", {}).items():
        assert invoked.count(name) == count
    if "compensated" in expected:
        assert undone_order == expected["compensated"]
    if "compensation_order" in expected:
        assert undone_order == expected["compensation_order"]


def _work(
    made: tuple[outside.Made, ...],
    names: Mapping[str, Vector],
    invoked: list[str],
    undone: list[str],
    *,
    answered: bool,
) -> tuple[str, tuple[outside.Made, ...]]:
    """Work a run off as a worker does, until it ends or waits for an answer."""
    while True:
        following = outside.following(made)
        if not following.operation:
            return following.state, made
        step = names.get(made[following.position].call.operation, {})
        if following.state == "reverting":
            status = outside.UNDONE
            undone.append(step["id"])
        else:
            if not (step.get("wait") and step["id"] in invoked):
                invoked.append(step["id"])
            if step.get("wait") and not answered:
                return following.state, made
            status = _outcome(step, invoked)
            if status == outside.WAITING:
                continue
        rows = list(made)
        rows[following.position] = outside.Made(rows[following.position].call, status)
        made = tuple(rows)


def _outcome(step: Vector, invoked: list[str]) -> str:
    """What becomes of a call: `fails` is true for ever, or so many times; then it is over."""
    fails, tried = step.get("fails", False), invoked.count(step["id"])
    if not (fails if isinstance(fails, bool) else tried <= fails):
        return outside.DONE
    if tried < _tries(step):
        return outside.WAITING
    # its refusal leads on to the next state: nothing of this run is taken back
    leads_on = step.get("continue_on_failure") or step.get("continue_on_permanent_failure")
    return outside.UNDONE if leads_on else outside.FAILED


def _tries(step: Vector) -> int:
    return 1 + int(step.get("max_retries", step.get("retries", 0)))


def _calls(
    steps: list[Vector], folder: Path, flow: str = FLOW, run_id: str = "log-1"
) -> list[Call]:
    """The calls that a transition with these steps makes after its commit."""
    machine = _plain_flow()
    machine["transitions"]["go"]["after_commit"] = [
        {
            "call": f"provider.{snake(step['id'])}",
            "retry": {"max": _tries(step), "first": "1s"},
            **(
                {"no_undo": "by hand"}
                if step.get("no_compensation")
                else {"undo": f"provider.undo_{snake(step['id'])}"}
            ),
        }
        for step in steps
    ]
    _, machines = load(folder, {}, {snake(flow): machine})
    assert machines is not None, [str(one.message) for one in _]
    situation = Situation({COLUMN: "a"}, NOON, NOON.date(), entered=run_id)
    outcome = fire(machines, Ask(snake(flow), "go", Asker("user")), situation)
    assert isinstance(outcome, Done)
    return [one for one in outcome.commands if isinstance(one, Call)]


# --- what another file adds


def merge(vector: Vector, known: Vector, folder: Path) -> None:
    overlays = [vector[key] for key in ("overlay", "overlay2") if key in vector]
    plain = dict(vector["base"])
    if vector.get("strategy") == "replace":
        # ours only adds: what is replaced is what the base leaves out
        plain |= {state: [] for graph in overlays for state in graph if state in plain}
    given = {(state, end) for state, ends in plain.items() for end in ends}
    overlays = [
        {state: [end for end in ends if (state, end) not in given] for state, ends in one.items()}
        for one in overlays
    ]
    names = {
        snake(state)
        for graph in (vector["base"], *overlays)
        for state in (*graph, *(one for ends in graph.values() for one in ends))
    }
    known_states = {snake(state) for state in vector["base"]} | {
        snake(one) for ends in vector["base"].values() for one in ends
    }
    states = {name: {} for name in sorted(known_states)}
    base = _graph(plain)
    files = {}
    for number, overlay in enumerate(overlays):
        new = {snake(state) for state in overlay}
        new |= {snake(one) for ends in overlay.values() for one in ends}
        fresh = new - known_states
        known_states |= fresh
        machine = {"extends": True, "transitions": _graph(overlay)}
        if fresh:
            machine["states"] = {name: {} for name in sorted(fresh)}
        content = {"entity": "thing", "workflows": {FLOW: machine}}
        files[f"extra{number}.workflow.yaml"] = json.dumps(content)
    first = snake(next(iter(vector["base"])))
    root = {
        "field": COLUMN,
        "initial": first,
        "legacy": True,
        "states": {name: {"final": name in _sinks(vector, names)} for name in states},
        "transitions": base,
    }
    for name, text in files.items():
        content = json.loads(text)
        for state, body in content["workflows"][FLOW].get("states", {}).items():
            body["final"] = state in _sinks(vector, names)
        files[name] = json.dumps(content)
    problems, machines = load(folder / "merged", {}, {FLOW: root}, more=files)
    assert machines is not None, [str(one.message) for one in problems]
    workflow = machines.workflows[FLOW]
    expected = vector.get("expect") or vector["expect_next"]
    for state, ends in expected.items():
        found = [one for edge in workflow.leaving(snake(state)) for one in edge.targets]
        assert found == [snake(one) for one in ends], state


def _graph(graph: Mapping[str, list[str]]) -> dict[str, Any]:
    ends: dict[str, list[str]] = {}
    for state, targets in graph.items():
        for target in targets:
            ends.setdefault(target, []).append(snake(state))
    rows = {
        f"to_{snake(end)}": [{"from": state, "to": snake(end), "roles": "any"} for state in sources]
        for end, sources in ends.items()
    }
    return {name: edges if len(edges) > 1 else edges[0] for name, edges in rows.items()}


def _sinks(vector: Vector, names: Iterable[str]) -> set[str]:
    left = {
        snake(state)
        for key in ("base", "overlay", "overlay2")
        for state, ends in vector.get(key, {}).items()
        if ends
    }
    return set(names) - left


EMPTY: Vector = {
    "kind": "single",
    "states": ["a", "b"],
    "initial": ["a"],
    "final": ["b"],
    "transitions": [{"id": "go", "from": ["a"], "to": ["b"]}],
}
ANSWERED_BY_THEMSELVES = {"parallel_note", "history_note", "validity", "lint"}
TYPES: Mapping[str, Callable[[Vector, Vector, Path], None]] = {
    "run": run,
    "matrix": matrix,
    "event_order": event_order,
    "stored_state": stored_state,
    "errors": errors,
    "post_state": post_state,
    "validity": validity,
    "lint": lint,
    "stuck": stuck,
    "unknown_key": written,
    "empty_guard": written,
    "yaml_types": yaml_types,
    "parallel_note": notes,
    "history_note": notes,
    "guard_expr": guard_expr,
    "blockers": blockers,
    "guard_scope": guard_scope,
    "read_purity": read_purity,
    "guard_rule": guard_rule,
    "veto": veto,
    "derive": derive,
    "cascade": cascade,
    "timer": timer,
    "visibility": visibility,
    "bulk": bulk_of,
    "self_approval": self_approval,
    "bypass": bypass,
    "race": race,
    "saga": saga,
    "merge": merge,
}
