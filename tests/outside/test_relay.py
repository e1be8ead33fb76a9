"""What a transition asks for after its commit becomes calls, notices and jobs, once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from runtime.jobs.outbox import Event, OutboxRow, emit
from runtime.jobs.registry import JobKind
from runtime.outside.relay import deliver_outside, tell
from runtime.store.engine import write
from runtime.store.notices import latest
from runtime.web.screens.notices_page import notices_page
from runtime.web.screens.visit import Visit
from tests.outside.shop import CLERK, Desk
from tests.runtime.test_talk import add_accounts, notices


def test_who_holds_the_role_is_told_and_nobody_else(desk: Desk) -> None:
    add_accounts(desk)
    record = desk.make()
    told = {"name": "captured", "roles": ["clerk"], "workflow": "money", "state": "captured"}
    with write(desk.runtime.engine) as connection:
        emit(connection, [Event("workflow.notify", "payment", record, told)], desk.runtime.clock())
    desk.relay()
    desk.relay()
    assert notices(desk) == [(11, "workflow"), (12, "workflow")]


def test_a_job_is_found_by_its_name_and_run_once(desk: Desk) -> None:
    record = desk.make()
    kinds: Mapping[str, JobKind] = {"count": JobKind("count", lambda run_id, runtime: None)}
    told = {
        "job": "count",
        "values": {"amount": 1250},
        "log": "l1",
        "workflow": "money",
        "transition": "capture",
    }
    row = _row(desk, record, told)
    deliver = deliver_outside(desk.runtime, kinds)
    for _ in range(2):
        with write(desk.runtime.engine) as connection:
            deliver(connection, row)
    (run,) = [one for one in desk.stored("job_run") if one["job"] == "count"]
    assert run["input"]["amount"] == 1250
    assert run["input"]["record"] == record


def test_a_job_that_is_not_there_is_an_incident_and_no_import(desk: Desk) -> None:
    record = desk.make()
    told = {
        "job": "os.system",
        "values": {},
        "log": "l1",
        "workflow": "money",
        "transition": "capture",
    }
    with write(desk.runtime.engine) as connection:
        deliver_outside(desk.runtime, {})(connection, _row(desk, record, told))
    assert desk.incidents() == ["job_unknown"]
    assert [one for one in desk.stored("job_run") if one["job"] == "os.system"] == []


def _row(desk: Desk, record: str, told: Mapping[str, object]) -> OutboxRow:
    now = desk.runtime.clock()
    return OutboxRow("o1", "workflow.enqueue", "payment", record, told, now, 0)


@pytest.mark.parametrize(
    ("locale", "said"), [("en", "Money is now: Captured"), ("zh", "Money变为：已扣款")]
)
def test_the_bell_says_which_state_was_reached(desk: Desk, locale: str, said: str) -> None:
    add_accounts(desk)
    record = desk.make()
    told = {"name": "captured", "roles": ["clerk"], "workflow": "money", "state": "captured"}
    with write(desk.runtime.engine) as connection:
        tell(connection, desk.runtime, ("payment", record), told)
    kept = latest(desk.runtime.engine, desk.runtime.system, 11, 10)
    visit = Visit(desk.runtime, replace(CLERK, locale=locale))
    page = notices_page(visit, kept, 1, {}, 10)
    assert [line.words for day in page.days for line in day.lines] == [said]
