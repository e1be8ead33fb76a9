"""A shop whose payments ask a bank, the bank beside it, and background work done by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from runtime.errors import RequestError
from runtime.jobs import registry, runs
from runtime.jobs.outbox import relay_once
from runtime.jobs.worker import JobRuntime, RunningRun, WorkerSetup
from runtime.messages import Actor, Result
from runtime.outside.box import Outside
from runtime.outside.relay import TOPICS, deliver_outside
from runtime.store.engine import write
from tests.flow import Flow
from tests.outside.provider import BOX, SHOP, Provider, provider
from tests.shop import NOON, open_shop, person

CLERK = person("clerk")
MANAGER, OTHER = person("manager", number=2), person("manager", number=3)


@dataclass
class Desk(Flow):
    """The shop, the bank, and everything that happens in the background."""

    bank: Provider = field(default_factory=lambda: Provider(""))

    def pay(self, name: str = "P1", amount: str = "12.50") -> str:
        """Make a payment and begin to capture it."""
        record = self.make(name, amount)
        self.move(record, "capture")
        return record

    def make(self, name: str = "P1", amount: str = "12.50") -> str:
        made = self.done("create", "payment", {"name": name, "amount": amount})
        return str(self.row(made)["id"])

    def move(self, record: str, transition: str, actor: Actor = CLERK) -> Result:
        return self.fired(record, f"money.{transition}", entity="payment", actor=actor)

    def tried(self, record: str, transition: str) -> Result | RequestError:
        return self.fire(record, f"money.{transition}", entity="payment")

    def payment(self, record: str) -> dict[str, Any]:
        return self.read(record, "payment")

    def relay(self) -> int:
        """Take what waits out of the outbox."""
        runtime = self.runtime
        deliver = deliver_outside(runtime, registry.find_kinds())
        return relay_once(runtime.engine, deliver, 500, topics=TOPICS, now=runtime.clock())

    def work(self) -> int:
        """Do everything that is due now, in order, until nothing is; return how many runs."""
        done = 0
        self.relay()
        while (found := self._next()) is not None:
            self._run(*found)
            done += 1
            self.relay()
        return done

    def _next(self) -> tuple[str, str] | None:
        table = self.runtime.system.job_run
        asked = (
            sa.select(table.c.id, table.c.job)
            .where(table.c.state == "queued", table.c.due_at <= self.runtime.clock())
            .order_by(table.c.id)
        )
        with self.runtime.engine.connect() as connection:
            row = connection.execute(asked.limit(1)).first()
        return None if row is None else (row.id, row.job)

    def _run(self, run_id: str, job: str) -> None:
        runtime = self.runtime
        kinds = registry.find_kinds()
        setup = WorkerSetup(runtime.engine, runtime.clock, kinds, runtime)
        with write(runtime.engine) as connection:
            held = runs.claim(connection, run_id, job, "test", runtime.clock(), setup.lease)
        assert held is not None
        current = RunningRun(setup, held)
        kinds[job].run(run_id, JobRuntime(runtime.engine, runtime.clock, runtime, current))
        if not current.finished:
            with write(runtime.engine) as connection:
                runs.succeed(connection, held, runtime.clock())

    def later(self, **time: float) -> None:
        """Let time pass."""
        now: datetime = self.runtime.clock()
        self.at(now + timedelta(**time))

    def statuses(self) -> list[tuple[str, str]]:
        """Return operation and status of every call."""
        return [(one["operation"], one["status"]) for one in self.stored("call")]

    def incidents(self, state: str = "open") -> list[str]:
        return [one["kind"] for one in self.stored("incident", state=state)]


@contextmanager
def open_desk(url: str, folder: Path = SHOP) -> Iterator[Desk]:
    """Open the shop and its bank."""
    opened = open_shop(url, folder)
    now = [NOON]
    opened.runtime.clock = lambda: now[0]
    with provider(opened.runtime.app) as bank:
        opened.runtime.outside = Outside(BOX, bank.url)
        yield Desk(opened.runtime, CLERK, bank)
