"""Processes are killed with -9 where it hurts most; nothing is lost and nothing is done twice."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runtime.outside import call_runs
from tests.killing import until_let_go
from tests.outside.shop import Desk
from tests.outside.test_events import send, told

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def killed(desk: Desk, what: str, record: str = "") -> Iterator[None]:
    """Run a child up to its moment and kill it there."""
    url = desk.runtime.engine.url.render_as_string(hide_password=False)
    now = desk.runtime.clock().isoformat()
    argv = [sys.executable, "-m", "tests.outside.children", what, url, desk.bank.url, record, now]
    child = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    try:
        assert child.stdout.readline() == "ready\n"
        yield
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
        until_let_go(desk.runtime.engine)


def test_between_commit_and_relay(desk: Desk) -> None:
    record = desk.make()
    with killed(desk, "commit", record):
        pass
    assert desk.stored("call") == []
    desk.work()
    assert desk.payment(record)["state"] == "captured"
    assert [one["done"] for one in desk.bank.deeds()] == [1]


def test_between_relay_and_its_commit(desk: Desk) -> None:
    record = desk.pay()
    with killed(desk, "relay"):
        pass
    desk.later(minutes=1)
    desk.work()
    assert desk.payment(record)["state"] == "captured"
    assert desk.statuses() == [("bank.capture", "done")]
    assert [one["tries"] for one in desk.bank.deeds()] == [1]


def test_between_the_answer_of_the_provider_and_its_row(desk: Desk) -> None:
    record = desk.pay()
    desk.relay()
    with killed(desk, "answer"):
        assert [one["done"] for one in desk.bank.deeds()] == [1]
    assert desk.payment(record)["state"] == "capturing"
    # the lease of the dead ends, and its run is queued again by whoever looks for such
    desk.later(minutes=6)

    call_runs.wake(desk.runtime)
    desk.work()
    found = desk.payment(record)
    assert (found["state"], found["seen"]) == ("captured", 1)
    assert [(one["tries"], one["done"]) for one in desk.bank.deeds()] == [(2, 1)]


def test_between_the_effect_of_an_event_and_its_commit(desk: Desk) -> None:
    record = desk.make("N1")
    send(desk, told("payment.noticed", name="N1", reference="r1"))
    with killed(desk, "event"):
        pass
    assert desk.payment(record)["state"] == "open"
    desk.work()
    found = desk.payment(record)
    assert (found["state"], found["reference"]) == ("refunded", "r1")
    assert len(desk.stored("workflow_log")) == 1
