"""Random walks keep what must hold of every workflow, whatever happens in whatever order."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.commands import ArmTimer, CloseState, SetState, WriteLog
from rules.workflow.asking import Ask, Asker, Deed, Done, Machines, Refused, Situation
from rules.workflow.firing import fire
from rules.workflow.offers import offers
from tests.rules.machine_form import NOON, load

WALK = 50
ORDER = {
    "main": {
        "field": "status",
        "initial": "draft",
        "states": {
            "draft": {},
            "placed": {"require": ["amount"]},
            "held": {},
            "checking": {"category": "busy", "watchdog": "PT15M"},
            "done": {"final": True},
            "cancelled": {"final": True},
        },
        "transitions": {
            "place": {
                "from": "draft",
                "to": "placed",
                "roles": "any",
                "input": {
                    "amount": {"type": "integer", "required": True, "check": "input.amount > 0"}
                },
                "do": [{"set": {"amount": "input.amount"}}],
            },
            "check": {"from": "placed", "to": "checking", "roles": ["boss"]},
            "decide": {
                "from": "checking",
                "trigger": "auto",
                "branches": [{"if": "amount > 500", "to": "held"}, {"else": True, "to": "placed"}],
                "guard": "amount is not null",
            },
            "hold": {"from": ["draft", "placed"], "to": "held", "roles": "any"},
            "resume": {
                "from": "held",
                "to": {"previous": ["draft", "placed"], "else": "draft"},
                "roles": "any",
                "not_actor": ["actor_of:hold"],
            },
            "finish": {
                "from": "placed",
                "to": "done",
                "roles": "any",
                "guard": [{"if": "paid", "code": "UNPAID"}],
            },
            "give_up": {"from": "*", "to": "cancelled", "roles": "any"},
            "expire": {
                "from": "draft",
                "to": "cancelled",
                "trigger": "timer",
                "timer": {"after": "PT30M"},
            },
        },
    },
    "goods": {
        "field": "packed",
        "initial": "no",
        "states": {"no": {}, "yes": {"final": True}},
        "transitions": {
            "pack": {
                "from": "no",
                "to": "yes",
                "roles": "any",
                "then": [{"fire": "main.finish", "optional": True}],
            }
        },
    },
    "money": {
        "field": "payment",
        "states": {"unpaid": {}, "due": {}, "settled": {}},
        "derive": [
            {"if": "paid", "value": "settled"},
            {"if": "amount > 0", "value": "due"},
            {"else": True, "value": "unpaid"},
        ],
    },
}
FIELDS = {"amount": {"type": "integer"}, "paid": {"type": "boolean"}}
EDGES = [("main", name) for name in ORDER["main"]["transitions"]] + [  # type: ignore[attr-defined]
    ("goods", "pack"),
    ("main", "no_such_edge"),
]


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Machines:
    folder: Path = tmp_path_factory.mktemp("order")
    problems, found = load(folder, FIELDS, ORDER, ["boss"])
    assert found is not None, [str(one.message) for one in problems]
    return found


MOVES = st.lists(
    st.tuples(
        st.sampled_from(EDGES),
        st.sampled_from(["ann", "bob", ""]),
        st.sampled_from(["user", "system", "timer"]),
        st.booleans(),
        st.sampled_from([None, -1, 5, 900]),
    ),
    max_size=WALK,
)


@given(moves=MOVES)
def test_a_walk_never_leaves_what_the_definition_allows(machines: Machines, moves: Any) -> None:
    facts: dict[str, Any] = {
        "status": "draft",
        "packed": "no",
        "payment": "unpaid",
        "amount": None,
        "paid": None,
    }
    log: dict[str, list[WriteLog]] = {name: [] for name in machines.workflows}
    timers: set[tuple[str, str]] = set()
    past: tuple[Deed, ...] = ()
    for number, ((workflow, name), actor, source, paid, amount) in enumerate(moves):
        facts["paid"] = paid or facts["paid"]
        before = dict(facts)
        visited = {one: tuple(row.before for row in rows) for one, rows in log.items()}
        now = NOON + timedelta(minutes=number)
        situation = Situation(facts, now, now.date(), past, visited)
        by = Asker(source, frozenset({"boss"} if actor == "bob" else ()), actor)
        answers = {} if amount is None else {"amount": amount}
        outcome = fire(machines, Ask(workflow, name, by, answers), situation)
        assert facts == before, "asking changes nothing"
        assert fire(machines, Ask(workflow, name, by, answers), situation) == outcome
        if isinstance(outcome, Refused):
            continue
        for command in outcome.commands:
            if isinstance(command, WriteLog):
                rows = log[command.workflow]
                assert not rows or rows[-1].after == command.before
                rows.append(command)
            elif isinstance(command, CloseState):
                timers = {one for one in timers if one[0] != command.workflow}
            elif isinstance(command, ArmTimer):
                assert command.due > now
                timers.add((command.workflow, command.transition))
        facts = dict(outcome.facts)
        past = (*past, Deed(actor, name))
        assert_whole(machines, facts, log, timers, outcome)


def assert_whole(
    machines: Machines,
    facts: dict[str, Any],
    log: dict[str, list[WriteLog]],
    timers: set[tuple[str, str]],
    outcome: Done,
) -> None:
    for workflow in machines.workflows.values():
        state = facts[workflow.field]
        assert state in workflow.states
        rows = log[workflow.name]
        assert state == (rows[-1].after if rows else workflow.initial)
        assert all(facts[name] is not None for name in workflow.states[state].require)
        for owner, name in timers:
            edges = workflow.named(name)
            assert owner != workflow.name or any(edge.leads_from(state) for edge in edges)
        for row in rows:
            assert not workflow.states[row.before].final
    writes = [one for one in outcome.commands if isinstance(one, SetState)]
    assert len(writes) == len(outcome.steps)
    derived = machines.entity.fields["payment"].computed
    assert derived is not None
    assert facts["payment"] == derived.function(facts, {})


@given(paid=st.booleans(), state=st.sampled_from(["draft", "placed", "held"]))
def test_what_is_offered_can_be_done_and_what_is_not_cannot(
    machines: Machines, paid: bool, state: str
) -> None:
    facts = {"status": state, "packed": "no", "payment": "due", "amount": 5, "paid": paid}
    situation = Situation(facts, NOON, NOON.date())
    by = Asker("user", frozenset(), "ann")
    found = offers(machines, by, situation)
    assert not isinstance(found, Refused)
    open_ones = {(one.workflow, one.edge.name) for one in found if one.allowed}
    for workflow in machines.workflows.values():
        for edge in workflow.transitions:
            answers = {"amount": 5} if edge.input else {}
            outcome = fire(machines, Ask(workflow.name, edge.name, by, answers), situation)
            assert isinstance(outcome, Done) is ((workflow.name, edge.name) in open_ones)
