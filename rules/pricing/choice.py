"""Which promotions may stand together in one cart, where some exclude others.

An exclusive one stands alone or not at all; promotions that say with what they combine stand with
those that allow them, too. Each allowed set is priced as a whole and the cheapest wins. Up to
twelve rivals every set is tried; with more, they join one by one, the best first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from rules.pricing.lanes import Run, best_of
from rules.pricing.promotion import Promotion

MOST = 12
"""Rivals of which every set is tried."""
Try = Callable[[Sequence[Promotion]], Run]


@dataclass(slots=True)
class Choice:
    """Who takes part, and who does not because of whom."""

    kept: list[Promotion]
    gone: dict[str, tuple[str, int, str]] = field(default_factory=dict)
    """Promotion → what suppressed it, what it would have given, and how that was found out."""


def choose(promotions: Sequence[Promotion], attempt: Try) -> Choice:
    """Return the promotions of the set for which least has to be paid."""
    alone = [promotion for promotion in promotions if promotion.exclusive == "all"]
    rest = [promotion for promotion in promotions if promotion.exclusive != "all"]
    choice = _together(rest, attempt)
    if not alone or len(promotions) == 1:
        return Choice(list(promotions)) if len(promotions) == 1 else choice
    tried = [(attempt([promotion]), [promotion]) for promotion in alone]
    tried.append((attempt(choice.kept), choice.kept))
    at = best_of([(run.cost, kept) for run, kept in tried], attempt([]).cost)
    kept = tried[at][1]
    gone = dict(choice.gone) if kept is choice.kept else {}
    by = kept[0].id if kept else ""
    for run, losers in tried:
        if losers is not kept:
            for promotion in losers:
                gone[promotion.id] = (by, run.taken_by(promotion.id), "exclusive")
    if kept is not choice.kept:
        for name, (_, saving, _) in choice.gone.items():
            gone[name] = (by, saving, "exclusive")
    return Choice(kept, gone)


def _together(promotions: Sequence[Promotion], attempt: Try) -> Choice:
    """Return the best set in which every two allow each other."""
    if not any(promotion.combines for promotion in promotions):
        return Choice(list(promotions))
    rivals = _rivals(promotions)
    before = attempt([]).cost
    savings: dict[str, int] = {}
    for promotion in promotions:
        if promotion.id in rivals:
            savings[promotion.id] = before - attempt([promotion]).cost
    contested = [p for p in promotions if savings.get(p.id, 0) > 0]
    contested = [p for p in contested if any(o.id in rivals[p.id] for o in contested)]
    free = [promotion for promotion in promotions if promotion not in contested]
    if not contested:
        return Choice(list(promotions))
    note = ""
    if len(contested) <= MOST:
        sets = list(_largest_sets(contested, rivals))
        costs = [attempt(_in_order(promotions, free, chosen)).cost for chosen in sets]
        ranks = [sorted(promotion.rank for promotion in chosen) for chosen in sets]
        best = sets[min(range(len(sets)), key=lambda at: (costs[at], ranks[at]))]
    else:
        best, note = _greedy(contested, rivals, savings), "greedy_choice"
    kept = _in_order(promotions, free, best)
    gone = {}
    for promotion in contested:
        if promotion not in best:
            by = next((other.id for other in best if other.id in rivals[promotion.id]), "")
            gone[promotion.id] = (by, savings[promotion.id], note or "not_combinable")
    return Choice(kept, gone)


def _rivals(promotions: Sequence[Promotion]) -> dict[str, set[str]]:
    """Return, for each promotion that has some, those it may not stand beside."""
    found: dict[str, set[str]] = {}
    for one in promotions:
        if one.combines is None:
            continue
        for other in promotions:
            if other is one:
                continue
            allowed = one.combines.allows(other)
            if not allowed or (other.combines is not None and not other.combines.allows(one)):
                found.setdefault(one.id, set()).add(other.id)
                found.setdefault(other.id, set()).add(one.id)
    return found


def _largest_sets(
    promotions: Sequence[Promotion], rivals: dict[str, set[str]]
) -> Iterator[list[Promotion]]:
    """Yield each set without rivals to which none of the others could be added."""
    for bits in range(1, 1 << len(promotions)):
        chosen = [p for at, p in enumerate(promotions) if bits >> at & 1]
        ids = {promotion.id for promotion in chosen}
        if any(rivals[promotion.id] & ids for promotion in chosen):
            continue
        if all(rivals[promotion.id] & ids for promotion in promotions if promotion.id not in ids):
            yield chosen


def _greedy(
    promotions: Sequence[Promotion], rivals: dict[str, set[str]], savings: dict[str, int]
) -> list[Promotion]:
    chosen: list[Promotion] = []
    for promotion in sorted(promotions, key=lambda p: (-savings[p.id], p.rank)):
        if not rivals[promotion.id].intersection(other.id for other in chosen):
            chosen.append(promotion)
    return chosen


def _in_order(
    promotions: Sequence[Promotion], free: Sequence[Promotion], chosen: Sequence[Promotion]
) -> list[Promotion]:
    return [promotion for promotion in promotions if promotion in free or promotion in chosen]
