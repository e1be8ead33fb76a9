"""A small shop with jobs of its own, whose background work is done by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from runtime.jobs import scheduler
from runtime.jobs.declared import schedules_of
from runtime.jobs.outbox import relay_once
from runtime.jobs.starting import every_kind
from runtime.jobs.watching import watch_jobs
from runtime.jobs.worker import WorkerSetup, work_on
from runtime.outside.relay import TOPICS, deliver_outside
from runtime.store.engine import write
from tests.runtime.test_talk import add_accounts
from tests.shop import NOON, Shop, open_shop, person, write_folder

FILES = {
    "app.yaml": """
app: office
label: {en: Office, zh: 办公室}
calendars:
  week: {label: {en: Week, zh: 工作周}}
modules:
  work: {label: {en: Work, zh: 工作}, icon: checklist}
""",
    "roles.yaml": """
roles:
  clerk: {label: {en: Clerk, zh: 店员}}
  robot: {label: {en: Robot, zh: 机器人}}
  chief: {label: {en: Chief, zh: 主管}}
""",
    "work/work.access.yaml": """
access: work
grants:
  clerk: {errand: all}
  chief: {errand: all}
  robot:
    errand: {allow: [list, read, delete, export], rows: "note != 'secret'"}
""",
    "work/errand.entity.yaml": """
entity: errand
label: {en: Errand, zh: 事务}
title: "{name}"
archive: true
fields:
  name: {type: text, required: true, label: {en: Name, zh: 名称}}
  note: {type: text, label: {en: Note, zh: 备注}}
  days: {type: integer, default: 0, label: {en: Days, zh: 天数}}
  tags: {type: tags, label: {en: Tags, zh: 标签}}
list: {columns: [name, note, days, status]}
""",
    "work/errand.workflow.yaml": """
entity: errand
workflows:
  doing:
    field: status
    label: {en: Doing, zh: 进度}
    initial: open
    states:
      open: {label: {en: Open, zh: 待办}}
      stale: {label: {en: Stale, zh: 搁置}}
      done: {label: {en: Done, zh: 完成}, final: true}
    transitions:
      age:
        label: {en: Age, zh: 搁置}
        from: open
        to: stale
        roles: robot
        guard:
          - {if: "note != 'keep'", code: KEPT, message: {en: It is kept., zh: 需保留。}}
      finish:
        label: {en: Finish, zh: 完成}
        from: [open, stale]
        to: done
        roles: any
        bulk: {max: 100}
        after_commit: {enqueue: sweep, values: {days: days}}
""",
    "work/age_all.job.yaml": """
job: age_all
label: {en: Set aside what is old, zh: 搁置旧事务}
schedule: {cron: "30 2 * * *", zone: Asia/Shanghai}
role: robot
operators: chief
attempts: 2
late: 10m
do:
  - {fire: doing.age, of: errand, where: "days > 5"}
  - {notify: chief}
""",
    "work/sweep.job.yaml": """
job: sweep
label: {en: Put old errands away, zh: 清理旧事务}
queue: bulk
role: robot
operators: chief
parameters:
  days: {type: integer, default: 30, label: {en: Days, zh: 天数}}
do:
  - {delete: errand, where: "days >= input.days and status == 'open'"}
""",
    "work/list_all.job.yaml": """
job: list_all
label: {en: List of errands, zh: 事务清单}
role: robot
operators: chief
keep: 2h
do:
  - {export: errand, filter: {"days[gte]": "1"}, fields: [name, days]}
""",
}
"""Definitions whose jobs fire, delete, export and tell."""

CLERK, CHIEF = person("clerk"), person("chief", number=2)


@dataclass
class Office(Shop):
    """The shop, its clock and its workers."""

    now: list[datetime] = field(default_factory=lambda: [NOON])
    results: Path | None = None

    def errands(self, count: int, **values: Any) -> list[str]:
        made = []
        for number in range(count):
            told = {"name": f"E{number}", "note": "plain", "days": 10, **values}
            made.append(str(self.row(self.done("create", "errand", told))["id"]))
        return made

    def errand(self, record: str) -> dict[str, Any]:
        return self.row(self.done("read", "errand", record=record))

    def later(self, **time: float) -> None:
        self.now[0] += timedelta(**time)

    def tick(self) -> int:
        """Let the scheduler look at the clock."""
        app = self.runtime.app
        return scheduler.tick(self.runtime.engine, schedules_of(app), every_kind(app), self.now[0])

    def watch(self) -> list[str]:
        """Let the watchdog look; return the kinds of all open incidents."""
        app = self.runtime.app
        watch_jobs(self.runtime, every_kind(app), schedules_of(app))
        return [one["kind"] for one in self.stored("incident") if one["state"] == "open"]

    def relay(self) -> int:
        """Take what waits out of the outbox."""
        runtime = self.runtime
        deliver = deliver_outside(runtime, every_kind(runtime.app))
        return relay_once(runtime.engine, deliver, 500, topics=TOPICS, now=self.now[0])

    def setup(self) -> WorkerSetup:
        runtime = self.runtime
        kinds = every_kind(runtime.app)
        return WorkerSetup(runtime.engine, runtime.clock, kinds, runtime, results=self.results)

    def work(self) -> list[str]:
        """Work on everything that is due now; return the state each run came to."""
        states = []
        while (found := self._next()) is not None:
            states.append(str(work_on(self.setup(), found.job, found.id, "test")))
        return states

    def _next(self) -> Any:
        table = self.runtime.system.job_run
        due = (table.c.state == "queued", table.c.due_at <= self.now[0])
        with self.runtime.engine.connect() as connection:
            return connection.execute(
                sa.select(table.c.id, table.c.job).where(*due).order_by(table.c.id)
            ).first()

    def run(self, run_id: str) -> Any:
        """Return a run as it is stored."""
        (found,) = [one for one in self.stored("job_run") if one["id"] == run_id]
        return found

    def stored(self, table: str) -> list[dict[str, Any]]:
        one = getattr(self.runtime.system, table)
        with self.runtime.engine.connect() as connection:
            order = list(one.primary_key)
            return [
                dict(row) for row in connection.execute(one.select().order_by(*order)).mappings()
            ]

    def kill(self) -> None:
        """Let the lease of every run at work be over, as when its worker was killed."""
        table = self.runtime.system.job_run
        with write(self.runtime.engine) as connection:
            connection.execute(
                table.update().where(table.c.state == "running").values(lease_until=self.now[0])
            )


def open_office(url: str, folder: Path) -> Office:
    """Open the shop over an empty database."""
    opened = open_shop(url, write_folder(folder / "office", FILES))
    office = Office(opened.runtime, CLERK, results=folder / "results")
    add_accounts(office)
    opened.runtime.clock = lambda: office.now[0]
    return office
