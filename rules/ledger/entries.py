"""What somebody asks of a ledger → the entries to be written, or why not.

Comes in: a ledger and plain values, quantities in their stored form. Goes out: `Entry`s, each one
change of one balance with the guards that must hold after it, or the `Blocker` that says no. What
is known only when it is written, such as whether there is enough, is asked by the store in the
statement itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from generator.model.ledger import OPEN, Guard, Ledger, Movement
from generator.model.text import Label
from rules.blockers import Blocker, both

LARGEST = 10**15
"""The largest quantity in its stored form; sums of thousands of them still fit the column."""

Key = tuple[str, ...]
"""The ids of the records a balance belongs to, or texts, in the order of the ledger's key."""


@dataclass(frozen=True)
class Entry:
    """One change of one balance."""

    ledger: str
    kind: str
    key: Key
    quantity: int
    changes: Mapping[str, int]
    """By bucket; those it leaves alone are not named."""
    guards: tuple[Guard, ...] = ()
    post_key: str | None = None
    """The same key is never posted twice."""
    reverses: str | None = None
    """The id of the entry that it takes back."""
    hold: str | None = None
    transfer: str | None = None
    """Equal for the two sides of one transfer."""
    expires_at: datetime | None = None
    """Of what comes in as a lot; the ledger's own length if None."""
    lot: str = ""
    """What the lot is called."""
    only_lot: str | None = None
    """The lot that it takes out whatever its age; the next to expire if None."""
    most: Mapping[str, int] = field(default_factory=dict)
    """By bucket: what it may not exceed afterwards, where whoever posts knows and the ledger does
    not; asked in the same statement as the guards."""
    says: tuple[str, Label] | None = None
    """The code and the words of a refusal because of `most`; the ledger's usual ones if None."""


@dataclass(frozen=True)
class Held:
    """A hold as it stands."""

    id: str
    key: Key
    remaining: int
    state: str
    due_at: datetime | None


@dataclass(frozen=True)
class Past:
    """An entry that was written."""

    id: str
    kind: str
    key: Key
    quantity: int
    changes: Mapping[str, int]
    reverses: str | None = None
    hold: str | None = None
    transfer: str | None = None


def entry(
    ledger: Ledger,
    kind: str,
    key: Key,
    quantity: int,
    *,
    reason: str = "",
    post_key: str | None = None,
    expires_at: datetime | None = None,
    lot: str = "",
    most: Mapping[str, int] | None = None,
) -> Entry | Blocker:
    """Return the entry of a kind, as somebody asks for it."""
    found = _movement(ledger, kind)
    if isinstance(found, Blocker):
        return found
    if found.is_transfer:
        return Blocker(
            "IS_TRANSFER", both("This kind moves between two.", "此类型需指明调出与调入。")
        )
    wrong = _wrong(found, quantity, reason)
    if wrong is not None:
        return wrong
    made = _made(ledger, found, key, quantity, post_key=post_key, expires_at=expires_at, lot=lot)
    return replace(made, most=most) if most else made


def transfer(
    ledger: Ledger,
    kind: str,
    source: Key,
    target: Key,
    quantity: int,
    number: str,
    *,
    reason: str = "",
    post_key: str | None = None,
) -> tuple[Entry, Entry] | Blocker:
    """Return what leaves one key and what arrives at another, under one number."""
    found = _movement(ledger, kind)
    if isinstance(found, Blocker):
        return found
    if not found.is_transfer:
        return Blocker("NO_TRANSFER", both("This kind moves nothing over.", "此类型不是调拨。"))
    if source == target:
        return Blocker("SAME_KEY", both("Both sides are the same.", "调出与调入相同。"))
    wrong = _wrong(found, quantity, reason)
    if wrong is not None:
        return wrong
    guards = ledger.guards_of(kind)
    return (
        Entry(
            ledger.name,
            kind,
            source,
            quantity,
            _scaled(found.move, quantity),
            guards,
            post_key,
            transfer=number,
        ),
        Entry(
            ledger.name,
            kind,
            target,
            quantity,
            _scaled(found.arrives, quantity),
            guards,
            f"{post_key}/to" if post_key else None,
            transfer=number,
        ),
    )


def hold(
    ledger: Ledger, key: Key, quantity: int, hold_id: str, *, post_key: str | None = None
) -> Entry | Blocker:
    """Return the entry that sets a quantity aside."""
    if ledger.holds is None:
        return NO_HOLDS
    kind = ledger.kinds[ledger.holds.hold]
    wrong = _wrong(kind, quantity, "-")
    return wrong or _made(ledger, kind, key, quantity, post_key=post_key, hold=hold_id)


