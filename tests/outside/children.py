"""What the killed processes of these tests do up to the moment at which they are killed.

Each says `ready` when it has come there, and waits.
"""

from __future__ import annotations

import sys
import time
from datetime import datetime

import sqlalchemy as sa

from runtime.jobs import registry
from runtime.jobs.outbox import OutboxRow, relay_once
from runtime.outside import calls, events
from runtime.outside.box import Outside
from runtime.outside.relay import TOPICS, deliver_outside
from runtime.runtime import Runtime
from tests.outside.provider import BOX, SHOP
from tests.outside.shop import Desk
from tests.shop import person, reopen_shop


def main(what: str, url: str, bank: str, record: str, now: str) -> None:
    """Do one thing and wait to be killed."""
    desk = Desk(reopen_shop(url, SHOP).runtime, person("clerk"))
    desk.at(datetime.fromisoformat(now))
    desk.runtime.outside = Outside(BOX, bank)
    {"commit": commit, "relay": relay, "answer": answer, "event": event}[what](desk, record)


def commit(desk: Desk, record: str) -> None:
    """Commit a transition; what it wants done is in the outbox and nowhere else."""
    desk.move(record, "capture")
    wait()


def relay(desk: Desk, record: str) -> None:
    """Turn the outbox row into a call, and never commit."""
    deliver = deliver_outside(desk.runtime, registry.find_kinds())

    def and_wait(connection: sa.Connection, row: OutboxRow) -> None:
        deliver(connection, row)
        wait()

    now = desk.runtime.clock()
    relay_once(desk.runtime.engine, and_wait, 10, topics=TOPICS, now=now)


def answer(desk: Desk, record: str) -> None:
    """Take a call and make it; the answer of the bank is here and nowhere else."""
    taken = calls.take(desk.runtime, _log(desk.runtime))
    assert taken is not None
    assert calls.make(taken).outcome == "done"
    wait()


def event(desk: Desk, record: str) -> None:
    """Handle an event up to its mark, and never commit."""

    def stop(*args: object) -> None:
        wait()

    events._settle = stop
    events.process(desk.runtime, desk.stored("event")[0]["id"])


def wait() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    time.sleep(600)


def _log(runtime: Runtime) -> str:
    with runtime.engine.connect() as connection:
        return str(connection.execute(sa.select(runtime.system.call.c.log_id)).scalar_one())


if __name__ == "__main__":
    main(*sys.argv[1:])
