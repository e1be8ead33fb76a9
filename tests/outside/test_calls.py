"""What a transition asks of another system is done once, whatever is lost on the way."""

from __future__ import annotations

from runtime.jobs.outbox import Event, emit
from runtime.outside import call_runs, calls
from runtime.outside.box import Outside
from runtime.store.engine import write
from tests.outside.provider import BOX
from tests.outside.shop import Desk


def test_a_call_that_succeeds_fires_its_transition_with_what_came_out(desk: Desk) -> None:
    record = desk.pay()
    assert desk.payment(record)["state"] == "capturing"
    desk.work()
    found = desk.payment(record)
    assert (found["state"], found["seen"]) == ("captured", 1)
    assert found["reference"].startswith("sim_")
    assert desk.statuses() == [("bank.capture", "done")]
    (deed,) = desk.bank.deeds()
    assert deed["inputs"] == {"payment": "P1", "amount": "12.50"}


def test_the_key_is_stored_before_the_first_call(desk: Desk) -> None:
    desk.pay()
    desk.relay()
    (call,) = desk.stored("call")
    assert desk.bank.deeds() == []
    (log,) = desk.stored("workflow_log")
    assert call["key"] == f"money:{log['id']}:bank.capture"
    desk.work()
    assert [one["key"] for one in desk.bank.deeds()] == [call["key"]]


def test_a_definite_refusal_fires_the_other_transition(desk: Desk) -> None:
    record = desk.pay(amount="5.01")
    desk.work()
    found = desk.payment(record)
    assert (found["state"], found["why"]) == ("failed", "card_declined")
    assert desk.statuses() == [("bank.capture", "failed")]
    assert desk.incidents() == []


def test_a_lost_answer_is_asked_for_again_under_the_same_key_after_a_pause(desk: Desk) -> None:
    desk.bank.play("capture", "lost")
    record = desk.pay()
    desk.work()
    assert desk.payment(record)["state"] == "capturing"
    assert desk.work() == 0
    desk.later(seconds=10)
    desk.work()
    assert desk.payment(record)["state"] == "captured"
    assert [(one["tries"], one["done"]) for one in desk.bank.deeds()] == [(2, 1)]


def test_a_call_may_say_itself_how_often_it_is_made_and_what_is_a_refusal(desk: Desk) -> None:
    desk.bank.play("capture", "lost")
    record = desk.make()
    desk.move(record, "hurry")
    desk.work()
    desk.later(seconds=3)
    desk.work()
    assert desk.payment(record)["state"] == "captured"
    desk.bank.play("capture", "down")
    other = desk.make("P2")
    desk.move(other, "hurry")
    desk.work()
    found = desk.payment(other)
    assert (found["state"], found["why"]) == ("failed", "unavailable")
    assert desk.incidents() == []


def test_what_is_never_answered_is_asked_about_in_the_end(desk: Desk) -> None:
    desk.bank.play("capture", "mute")
    record = desk.pay()
    for _ in range(3):
        desk.work()
        desk.later(minutes=2)
    found = desk.payment(record)
    assert (found["state"], found["reference"][:4]) == ("captured", "sim_")
    assert desk.bank.deeds()[0]["done"] == 1


def test_what_nobody_can_know_becomes_an_incident(desk: Desk) -> None:
    desk.bank.play("capture", "down")
    record = desk.pay()
    for _ in range(4):
        desk.work()
        desk.later(minutes=2)
    assert desk.payment(record)["state"] == "capturing"
    assert desk.statuses() == [("bank.capture", "stuck")]
    assert desk.incidents() == ["call_unknown"]
    (incident,) = desk.stored("incident")
    assert incident["facts"]["code"] == "absent"
    assert desk.bank.deeds()[0]["tries"] == 3


def test_the_calls_of_one_record_wait_for_each_other_and_not_for_others(desk: Desk) -> None:
    desk.bank.play("capture", "down")
    first = desk.pay("A")
    second = desk.pay("B")
    desk.work()
    assert desk.payment(first)["state"] == "capturing"
    assert desk.payment(second)["state"] == "captured"


def test_a_later_run_of_a_record_waits_for_the_earlier_one(desk: Desk) -> None:
    record = desk.pay()
    desk.work()
    desk.bank.play("capture", "lost")
    desk.move(record, "ship")
    desk.work()
    waiting = desk.stored("call", status="waiting")
    assert [one["operation"] for one in waiting] == ["bank.capture", "bank.book"]
    assert [one["operation"] for one in desk.bank.deeds("book")] == []
    desk.later(seconds=10)
    desk.work()
    assert desk.payment(record)["state"] == "refunded"


