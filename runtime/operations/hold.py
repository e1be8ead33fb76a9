"""`hold`: sets a quantity aside for a time.

`{"key": {…}, "quantity": …}`, beside them `for` (a length such as PT30M; the ledger's own if
missing), `reason`, `cause_title`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from generator.durations import seconds_of
from rules.ledger import entries as rules
from rules.ledger.entries import Entry
from rules.permissions import Grant
from runtime.messages import Incoming, Result
from runtime.operations import _posting
from runtime.operations._posting import Call, Desk, Plan
from runtime.runtime import Runtime

ACTION = _posting.ACTION
KEYS = ("key", "quantity", "for", "reason", "cause_title")


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Call:
    return _posting.parse(incoming, grant, runtime)


def plan(call: Call, grant: Grant, runtime: Runtime) -> Plan:
    return _posting.plan(call, grant, runtime)


def execute(plan: Plan, runtime: Runtime) -> Result:
    def body(desk: Desk) -> tuple[Sequence[Entry], Mapping[str, Any]]:
        ledger, values = desk.ledger, desk.call.values
        _posting.only(values, KEYS)
        key = _posting.read_key(ledger, runtime, values.get("key"), "key")
        quantity = _posting.read_quantity(ledger, runtime, values.get("quantity"))
        _posting.or_refuse(rules.hold(ledger, key, quantity, ""))
        due_at = _due(desk)
        hold_id = desk.posting.open_hold(desk.book, key, quantity, due_at, desk.cause)
        made = _posting.or_refuse(rules.hold(ledger, key, quantity, hold_id))
        told = {"id": hold_id, "state": "open", "due_at": due_at.isoformat() if due_at else None}
        return [made], {"hold": told}

    return _posting.execute(plan, runtime, body)


def _due(desk: Desk) -> datetime | None:
    given, holds = desk.call.values.get("for"), desk.ledger.holds
    seconds = holds.seconds if holds is not None else None
    if given is not None:
        seconds = seconds_of(given) if isinstance(given, str) else None
        if seconds is None:
            raise _posting.wrong(
                "for", "invalid", "Write a length such as PT30M.", "请填写时长，如 PT30M。"
            )
    return None if seconds is None else desk.work.now + timedelta(seconds=seconds)
