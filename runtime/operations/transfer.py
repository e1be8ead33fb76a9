"""`transfer`: a quantity from one key of a ledger to another, both sides or none.

`{"kind": …, "from": {…}, "to": {…}, "quantity": …}`, beside them `reason`, `post_key`,
`cause_title`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rules.ledger import entries as rules
from rules.ledger.entries import Entry
from rules.permissions import Grant
from runtime.messages import Incoming, Result
from runtime.operations import _posting
from runtime.operations._posting import Call, Desk, Plan
from runtime.runtime import Runtime

ACTION = _posting.ACTION
KEYS = ("kind", "from", "to", "quantity", "reason", "post_key", "cause_title")


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Call:
    return _posting.parse(incoming, grant, runtime)


def plan(call: Call, grant: Grant, runtime: Runtime) -> Plan:
    return _posting.plan(call, grant, runtime)


def execute(plan: Plan, runtime: Runtime) -> Result:
    def body(desk: Desk) -> tuple[Sequence[Entry], Mapping[str, Any]]:
        ledger, values = desk.ledger, desk.call.values
        _posting.only(values, KEYS)
        number = runtime.make_id()
        made = rules.transfer(
            ledger,
            str(values.get("kind") or ""),
            _posting.read_key(ledger, runtime, values.get("from"), "from"),
            _posting.read_key(ledger, runtime, values.get("to"), "to"),
            _posting.read_quantity(ledger, runtime, values.get("quantity")),
            number,
            reason=desk.cause.reason,
            post_key=_posting.read_text(values, "post_key") or None,
        )
        return _posting.or_refuse(made), {"transfer": number}

    return _posting.execute(plan, runtime, body)
