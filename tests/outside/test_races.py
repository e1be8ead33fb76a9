"""Two that come at once: each thing still happens once, whoever is first."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from generator.compile import compile_definitions
from runtime.outside import calls, events
from runtime.outside.timers import ring_due
from runtime.store.migrate.apply import apply
from runtime.store.migrate.clocks import Retiming
from runtime.store.migrate.faults import PlanOutdated
from runtime.store.migrate.make import make_plan
from tests.outside.provider import SHOP
from tests.outside.shop import Desk
from tests.outside.test_events import send, told


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> range:
    """As many as there is time for; a hundred with `--long`."""
    return range(100 if request.config.getoption("--long") else 12)


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


def test_the_answer_of_a_call_and_the_event_about_it(desk: Desk, rounds: range) -> None:
    for number in rounds:
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


def test_one_event_handled_by_two_workers(desk: Desk, rounds: range) -> None:
    for number in rounds:
        record = desk.make(f"N{number}")
        send(desk, told("payment.noticed", f"e{number}", name=f"N{number}", reference="r"))
        (event,) = desk.stored("event", event_id=f"e{number}")
        deed = lambda event=event: events.process(desk.runtime, event["id"])  # noqa: E731
        at_once(deed, deed, deed)
        assert desk.payment(record)["state"] == "refunded"
        assert len(desk.stored("workflow_log", record_id=record)) == 1


def test_one_event_that_arrives_twice_at_once(desk: Desk, rounds: range) -> None:
    for number in rounds:
        body = told("weather.changed", f"e{number}")
        answers: list[tuple[int, str]] = []
        deed = lambda body=body, answers=answers: answers.append(send(desk, body))  # noqa: E731
        at_once(deed, deed)
        assert sorted(answers) == [(200, "known"), (200, "stored")]


def test_one_run_of_calls_taken_by_two_workers(desk: Desk, rounds: range) -> None:
    for number in rounds:
        record = desk.pay(f"P{number}")
        desk.relay()
        (call,) = desk.stored("call", record_id=record)
        taken: list[calls.Taken | None] = []
        deed = lambda call=call, taken=taken: taken.append(  # noqa: E731
            calls.take(desk.runtime, call["log_id"])
        )
        at_once(deed, deed)
        assert len([one for one in taken if one is not None]) == 1


def test_two_relays_make_one_call(desk: Desk, rounds: range) -> None:
    records = [desk.pay(f"P{number}") for number in rounds]
    at_once(desk.relay, desk.relay, desk.relay)
    assert sorted(one["record_id"] for one in desk.stored("call")) == sorted(records)


def test_timers_that_ring_while_a_release_times_them_anew(desk: Desk, tmp_path: Path) -> None:
    """Each rings by its old time or waits for its new one; none does both, and none is lost."""
    folder = Path(shutil.copytree(SHOP, tmp_path / "later"))
    workflow = folder / "desk" / "payment.workflow.yaml"
    workflow.write_text(workflow.read_text("utf-8").replace("PT30M", "PT2H"), "utf-8")
    later, engine = compile_definitions(folder), desk.runtime.engine
    first = make_plan(engine, desk.runtime.compiled)
    apply(engine, desk.runtime.compiled, first, now=desk.runtime.clock())
    records = [desk.make(f"P{number}") for number in range(40)]
    desk.later(minutes=31)
    now, released = desk.runtime.clock(), threading.Event()

    def release() -> None:
        try:
            while not released.is_set():
                plan = make_plan(engine, later)
                try:
                    apply(engine, later, plan, now=now, timers=Retiming("recompute"))
                except PlanOutdated:  # what it counted rang meanwhile: it is asked for anew
                    continue
                released.set()
        finally:
            released.set()

    def poll() -> None:
        while not released.is_set():
            ring_due(desk.runtime, lambda connection: now, 1)

    at_once(release, poll, poll)
    hours = {row["record_id"]: row for row in desk.stored("timer", transition="expire")}
    for record in records:
        row, state = hours[record], desk.payment(record)["state"]
        waited = (row["due_at"] - row["armed_at"]).total_seconds()
        fired = state == "failed"
        assert (row["status"], waited) == (("fired", 1800) if fired else ("armed", 7200))
    desk.later(days=3)  # the clock of the database may be ahead of the noon of the tests
    while ring_due(desk.runtime, lambda connection: desk.runtime.clock()):
        pass
    assert {desk.payment(one)["state"] for one in records} == {"failed"}
    assert sorted(row["record_id"] for row in desk.stored("workflow_log")) == sorted(records)
