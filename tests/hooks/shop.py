"""A desk whose changes are told, with its relay and its workers done by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from runtime.hooks import desk as hooks
from runtime.hooks import sending, spreading
from runtime.jobs import registry
from runtime.jobs.outbox import relay_once
from runtime.jobs.worker import WorkerSetup, work_on
from runtime.messages import Actor, Incoming, Result
from runtime.outside.box import Outside
from runtime.outside.relay import TOPICS, deliver_outside
from runtime.pipeline import handle
from runtime.runtime import Runtime
from runtime.store.engine import read
from runtime.store.trail import Trail
from tests.hooks.receiver import Receiver, receiver
from tests.outside.provider import BOX
from tests.web.desk import Desk, open_desk_with

ACCESS = """
access: desk
grants:
  keeper:
    "*": all
    member: operate
  reader:
    member: {allow: [list, read], rows: "active"}
    parcel: [list, read]
"""
FILES = {
    "parcel__entity": """
entity: parcel
label: {en: Parcel, zh: 包裹}
title: "{name}"
archive: true
fields:
  name: {type: text, required: true, label: {en: Name, zh: 名称}}
  weight: {type: integer, label: {en: Weight, zh: 重量}}
""",
    "asleep__alert": """
alert: asleep
label: {en: Asleep, zh: 沉睡会员}
severity: critical
of: member
where: "not active"
role: keeper
tell: keeper
""",
    "parcel_lost__message": """
message: parcel_lost
label: {en: A parcel is lost, zh: 包裹遗失}
of: parcel
variables: {name: name, weight: weight}
inbox: {en: "{record} is lost.", zh: "{record} 已遗失。"}
mail:
  subject: {en: "Lost: {name}", zh: "遗失：{name}"}
  text: {en: "{name} of {weight} g is lost.", zh: "{name}（{weight} 克）已遗失。"}
""",
    "slip__entity": """
entity: slip
label: {en: Slip, zh: 便条}
title: "{name}"
archive: false
fields:
  name: {type: text, required: true, label: {en: Name, zh: 名称}}
""",
    "parcel__workflow": """
entity: parcel
workflows:
  trip:
    field: place
    label: {en: Trip, zh: 运输}
    initial: here
    states:
      here: {label: {en: Here, zh: 在库}}
      under_way: {label: {en: Under way, zh: 在途}}
      there: {label: {en: There, zh: 送达}, final: true}
    transitions:
      go: {label: {en: Go, zh: 发出}, from: here, to: under_way, roles: keeper}
      arrive: {label: {en: Arrive, zh: 送达}, from: under_way, to: there, roles: keeper}
      lose:
        label: {en: Lose, zh: 遗失}
        from: here
        to: there
        roles: keeper
        then: [{notify: parcel_lost, for: reader}]
""",
}
OUTSIDE = Outside(BOX, allowed=("127.0.0.1",))
EMPTIED = (
    *("sw_hook", "sw_hook_delivery", "sw_hook_attempt", "sw_outbox", "sw_incident"),
    *("sw_notification", "sw_job_log", "sw_job_run", "sw_alert", "member", "parcel", "slip"),
)
BEGIN = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@dataclass
class Teller:
    """The desk and who listens."""

    desk: Desk
    ear: Receiver
    now: list[datetime]
    folder: Path

    @property
    def runtime(self) -> Runtime:
        return self.desk.runtime

    def empty(self) -> None:
        """Forget what a test before did."""
        self.now[0] = BEGIN
        self.runtime.outside = OUTSIDE
        self.ear.every, self.ear.answers, self.ear.refused = [], [], set()
        self.ear.always = 204
        with self.runtime.engine.begin() as connection:
            for table in EMPTIED:
                connection.execute(sa.text(f"DELETE FROM {table}"))

    def actor(self, name: str) -> Actor:
        role = {"kim": "keeper", "ron": "reader"}[name]
        return Actor(self.desk.people[name], name, frozenset({role}))

    def trail(self) -> Trail:
        return Trail(self.runtime, self.actor("kim"), "screen")

    def listen(self, entity: str = "member", owner: str = "kim", **given: Any) -> tuple[str, str]:
        """Make a subscription; return its id and its secret."""
        told = {
            "name": "Test",
            "url": self.ear.url,
            "entity": entity,
            "events": ["created", "updated", "deleted"],
            "owner_id": self.desk.people[owner],
            **given,
        }
        return hooks.make(self.runtime, self.trail(), told)

    def hook(self, hook_id: str) -> Any:
        return hooks.find(self.runtime, self.actor("kim"), hook_id)

    def member(self, number: int = 1, **values: Any) -> str:
        told = {"code": f"M{number}", "name": f"Member {number}", **values}
        return self.desk.make("member", **told)

    def ask(self, operation: str, entity: str, record: str, **options: Any) -> Result:
        incoming = Incoming(operation, entity, self.actor("kim"), record, **options)
        answer = handle(incoming, self.runtime)
        assert isinstance(answer, Result), getattr(answer, "errors", answer)
        return answer

    def relay(self) -> int:
        """Take what waits out of the outbox, as the scheduler does."""
        runtime = self.runtime
        return relay_once(
            runtime.engine,
            deliver_outside(runtime, registry.find_kinds()),
            500,
            topics=TOPICS,
            now=runtime.clock(),
            spread=lambda connection, rows: spreading.spread(connection, runtime, rows),
        )

    def work(self) -> int:
        """Tell everything that may be told now; return how many runs there were."""
        self.relay()
        done = 0
        while sending.wake(self.runtime):
            for run_id in self._queued():
                state = work_on(self.setup(), sending.JOB, run_id, "test")
                assert state == "succeeded"
                done += 1
        return done

    def setup(self) -> WorkerSetup:
        runtime = self.runtime
        return WorkerSetup(runtime.engine, runtime.clock, registry.find_kinds(), runtime)

    def _queued(self) -> list[str]:
        table = self.runtime.system.job_run
        asked = sa.select(table.c.id).where(table.c.state == "queued", table.c.job == sending.JOB)
        with read(self.runtime.engine) as connection:
            return list(connection.execute(asked).scalars())

    def later(self, **time: float) -> None:
        self.now[0] += timedelta(**time)

    def stored(self, table: str) -> list[Any]:
        one = getattr(self.runtime.system, table)
        with read(self.runtime.engine) as connection:
            return list(connection.execute(sa.select(one).order_by(*one.primary_key)))

    def statuses(self) -> list[tuple[str, str, str | None]]:
        return [(one.event, one.status, one.why) for one in self.stored("hook_delivery")]


@contextmanager
def open_teller(kind: str, folder: Path) -> Iterator[Teller]:
    desk = open_desk_with(kind, folder, ACCESS, **FILES)
    now = [BEGIN]
    desk.runtime.clock = lambda: now[0]
    with receiver() as ear:
        desk.runtime.outside = OUTSIDE
        yield Teller(desk, ear, now, folder / "desk")
    desk.runtime.engine.dispose()
