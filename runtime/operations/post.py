"""`post`: one entry of a ledger, or several, all or none.

`{"kind": …, "key": {…}, "quantity": …}`, beside them `reason`, `post_key`, `cause_title`, and of
what comes in as a lot `lot` and `expires_at`; several stand in a list under `entries`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from generator.model.ledger import Ledger
from rules.ledger import entries as rules
from rules.ledger.entries import Entry
from rules.permissions import Grant
from runtime.errors import Invalid
from runtime.messages import Incoming, Result
from runtime.operations import _alone, _posting
from runtime.operations._posting import Call, Desk, Plan
from runtime.operations._writing import invalid_shape
from runtime.runtime import Runtime

ACTION = _posting.ACTION
ONE = ("kind", "key", "quantity", "post_key", "lot", "expires_at")
BESIDE = ("reason", "cause_title")


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Call:
    return _posting.parse(incoming, grant, runtime)


def plan(call: Call, grant: Grant, runtime: Runtime) -> Plan:
    return _posting.plan(call, grant, runtime)


def execute(plan: Plan, runtime: Runtime) -> Result:
    def body(desk: Desk) -> tuple[Sequence[Entry], Mapping[str, Any]]:
        values = desk.call.values
        if "entries" not in values:
            _posting.only(values, (*ONE, *BESIDE))
            return [_entry(desk, values, "")], {}
        _posting.only(values, ("entries", *BESIDE))
        given = values["entries"]
        if not isinstance(given, list) or not 0 < len(given) <= _posting.MOST:
            raise _posting.wrong_count()
        found = []
        for number, one in enumerate(given):
            place = f"entries.{number}."
            if not isinstance(one, Mapping):
                raise invalid_shape()
            _posting.only(one, ONE, place)
            found.append(_entry(desk, one, place))
        return found, {}

    done = None if "entries" in plan.call.values else _alone.post(plan, runtime, body)
    return _posting.execute(plan, runtime, body) if done is None else done


def _entry(desk: Desk, values: Mapping[str, Any], place: str) -> Entry:
    ledger, runtime = desk.ledger, desk.work.runtime
    made = rules.entry(
        ledger,
        str(values.get("kind") or ""),
        _posting.read_key(ledger, runtime, values.get("key"), f"{place}key"),
        _posting.read_quantity(ledger, runtime, values.get("quantity"), f"{place}quantity"),
        reason=desk.cause.reason,
        post_key=_posting.read_text(values, "post_key") or None,
        lot=_posting.read_text(values, "lot") if _has_lots(ledger, values) else "",
        expires_at=_end(desk, values, place),
    )
    found: Entry = _posting.or_refuse(made)
    return found


def _has_lots(ledger: Ledger, values: Mapping[str, Any]) -> bool:
    """Say whether the ledger has lots.

    Raises:
        Invalid: it has none, and the payload speaks of one.

    """
    if ledger.lots is None:
        _posting.only({name: 1 for name in ("lot", "expires_at") if name in values}, ())
    return ledger.lots is not None


def _end(desk: Desk, values: Mapping[str, Any], place: str) -> datetime | None:
    if values.get("expires_at") is None:
        return None
    runtime = desk.work.runtime
    field = runtime.app.entities[desk.ledger.lot].fields["expires_at"]
    found: datetime = _posting.read_value(
        runtime, field, values["expires_at"], f"{place}expires_at"
    )
    if found <= desk.work.now:
        raise _past(f"{place}expires_at")
    return found


def _past(place: str) -> Invalid:
    return _posting.wrong(place, "past", "This is in the past.", "该时间已过。")
