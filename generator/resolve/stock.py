"""`stock:` of `pricing:`: the ledger that says how many there are of what promotions add.

Comes in: what the author gave, ledgers, and what is priced. Goes out: the ledger with the kind that
takes and the number that is left, None without one, and what is wrong with them (D816).
"""

from __future__ import annotations

from collections.abc import Mapping

from generator.model.entity import Entity
from generator.model.ledger import Ledger
from generator.model.placing import Stock
from generator.model.pricing import Pricing
from generator.problems import Problem, quoted, unknown_name
from generator.saying import say
from generator.shape import Given, Written


def resolve_stock(
    given: Given | None,
    pricing: Pricing,
    ledgers: Mapping[str, Ledger],
    entities: Mapping[str, Entity],
) -> tuple[Stock | None, list[Problem]]:
    """Return what there is of items that promotions add."""
    take: Written | None = given.get("take") if given is not None else None
    left: Written | None = given.get("left") if given is not None else None
    if take is None or left is None:
        return None, []
    name, _, kind = take.text.rpartition(".")
    ledger = ledgers.get(name)
    if ledger is None:
        where = "the definitions"
        return None, [unknown_name("ledger", name, take.span, ledgers, defined_in=where)]
    within = say("ledger '{name}'", name=name)
    numbers = (*ledger.buckets, *ledger.formulas)
    problems = []
    if kind not in ledger.kinds:
        problems.append(
            unknown_name("kind of entry", kind, take.span, ledger.kinds, defined_in=within)
        )
    elif not _takes(ledger, kind):
        message = say("'{kind}' does not take from '{ledger}'.", kind=kind, ledger=name)
        hint = "Name a kind such as `{move: {there: -q}}`, with a guard that stops it at none."
        problems.append(Problem("D816", take.span, message, hint))
    if left.text not in numbers:
        problems.append(
            unknown_name("bucket", left.text, left.span, numbers, defined_in=within)
        )  # fmt: skip
    item = pricing.item.entity
    unit = entities[ledger.entries].fields["quantity"].type
    if list(ledger.key.values()) != [item] or "." in pricing.item.key:
        message = say("The key of '{ledger}' is not that of a stock.", ledger=name)
        hint = say("Its key is a record of {entity}.", entity=quoted(item))
        problems.append(Problem("D816", take.span, message, hint))
    elif unit != "integer":
        message = say("'{ledger}' counts {unit}.", ledger=name, unit=unit)
        hint = say("Its unit is {units}.", units="integer")
        problems.append(Problem("D816", take.span, message, hint))
    return (None if problems else Stock(name, kind, left.text)), problems


def _takes(ledger: Ledger, kind: str) -> bool:
    """Return whether a kind only takes, and something stops it."""
    one = ledger.kinds[kind]
    only = bool(one.move) and -1 in one.move.values() and not one.is_transfer and not one.signed
    return only and not one.reason and any(kind in guard.kinds for guard in ledger.guards)
