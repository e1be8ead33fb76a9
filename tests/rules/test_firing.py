"""The firing algorithm where no vector asks: order of refusals, cascades, keys, required fields."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from rules.commands import ArmTimer, Call, SkippedCascade
from rules.workflow.asking import Ask, Asker, Done, Machines, Refused, Situation
from rules.workflow.firing import fire
from rules.workflow.timers import Waiting, ring
from tests.rules.machine_form import NOON, load


def machines(folder: Path, fields: Any = None, **flows: Any) -> Machines:
    problems, found = load(folder, fields or {}, flows, ["boss"])
    assert found is not None, [str(one.message) for one in problems]
    return found


def flow(**go: Any) -> dict[str, Any]:
    """A machine of two states and one edge."""
    return {
        "field": "status",
        "initial": "a",
        "states": {"a": {}, "b": {"final": True}},
        "transitions": {"go": {"from": "a", "to": "b", "roles": "any", **go}},
    }


def asked(found: Machines, by: Asker, facts: Any = None, **more: Any) -> Done | Refused:
    situation = Situation({"status": "a", "name": None, **(facts or {})}, NOON, NOON.date())
    return fire(found, Ask("main", "go", by, **more), situation)


def code(outcome: Done | Refused) -> str:
    assert isinstance(outcome, Refused)
    return outcome.code


def test_an_unknown_name_is_not_a_wrong_place(tmp_path: Path) -> None:
    found = machines(tmp_path, main=flow())
    by = Asker("user")
    situation = Situation({"status": "b"}, NOON, NOON.date())
    assert code(fire(found, Ask("main", "gone", by), situation)) == "unknown_transition"
    refused = fire(found, Ask("main", "go", by), situation)
    assert code(refused) == "not_in_from_state"
    assert isinstance(refused, Refused)
    assert (refused.current, refused.allowed) == ("b", ())


def test_answers_are_judged_before_roles_and_guards(tmp_path: Path) -> None:
    question = {"why": {"type": "text", "required": True}}
    found = machines(tmp_path, main=flow(roles=["boss"], input=question, guard="name == 'x'"))
    nobody = Asker("user")
    assert code(asked(found, nobody)) == "invalid_input"
    assert code(asked(found, nobody, input={"why": "so", "more": 1})) == "invalid_input"
    assert code(asked(found, nobody, input={"why": "so"})) == "forbidden"
    boss = Asker("user", frozenset({"boss"}))
    assert code(asked(found, boss, input={"why": "so"})) == "guard_blocked"


def test_a_missing_value_is_told_as_unknown(tmp_path: Path) -> None:
    found = machines(tmp_path, main=flow(guard=[{"if": "not (name == 'x')", "code": "NAMED"}]))
    refused = asked(found, Asker("user"))
    assert isinstance(refused, Refused)
    assert [(one.code, one.params) for one in refused.reasons] == [
        ("UNKNOWN_VALUE", {"clause": "NAMED"})
    ]


def test_a_guard_that_cannot_be_asked_stops(tmp_path: Path) -> None:
    found = machines(tmp_path, main=flow(guard="name == 'x'"))
    situation = Situation({"status": "a"}, NOON, NOON.date())
    refused = fire(found, Ask("main", "go", Asker("user")), situation)
    assert isinstance(refused, Refused)
    assert [one.code for one in refused.reasons] == ["GUARD_ERROR"]


def test_signing_in_again_is_asked_for(tmp_path: Path) -> None:
    found = machines(tmp_path, main=flow(confirm="reauth"))
    refused = asked(found, Asker("user"))
    assert isinstance(refused, Refused)
    assert (refused.code, refused.needs) == ("confirmation_required", "reauth")
    assert isinstance(asked(found, Asker("user", confirmed=frozenset({"reauth"}))), Done)


def test_a_state_wants_its_fields(tmp_path: Path) -> None:
    body = flow()
    body["states"]["b"]["require"] = ["name"]
    found = machines(tmp_path, main=body)
    refused = asked(found, Asker("user"))
    assert isinstance(refused, Refused)
    assert (refused.code, list(refused.fields)) == ("invalid_input", ["name"])
    assert isinstance(asked(found, Asker("user"), {"name": "x"}), Done)


def test_a_refused_cascade_is_a_refusal_of_the_whole_unless_it_is_optional(tmp_path: Path) -> None:
    other = {**flow(guard="name == 'x'"), "field": "other"}
    for optional in (False, True):
        then = [{"fire": "second.go", "optional": optional}]
        found = machines(tmp_path / str(optional), main=flow(then=then), second=other)
        outcome = asked(found, Asker("user"), {"other": "a"})
        assert isinstance(outcome, Done) is optional
        if isinstance(outcome, Done):
            skipped = [one for one in outcome.commands if isinstance(one, SkippedCascade)]
            assert [(one.workflow, one.code) for one in skipped] == [("second", "guard_blocked")]
            assert outcome.facts["other"] == "a"


def test_a_call_has_the_same_key_at_every_try(tmp_path: Path) -> None:
    found = machines(tmp_path, main=flow(after_commit={"call": "bank.pay", "undo": "bank.back"}))
    situation = Situation({"status": "a"}, NOON, NOON.date(), entered="log-7")
    ask = Ask("main", "go", Asker("user"))
    first, second = (fire(found, ask, situation) for _ in range(2))
    assert isinstance(first, Done)
    assert first == second
    assert [one.key for one in first.commands if isinstance(one, Call)] == ["main:log-7:bank.pay"]


def test_automatic_steps_that_go_round_are_refused(tmp_path: Path) -> None:
    body = flow()
    body["states"]["c"] = {}
    body["transitions"] |= {
        "up": {
            "from": "a",
            "to": "c",
            "trigger": "auto",
            "guard": "count < 1000",
            "do": {"set": {"count": "count + 1"}},
        },
        "down": {"from": "c", "to": "a", "trigger": "auto"},
        "start": {"from": "a", "to": "c", "roles": "any"},
    }
    found = machines(tmp_path, {"count": {"type": "integer"}}, main=body)
    situation = Situation({"status": "a", "count": 0}, NOON, NOON.date())
    assert code(fire(found, Ask("main", "start", Asker("user")), situation)) == "auto_loop"


def test_a_timer_is_armed_at_entry_and_tried_ever_later(tmp_path: Path) -> None:
    body = flow(trigger="timer", timer={"after": "PT30M"}, guard="name == 'x'")
    body["transitions"]["again"] = {"from": "a", "to": "a", "roles": "any"}
    found = machines(tmp_path, main=body)
    situation = Situation({"status": "a", "name": "y"}, NOON, NOON.date(), entered="e")
    outcome = fire(found, Ask("main", "again", Asker("user")), situation)
    assert isinstance(outcome, Done)
    armed = [one for one in outcome.commands if isinstance(one, ArmTimer)]
    assert [one.due for one in armed] == [NOON + timedelta(minutes=30)]
    waits, attempts = [], 0
    while True:
        rung = ring(found, Waiting("main", "go", NOON, "e", attempts), situation, fire)
        attempts = rung.attempts
        if rung.status != "again":
            break
        assert rung.due is not None
        waits.append(rung.due - NOON)
    assert rung.status == "dead"
    assert waits == sorted(waits)
    assert waits[0] >= timedelta(minutes=1)
    left = Waiting("main", "go", NOON, "an earlier entry")
    assert ring(found, left, situation, fire).status == "cancelled"
