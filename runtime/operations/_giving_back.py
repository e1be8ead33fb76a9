"""What returned units of a placed record pay back, whenever the record is computed.

In: the draft of the whole record with its cases (`give_back:` of `pricing:`). Out: the same, with
what every new or changed case comes to: of each line the worth of all its returned units without
what was given for earlier ones, so that the last unit takes the rest and nothing ever passes what
was paid, whatever was rejected in between. Whoever may write these fields, the engine decides.
The record is locked while it is changed, so that two cases at once count one after the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from generator.field_types.money import USUAL_PLACES, Money
from generator.model.entity import Entity
from generator.model.giving_back import GivingBack
from generator.model.placing import LINES, Placing
from generator.model.text import Label
from rules.pricing.frozen import Break, after_break
from rules.pricing.refunds import worth_of
from rules.pricing.rounding import half_up
from rules.pricing.split import split
from runtime import price_book
from runtime.errors import FieldError
from runtime.operations._work import Draft, Work

NOT_OURS = Label({"en": "This is no line of the same record.", "zh": "该明细不属于同一张单据。"})
AT_LEAST_ONE = Label({"en": "Give back one at least.", "zh": "至少退一件。"})


def fill(work: Work, draft: Draft) -> None:
    """Put into a record's cases what they pay back; what cannot be given back is an error."""
    pricing = work.runtime.app.pricing
    if pricing is None or pricing.giving_back is None or pricing.placing is None:
        return
    give, placing = pricing.giving_back, pricing.placing
    if draft.entity.name == placing.creates and give.cases in draft.children:
        _Counting(work, draft, give, placing).run()


@dataclass
class _Paid:
    """A placed line: what its units were paid, and what came back of it so far."""

    row: Draft | None
    number: int
    quantity: int
    paid: int
    units: Sequence[tuple[int, int]]
    back: int = 0
    given: int = 0


