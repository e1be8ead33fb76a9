"""Two that come at once: each thing still happens once, whoever is first."""

from __future__ import annotations

import threading
from collections.abc import Callable

from runtime.outside import calls, events
from tests.outside.shop import Desk
from tests.outside.test_events import send, told

ROUNDS = 12


def at_once(*deeds: Callable[[], object]) -> None:
    """Do these in threads that begin together; what one of them raises is raised here."""
    barrier, failed = threading.Barrier(len(deeds)), []

    def run(deed: Callable[[], object]) -> None:
        barrier.wait()
        try:
            deed()
        except Exception as error:  # noqa: BLE001 (raised again below)
            failed.append(error)

    threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def test_the_answer_of_a_call_and_the_event_about_it(desk: Desk) -> None:
    for number in range(ROUNDS):
        record = desk.pay(f"P{number}")
        desk.relay()
        (call,) = desk.stored("call", record_id=record)
        taken = calls.take(desk.runtime, call["log_id"])
        assert taken is not None
        answer = calls.make(taken)
        send(desk, told("capture.made", f"e{number}", key=call["key"], reference="by event"))
        (event,) = desk.stored("event", event_id=f"e{number}")
        at_once(
            lambda taken=taken, answer=answer: calls.settle(desk.runtime, taken, answer),
            lambda event=event: events.process(desk.runtime, event["id"]),
        )
        found = desk.payment(record)
        assert (found["state"], found["seen"]) == ("captured", 1)
        assert len(desk.stored("workflow_log", record_id=record)) == 2
    assert desk.incidents() == []


def test_one_event_handled_by_two_workers(desk: Desk) -> None:
    for number in range(ROUNDS):
        record = desk.make(f"N{number}")
        send(desk, told("payment.noticed", f"e{number}", name=f"N{number}", reference="r"))
        (event,) = desk.stored("event", event_id=f"e{number}")
        deed = lambda event=event: events.process(desk.runtime, event["id"])  # noqa: E731
        at_once(deed, deed, deed)
        assert desk.payment(record)["state"] == "refunded"
        assert len(desk.stored("workflow_log", record_id=record)) == 1


def test_one_event_that_arrives_twice_at_once(desk: Desk) -> None:
    for number in range(ROUNDS):
        body = told("weather.changed", f"e{number}")
        answers: list[tuple[int, str]] = []
        deed = lambda body=body, answers=answers: answers.append(send(desk, body))  # noqa: E731
        at_once(deed, deed)
        assert sorted(answers) == [(200, "known"), (200, "stored")]


def test_one_run_of_calls_taken_by_two_workers(desk: Desk) -> None:
    for number in range(ROUNDS):
        record = desk.pay(f"P{number}")
        desk.relay()
        (call,) = desk.stored("call", record_id=record)
        taken: list[calls.Taken | None] = []
        deed = lambda call=call, taken=taken: taken.append(  # noqa: E731
            calls.take(desk.runtime, call["log_id"])
        )
        at_once(deed, deed)
        assert len([one for one in taken if one is not None]) == 1


def test_two_relays_make_one_call(desk: Desk) -> None:
    records = [desk.pay(f"P{number}") for number in range(ROUNDS)]
    at_once(desk.relay, desk.relay, desk.relay)
    assert sorted(one["record_id"] for one in desk.stored("call")) == sorted(records)
