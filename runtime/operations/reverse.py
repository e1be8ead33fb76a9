"""`reverse`: takes an entry back by its opposite, both sides of a transfer together, never twice.

`{"entry": …}`, beside it `reason`, `cause_title`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rules.blockers import Blocker, both
from rules.ledger import entries as rules
from rules.ledger.entries import Entry
from rules.permissions import Grant
from runtime.messages import Incoming, Result
from runtime.operations import _posting
from runtime.operations._posting import Call, Desk, Plan
from runtime.runtime import Runtime

ACTION = _posting.ACTION
KEYS = ("entry", "reason", "cause_title")


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Call:
    return _posting.parse(incoming, grant, runtime)


def plan(call: Call, grant: Grant, runtime: Runtime) -> Plan:
    return _posting.plan(call, grant, runtime)


def execute(plan: Plan, runtime: Runtime) -> Result:
    def body(desk: Desk) -> tuple[Sequence[Entry], Mapping[str, Any]]:
        ledger, values = desk.ledger, desk.call.values
        _posting.only(values, KEYS)
        wanted = _posting.read_id(values, "entry", runtime, ledger)
        pasts = desk.posting.together_with(desk.book, wanted)
        if not pasts:
            raise _posting.not_there("entry")
        if desk.posting.is_reversed(desk.book, wanted):
            _posting.or_refuse(TWICE)
        return [_posting.or_refuse(rules.reversal(ledger, past)) for past in pasts], {}

    return _posting.execute(plan, runtime, body)


TWICE = Blocker("REVERSED", both("This entry was taken back already.", "该流水已冲销。"))
