"""What the lines of a placed record were paid, and what its cases gave back of them so far.

Amounts are in smallest units of the record's currency; lines are found by the id of their part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

from generator.field_types.money import USUAL_PLACES, Money
from generator.model.entity import Entity
from generator.model.giving_back import GivingBack
from generator.model.placing import DELIVERIES, LINES, Filled, Placing
from rules.pricing.frozen import Basis
from rules.pricing.refund_taxes import Sum, Taxed, tax_back
from rules.pricing.rounding import half_up
from rules.pricing.split import split
from runtime import price_book
from runtime.operations._work import Draft, Work
from runtime.store.forms import form_of


@dataclass
class PaidLine:
    """A placed line: what its units were paid, and what came back of it so far."""

    id: str
    row: Draft | None
    number: int
    quantity: int
    paid: int
    units: Sequence[tuple[int, int]]
    net: int = 0
    """The same without the tax that came on top."""
    back: int = 0
    gone: int = 0
    """Of those that came back: what was not exchanged."""
    given: int = 0
    tax: int = 0
    """Within `paid`, as it was kept."""
    taxed: int = 0
    """Of that, what was told of the units that came back so far."""

    @property
    def taxes(self) -> Taxed:
        return Taxed(self.paid, self.tax, self.given)


@dataclass
class PaidLines:
    """The lines of one record; what is settled is counted case by case."""

    work: Work
    draft: Draft
    give: GivingBack
    placing: Placing
    lost: int = 0
    """What settled cases took back for promotions that no longer hold."""
    charged: int = 0
    """What they took for gifts that stay."""
    delivered: int = 0
    """What they paid back of deliveries."""
    told: int = 0
    """The tax within what they paid back."""

    @cached_property
    def lines(self) -> dict[str, PaidLine]:
        """What was paid for each line, what was taken off the whole already split."""
        kept = self.placing.filled[LINES]
        of = {fact: name for name, fact in kept.take.items()}
        rows = self.draft.children.get(kept.into)
        entity = self.work.runtime.app.entities[self.draft.entity.fields[kept.into].target]
        facts = rows_of(self.draft, kept.into)
        net = [
            max(0, self.minor(entity, of["price"], one[of["price"]], one[of["quantity"]])
                - self.minor(entity, of["off"], one[of["off"]]))
            for one in facts
        ]  # fmt: skip
        tax = of.get("tax", "")
        taxes = [self.minor(entity, tax, one.get(tax)) if tax else 0 for one in facts]
        paid = [
            amount + (own if self.on_top else 0) for amount, own in zip(net, taxes, strict=True)
        ]
        off = split(self.off_all, paid, paid)
        found = [
            PaidLine(
                str(one.get("id") or f"new {at}"),
                rows[at] if rows is not None else None,
                int(one.get(of.get("number", "")) or 0),
                int(one[of["quantity"]] or 0),
                paid[at] - off[at],
                ()
                if off[at] or (tax and self.on_top)
                else self._units(one.get(of.get("units", ""))),
                net[at],
                tax=half_up(taxes[at] * (paid[at] - off[at]), paid[at]) if paid[at] else 0,
            )
            for at, one in enumerate(facts)
        ]
        return {one.id: one for one in found}

    @cached_property
    def on_top(self) -> bool:
        """Whether what was paid is more than the prices, by their tax."""
        name = self.placing.filled_with("tax_included")
        return bool(name) and self.draft.facts.get(name) is False

    def untaxed(self, amount: int) -> int:
        """Return so much of what was paid for goods as prices are: rules know no tax on top."""
        net = sum(one.net for one in self.lines.values())
        paid = sum(one.paid for one in self.lines.values())
        return half_up(amount * net, paid) if self.on_top and paid else amount

    def taxed(self, amount: int) -> int:
        """Return an amount of prices with its share of the tax that came on top."""
        net = sum(one.net for one in self.lines.values())
        paid = sum(one.paid for one in self.lines.values())
        return half_up(amount * paid, net) if self.on_top and net else amount

    @cached_property
    def off_all(self) -> int:
        """What was taken off the record beside its lines."""
        return abs(self.of_whole(self.give.off))

    @cached_property
    def owed(self) -> Sum:
        """What the record comes to, and the tax that was kept within that."""
        tax = sum(one.tax for one in self.lines.values()) + self.delivery_tax
        return Sum(self.of_whole(self.give.owed), tax)

    @cached_property
    def received(self) -> int:
        """What was paid for it."""
        return self.of_whole(self.give.received)

    def of_whole(self, name: str) -> int:
        """Return an amount of the record itself as it is now; 0 without a name."""
        if not name:
            return 0
        model = self.draft.entity.fields[name]
        value = self.draft.facts.get(name)
        if model.computed is not None:
            parts = {
                each: [self._computed(one) for one in drafts]
                for each, drafts in self.draft.children.items()
            }
            none = dict.fromkeys(form_of(self.work.runtime, self.draft.entity).children, ())
            seen = {**none, **(self.draft.before or {}), **self.draft.facts, **parts}
            value = model.computed.function(seen, self.work.context)
        return self.minor(self.draft.entity, name, value)

    def _computed(self, part: Draft) -> Mapping[str, Any]:
        """Return a part with the formulas over its own fields, as these are now."""
        found = dict(part.facts)
        for model in self.work.needs[part.entity.name].computed:
            if model.computed is not None and all(len(path) == 1 for path in model.computed.paths):
                found[model.name] = model.computed.function(found, self.work.context)
        return found

    @cached_property
    def basis(self) -> Basis | None:
        """What the record kept of how it was priced."""
        name = self.placing.filled_with("basis")
        kept = self.draft.facts.get(name) if name else None
        return price_book.thawed(self.work.runtime, kept) if kept else None

    @cached_property
    def delivery(self) -> int:
        """What was paid for all deliveries."""
        kept = self.placing.filled.get(DELIVERIES)
        if kept is None:
            return 0
        entity = self.work.runtime.app.entities[self.draft.entity.fields[kept.into].target]
        of = {fact: name for name, fact in kept.take.items()}
        names = (of["paid"], of.get("tax", "")) if self.on_top else (of["paid"],)
        return sum(
            max(0, sum(self.minor(entity, name, one.get(name)) for name in names if name))
            for one in self._fees(kept)
        )

    @cached_property
    def delivery_tax(self) -> int:
        """The tax within that."""
        kept = self.placing.filled.get(DELIVERIES)
        name = filled_with(kept.take, "tax") if kept is not None else ""
        if kept is None or not name:
            return 0
        entity = self.work.runtime.app.entities[self.draft.entity.fields[kept.into].target]
        return sum(max(0, self.minor(entity, name, one.get(name))) for one in self._fees(kept))

    def _fees(self, kept: Filled) -> Sequence[Mapping[str, Any]]:
        """Return the parts that are deliveries."""
        return [
            one
            for one in rows_of(self.draft, kept.into)
            if all(one.get(each) == value for each, value in kept.fixed.items())
        ]

    @cached_property
    def knows_taxes(self) -> bool:
        """Whether a tax was kept for all that cost something."""
        lines, fees = self.placing.filled[LINES], self.placing.filled.get(DELIVERIES)
        goods, tax = list(self.lines.values()), filled_with(lines.take, "tax")
        rows = zip(goods, rows_of(self.draft, lines.into), strict=True)
        if not tax or any(line.paid and row.get(tax) is None for line, row in rows):
            return False
        name = filled_with(fees.take, "tax") if fees is not None else ""
        return fees is None or all(name and one.get(name) is not None for one in self._fees(fees))

    def tax_back(self, amount: int) -> int:
        """Return the tax within an amount that is paid back now; it is told from then on."""
        parts = [one.taxes for one in self.lines.values()]
        parts.append(Taxed(self.delivery, self.delivery_tax, self.delivered))
        found = tax_back(parts, self.lost + self.charged, self.told, amount)
        self.told += found
        return found

    def counts(self, facts: Mapping[str, Any]) -> bool:
        """Return whether a case counts."""
        counts = self.give.counts
        return counts is None or counts.function(facts, self.work.context) is True

    def for_good(self, facts: Mapping[str, Any]) -> bool:
        """Return whether a case's units are not exchanged."""
        for_good = self.give.for_good
        return for_good is None or for_good.function(facts, self.work.context) is True

    def settle(self, case: Draft) -> int | None:
        """Count what a case gave back earlier; return the tax within what that comes to.

        Where a case does not say its tax, as somebody wrote its amount, the tax of its goods is
        gone nevertheless. What was owed no more is gone before anything of this comes back.
        """
        if is_change(self, case):
            return None
        for_good = self.for_good(case.facts)
        share, tax = (filled_with(self.give.of_part, fact) for fact in ("share", "tax"))
        part = self.work.runtime.app.entities[case.entity.fields[self.give.into].target]
        for one in rows_of(case, self.give.into):
            line = self.lines.get(str(one[self.give.item]))
            if line is not None:
                units = int(one[self.give.units] or 0)
                line.back += units
                line.gone += units if for_good else 0
                line.given += self.minor(part, share, one.get(share))
                line.taxed += self.minor(part, tax, one.get(tax)) if tax else 0
        self.lost += self.told_of(case, "lost")
        self.charged += self.told_of(case, "charged")
        self.delivered += self.told_of(case, "delivery")
        tax = filled_with(self.give.of_case, "tax")
        if not tax or case.facts.get(tax) is not None or not rows_of(case, self.give.into):
            told = self.told_of(case, "tax")
            self.told += told
            return told
        return self.tax_back(max(0, self.comes_to(case)))

    def comes_to(self, case: Draft) -> int:
        """Return what a case comes to by its goods, whoever wrote another amount."""
        share = filled_with(self.give.of_part, "share")
        part = self.work.runtime.app.entities[case.entity.fields[self.give.into].target]
        goods = sum(
            self.minor(part, share, one.get(share)) for one in rows_of(case, self.give.into)
        )
        kept = self.told_of(case, "lost") + self.told_of(case, "charged")
        return goods + self.told_of(case, "delivery") - kept

    def bought(self, basis: Basis) -> tuple[PaidLine, ...]:
        """Return the lines that were in the cart, in its order; () if they were changed since."""
        numbered = {one.number: one for one in self.lines.values() if one.number}
        found = []
        for number, line in enumerate(basis.cart.lines, 1):
            if number not in numbered or numbered[number].quantity != line.quantity:
                return ()
            found.append(numbered[number])
        return tuple(found)

    def returned(self, basis: Basis) -> dict[str, int]:
        """Return, by line of the cart, how many units are gone; {} if they were changed since."""
        bought = self.bought(basis)
        return {
            line.id: one.gone for line, one in zip(basis.cart.lines, bought, strict=False) if bought
        }

    def delivered_share(self) -> Fraction:
        """Return the share of what deliveries cost that was paid back."""
        return Fraction(min(self.delivered, self.delivery), self.delivery or 1)

    @property
    def decimals(self) -> int:
        """The decimals of the record's currency."""
        pricing = self.work.runtime.app.pricing
        assert pricing is not None
        return pricing.currencies.get(self.currency, USUAL_PLACES)

    @property
    def currency(self) -> str:
        """The record's currency."""
        pricing, name = self.work.runtime.app.pricing, self.placing.filled_with("currency")
        assert pricing is not None
        return str(self.draft.facts.get(name) or "") if name else pricing.home

    def minor(self, entity: Entity, name: str, value: Any, times: Any = 1) -> int:
        """Return an amount of a field in smallest units of the currency, half up."""
        if not name or value is None or times is None:
            return 0
        amount, spare = int(value) * int(times), self._places(entity, name) - self.decimals
        if spare <= 0:
            return amount * int(10**-spare)
        found = half_up(abs(amount), 10**spare)
        return found if amount >= 0 else -found

    def stored(self, entity: Entity, name: str, minor: int) -> int:
        """Return an amount as its field keeps it."""
        spare = self._places(entity, name) - self.decimals
        return int(minor * 10**spare) if spare >= 0 else half_up(minor, 10**-spare)

    def told_of(self, case: Draft, fact: str) -> int:
        """Return an amount that a case says of itself."""
        name = filled_with(self.give.of_case, fact)
        return self.minor(case.entity, name, case.facts.get(name))

    def _units(self, kept: Any) -> list[tuple[int, int]]:
        """Return what the units of a line cost, as they were kept."""
        return [
            (int(count), int(Decimal(each).scaleb(self.decimals))) for count, each in kept or ()
        ]

    def _places(self, entity: Entity, name: str) -> int:
        model = entity.fields[name]
        kind = self.work.runtime.compiled.field_types[model.type]
        assert isinstance(kind, Money)
        return kind.places(model)


def is_change(paid: PaidLines, case: Draft) -> bool:
    """Return whether a case pays back what is owed no more."""
    changed = paid.give.changed
    return (
        changed is not None
        and changed.function(case.facts, paid.work.context) is True
        and not rows_of(case, paid.give.into)
    )


def filled_with(take: Mapping[str, str], fact: str) -> str:
    """Return the field that is filled with a fact; '' for none."""
    return next((name for name, one in take.items() if one == fact), "")


def rows_of(draft: Draft, name: str) -> Sequence[Mapping[str, Any]]:
    """Return the parts of a draft, changed or as they are stored."""
    if name in draft.children:
        return [one.facts for one in draft.children[name]]
    rows: Sequence[Mapping[str, Any]] = (draft.before or {}).get(name, ())
    return rows
