"""The tax within what cases pay that name no goods, and within the payments of any case.

In: the cases of a record that count, those with goods paid by their shares. Out: each says the tax
within it, or why nobody knows it. A case pays back what is owed no more, or all that is left: both
have a tax, as that of what was received and of what is owed now is kept. Any other amount is one
that somebody wrote. What is told once stays, unless its amount is written anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generator.model.giving_back import ABOVE, BY_HAND, EARLIER, NOT_KEPT, PaidOut
from rules.pricing.refund_taxes import Sum, tax_of_part, tax_received
from runtime.operations._paid_lines import PaidLines, filled_with, is_change, rows_of
from runtime.operations._work import Draft, Work

SPLIT = ("tax", "net", "no_tax")
"""What the engine alone says of cases and of payments."""
RECEIVED = "received"
"""The key of a record's basis: what was received when its lines were changed, and the tax in it."""


@dataclass
class TaxesBack:
    """The cases of one record that count."""

    paid: PaidLines
    cases: Sequence[Draft]

    @property
    def is_told(self) -> bool:
        """Whether every case and every payment has its tax already, or says why not."""
        return not any(self.is_news(one) or self._news(one) for one in self.cases)

    def is_news(self, case: Draft) -> bool:
        """Return whether a case does not say its tax, or has another amount than it said it of."""
        take = self.paid.give.of_case
        total, tax = filled_with(take, "total"), filled_with(take, "tax")
        if not total or not tax or not case.facts.get(total):
            return False
        before = case.before
        if before is not None and before.get(total) != case.facts[total]:
            return True
        why = filled_with(take, "no_tax")
        return case.facts.get(tax) is None and (not why or case.facts.get(why) is None)

    def tell(self) -> None:
        """Let cases without goods and all payments say the tax within them."""
        for case in self.cases:
            if not has_goods(self.paid, case) and self.is_news(case):
                say(self.paid, case, *self._found(case))
        for case in self.cases:
            self._pay_out(case)

    def keep(self) -> None:
        """Keep what came in since lines were changed, as long as it is known what it came in for.

        A case that counts no more later gives its tax back to all that was received.
        """
        draft, name = self.paid.draft, self.paid.placing.filled_with("basis")
        basis = (draft.facts.get(name) or {}) if name else {}
        kept = basis.get(RECEIVED)
        if kept is not None and self.paid.received > int(kept["amount"]):
            draft.facts[name] = {**basis, RECEIVED: self.received()}

    def received(self) -> Mapping[str, Any]:
        """Return what was received up to now and the tax in it, to be kept when lines change."""
        held, why = self._held()
        _, given = self._given(self._changes())
        kept = {"tax": held + given.tax} if held is not None else {"no_tax": why}
        return {"amount": self.paid.received, **kept}

    def _found(self, case: Draft) -> tuple[int | None, str]:
        """Return the tax within what a case without goods pays, or why nobody knows it."""
        paid, give = self.paid, self.paid.give
        if not paid.knows_taxes:
            return None, NOT_KEPT
        if not give.owed or not give.received:
            return None, BY_HAND
        others = [one for one in self.cases if one is not case]
        for_change = is_change(self.paid, case)
        earlier = (
            [one for one in others if is_change(self.paid, one)]
            if for_change
            else [one for one in others if paid.for_good(one.facts)]
        )
        is_known, given = self._given(earlier)
        left = paid.received - given.amount - (paid.owed.amount if for_change else 0)
        if paid.told_of(case, "total") != left:
            return None, BY_HAND
        held, why = self._held(but=case)
        if held is None or not is_known:
            return None, why or EARLIER
        if for_change:
            return held - paid.owed.tax, ""
        changed = self._given([one for one in earlier if is_change(self.paid, one)])[1]
        return held - (given.tax - changed.tax), ""

    def _held(self, but: Draft | None = None) -> tuple[int | None, str]:
        """Return the tax within what was received and is not given back for changes."""
        paid = self.paid
        is_known, given = self._given([one for one in self._changes() if one is not but])
        name = paid.placing.filled_with("basis")
        kept = ((paid.draft.facts.get(name) or {}) if name else {}).get(RECEIVED)
        if not paid.knows_taxes:
            return None, NOT_KEPT
        if kept is not None and "no_tax" in kept:
            return None, str(kept["no_tax"])
        if not is_known:
            return None, EARLIER
        amount, tax = (int(kept["amount"]), int(kept["tax"])) if kept else (0, 0)
        before = Sum(amount - given.amount, tax - given.tax)
        return tax_received(before, paid.received - amount, paid.owed), ""

    def _changes(self) -> list[Draft]:
        return [one for one in self.cases if is_change(self.paid, one)]

    def _given(self, cases: Iterable[Draft]) -> tuple[bool, Sum]:
        """Return what cases pay together with the tax in it, and whether all of that is known."""
        paid = self.paid
        tax = filled_with(paid.give.of_case, "tax")
        found = [
            (paid.told_of(one, "total"), paid.told_of(one, "tax"), one.facts.get(tax) is not None)
            for one in cases
        ]
        is_known = all(known for amount, _, known in found if amount)
        return is_known, Sum(sum(one[0] for one in found), sum(one[1] for one in found))

    def _news(self, case: Draft) -> list[Draft]:
        """Return the payments of a case whose tax is to be said, in order."""
        out = self.paid.give.paid_out
        tax = filled_with(out.take, "tax") if out is not None else ""
        if out is None or not tax:
            return []
        return [
            one
            for one in case.children.get(out.into, ())
            if self._counts(out, one.facts)
            and (
                one.facts.get(tax) is None
                or one.before is None
                or one.before.get(out.amount) != one.facts.get(out.amount)
                or not self._counts(out, one.before)
            )
        ]

    def _pay_out(self, case: Draft) -> None:
        """Let the payments of a case say their part of its tax."""
        paid, out, take = self.paid, self.paid.give.paid_out, self.paid.give.of_case
        fresh = self._news(case)
        if out is None or not fresh:
            return
        is_known = case.facts.get(filled_with(take, "tax")) is not None
        whole = Sum(paid.told_of(case, "total"), paid.told_of(case, "tax"))
        why = str(
            case.facts.get(filled_with(take, "no_tax")) or (BY_HAND if whole.amount else ABOVE)
        )
        news = {id(one) for one in fresh}
        kept = [
            one
            for one in case.children[out.into]
            if id(one) not in news and self._counts(out, one.facts)
        ]
        tax = filled_with(out.take, "tax")
        earlier = Sum(
            sum(paid.minor(one.entity, out.amount, one.facts[out.amount]) for one in kept),
            sum(paid.minor(one.entity, tax, one.facts[tax]) for one in kept),
        )
        for one in fresh:
            amount = paid.minor(one.entity, out.amount, one.facts.get(out.amount))
            found = tax_of_part(whole, earlier, amount) if is_known else None
            split(paid, one, out.take, amount, found, ABOVE if is_known else why)
            if found is not None:
                earlier = Sum(earlier.amount + amount, earlier.tax + found)

    def _counts(self, out: PaidOut, facts: Mapping[str, Any]) -> bool:
        return out.counts is None or out.counts.function(facts, self.paid.work.context) is True


