"""A shop whose log reaches back for years: its clock and its ids are those of any day one likes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import sqlalchemy as sa

from runtime.audit_keep import THREE_YEARS, Keep
from runtime.jobs.starting import every_kind, start_run
from runtime.jobs.work import trim_log
from runtime.jobs.worker import WorkerSetup, work_on
from runtime.store.audit_chain import seal_waiting
from runtime.store.audit_key import DEVELOPMENT_KEY
from runtime.store.audit_verify import Verdict, verify
from runtime.store.engine import read, write
from runtime.store.migrate.guards import put_guards
from runtime.store.system_tables import own_tables
from tests.shop import NOON, Shop

AUDIT, SEAL, REMOVAL = own_tables().audit, own_tables().audit_seal, own_tables().audit_removal


class LongAgo:
    """A shop, and a way to be in it on another day."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.runtime = shop, shop.runtime
        self.now = NOON
        self.codes: Iterator[int] = count(1)
        self._ids: Iterator[int] = count(1)
        self.runtime.clock = lambda: self.now
        self.runtime.make_id = self._make_id

    def guard(self) -> None:
        """Let the database refuse what it refuses where definitions were applied."""
        with write(self.runtime.engine) as connection:
            put_guards(connection)

    def on(self, day: str, hour: int = 12) -> None:
        """Be there on a day."""
        self.now = datetime.fromisoformat(f"{day}T{hour:02}:00:00").replace(tzinfo=UTC)

    def busy(self, day: str, customers: int = 1) -> list[str]:
        """Make customers on a day and seal what was written; return their ids."""
        self.on(day)
        made = [self.customer() for _ in range(customers)]
        self.seal()
        return made

    def customer(self, **values: Any) -> str:
        told = {"code": f"C{next(self.codes)}", "name": "Ada", **values}
        return str(self.shop.row(self.shop.done("create", "customer", told))["id"])

    def seal(self) -> None:
        seal_waiting(self.runtime.engine, DEVELOPMENT_KEY, self.now + timedelta(minutes=2))

    def trim(self, keep: Keep = THREE_YEARS) -> str:
        """Let the job run as a worker runs it; return the state it came to."""
        run_id = self.start(keep)
        return str(self.work(run_id))

    def start(self, keep: Keep = THREE_YEARS) -> str:
        self.runtime.audit_keep = keep
        return start_run(self.runtime, trim_log.NAME, {})

    def work(self, run_id: str) -> str | None:
        kinds = every_kind(self.runtime.app)
        setup = WorkerSetup(self.runtime.engine, self.runtime.clock, kinds, self.runtime)
        return work_on(setup, trim_log.NAME, run_id, "test")

    def judged(self) -> Verdict:
        return verify(self.runtime.engine, self.runtime.schema, (DEVELOPMENT_KEY,))

    def codes_found(self) -> set[str]:
        return {one.code for one in self.judged().findings}

    def rows(self, table: sa.Table) -> list[dict[str, Any]]:
        asked = sa.select(table).order_by(*table.primary_key)
        with read(self.runtime.engine) as connection:
            return [dict(row) for row in connection.execute(asked).mappings()]

    def days(self) -> list[str]:
        """Return the days of the entries that are there, in order and each once."""
        return list(dict.fromkeys(f"{row['at']:%Y-%m-%d}" for row in self.rows(AUDIT)))

    def tamper(self, *statements: Any) -> None:
        """Write past the back office."""
        with self.runtime.engine.begin() as connection:
            for one in statements:
                assert connection.execute(one).rowcount

    def _make_id(self) -> str:
        # one process makes ids in order, also within a millisecond
        text, number = f"{int(self.now.timestamp() * 1000):012x}", next(self._ids)
        return f"{text[:8]}-{text[8:]}-7000-8000-{number:012x}"
