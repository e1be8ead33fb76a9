"""Run promotions over a sheet, lane after lane; each lane works on what the one before left.

Inside a lane the order is priority, then id. The conditions of a promotion are tested once, before
the first of its actions, wherever its others stand. Of a group only some take effect: which, is
decided where its first member stands, from what each would give alone at that point.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from rules.pricing.clamp import clamp
from rules.pricing.desk import Desk
from rules.pricing.grant import Grant
from rules.pricing.promotion import PRICE, SHIPPING, Group, Promotion
from rules.pricing.result import Miss, Step

PRICES = Group("price")
"""Of prices the best one counts, unless a group says otherwise."""
Grants = list[tuple[int, Grant]]
"""Place of an action and what it takes off."""


@dataclass(slots=True)
class Run:
    """One pass over all lanes: its sheet, who takes part, and what became of each."""

    desk: Desk
    lanes: tuple[str, ...]
    opened: Mapping[str, str]
    """Promotion → the code that opened it."""
    trace: list[Step] = field(default_factory=list)
    verdicts: dict[str, Miss | None] = field(default_factory=dict)

    def through(self, promotions: Sequence[Promotion]) -> Run:
        """Run promotions, in the order of a book, through all lanes."""
        desk = self.desk
        for lane in self.lanes:
            if lane == SHIPPING:
                desk.open_shipping()
            members = [promotion for promotion in promotions if lane in promotion.lanes]
            if members:
                desk.open_lane()
                self._lane(lane, members)
            if lane == PRICE:
                desk.close_prices()
        if not desk.shipping_open:
            desk.open_shipping()
        return self

    @property
    def cost(self) -> int:
        """What has to be paid, less what is given; the less, the better for whoever buys."""
        given = sum(extra.quantity * extra.worth for extra in self.desk.extras)
        return sum(self.desk.amounts) + sum(self.desk.ships) - given

    def taken_by(self, promotion: str) -> int:
        """Return everything one promotion takes off."""
        return self.desk.spent.get(promotion, 0)

    def _lane(self, lane: str, members: list[Promotion]) -> None:
        alone = [promotion for promotion in members if promotion.exclusive == "lane"]
        if alone and len(members) > 1:
            members = self._without_rivals(lane, members, alone)
        self._members(lane, members)

    def _members(self, lane: str, members: Sequence[Promotion]) -> None:
        done: set[str] = set()
        for promotion in members:
            group = promotion.group or (PRICES if lane == PRICE else None)
            if group is None or group.policy == "stack":
                self._apply(lane, promotion)
            elif group.name not in done:
                done.add(group.name)
                rivals = [
                    other
                    for other in members
                    if (other.group or (PRICES if lane == PRICE else None)) == group
                    or (other.group is not None and other.group.name == group.name)
                ]
                self._choose(lane, group, rivals)

    def _without_rivals(
        self, lane: str, members: list[Promotion], alone: list[Promotion]
    ) -> list[Promotion]:
        """Return the set of one lane that saves most: one exclusive, or all the others."""
        others = [promotion for promotion in members if promotion.exclusive != "lane"]
        tried = [(self._try(lane, [promotion]), [promotion]) for promotion in alone]
        tried.append((self._try(lane, others), others))
        at = best_of([(run.cost, kept) for run, kept in tried], self.cost)
        kept = tried[at][1]
        by = kept[0].id if kept else ""
        for run, losers in tried:
            if losers is not kept:
                for promotion in losers:
                    self._suppress(lane, promotion, by, run.taken_by(promotion.id))
        return kept

    def _try(self, lane: str, members: Sequence[Promotion]) -> Run:
        run = Run(self.desk.copy(), self.lanes, self.opened, [], dict(self.verdicts))
        run._members(lane, members)
        return run

    def _verdict(self, promotion: Promotion) -> Miss | None:
        if promotion.when is None:
            return None
        if promotion.id not in self.verdicts:
            self.verdicts[promotion.id] = promotion.when(self.desk)
        return self.verdicts[promotion.id]

    def _apply(self, lane: str, promotion: Promotion) -> None:
        miss = self._verdict(promotion)
        if miss is not None:
            self.trace.append(Step(promotion.id, lane, "not_eligible", miss))
            return
        grants, miss = self._grants(lane, promotion, self.desk, book=True)
        self._note(lane, promotion, grants, miss)

    def _grants(
        self, lane: str, promotion: Promotion, desk: Desk, *, book: bool
    ) -> tuple[Grants, Miss | None]:
        """Return what the actions of a promotion take off, each after the ones before it."""
        grants: Grants = []
        first: Miss | None = None
        deeds = [(at, deed) for at, deed in enumerate(promotion.deeds) if deed.lane == lane]
        if not book and len(deeds) > 1:
            desk, book = desk.copy(), True
        for at, deed in deeds:
            grant = deed.work(desk, promotion)
            clamp(desk, promotion, deed, grant)
            grants.append((at, grant))
            first = first or grant.miss
            if book and grant.is_something:
                desk.book(promotion.id, at, self.opened.get(promotion.id, ""), lane, grant)
        return grants, first

    def _book(self, lane: str, promotion: Promotion, grants: Grants) -> None:
        for at, grant in grants:
            if grant.is_something:
                code = self.opened.get(promotion.id, "")
                self.desk.book(promotion.id, at, code, lane, grant)
        self._note(lane, promotion, grants, None)

    def _note(self, lane: str, promotion: Promotion, grants: Grants, miss: Miss | None) -> None:
        some = [(at, grant) for at, grant in grants if grant.is_something]
        for at, grant in some:
            note = promotion.deeds[at].word
            self.trace.append(_applied(self.desk, lane, promotion.id, note, grant))
        if not some:
            self.trace.append(_nothing(lane, promotion, grants, miss))

    def _suppress(self, lane: str, promotion: Promotion, by: str, saving: int) -> None:
        self.trace.append(Step(promotion.id, lane, "suppressed", by=by, granted=saving))

    def _choose(self, lane: str, group: Group, rivals: Sequence[Promotion]) -> None:
        """Let the best of a group take effect, line by line where all of it is about lines."""
        tried: list[tuple[Promotion, Grants]] = []
        for promotion in rivals:
            miss = self._verdict(promotion)
            if miss is not None:
                self.trace.append(Step(promotion.id, lane, "not_eligible", miss))
                continue
            grants, miss = self._grants(lane, promotion, self.desk, book=False)
            if any(grant.is_something for _, grant in grants):
                tried.append((promotion, grants))
            else:
                self.trace.append(_nothing(lane, promotion, grants, miss))
        if len(tried) <= group.most:
            for promotion, grants in tried:
                if len(tried) == 1:
                    self._book(lane, promotion, grants)
                else:
                    self._apply(lane, promotion)
        elif all(promotion.target == "lines" for promotion, _ in tried):
            self._choose_lines(lane, group, tried)
        else:
            self._choose_whole(lane, group, tried)

    def _choose_whole(self, lane: str, group: Group, tried: list[tuple[Promotion, Grants]]) -> None:
        ordered = sorted(tried, key=lambda one: _preference(group, one[0], _saving(one[1])))
        kept = {promotion.id for promotion, _ in ordered[: group.most]}
        for promotion, grants in tried:
            if promotion.id not in kept:
                self._suppress(lane, promotion, ordered[0][0].id, _saving(grants))
            elif group.most == 1:
                self._book(lane, promotion, grants)
            else:
                self._apply(lane, promotion)

    def _choose_lines(self, lane: str, group: Group, tried: list[tuple[Promotion, Grants]]) -> None:
        winners: dict[int, list[str]] = {}
        for at in sorted({at for _, grants in tried for _, grant in grants for at in grant.lines}):
            rivals = [(promotion, _saving(grants, at)) for promotion, grants in tried]
            rivals = [rival for rival in rivals if rival[1] > 0]
            rivals.sort(key=lambda rival: _preference(group, *rival))
            winners[at] = [promotion.id for promotion, _ in rivals[: group.most]]
        for promotion, grants in tried:
            lines = frozenset(at for at, ids in winners.items() if promotion.id in ids)
            if not lines:
                touched = [at for _, grant in grants for at, taken in grant.lines.items() if taken]
                by = winners[touched[0]][0] if touched else ""
                self._suppress(lane, promotion, by, _saving(grants))
                continue
            if group.most > 1:
                grants, _ = self._grants(lane, promotion, self.desk, book=False)
            self._book(lane, promotion, [(at, self._only(grant, lines)) for at, grant in grants])

    def _only(self, grant: Grant, lines: frozenset[int]) -> Grant:
        """Return the part of a grant that belongs to some lines."""
        items = {self.desk.cart.lines[at].item for at in lines}
        return replace(
            grant,
            lines={at: amount for at, amount in grant.lines.items() if at in lines},
            picks={at: picks for at, picks in grant.picks.items() if at in lines},
            used={at: used for at, used in grant.used.items() if at in lines},
            deposits={at: ahead for at, ahead in grant.deposits.items() if at in lines},
            sold={item: units for item, units in grant.sold.items() if item in items},
            summed=None,
        )


def best_of(options: Sequence[tuple[int, Sequence[Promotion]]], before: int) -> int:
    """Return which set of promotions to keep: exclusives that insist first, then what costs least.

    Args:
        options: what has to be paid with a set, and the set; single exclusives before the rest.
        before: what has to be paid without any.

    """
    insisting = [
        at
        for at, (cost, kept) in enumerate(options)
        if cost < before
        and len(kept) == 1
        and kept[0].exclusive
        and kept[0].exclusive_policy == "priority"
    ]
    if insisting:
        return min(insisting, key=lambda at: options[at][1][0].rank)
    last = (float("inf"), float("inf"), "")

    def preference(at: int) -> tuple[int, bool, tuple[float, float, str]]:
        cost, kept = options[at]
        lone = len(kept) == 1 and bool(kept[0].exclusive)
        return (cost, not lone, kept[0].rank if lone else last)

    return min(range(len(options)), key=preference)


def _preference(
    group: Group, promotion: Promotion, saving: int
) -> tuple[int, tuple[int, float, str]]:
    return (0 if group.policy == "priority" else -saving, promotion.rank)


def _saving(grants: Grants, at: int | None = None) -> int:
    """Return what actions save: altogether, gifts at their worth, or on one line."""
    if at is not None:
        return sum(grant.lines.get(at, 0) for _, grant in grants)
    gifts = sum(e.quantity * e.worth - e.charged for _, grant in grants for e in grant.extras)
    return gifts + sum(grant.total for _, grant in grants)


def _applied(desk: Desk, lane: str, promotion: str, note: str, grant: Grant) -> Step:
    lines, bases = desk.cart.lines, grant.bases
    split = [(lines[at].id, bases.get(at, 0), taken) for at, taken in grant.lines.items() if taken]
    for at, taken in grant.ships.items():
        if taken:
            split.append((desk.cart.shipments[at].id, bases.get(at, 0), taken))
    return Step(
        promotion, lane, "applied", None, grant.cut_by, grant.computed, grant.total,
        tuple(split), note,
    )  # fmt: skip


def _nothing(lane: str, promotion: Promotion, grants: Grants, miss: Miss | None) -> Step:
    """Return why a promotion whose conditions hold takes nothing off."""
    cut = next((grant.cut_by for _, grant in grants if grant.cut_by), "")
    computed = sum(grant.computed for _, grant in grants)
    if miss is not None:
        return Step(promotion.id, lane, "not_eligible", miss)
    if cut == "budget":
        return Step(promotion.id, lane, "budget", by=cut, computed=computed)
    if cut == "stock":
        have, need = next(grant.short for _, grant in grants if grant.cut_by == "stock")
        miss = Miss("stock", have, need)
        return Step(promotion.id, lane, "limit", miss, by=cut, computed=computed)
    if not any(grant.bases or grant.lines or grant.ships for _, grant in grants):
        return Step(promotion.id, lane, "not_eligible", Miss("scope", 0, 1))
    return Step(promotion.id, lane, "nothing_left", by=cut, computed=computed)
