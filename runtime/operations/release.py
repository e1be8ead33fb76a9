"""`release`: gives back what a hold set aside, all of it or a part.

`{"hold": …}`, beside it `quantity` (all that is left if missing), `reason`, `cause_title`.
"""

from __future__ import annotations

from generator.model.ledger import RELEASED
from rules.permissions import Grant
from runtime.messages import Incoming, Result
from runtime.operations import _posting
from runtime.operations._posting import Call, Desk, Plan
from runtime.operations._settling import Told, settle
from runtime.runtime import Runtime

ACTION = _posting.ACTION


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Call:
    return _posting.parse(incoming, grant, runtime)


def plan(call: Call, grant: Grant, runtime: Runtime) -> Plan:
    return _posting.plan(call, grant, runtime)


def execute(plan: Plan, runtime: Runtime) -> Result:
    def body(desk: Desk) -> Told:
        return settle(desk, RELEASED, commit=False)

    return _posting.execute(plan, runtime, body)
