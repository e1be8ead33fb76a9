"""What returned units of a placed record pay back, whenever the record is computed.

In: the draft of the whole record with its cases (`give_back:` of `pricing:`). Out: the same, with
what every new or changed case comes to: of each line the worth of all its returned units without
what was given for earlier ones, so that the last unit takes the rest and nothing ever passes what
was paid, whatever was rejected in between. Gifts that what stays would not get are asked for by the
case itself, or charged. Whoever may write these fields, the engine decides. The record is locked
while it is changed, so that two cases at once count one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from generator.model.entity import Entity
from generator.model.giving_back import BY_HAND, LAST, NEVER, NOT_KEPT, GivingBack
from generator.model.placing import LINES, Placing
from generator.model.text import Label
from rules.pricing.broken import Break, after_break, gifts_owed
from rules.pricing.frozen import Gift
from rules.pricing.refunds import share_of, worth_of
from runtime.errors import FieldError
from runtime.operations import _taxes_back
from runtime.operations._paid_lines import PaidLine, PaidLines, filled_with
from runtime.operations._taxes_back import TaxesBack
from runtime.operations._work import Draft, Work

SILENT = ("gift", "tax")
"""What a part may say nothing of although its case was counted."""
NOT_OURS = Label({"en": "This is no line of the same record.", "zh": "该明细不属于同一张单据。"})
AT_LEAST_ONE = Label({"en": "Give back one at least.", "zh": "至少退一件。"})
Make = Callable[[Work, Entity, Mapping[str, Any], str], Draft]
"""Returns the draft of a new part from its values and its place."""


def fill(work: Work, draft: Draft, make: Make) -> list[Draft]:
    """Put into a record's cases what they pay back; what cannot be given back is an error.

    Returns the parts that cases got beside those they name.
    """
    pricing = work.runtime.app.pricing
    if pricing is None or pricing.giving_back is None or pricing.placing is None:
        return []
    give, placing = pricing.giving_back, pricing.placing
    if draft.entity.name != placing.creates or give.cases not in draft.children:
        return []
    return _Counting(work, draft, give, placing, make).run()


def beside(work: Work, draft: Draft) -> tuple[str, ...]:
    """Return the parts of a record that say what came back of them, when its cases are sent."""
    pricing = work.runtime.app.pricing
    if pricing is None or pricing.giving_back is None or pricing.placing is None:
        return ()
    give, placing = pricing.giving_back, pricing.placing
    sent = draft.entity.name == placing.creates and give.cases in draft.children
    return (placing.filled[LINES].into,) if sent and give.returned else ()


@dataclass
class _Counting:
    """One record being counted; amounts are in smallest units of its currency."""

    work: Work
    draft: Draft
    give: GivingBack
    placing: Placing
    make: Make
    added: list[Draft] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.paid = PaidLines(self.work, self.draft, self.give, self.placing)

    def run(self) -> list[Draft]:
        cases = self.draft.children[self.give.cases]
        _taxes_back.keep_told(self.paid, cases)
        taxes = TaxesBack(self.paid, [one for one in cases if self.paid.counts(one.facts)])
        taxes.keep()
        fresh = [one for one in taxes.cases if self._is_news(one)]
        news = {id(one) for one in fresh}
        counted = [one for one in taxes.cases if id(one) not in news]
        if not fresh and taxes.is_told and not self._has_less(counted):
            return []
        for case in counted:
            self._settle(case, is_told=not taxes.is_news(case))
        for case in fresh:
            self._pay(case)
        taxes.tell()
        for line in self.paid.lines.values():
            if line.row is not None and self.give.returned:
                line.row.facts[self.give.returned] = line.back
        return self.added

    def _is_news(self, case: Draft) -> bool:
        """Return whether what a case pays must be found out: it is new, or names other units."""
        give = self.give
        parts = case.children.get(give.into)
        if parts is None:
            return False
        if case.before is None or not self.paid.counts(case.before):
            return bool(parts)
        own = (give.item, give.units, *give.of_part)
        told = [name for name, fact in give.of_part.items() if fact not in SILENT]
        return bool(case.removed.get(give.into)) or any(
            one.before is None
            or any(one.facts.get(name) is None for name in told)
            or any(one.facts.get(name) != one.before.get(name) for name in own)
            for one in parts
        )

    def _has_less(self, counted: list[Draft]) -> bool:
        """Return whether a case that counted does so no more."""
        if not self.give.returned:
            return False
        counting = {id(one) for one in counted}
        return any(
            one.before is not None and self.paid.counts(one.before) and id(one) not in counting
            for one in self.draft.children[self.give.cases]
        )

    def _settle(self, case: Draft, *, is_told: bool) -> None:
        """Count what a case gave back; whoever wrote another amount than it comes to is told."""
        if not is_told:
            case.facts[filled_with(self.give.of_case, "tax")] = None
        tax = self.paid.settle(case)
        if not is_told and _taxes_back.has_goods(self.paid, case):
            is_share = self.paid.told_of(case, "total") == self.paid.comes_to(case)
            found = tax if is_share and self.paid.knows_taxes else None
            why = BY_HAND if self.paid.knows_taxes else NOT_KEPT
            _taxes_back.say(self.paid, case, found, why)

    def _pay(self, case: Draft) -> None:
        """Find out what a case pays."""
        before = self._units_back()
        parts = [one for one in case.children.get(self.give.into, ()) if not self._is_asked(one)]
        for_good = self.paid.for_good(case.facts)
        shares = [found for part in parts if (found := self._share(part)) is not None]
        if self.work.errors:
            return
        if for_good:
            self._gone(parts)
        owed = self._owed() if for_good else []
        shares += self._ask_for(case, [(line, n) for gift, line, n in owed if not gift.charged])
        goods = sum(share for _, share in shares)
        delivery = self._delivery(case, before)
        own, broken = self._broken(shares) if for_good else (0, None)
        lost = own - broken.amount if broken is not None else 0
        self.paid.lost += lost
        kept = [(gift, n) for gift, _, n in owed if gift.charged]
        worth = sum(gift.charged * n for gift, n in kept)
        charged = min(worth - self.paid.charged, goods + delivery - lost) if for_good else 0
        self.paid.charged += charged
        total = goods + delivery - lost - charged
        tax = self.paid.tax_back(total) if self.paid.knows_taxes else None
        told = {
            "goods": goods,
            "delivery": delivery,
            "lost": lost,
            "lost_to": self._names(broken.lost_to) if broken is not None else "",
            "charged": charged,
            "charged_for": ", ".join(f"{gift.item} × {n}" for gift, n in kept) if charged else "",
            "total": total,
            "tax": tax,
            "net": total - tax if tax is not None else None,
            "no_tax": NOT_KEPT if tax is None else None,
        }
        self._tell(case, self.give.of_case, told)

    def _share(self, part: Draft) -> tuple[PaidLine, int] | None:
        """Find out what one part of a case pays; what cannot be given back is an error."""
        give, wrong = self.give, self.work.errors
        line = self.paid.lines.get(str(part.facts.get(give.item)))
        count = part.facts.get(give.units)
        if line is None:
            wrong.append(FieldError(part.at(give.item), "not_found", NOT_OURS))
            return None
        if not isinstance(count, int) or count < 1:
            wrong.append(FieldError(part.at(give.units), "AT_LEAST_ONE", AT_LEAST_ONE))
            return None
        left = max(0, line.quantity - line.back)
        if count > left:
            wrong.append(FieldError(part.at(give.units), "TOO_MANY", _too_many(left)))
            return None
        by_unit = give.by_unit and bool(line.units)
        worth = worth_of(line.paid, line.quantity, line.back + count, line.units, by_unit=by_unit)
        share = max(0, worth - line.given)
        told: dict[str, Any] = {
            "share": share,
            "paid": line.paid,
            "of": line.quantity,
            "earlier": line.back,
            "earlier_share": line.given,
            "gift": self._is_asked(part),
        }
        line.back += count
        line.given += share
        tax = max(0, line.taxes.back - line.taxed)
        line.taxed += tax
        told["tax"] = tax if self.paid.knows_taxes else None
        self._tell(part, give.of_part, told)
        return line, share

    def _owed(self) -> list[tuple[Gift, PaidLine, int]]:
        """Return the gifts that what stays would not get, and how many of each are still away."""
        basis = self.paid.basis
        if basis is None:
            return []
        lines = {one.number: one for one in self.paid.lines.values() if one.number}
        found = []
        for gift, units in gifts_owed(basis, self.paid.returned(basis)):
            line = lines.get(gift.number)
            if line is not None and units > line.back:
                found.append((gift, line, min(units, line.quantity) - line.back))
        return found

    def _gone(self, parts: Sequence[Draft]) -> None:
        """Count units as gone for good."""
        for part in parts:
            line = self.paid.lines[str(part.facts[self.give.item])]
            line.gone += int(part.facts[self.give.units])

    def _is_asked(self, part: Draft) -> bool:
        """Return whether a case asks for a part by itself."""
        flag = filled_with(self.give.of_part, "gift")
        return bool(flag and part.facts.get(flag))

    def _ask_for(
        self, case: Draft, wanted: Sequence[tuple[PaidLine, int]]
    ) -> list[tuple[PaidLine, int]]:
        """Let a case ask for gifts, and for no others; return what those pay."""
        give, flag = self.give, filled_with(self.give.of_part, "gift")
        parts = case.children.get(give.into, [])
        asked = {str(one.facts.get(give.item)): one for one in parts if self._is_asked(one)}
        shares = []
        for line, units in wanted if flag else ():
            part = asked.pop(line.id, None)
            if part is None:
                part = self._new_part(case, {give.item: line.id, flag: True})
            part.facts[give.units] = units
            found = self._share(part)
            shares += [found] if found is not None else []
        for part in asked.values():
            parts.remove(part)
            if part.before is not None:
                case.removed.setdefault(give.into, []).append(part.before)
        return shares

    def _new_part(self, case: Draft, values: Mapping[str, Any]) -> Draft:
        into = self.give.into
        parts = case.children.setdefault(into, [])
        entity = self.work.runtime.app.entities[case.entity.fields[into].target]
        part = self.make(self.work, entity, values, case.at(f"{into}.{len(parts)}"))
        part.facts["position"] = len(parts)
        part.sent = frozenset()
        parts.append(part)
        self.added.append(part)
        return part

    def _units_back(self) -> int:
        return sum(one.back for one in self._paid_for())

    def _paid_for(self) -> list[PaidLine]:
        """Return the lines that cost something; all where none did."""
        lines = list(self.paid.lines.values())
        return [one for one in lines if one.paid] or lines

    def _delivery(self, case: Draft, before: int) -> int:
        """Return what a case pays back of deliveries; `before` units came back without it."""
        give, paid, only = self.give, self.paid.delivery, self.give.delivery_if
        if give.delivery == NEVER or not paid:
            return 0
        if only is not None and only.function(case.facts, self.work.context) is not True:
            return 0
        units, back = sum(one.quantity for one in self._paid_for()), self._units_back()
        left = max(0, paid - self.paid.delivered)
        if give.delivery == LAST:
            found = left if back == units else 0
        elif only is None:
            found = min(left, max(0, share_of(paid, units, 0, back) - self.paid.delivered))
        else:
            found = min(left, share_of(paid, units, before, back - before))
        self.paid.delivered += found
        return found

    def _broken(self, shares: Sequence[tuple[PaidLine, int]]) -> tuple[int, Break | None]:
        """Return the shares of what was in the cart, and what they come to when it broke a rule."""
        basis = self.paid.basis
        if basis is None or self.paid.off_all:
            return 0, None
        bought = self.paid.bought(basis)
        numbers = {one.number for one in bought}
        own = sum(share for line, share in shares if line.number in numbers)
        if not own:
            return 0, None
        before = sum(one.given for one in bought) - own - self.paid.lost
        refunded = self.paid.untaxed(before)
        found = after_break(basis, self.paid.returned(basis), refunded)
        if found is None or not self.paid.on_top:
            return own, found
        # tax goes with all that came back together, so that the last return takes the rest
        return own, replace(found, amount=self.paid.taxed(refunded + found.amount) - before)

    def _names(self, promotions: Sequence[str]) -> str:
        """Return what promotions are called, as the record's discounts call them."""
        app = self.work.runtime.app
        labels = {name: one.text(app.locales[0]) for name, one in app.promotions.items()}
        return ", ".join(labels.get(name, name) for name in promotions)

    def _tell(self, draft: Draft, take: Mapping[str, str], told: Mapping[str, Any]) -> None:
        for name, fact in take.items():
            model, value = draft.entity.fields[name], told[fact]
            if model.type == "money" and value is not None:
                value = self.paid.stored(draft.entity, name, value)
            draft.facts[name] = value


def _too_many(left: int) -> Label:
    if not left:
        return Label({"en": "All of it is given back already.", "zh": "该商品已全部退回。"})
    return Label(
        {"en": f"Only {left} of it can still be given back.", "zh": f"最多还可退 {left} 件。"}
    )
