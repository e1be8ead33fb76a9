"""A placed record gets other lines: what they cost by its own rules, and what that changes.

Comes in: the draft of the record under its lock, and what is another. Goes out: the same draft with
its parts as placing them anew would make them, each old one kept that still says the same; then the
entries by which counters follow, the difference and no more. What counters say is read as they are
now, without what the record took itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from generator.model.entity import Entity
from generator.model.placing import LINES, PACE, WHOLE, Placing
from generator.model.text import Label
from rules.blockers import Blocker, both
from rules.commands import Reprice
from rules.ledger import entries as rules
from rules.ledger.entries import Entry, Key
from rules.pricing import agreed as agreeing
from rules.pricing.agreed import Agreed, Change
from rules.pricing.uses import Take, takes
from rules.workflow.asking import Refused as Unfired
from runtime import price_book
from runtime.errors import FieldError, InvalidInput, PriceChanged
from runtime.messages import Actor
from runtime.operations import (
    _added,
    _counters,
    _effect_posts,
    _lost_codes,
    _pace,
    _placing,
    _posting,
    _repriced_cart,
    _saving,
    _taken_back,
    _taxes_back,
)
from runtime.operations._counters import Own
from runtime.operations._lost_codes import Fate
from runtime.operations._paid_lines import filled_with
from runtime.operations._repriced_cart import MOST_LINES, MOST_UNITS
from runtime.operations._unfired import unfired
from runtime.operations._work import Draft, Work
from runtime.operations.evaluate import Evaluated
from runtime.store import inserts
from runtime.store.posted import Cause, Refused
from runtime.store.titles import title_of

ITEM, LINE, QUANTITY = "item", "line", "quantity"
SAME = ("text", "choice", "boolean", "reference")
"""A part that says the same in fields of these types is the same one; its amounts may change."""
CHANGED = Label(
    {
        "en": "These are not the prices you have seen. Look at them and confirm once more.",
        "zh": "价格与您看到的不一致，请核对后再次确认。",
    }
)
NOT_AGREED = Blocker(
    "NOTHING_AGREED",
    both(
        "It was not placed at prices that could be worked out again.",
        "该单据下单时未保存计价依据，无法重新计价。",
    ),
)
WHO_BUYS = Blocker(
    "WHO_BUYS",
    both(
        "Something in it is limited by customer, and nobody said who buys.",
        "其中有按顾客限量的优惠，但下单时未填写顾客。",
    ),
)


@dataclass(frozen=True)
class Repriced:
    """A placed record with other lines."""

    found: Evaluated
    takes: tuple[Take, ...]
    own: Own
    """What it took of counters so far."""
    fates: tuple[Fate, ...] = ()
    """What becomes of each code it was placed with."""


def look(work: Work, draft: Draft, command: Reprice) -> Repriced:
    """Put other lines into the draft of a record, whatever was seen of their prices.

    Raises:
        InvalidInput: what is another cannot be understood, or leaves nothing.
        GuardBlocked: the record was not placed at prices that can be worked out again.

    """
    kept = _agreed(work, draft)
    changes = _read(command)
    own = _counters.taken(work.connection, work.runtime, draft.entity.name, _id(draft))
    try:
        found = _repriced_cart.evaluated(
            work, kept, changes, own, _actor(work), _id(draft), today=command.today
        )
    except LookupError as error:
        raise _unknown(command, error) from error
    placing = _placing_of(work)
    found = _with_records(placing, draft, kept, found)
    fates = _lost_codes.fates(work, kept, found)
    done = _taken(found)
    lost = _lost_codes.lost(fates)
    files = {} if command.today else {str(one["id"]): one for one in kept.written}
    basis = {
        **price_book.basis(work.connection, work.runtime, found, files, lost=lost),
        **_taxes_back.received(work, draft),
    }
    bounds = _counters.bounds(work.runtime, done, found.cart.currency)
    more = {"basis": basis or None, "bounds": bounds or None}
    _fill(work, draft, placing, kept, found, _placing.values(work.runtime, placing, found, more))
    return Repriced(found, done, own, fates)


def _taken(found: Evaluated) -> tuple[Take, ...]:
    """Return what other lines take of counters.

    Raises:
        GuardBlocked: something counts by customer, and nobody said who that is.

    """
    priced, context = found.priced, found.context
    try:
        return takes(priced, found.book, found.cart.currency, found.customers, context)
    except LookupError as error:
        raise unfired(Unfired("guard_blocked", (WHO_BUYS,))) from error


def apply(work: Work, draft: Draft, command: Reprice) -> Repriced:
    """Put other lines into the draft of a record, at prices that were seen.

    Raises:
        PriceChanged: others come out than were seen.

    """
    done = look(work, draft, command)
    if done.found.priced.fingerprint != command.seen:
        raise PriceChanged(CHANGED, evaluated=done.found)
    return done


def post(work: Work, draft: Draft, done: Repriced) -> None:
    """Let counters follow, by the difference.

    Raises:
        GuardBlocked: there is not so much left.

    """
    inserts.leave_now(work.connection)
    title = title_of(work.connection, work.runtime, draft.entity, draft.facts)
    cause = Cause(draft.entity.name, _id(draft), title, work.incoming.reason, work.actor_id)
    ledger = ""
    try:
        entries = list(_difference(work, draft, done))
        ledger = entries[0].ledger if entries else ""
        _posting.post_within(work, entries, cause)
        _pace.hold(work, [one for one in done.takes if one.counts == PACE])
    except Refused as refused:
        pricing = work.runtime.app.pricing
        assert pricing is not None
        counted = next(iter(pricing.counters.values()), None)
        ledger = ledger or (counted.ledger if counted is not None else "")
        raise _effect_posts.refusal(work, refused, ledger) from refused


def _difference(work: Work, draft: Draft, done: Repriced) -> Iterator[Entry]:
    """Yield what is posted so that a record has taken what it takes now."""
    runtime = work.runtime
    pricing = runtime.app.pricing
    assert pricing is not None
    kinds = {one.ledger: (one.take, one.keep) for one in pricing.counters.values()}
    if pricing.stock is not None:
        kinds[pricing.stock.ledger] = (pricing.stock.take,) * 2
    stays = _lost_codes.Staying(runtime, done.fates)
    wanted: dict[tuple[str, Key], Entry] = {}
    counted = _counters.entries(runtime, done.takes, done.found.cart.currency, "")
    for one in (*counted, *_added.entries(work, done.found.priced, "")):
        known = wanted.get((one.ledger, one.key))
        more = known.quantity if known is not None else 0
        wanted[one.ledger, one.key] = replace(one, quantity=one.quantity + more)
    for number, place in enumerate(sorted({*wanted, *done.own})):
        ledger, key = place
        entry, before = wanted.get(place), done.own.get(place, 0)
        after = entry.quantity if entry is not None else 0
        if entry is not None and after > before:
            post_key = f"repriced/{_id(draft)}/{draft.facts['version']}/{number}"
            model, most = runtime.app.ledgers[ledger], entry.most
            yield _posting.or_refuse(
                rules.entry(model, entry.kind, key, after - before, post_key=post_key, most=most)
            )
        elif after < before and not stays(ledger, key):
            yield from _taken_back.amended(
                work, draft, ledger, kinds[ledger], key, before - after
            )  # fmt: skip


def _agreed(work: Work, draft: Draft) -> Agreed:
    name = _placing_of(work).filled_with("basis")
    stored = (draft.facts.get(name) or {}) if name else {}
    if price_book.AGREED not in stored:
        raise unfired(Unfired("guard_blocked", (NOT_AGREED,)))
    return agreeing.read(stored[price_book.AGREED])


def _placing_of(work: Work) -> Placing:
    pricing = work.runtime.app.pricing
    assert pricing is not None
    assert pricing.placing is not None
    return pricing.placing


def _actor(work: Work) -> Actor:
    assert work.incoming.actor is not None
    return work.incoming.actor


def _id(draft: Draft) -> str:
    return str(draft.facts["id"])


def _with_records(placing: Placing, draft: Draft, kept: Agreed, found: Evaluated) -> Evaluated:
    """Return what was priced with the buyer and the items as the record names them."""
    name = placing.filled_with("customer")
    lines = placing.filled[LINES]
    item = filled_with(lines.take, "item")
    rows = _numbered(draft, placing)
    own = {
        line.item: str(rows[number][item])
        for number, line in enumerate(kept.cart.lines, 1)
        if item and number in rows and rows[number].get(item) is not None
    }
    buyer = str(draft.facts.get(name) or "") if name else ""
    return replace(found, items={**found.items, **own}, buyer=buyer)


def _numbered(draft: Draft, placing: Placing) -> dict[int, Mapping[str, Any]]:
    """Return the stored lines by their numbers."""
    lines = placing.filled[LINES]
    number = filled_with(lines.take, "number")
    rows = (draft.before or {}).get(lines.into, ())
    return {int(row[number]): row for row in rows if row.get(number) is not None}


def _fill(
    work: Work, draft: Draft, placing: Placing, kept: Agreed, found: Evaluated,
    values: Mapping[str, Any],
) -> None:  # fmt: skip
    """Put what was priced into a draft; a part that still says the same stays the same part."""
    entity = draft.entity
    parts: dict[str, Any] = {}
    for name, value in values.items():
        if entity.fields[name].type == "children":
            parts[name] = value
        else:
            draft.facts[name] = value
    lines = placing.filled[LINES].into
    numbers = {line.id: number for number, line in enumerate(kept.cart.lines, 1)}
    rows = _numbered(draft, placing)
    for name, made in parts.items():
        old = {str(row["id"]): row for row in (draft.before or {}).get(name, ())}
        named: list[str | None] = [None] * len(made)
        if name == lines:
            for at, line in enumerate(found.priced.lines):
                row = rows.get(numbers.get(line.id, 0))
                named[at] = str(row["id"]) if row is not None else None
        bought = [str(rows[n]["id"]) for n in numbers.values() if n in rows]
        goods = set(bought) if name == lines else set()
        ours = {one: row for one, row in old.items() if _is_ours(placing, name, row)}
        free = [row for one, row in ours.items() if one not in goods]
        model = work.runtime.app.entities[entity.fields[name].target]
        sent = []
        first = len(found.priced.lines) if name == lines else 0
        for at, one in enumerate(made):
            if at >= first:
                same = _same(placing, model, name, one, free)
                if same is not None:
                    free.remove(same)
                    named[at] = str(same["id"])
            sent.append({**one, "id": named[at]} if named[at] else dict(one))
        sent += [{"id": one} for one in old if one not in ours]
        parts[name] = sent
    _saving.take(work, draft, parts)
    work.fail_if_wrong()


def _is_ours(placing: Placing, into: str, row: Mapping[str, Any]) -> bool:
    """Return whether a part is one that placing made."""
    return any(
        all(row.get(name) == value for name, value in one.fixed.items())
        for part, one in placing.filled.items()
        if part != WHOLE and one.into == into
    )


def _same(
    placing: Placing, model: Entity, into: str, made: Mapping[str, Any],
    free: Sequence[Mapping[str, Any]],
) -> Mapping[str, Any] | None:  # fmt: skip
    """Return the stored part that a new one says the same as."""
    names = {
        name
        for part, one in placing.filled.items()
        if part != WHOLE and one.into == into
        for name in (*one.take, *one.fixed)
        if model.fields[name].type in SAME
    }
    return next(
        (row for row in free if all((row.get(n) or None) == (made.get(n) or None) for n in names)),
        None,
    )


def _read(command: Reprice) -> list[Change]:
    """Return what is another.

    Raises:
        InvalidInput: at each place where it cannot be understood.

    """
    given = command.changes if command.changes is not None else []
    if not isinstance(given, list) or len(given) > MOST_LINES:
        raise _wrong(command, "", "invalid", "Send a list of lines.", "请提交商品行列表。")
    found = []
    for at, one in enumerate(given):
        known = isinstance(one, Mapping) and not set(one) - {ITEM, LINE, QUANTITY}
        item = one.get(ITEM) if known else None
        number = one.get(LINE) if known else None
        quantity = one.get(QUANTITY) if known else None
        whole = isinstance(quantity, int) and not isinstance(quantity, bool)
        if not whole or not 0 <= quantity <= MOST_UNITS:  # type: ignore[operator]
            raise _wrong(command, f"{at}.{QUANTITY}", "invalid",
                         f"Write a whole number from 0 to {MOST_UNITS}.",
                         f"请填写 0 到 {MOST_UNITS} 的整数。")  # fmt: skip
        by_item = isinstance(item, str) and 0 < len(item) <= 200 and number is None
        by_line = isinstance(number, int) and not isinstance(number, bool) and item is None
        if not by_item and not by_line:
            raise _wrong(command, f"{at}.{ITEM}", "required",
                         "Name an item, or the number of a line.",
                         "请填写商品或行号。")  # fmt: skip
        found.append(Change(str(item or ""), int(number or 0), int(quantity or 0), at))
    if not found and not command.today:
        raise _wrong(command, "", "required", "Say what is to be changed.", "请填写要更改的内容。")
    return found


def _unknown(command: Reprice, error: LookupError) -> InvalidInput:
    change = error.args[0] if error.args else None
    if not isinstance(change, Change):
        return _wrong(command, "", "EMPTY", "At least one line must stay; cancel it instead.",
                      "至少保留一行商品；如全部不要，请取消。")  # fmt: skip
    if change.number:
        return _wrong(command, f"{change.place}.{LINE}", "not_found",
                      "There is no such line.", "没有这一行。")  # fmt: skip
    return _wrong(command, f"{change.place}.{ITEM}", "not_found",
                  f"There is no '{change.item}' here, or there are several lines of it.",
                  f"没有商品“{change.item}”，或有多行。")  # fmt: skip


def _wrong(command: Reprice, at: str, code: str, en: str, zh: str) -> InvalidInput:
    message = Label({"en": en, "zh": zh})
    place = f"{command.name}.{at}" if at else command.name
    return InvalidInput(message, (FieldError(place, code, message),))
