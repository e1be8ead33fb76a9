"""One transition of many records: each for itself, told one by one, and never twice."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from runtime.errors import Forbidden, NotYourRole, TooLarge, UnknownTransition
from runtime.jobs import many
from runtime.jobs.work import transitions
from runtime.messages import Result
from tests.databases import postgres_url, sqlite_url
from tests.flow import Flow, open_flow
from tests.shop import person

CONFIRM = {"operation": "transition", "workflow": "fulfilment", "transition": "confirm"}


@pytest.fixture(params=["sqlite", "postgresql"])
def flow(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flow]:
    url = sqlite_url(tmp_path) if request.param == "sqlite" else postgres_url()
    opened = open_flow(url)
    yield opened
    opened.runtime.engine.dispose()


def became(result: Result) -> list[str]:
    return [one.status for one in result.outcomes]


def test_each_record_has_its_own_outcome_and_its_own_row_of_the_batch(flow: Flow) -> None:
    good, empty, done, seen = flow.order(), flow.order(lines=[]), flow.order(), flow.order()
    flow.fired(done, "confirm")
    gone = "00000000-0000-0000-0000-000000000000"
    ids: list[Any] = [good, empty, done, gone, {"id": seen, "version": 7}]
    result = flow.done("bulk", "order", {**CONFIRM, "ids": ids})
    assert became(result) == ["ok", "blocked", "blocked", "gone", "conflict"]
    assert result.outcomes[0].version == 2
    assert [one.errors[0].code for one in result.outcomes[1:]] == [
        "guard_blocked",
        "not_in_from_state",
        "R404",
        "version_conflict",
    ]
    rows = flow.stored("workflow_log", batch_id=result.batch_id)
    assert [row["record_id"] for row in rows] == [good]


def test_asked_again_with_its_batch_it_goes_on_where_it_was(flow: Flow) -> None:
    first, second = flow.order(), flow.order(lines=[])
    ids = [first, second]
    before = flow.done("bulk", "order", {**CONFIRM, "ids": ids})
    lines = [{"item": "Cap", "amount": "1"}]
    flow.done("update", "order", {"lines": lines}, record=second, version=1)
    again = flow.done("bulk", "order", {**CONFIRM, "ids": ids, "batch": before.batch_id})
    assert became(again) == ["ok", "ok"]
    assert [one.changed for one in again.outcomes] == [False, True]
    assert flow.read(first)["version"] == 2


def test_a_filter_is_frozen_with_its_versions(flow: Flow) -> None:
    orders = [flow.order(name=f"O{number}") for number in range(3)]
    result = flow.done("bulk", "order", {**CONFIRM, "filter": {"status": "new"}})
    assert became(result) == ["ok"] * 3
    assert {row["record_id"] for row in flow.stored("workflow_log")} == set(orders)


def test_what_is_not_offered_for_many_or_not_to_this_person_is_refused_at_once(flow: Flow) -> None:
    order = flow.order()
    body = {**CONFIRM, "ids": [order]}
    assert isinstance(
        flow.refused("bulk", "order", {**body, "transition": "fly"}), UnknownTransition
    )
    assert isinstance(flow.refused("bulk", "order", {**body, "transition": "submit"}), Forbidden)
    assert isinstance(flow.refused("bulk", "order", {**body, "transition": "approve"}), NotYourRole)
    assert isinstance(flow.refused("bulk", "order", body, actor=person("guest")), Forbidden)
    many = [f"00000000-0000-0000-0000-{number:012}" for number in range(51)]
    assert isinstance(flow.refused("bulk", "order", {**body, "ids": many}), TooLarge)


@dataclass
class Run:
    """The run of a job, as the worker would hold it."""

    engine: sa.Engine
    application: Any
    input: dict[str, Any]
    checkpoint: Any = None
    result: Any = None
    stop_after: int = 0
    advanced: list[dict[str, Any]] = field(default_factory=list)
    created_by: str = "1"

    @property
    def run(self) -> "Run":
        return self

    @property
    def claim(self) -> "Run":
        return self

    def pause_point(self) -> None:
        if self.stop_after and len(self.advanced) >= self.stop_after:
            raise KeyboardInterrupt

    def advance(self, connection: sa.Connection, **changes: Any) -> None:
        self.advanced.append(changes)
        self.checkpoint = changes["checkpoint"]

    def succeed(self, connection: sa.Connection, result: Any = None) -> None:
        self.result = result


def test_a_job_does_the_rest_after_it_was_stopped_and_nothing_twice(
    flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many, "CHUNK", 2)
    monkeypatch.setattr(many, "person_of", lambda *_: flow.actor)
    orders = [flow.order(name=f"O{number}") for number in range(5)]
    empty = flow.order(lines=[])
    asked = flow.done("bulk", "order", {**CONFIRM, "ids": [*orders, empty], "background": True})
    assert asked.total == 6
    with flow.runtime.engine.connect() as connection:
        run = connection.execute(sa.select(flow.runtime.system.job_run)).mappings().one()
    assert (run["id"], run["job"], run["created_by"]) == (asked.row, "transitions", "1")
    held = Run(flow.runtime.engine, flow.runtime, dict(run["input"]), stop_after=1)
    with pytest.raises(KeyboardInterrupt):
        transitions.run(asked.row, held)  # type: ignore[arg-type]
    assert len(flow.stored("workflow_log")) == 2
    # the worker died before its checkpoint: what was fired is passed over
    with flow.runtime.engine.begin() as connection:
        connection.execute(flow.runtime.system.job_row.delete())
    again = Run(flow.runtime.engine, flow.runtime, dict(run["input"]))
    transitions.run(asked.row, again)  # type: ignore[arg-type]
    assert again.result["counts"] == {"ok": 5, "blocked": 1}
    assert [one["id"] for one in again.result["refused"]] == [empty]
    assert again.advanced[-1]["counts"] == again.result["counts"]
    rows = {one["record_id"]: one["status"] for one in flow.stored("job_row")}
    assert rows == {**dict.fromkeys(orders, "ok"), empty: "blocked"}
    assert len(flow.stored("workflow_log", batch_id=asked.batch_id)) == 5
