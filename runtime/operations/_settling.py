"""What `commit` and `release` have in common: a hold is locked and written, its kind posted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rules.ledger import entries as rules
from rules.ledger.entries import Entry
from runtime.operations import _posting
from runtime.operations._posting import Desk

KEYS = ("hold", "quantity", "reason", "cause_title")

Told = tuple[Sequence[Entry], Mapping[str, Any]]


def settle(desk: Desk, state: str, *, commit: bool) -> Told:
    """Return the entry that uses or gives back what is held.

    Raises:
        Invalid: there is no such hold.
        Refused: it is over, or holds less.

    """
    ledger, runtime, values = desk.ledger, desk.work.runtime, desk.call.values
    _posting.only(values, KEYS)
    _posting.or_refuse(rules.NO_HOLDS if ledger.holds is None else None)
    hold_id = _posting.read_id(values, "hold", runtime, ledger)
    held = desk.posting.hold_of(desk.book, hold_id)
    if held is None:
        raise _posting.not_there("hold")
    given = values.get("quantity")
    quantity = held.remaining if given is None else _posting.read_quantity(ledger, runtime, given)
    made = rules.settle(ledger, held, quantity, desk.work.now, commit=commit, post_key=None)
    entry: Entry = _posting.or_refuse(made)
    after = desk.posting.settle_hold(desk.book, held, quantity, state, desk.cause.actor_id)
    left = _posting.dumped(runtime, ledger, held.remaining - quantity)
    return [entry], {"hold": {"id": held.id, "state": after, "remaining": left}}