def received(work: Work, draft: Draft) -> Mapping[str, Any]:
    """Return what a record keeps when its lines are about to change: what was received so far."""
    pricing = work.runtime.app.pricing
    if pricing is None or pricing.giving_back is None or pricing.placing is None:
        return {}
    give = pricing.giving_back
    if give.changed is None:
        return {}
    paid = PaidLines(work, draft, give, pricing.placing)
    cases = [one for one in draft.children.get(give.cases, ()) if paid.counts(one.facts)]
    return {RECEIVED: TaxesBack(paid, cases).received()}


def keep_told(paid: PaidLines, cases: Iterable[Draft]) -> None:
    """Put back what cases and payments say of their tax, whoever wrote something else."""
    out = paid.give.paid_out
    for case in cases:
        _keep(case, paid.give.of_case)
        for one in case.children.get(out.into, ()) if out is not None else ():
            _keep(one, out.take if out is not None else {})


def _keep(draft: Draft, take: Mapping[str, str]) -> None:
    for name, fact in take.items():
        if fact in SPLIT:
            draft.facts[name] = (draft.before or {}).get(name)


def has_goods(paid: PaidLines, case: Draft) -> bool:
    """Return whether a case names goods."""
    return bool(rows_of(case, paid.give.into))


def say(paid: PaidLines, case: Draft, tax: int | None, why: str) -> None:
    """Let a case say the tax within it, or why nobody knows it."""
    split(paid, case, paid.give.of_case, paid.told_of(case, "total"), tax, why)


def split(
    paid: PaidLines, draft: Draft, take: Mapping[str, str], amount: int, tax: int | None, why: str
) -> None:
    """Let a case or a payment say the tax within an amount and the rest, or why nobody knows it."""
    told = {"tax": tax, "net": amount - tax if tax is not None else None}
    for name, fact in take.items():
        if fact == "no_tax":
            draft.facts[name] = None if tax is not None else why
        elif fact in told:
            value = told[fact]
            draft.facts[name] = None if value is None else paid.stored(draft.entity, name, value)
