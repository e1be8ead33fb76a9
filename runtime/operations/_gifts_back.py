"""What promotions added and a case brought back lies in its stock again: gifts and add-ons.

Comes in: drafts that were just written. Of a placed record the units of all cases whose goods go
back (`to_stock:` of `give_back:`) are counted from the beginning, and what their stock did not get
back yet is posted: so it gets each once, a cancel takes back only the rest, and it never gets more
than it gave. What it got stays with it, whatever becomes of the case.
"""

from __future__ import annotations

from collections.abc import Iterable

from generator.model.giving_back import GivingBack
from generator.model.placing import EXTRAS, Placing
from runtime.operations import _taken_back
from runtime.operations._paid_lines import filled_with, rows_of
from runtime.operations._work import Draft, Work


def post(work: Work, drafts: Iterable[Draft]) -> None:
    """Put back what came back by now."""
    pricing = work.runtime.app.pricing
    if pricing is None or pricing.giving_back is None or pricing.placing is None:
        return
    give, placing, stock = pricing.giving_back, pricing.placing, pricing.stock
    if stock is None or give.to_stock is None:
        return
    for draft in drafts:
        if draft.entity.name != placing.creates or give.cases not in draft.children:
            continue
        back = _came_back(work, draft, give, placing)
        entries = [
            entry
            for item, units in sorted(back.items())
            for entry in _taken_back.entries(
                work, draft, stock.ledger, (stock.take,), (item,), units
            )
        ]
        _taken_back.post(work, draft, entries)


def _came_back(work: Work, draft: Draft, give: GivingBack, placing: Placing) -> dict[str, int]:
    """Return, by record of an item, how many units that promotions added are back."""
    kept, found, to_stock = placing.filled[EXTRAS], dict[str, int](), give.to_stock
    assert to_stock is not None
    item, free = filled_with(kept.take, "item"), filled_with(kept.take, "free")
    cases = [
        one
        for one in draft.children[give.cases]
        if (give.counts is None or give.counts.function(one.facts, work.context) is True)
        and to_stock.function(one.facts, work.context) is True
    ]
    if not cases:
        return {}
    added = {
        str(one["id"]): str(one[item])
        for one in rows_of(draft, kept.into)
        if one.get(free) is not None and one.get(item) is not None
    }
    for case in cases:
        for part in rows_of(case, give.into):
            record = added.get(str(part[give.item]))
            if record is not None:
                found[record] = found.get(record, 0) + int(part[give.units] or 0)
    return found