def test_the_calls_of_another_transition_of_the_same_record_wait(desk: Desk) -> None:
    desk.bank.play("capture", "lost")
    record = desk.pay()
    asked = {
        "log": "later",
        "workflow": "money",
        "transition": "ship",
        "state": "shipping",
        "operation": "bank.book",
        "key": "money:later:bank.book",
        "values": {"payment": "P1"},
        "on_success": None,
        "on_failure": None,
        "undo": "bank.void",
    }
    with write(desk.runtime.engine) as connection:
        event = Event("workflow.call", "payment", record, asked)
        emit(connection, [event], desk.runtime.clock())
    desk.work()
    assert desk.statuses() == [("bank.capture", "waiting"), ("bank.book", "waiting")]
    assert desk.bank.deeds("book") == []
    desk.later(seconds=10)
    desk.work()
    assert desk.statuses() == [("bank.capture", "done"), ("bank.book", "done")]


def test_a_refusal_takes_back_what_was_done_before_it(desk: Desk) -> None:
    record = desk.pay("stranger 1")
    desk.work()
    desk.move(record, "ship")
    desk.work()
    assert desk.statuses()[1:] == [("bank.capture", "undone"), ("bank.book", "failed")]
    assert desk.payment(record)["state"] == "captured"
    (undo,) = desk.bank.deeds("void")
    assert undo["key"].endswith("bank.capture:undo")
    # only what this transition did is taken back
    assert desk.statuses()[0] == ("bank.capture", "done")
    assert desk.incidents() == []


def test_a_taking_back_that_fails_does_not_loop(desk: Desk) -> None:
    record = desk.pay("stranger 1")
    desk.work()
    desk.bank.play("void", "decline")
    desk.move(record, "ship")
    desk.work()
    assert desk.incidents() == ["undo_failed"]
    assert desk.work() == 0
    assert len(desk.bank.deeds("void")) == 1


def test_after_failures_in_a_row_nothing_is_asked_for_a_while(desk: Desk) -> None:
    for number in range(5):
        desk.bank.play("capture", "error")
        desk.pay(f"P{number}")
    desk.work()
    desk.pay("after")
    desk.work()
    assert [one["inputs"]["payment"] for one in desk.bank.deeds()].count("after") == 0
    for _ in range(6):
        desk.later(minutes=2)
        desk.work()
    assert [one["done"] for one in desk.bank.deeds()] == [1] * 6


def test_a_result_that_fits_no_more_is_kept_and_told(desk: Desk) -> None:
    record = desk.make()
    desk.move(record, "capture")
    desk.relay()
    (call,) = desk.stored("call")
    taken = calls.take(desk.runtime, call["log_id"])
    assert taken is not None
    answer = calls.make(taken)
    table = desk.runtime.schema.tables["payment"]
    with desk.runtime.engine.begin() as connection:
        connection.execute(table.update().values(state="failed"))
    calls.settle(desk.runtime, taken, answer)
    assert desk.statuses() == [("bank.capture", "done")]
    assert desk.incidents() == ["answer_refused"]


def test_a_call_has_one_caller_at_a_time(desk: Desk) -> None:
    desk.pay()
    desk.relay()
    (call,) = desk.stored("call")
    taken = calls.take(desk.runtime, call["log_id"])
    assert taken is not None
    assert calls.take(desk.runtime, call["log_id"]) is None
    desk.later(minutes=4)
    other = calls.take(desk.runtime, call["log_id"])
    assert other is not None
    assert other.asked.key == taken.asked.key
    calls.settle(desk.runtime, other, calls.make(other))
    # the first one comes back from the dead and changes nothing
    calls.settle(desk.runtime, taken, calls.make(taken))
    assert desk.payment(call["record_id"])["seen"] == 1


def test_an_event_delivered_twice_makes_one_call(desk: Desk) -> None:
    desk.pay()
    desk.relay()
    with desk.runtime.engine.begin() as connection:
        table = desk.runtime.system.outbox
        connection.execute(table.update().values(sent_at=None, done_at=None))
    desk.work()
    assert desk.statuses() == [("bank.capture", "done")]
    assert [one["done"] for one in desk.bank.deeds()] == [1]


def test_a_connector_that_is_not_ready_asks_nobody_and_says_so(desk: Desk) -> None:

    desk.runtime.outside = Outside(BOX)
    desk.pay()
    desk.work()
    assert desk.incidents() == ["call_not_ready"]
    assert desk.bank.deeds() == []


def test_a_run_that_was_given_up_is_queued_again(desk: Desk) -> None:
    record = desk.pay()
    desk.relay()
    with desk.runtime.engine.begin() as connection:
        connection.execute(desk.runtime.system.job_run.update().values(state="failed"))
    assert desk.work() == 0
    desk.later(minutes=3)
    assert call_runs.wake(desk.runtime) == 1
    desk.work()
    assert desk.payment(record)["state"] == "captured"
