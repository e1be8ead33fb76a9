"""`preview_transition`: what a placed record would cost with other lines; nothing is written.

The payload is that of `transition`, and everything that would keep it from firing is told alike.
Goes out what changes: amounts of the record, promotions, lines, and the mark of the prices, which
the transition takes as what was seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from generator.model.entity import Field
from generator.model.placing import DISCOUNTS, EXTRAS, LINES, Placing
from generator.model.text import Label
from rules.commands import Reprice
from rules.permissions import Grant
from rules.workflow import firing
from rules.workflow.asking import Ask, Refused
from runtime.errors import Forbidden, Invalid
from runtime.messages import Incoming, Result
from runtime.operations import _held, _lost_codes, _reading, _repricing, _saving, transition
from runtime.operations._held import Held
from runtime.operations._lost_codes import Fate, Outcome
from runtime.operations._paid_lines import filled_with, rows_of
from runtime.operations._references import Lookup
from runtime.operations._repricing import Repriced
from runtime.operations._veiled import refusal_for
from runtime.operations._wanted import asker, grant_of
from runtime.operations._work import Draft, Work
from runtime.operations.evaluate import Evaluated
from runtime.runtime import Runtime
from runtime.store import fetch

ACTION = "read"
NOTHING = Label({"en": "This changes no price.", "zh": "此操作不涉及计价。"})


@dataclass(frozen=True)
class Amount:
    """An amount of the record, as it is stored: as it is and as it would be."""

    field: Field
    before: Any
    after: Any


@dataclass(frozen=True)
class Share:
    """What one promotion takes off, in smallest units of the currency; None where it does not."""

    promotion: str
    label: str
    before: int | None
    after: int | None


@dataclass(frozen=True)
class Units:
    """How many of an item, and whether a promotion adds them."""

    item: str
    before: int
    after: int
    added: bool


@dataclass(frozen=True)
class Code:
    """A code that does not hold any more, or holds again, or still does not."""

    fate: Fate
    then: Outcome | None
    """Of one that falls away, what it is good for; None of one that anybody may type."""


@dataclass(frozen=True)
class Preview:
    """What would change."""

    found: Evaluated
    version: int
    amounts: tuple[Amount, ...]
    shares: tuple[Share, ...]
    units: tuple[Units, ...]
    codes: tuple[Code, ...]
    facts: Mapping[str, Any]
    """The record as it would be."""


parse = transition.parse


def plan(call: transition.Call, grant: Grant, runtime: Runtime) -> transition.Call:
    return call


def execute(call: transition.Call, runtime: Runtime) -> Result:
    with fetch.connection(runtime.engine) as connection:
        incoming: Incoming = call.write.incoming
        context = _reading.context(runtime, call.write.actor)
        work = Work(connection, runtime, incoming, context["now"], context, fires=True)
        return Result(row=_preview(work, call))


def _preview(work: Work, call: transition.Call) -> Preview:
    wanted, runtime, actor = call.wanted, work.runtime, call.write.actor
    machines = runtime.machines[wanted.entity]
    grant = grant_of(runtime, actor, wanted)
    if grant is None:
        raise Forbidden
    held = _held.hold(work, machines.entity, wanted.record_id, grant, lock="")
    by = asker(work, wanted, held)
    ask = Ask(wanted.workflow, wanted.transition, by, wanted.input)
    done = firing.fire(machines, ask, _held.situation(work, held, call.edges, ""))
    if isinstance(done, Refused):
        raise refusal_for(work, held, done, machines.workflows[wanted.workflow].field)
    command = next((one for one in done.commands if isinstance(one, Reprice)), None)
    if command is None:
        raise Invalid(NOTHING)
    repriced = _repricing.look(work, held.draft, command)
    return _told(work, held, repriced)


def _told(work: Work, held: Held, done: Repriced) -> Preview:
    draft, runtime = held.draft, work.runtime
    pricing, actor = runtime.app.pricing, work.incoming.actor
    assert pricing is not None
    assert pricing.placing is not None
    assert actor is not None
    lookup = Lookup(work.connection, runtime, work.incoming, locks=False, fires=True)
    for one in draft.everyone():
        lookup.collect(one)
    lookup.resolve()
    before, after = draft.before or {}, _saving.compute(work, held.root, lookup)[draft.place]
    read = runtime.matrix.grant(actor.roles, draft.entity.name, "read")
    readable = read.open if read is not None else frozenset()
    amounts = tuple(
        Amount(field, before.get(field.name), after.get(field.name))
        for field in draft.entity.fields.values()
        if field.type == "money"
        and field.name in readable
        and before.get(field.name) != after.get(field.name)
        and (before.get(field.name) or after.get(field.name))
    )
    return Preview(
        done.found,
        held.version,
        amounts,
        tuple(_shares(work, pricing.placing, draft, done.found)),
        tuple(_units(pricing.placing, draft, done.found)),
        tuple(_codes(work, draft, done)),
        after,
    )


def _codes(work: Work, draft: Draft, done: Repriced) -> Iterator[Code]:
    """Yield what becomes of codes, but of those that hold as they did."""
    for one in done.fates:
        if not (one.before and one.after):
            then = _lost_codes.outcome(work, draft, one) if one.falls_away else None
            yield Code(one, then)


def _shares(work: Work, placing: Placing, draft: Draft, found: Evaluated) -> Iterator[Share]:
    """Yield what each promotion takes off, where that changes."""
    filled = placing.filled.get(DISCOUNTS)
    if filled is None:
        return
    part = work.runtime.app.entities[draft.entity.fields[filled.into].target]
    name, amount = filled_with(filled.take, "promotion"), filled_with(filled.take, "amount")
    label = filled_with(filled.take, "label")
    if not name or not amount:
        return
    kind: Any = work.runtime.compiled.field_types[part.fields[amount].type]
    finer = kind.places(part.fields[amount]) - found.places
    before: dict[str, int] = {}
    called: dict[str, str] = {}
    for row in (draft.before or {}).get(filled.into, ()):
        one = str(row[name])
        before[one] = before.get(one, 0) + int(row[amount] or 0)
        called[one] = str((row.get(label) if label else "") or one)
    after: dict[str, int] = {}
    for row in rows_of(draft, filled.into):
        one = str(row[name])
        after[one] = after.get(one, 0) + int(row[amount] or 0)
        called[one] = str((row.get(label) if label else "") or one)
    for one in sorted({*before, *after}):
        old, new = before.get(one), after.get(one)
        if old != new:
            yield Share(one, called[one], _minor(old, finer), _minor(new, finer))


def _minor(stored: int | None, finer: int) -> int | None:
    """Return smallest units of the currency; the field keeps so many more places, or fewer."""
    if stored is None:
        return None
    return int(stored // 10**finer) if finer >= 0 else int(stored * 10**-finer)


def _units(placing: Placing, draft: Draft, found: Evaluated) -> Iterator[Units]:
    """Yield how many there are of each item, bought and added, in the order of the lines."""
    names = {record: key for key, record in found.items.items()}
    lines, extras = placing.filled[LINES], placing.filled.get(EXTRAS)
    quantity = filled_with(lines.take, "quantity")
    free = filled_with(extras.take, "free") if extras is not None else ""
    counted: dict[tuple[str, bool], list[int]] = {}
    for at, rows in enumerate(
        ((draft.before or {}).get(lines.into, ()), rows_of(draft, lines.into))
    ):
        for row in rows:
            item = _item(lines.take, row, names)
            added = bool(free) and row.get(free) is not None
            counted.setdefault((item, added), [0, 0])[at] += int(row[quantity] or 0)
    for (item, added), (before, after) in counted.items():
        yield Units(item, before, after, added)


def _item(take: Mapping[str, str], row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Return the key of a line's item."""
    key, item = filled_with(take, "key"), filled_with(take, "item")
    if key and row.get(key):
        return str(row[key])
    record = str(row.get(item) or "")
    return names.get(record, record)