@dataclass
class _Counting:
    """One record being counted; amounts are in smallest units of its currency."""

    work: Work
    draft: Draft
    give: GivingBack
    placing: Placing
    lines: dict[str, _Paid] = field(default_factory=dict)
    lost: int = 0
    """What settled cases took back for promotions that no longer hold."""

    def run(self) -> None:
        counted: list[Draft] = []
        fresh: list[Draft] = []
        for case in self.draft.children[self.give.cases]:
            if not self._counts(case.facts):
                continue
            (fresh if self._is_news(case) else counted).append(case)
        if not fresh and not self._has_less(counted):
            return
        self.lines = self._paid()
        for case in counted:
            self._settled(case)
        for case in fresh:
            self._pay(case, case.children.get(self.give.into, []))
        for line in self.lines.values():
            if line.row is not None and self.give.returned:
                line.row.facts[self.give.returned] = line.back

    def _counts(self, facts: Mapping[str, Any]) -> bool:
        counts = self.give.counts
        return counts is None or counts.function(facts, self.work.context) is True

    def _is_news(self, case: Draft) -> bool:
        """Return whether what a case pays must be found out: it is new, or names other units."""
        give = self.give
        parts = case.children.get(give.into)
        if parts is None:
            return False
        if case.before is None or not self._counts(case.before):
            return bool(parts)
        own = (give.item, give.units, *give.of_part)
        return bool(case.removed.get(give.into)) or any(
            one.before is None
            or any(one.facts.get(name) is None for name in give.of_part)
            or any(one.facts.get(name) != one.before.get(name) for name in own)
            for one in parts
        )

    def _has_less(self, counted: list[Draft]) -> bool:
        """Return whether a case that counted does so no more."""
        if not self.give.returned:
            return False
        counting = {id(one) for one in counted}
        return any(
            one.before is not None and self._counts(one.before) and id(one) not in counting
            for one in self.draft.children[self.give.cases]
        )

    def _paid(self) -> dict[str, _Paid]:
        """Return what was paid for each line, what was taken off the whole already split."""
        kept = self.placing.filled[LINES]
        of = {fact: name for name, fact in kept.take.items()}
        rows = self.draft.children.get(kept.into)
        entity = self.work.runtime.app.entities[self.draft.entity.fields[kept.into].target]
        facts: Sequence[Mapping[str, Any]] = (
            [one.facts for one in rows]
            if rows is not None
            else (self.draft.before or {}).get(kept.into, ())
        )
        paid = [
            max(0, self._minor(entity, of["price"], one[of["price"]], one[of["quantity"]])
                - self._minor(entity, of["off"], one[of["off"]]))
            for one in facts
        ]  # fmt: skip
        off = split(self._off_all(), paid, paid)
        return {
            str(one.get("id") or f"new {at}"): _Paid(
                rows[at] if rows is not None else None,
                int(one.get(of.get("number", "")) or 0),
                int(one[of["quantity"]] or 0),
                paid[at] - off[at],
                self._units(one.get(of.get("units", ""))) if not off[at] else (),
            )
            for at, one in enumerate(facts)
        }

    def _off_all(self) -> int:
        """Return what was taken off the record beside its lines."""
        name = self.give.off
        if not name:
            return 0
        model = self.draft.entity.fields[name]
        value = self.draft.facts.get(name)
        if model.computed is not None:
            parts = {
                each: [one.facts for one in drafts] for each, drafts in self.draft.children.items()
            }
            seen = {**(self.draft.before or {}), **self.draft.facts, **parts}
            value = model.computed.function(seen, self.work.context)
        return abs(self._minor(self.draft.entity, name, value))

    def _settled(self, case: Draft) -> None:
        """Count what a case gave back earlier."""
        share, lost = (
            _filled_with(self.give.of_part, "share"),
            _filled_with(self.give.of_case, "lost"),
        )
        part = self.work.runtime.app.entities[case.entity.fields[self.give.into].target]
        for one in _rows(case, self.give.into):
            line = self.lines.get(str(one[self.give.item]))
            if line is not None:
                line.back += int(one[self.give.units] or 0)
                line.given += self._minor(part, share, one.get(share))
        self.lost += self._minor(case.entity, lost, case.facts.get(lost))

    def _pay(self, case: Draft, parts: list[Draft]) -> None:
        """Find out what a case pays."""
        shares = [found for part in parts if (found := self._share(part)) is not None]
        if self.work.errors:
            return
        goods = sum(share for _, share in shares)
        own = sum(share for line, share in shares if line.number)
        broken = self._broken(own)
        lost = own - broken.amount if broken is not None else 0
        self.lost += lost
        told = {
            "goods": goods,
            "lost": lost,
            "total": goods - lost,
            "lost_to": self._names(broken.lost_to) if broken is not None else "",
        }
        self._tell(case, self.give.of_case, told)

    def _share(self, part: Draft) -> tuple[_Paid, int] | None:
        """Find out what one part of a case pays; what cannot be given back is an error."""
        give, wrong = self.give, self.work.errors
        line = self.lines.get(str(part.facts.get(give.item)))
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
        told = {
            "share": share,
            "paid": line.paid,
            "of": line.quantity,
            "earlier": line.back,
            "earlier_share": line.given,
        }
        line.back += count
        line.given += share
        self._tell(part, give.of_part, told)
        return line, share

    def _broken(self, own: int) -> Break | None:
        """Return what a case comes to where a promotion wants what stays priced again.

        `own` are the shares of its lines that were in the cart.
        """
        name = self.placing.filled_with("basis")
        basis = self.draft.facts.get(name) if name else None
        if not basis or not own or self._off_all():
            return None
        found = price_book.thawed(self.work.runtime, basis)
        numbered = {one.number: one for one in self.lines.values() if one.number}
        returned = {}
        for number, line in enumerate(found.cart.lines, 1):
            if number not in numbered or numbered[number].quantity != line.quantity:
                return None  # it was changed after it was placed
            returned[line.id] = numbered[number].back
        given = sum(one.given for one in numbered.values()) - own
        return after_break(found, returned, given - self.lost)

    def _names(self, promotions: Sequence[str]) -> str:
        """Return what promotions are called, as the record's discounts call them."""
        app = self.work.runtime.app
        labels = {name: one.text(app.locales[0]) for name, one in app.promotions.items()}
        return ", ".join(labels.get(name, name) for name in promotions)

    def _tell(self, draft: Draft, take: Mapping[str, str], told: Mapping[str, Any]) -> None:
        for name, fact in take.items():
            model, value = draft.entity.fields[name], told[fact]
            draft.facts[name] = (
                self._stored(draft.entity, name, value) if model.type == "money" else value
            )

    def _units(self, kept: Any) -> list[tuple[int, int]]:
        """Return what the units of a line cost, as they were kept."""
        decimals = self._decimals()
        return [(int(count), int(Decimal(each).scaleb(decimals))) for count, each in kept or ()]

    def _decimals(self) -> int:
        """Return the decimals of the record's currency."""
        pricing, name = self.work.runtime.app.pricing, self.placing.filled_with("currency")
        assert pricing is not None
        currency = str(self.draft.facts.get(name) or "") if name else pricing.home
        return pricing.currencies.get(currency, USUAL_PLACES)

    def _minor(self, entity: Entity, name: str, value: Any, times: Any = 1) -> int:
        """Return an amount of a field in smallest units of the currency, half up."""
        if not name or value is None or times is None:
            return 0
        amount, spare = int(value) * int(times), self._places(entity, name) - self._decimals()
        if spare <= 0:
            return amount * int(10**-spare)
        found = half_up(abs(amount), 10**spare)
        return found if amount >= 0 else -found

    def _stored(self, entity: Entity, name: str, minor: int) -> int:
        """Return an amount as its field keeps it."""
        spare = self._places(entity, name) - self._decimals()
        return int(minor * 10**spare) if spare >= 0 else half_up(minor, 10**-spare)

    def _places(self, entity: Entity, name: str) -> int:
        model = entity.fields[name]
        kind = self.work.runtime.compiled.field_types[model.type]
        assert isinstance(kind, Money)
        return kind.places(model)


def _filled_with(take: Mapping[str, str], fact: str) -> str:
    """Return the field that is filled with a fact; '' for none."""
    return next((name for name, one in take.items() if one == fact), "")


def _rows(draft: Draft, name: str) -> Sequence[Mapping[str, Any]]:
    """Return the parts of a draft, changed or as they are stored."""
    if name in draft.children:
        return [one.facts for one in draft.children[name]]
    rows: Sequence[Mapping[str, Any]] = (draft.before or {}).get(name, ())
    return rows


def _too_many(left: int) -> Label:
    if not left:
        return Label({"en": "All of it is given back already.", "zh": "该商品已全部退回。"})
    return Label(
        {"en": f"Only {left} of it can still be given back.", "zh": f"最多还可退 {left} 件。"}
    )
