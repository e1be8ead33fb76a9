"""Budgets get back what settled cases of a record took back of what promotions granted.

Comes in: drafts that were just written. Of a placed record whose promotions ask for it (`budget:
{refund: true}`), all settled cases (`settled:` of `give_back:`) are counted from the beginning, and
what its budgets did not get back yet is posted: the entry that took is reversed, and what is still
granted is taken anew. So a cancel takes back only the rest, and a budget never gets more than it
gave. What it got stays with it, whatever becomes of the case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from generator.model.giving_back import GivingBack
from generator.model.placing import MONEY, NOBODY, SHARED, Placing
from rules.ledger.entries import Entry, Key
from rules.pricing.broken import given_back
from rules.pricing.frozen import Granted
from runtime.operations import _taken_back
from runtime.operations._counters import RECORD, scale
from runtime.operations._paid_lines import PaidLines
from runtime.operations._work import Draft, Work


def post(work: Work, drafts: Iterable[Draft]) -> None:
    """Give budgets back what is theirs by now."""
    pricing = work.runtime.app.pricing
    if pricing is None or pricing.giving_back is None or pricing.placing is None:
        return
    give, placing = pricing.giving_back, pricing.placing
    name = placing.filled_with("basis")
    if give.settled is None or not name:
        return
    for draft in drafts:
        if draft.entity.name != placing.creates or give.cases not in draft.children:
            continue
        basis = draft.facts.get(name)
        if basis and basis.get("granted"):
            _give(work, draft, give, placing)


def _give(work: Work, draft: Draft, give: GivingBack, placing: Placing) -> None:
    settled = give.settled
    assert settled is not None
    paid = PaidLines(work, draft, give, placing)
    over = [
        one
        for one in draft.children[give.cases]
        if paid.counts(one.facts) and settled.function(one.facts, work.context) is True
    ]
    basis = paid.basis
    if not over or basis is None:
        return
    for case in over:
        paid.settle(case)
    again = not paid.off_all and bool(paid.bought(basis))
    back = given_back(basis, _came_back(paid), paid.delivered_share(), again=again)
    entries = [
        entry
        for (counts, key), amount in _by_budget(work, paid.currency, basis.granted, back).items()
        for entry in _entries(
            work, draft, counts, key, amount * scale(work.runtime, counts, paid.currency)
        )
    ]
    _taken_back.post(work, draft, entries)


def _came_back(paid: PaidLines) -> Mapping[str, int]:
    """Return, by line of the cart, how many units are gone, also of one that was changed since."""
    assert paid.basis is not None
    numbered = {one.number: one for one in paid.lines.values() if one.number}
    return {
        line.id: numbered[number].gone
        for number, line in enumerate(paid.basis.cart.lines, 1)
        if number in numbered
    }


def _by_budget(
    work: Work, currency: str, granted: Sequence[Granted], back: Mapping[str, int]
) -> dict[tuple[str, Key], int]:
    """Return what is given back by what counts it and the key of the budget."""
    pricing = work.runtime.app.pricing
    assert pricing is not None
    found: dict[tuple[str, Key], int] = {}
    for one in granted:
        about = {"promotion": one.promotion, "currency": currency, RECORD: one.pool}
        for counts in (MONEY, SHARED) if one.pool else (MONEY,):
            counter = pricing.counters.get(counts)
            if counter is None or not back[one.promotion]:
                continue
            names = work.runtime.app.ledgers[counter.ledger].key
            key = tuple(about[RECORD] if counts == SHARED else about.get(n, NOBODY) for n in names)
            found[counts, key] = found.get((counts, key), 0) + back[one.promotion]
    return found


def _entries(work: Work, draft: Draft, counts: str, key: Key, amount: int) -> list[Entry]:
    """Return what is posted so that a budget has got back an amount; nothing where it has."""
    pricing = work.runtime.app.pricing
    assert pricing is not None
    counter = pricing.counters[counts]
    kinds = (counter.take, counter.keep)
    return _taken_back.entries(work, draft, counter.ledger, kinds, key, amount)
