"""`kept`: what a promotion asks to be counted, kept or given back has its place in the shop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.lints import Finding, Lint, Offered
from generator.model.placing import EXTRAS, LINES, MONEY, PACE, SHARED, USED_CODES, USES
from generator.model.pricing import Pricing
from generator.saying import say
from rules.lints import Path, read
from rules.pricing.promotion import CHARGED, KEPT, REISSUED, Promotion

Lacks = Iterator[tuple[Path, str]]


class Kept(Lint):
    def find(self, offered: Offered) -> Iterator[Finding]:
        if offered.pricing.placing is None:
            return  # nothing is placed here, so that nothing can be used up or come back
        for one in offered.promotions:
            found = read(offered, one)[0]
            for path, key in _lacking(offered.pricing, found) if found is not None else ():
                message = say("The shop does not keep what this needs.")
                hint = say("Write `{key}` in `pricing:`, or leave this out.", key=key)
                yield Finding("D820", one.name, path, message, hint, "error")


def _lacking(pricing: Pricing, one: Promotion) -> Lacks:
    yield from _uncounted(pricing, one)
    yield from _unreturned(pricing, one)


def _uncounted(pricing: Pricing, one: Promotion) -> Lacks:
    """Yield limits and budgets that nothing counts."""
    limits, counters = one.limits, pricing.counters
    asked: list[tuple[bool, Path, str]] = [
        (limits.total is not None, ("limits", "total"), USES),
        (limits.per_customer is not None, ("limits", "per_customer"), USES),
        (limits.per_code is not None, ("limits", "per_code"), USES),
        (bool(limits.within), ("limits", "within"), PACE),
        (any(deed.counts for deed in one.deeds), ("then",), USES),
        (bool(one.shares) and pricing.budgets is not None, ("shares",), SHARED),
    ]
    if one.budget is not None:
        of_uses = isinstance(one.budget.limit, int)
        asked.append((True, ("budget", USES if of_uses else "amount"), USES if of_uses else MONEY))
    taken = [(path, counts) for is_asked, path, counts in asked if is_asked]
    for path, counts in taken:
        if counts not in counters:
            yield path, f"counters: {{{counts}: …}}"
    if one.shares and pricing.budgets is None:
        yield ("shares",), "budgets"
    if not limits.release_on_cancel:
        for counts in dict.fromkeys(counts for _, counts in taken if counts != PACE):
            counter = counters.get(counts)
            if counter is not None and counter.keep == counter.take:
                yield ("limits", "release_on_cancel"), f"counters: {{{counts}: {{keep: …}}}}"
                return


def _unreturned(pricing: Pricing, one: Promotion) -> Lacks:
    """Yield what should happen with what comes back, and nobody sees to it."""
    placing, give, refund = pricing.placing, pricing.giving_back, one.refund
    assert placing is not None
    codes = placing.filled.get(USED_CODES)
    if refund.code == REISSUED and (codes is None or "reissue" not in codes.take.values()):
        yield ("refund", "code"), "place: {codes: {take: {…: reissue}}}"
    asked: Mapping[Path, bool] = {
        ("refund", "on_break"): refund.on_break != "keep",
        ("refund", "gift"): refund.gift != KEPT,
        ("budget", "refund"): one.refills,
    }
    for path in (path for path, is_asked in asked.items() if is_asked):
        if give is None:
            yield path, "give_back"
        elif not placing.filled_with("basis"):
            yield path, "place: {record: {take: {…: basis}}}"
        elif "number" not in _taken(placing, LINES):
            yield path, "place: {lines: {take: {…: number}}}"
        else:
            yield from _of_case(pricing, one, path)


def _of_case(pricing: Pricing, one: Promotion, path: Path) -> Lacks:
    placing, give = pricing.placing, pricing.giving_back
    assert placing is not None
    assert give is not None
    if path == ("budget", "refund"):
        if give.settled is None:
            yield path, "give_back: {settled: …}"
    elif path == ("refund", "on_break"):
        if "lost" not in give.of_case.values():
            yield path, "give_back: {take: {…: lost}}"
    elif "number" not in _taken(placing, EXTRAS) or not _is_one(placing):
        yield path, "place: {extras: {into: …, take: {…: number}}}"
    elif one.refund.gift == CHARGED:
        if "charged" not in give.of_case.values():
            yield path, "give_back: {take: {…: charged}}"
    elif "gift" not in give.of_part.values():
        yield path, "give_back: {lines: {take: {…: gift}}}"


def _taken(placing: Any, part: str) -> frozenset[str]:
    filled = placing.filled.get(part)
    return frozenset(filled.take.values()) if filled is not None else frozenset()


def _is_one(placing: Any) -> bool:
    """Return whether lines and extras are parts of one field, numbered by one field."""
    own = [
        (filled.into, [name for name, fact in filled.take.items() if fact == "number"])
        for filled in (placing.filled[LINES], placing.filled[EXTRAS])
    ]
    return own[0] == own[1]