def settle(
    ledger: Ledger, held: Held, quantity: int, now: datetime, *, commit: bool, post_key: str | None
) -> Entry | Blocker:
    """Return the entry that uses what is held, or gives it back.

    What ran out of time can no longer be used, even before it was given back.
    """
    if ledger.holds is None:
        return NO_HOLDS
    if held.state != OPEN:
        return Blocker("HOLD_CLOSED", both("This hold is closed.", "该预留已结束。"))
    if commit and held.due_at is not None and held.due_at <= now:
        return Blocker("HOLD_EXPIRED", both("This hold ran out of time.", "该预留已过期。"))
    kind = ledger.kinds[ledger.holds.commit if commit else ledger.holds.release]
    wrong = _wrong(kind, quantity, "-")
    if wrong is not None:
        return wrong
    if quantity > held.remaining:
        message = both("Less than that is held.", "剩余预留不足。")
        return Blocker("MORE_THAN_HELD", message, {"have": held.remaining, "need": quantity})
    return _made(ledger, kind, held.key, quantity, post_key=post_key, hold=held.id)


def reversal(ledger: Ledger, past: Past, *, post_key: str | None = None) -> Entry | Blocker:
    """Return the entry that takes another one back: its opposite, and never twice."""
    if past.reverses is not None:
        return Blocker(
            "IS_REVERSAL", both("This entry is a reversal itself.", "该流水本身就是冲销。")
        )
    if past.hold is not None:
        return Blocker(
            "OF_A_HOLD", both("Release the hold in place of this.", "请改为释放对应的预留。")
        )
    return Entry(
        ledger.name,
        past.kind,
        past.key,
        -past.quantity,
        {bucket: -change for bucket, change in past.changes.items() if change},
        ledger.guards_of(past.kind, reversal=True),
        post_key,
        reverses=past.id,
        transfer=past.transfer,
    )


def expiry(ledger: Ledger, key: Key, lot: str, remaining: int) -> Entry | None:
    """Return the entry that takes an expired lot out; None where nothing does."""
    if ledger.lots is None or not ledger.lots.expire:
        return None
    kind = ledger.kinds[ledger.lots.expire]
    changes = _scaled(kind.move, remaining)
    return Entry(
        ledger.name, kind.name, key, remaining, changes, post_key=f"expire/{lot}", only_lot=lot
    )


def place(entry: Entry) -> tuple[str, Key]:
    """Return by what entries are sorted before they are written: no two writers then deadlock."""
    return entry.ledger, entry.key


NO_HOLDS = Blocker("NO_HOLDS", both("This ledger has no holds.", "此账本不支持预留。"))


def _movement(ledger: Ledger, kind: str) -> Movement | Blocker:
    found = ledger.kinds.get(kind)
    if found is None:
        known = ", ".join(ledger.kinds)
        message = both(f"Choose a kind: {known}.", f"请选择过账类型：{known}。")
        return Blocker("UNKNOWN_KIND", message)
    if ledger.holds is not None and kind in ledger.holds.kinds and _is_held(ledger, found):
        message = both("Holds post this kind by themselves.", "此类型只能通过预留过账。")
        return Blocker("OF_A_HOLD", message)
    return found


def _is_held(ledger: Ledger, kind: Movement) -> bool:
    return ledger.holds is not None and ledger.holds.bucket in kind.move


def _wrong(kind: Movement, quantity: int, reason: str) -> Blocker | None:
    if quantity == 0 or (quantity < 0 and not kind.signed):
        message = (
            both("A quantity is not 0.", "数量不能为 0。")
            if kind.signed
            else both("A quantity is greater than 0.", "数量必须大于 0。")
        )
        return Blocker("QUANTITY", message)
    if abs(quantity) > LARGEST:
        return Blocker("TOO_LARGE", both("The quantity is too large.", "数量过大。"))
    if kind.reason and not reason.strip():
        return Blocker("REASON_MISSING", both("Say why.", "请填写说明。"))
    return None


def _made(
    ledger: Ledger,
    kind: Movement,
    key: Key,
    quantity: int,
    *,
    post_key: str | None = None,
    hold: str | None = None,
    expires_at: datetime | None = None,
    lot: str = "",
) -> Entry:
    return Entry(
        ledger.name,
        kind.name,
        key,
        quantity,
        _scaled(kind.move, quantity),
        ledger.guards_of(kind.name),
        post_key,
        hold=hold,
        expires_at=expires_at,
        lot=lot,
    )


def _scaled(vector: Mapping[str, int], quantity: int) -> dict[str, int]:
    return {bucket: sign * quantity for bucket, sign in vector.items()}
