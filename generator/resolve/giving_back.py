"""`give_back:` of `pricing:`: the fields of cases and their parts are found and fit.

Comes in: what the author gave, how a cart is placed, and the entities. Goes out: where units are
given back, None without it, and what is wrong (D301, D818).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.expressions import types
from generator.expressions.compile import Expression, parse
from generator.model.entity import Entity, Field
from generator.model.giving_back import (
    CASE,
    NEVER,
    NO_TAX,
    PART,
    PAYMENT,
    TOLD,
    GivingBack,
    PaidOut,
)
from generator.model.placing import DELIVERIES, EXTRAS, LINES, Placing, Stock
from generator.problems import Problem, unknown_name
from generator.resolve.access import Words
from generator.saying import say
from generator.shape import Given, Written

TYPES: Mapping[str, tuple[str, ...]] = {
    "money": ("money",),
    "integer": ("integer", "quantity"),
    "text": ("text", "long_text"),
    "boolean": ("boolean",),
    "choice": ("choice",),
}
TAXED = ("tax", "net", "no_tax")
"""What takes the tax of what was paid to be known."""
NEEDED = ("quantity", "price", "off")
"""What a placed line keeps, or nobody knows later what was paid for it."""


def resolve_giving_back(
    given: Given | None,
    placing: Placing | None,
    entities: Mapping[str, Entity],
    words: Words,
    stock: Stock | None,
) -> tuple[GivingBack | None, list[Problem]]:
    """Return where units of a placed record are given back."""
    if given is None:
        return None, []
    reads = _Reads(entities, given)
    lines: Given | None = given.get("lines")
    placed = entities.get(placing.creates) if placing is not None else None
    kept = placing.filled.get(LINES) if placing is not None else None
    if placed is None or kept is None or not set(NEEDED) <= set(kept.take.values()):
        reads.wrong(
            Written("give_back", given.span),
            say("Nothing is known of what was paid for a line."),
            say("Let `place:` keep quantity, price and off of every line."),
        )
        return None, reads.problems
    line = entities[placed.fields[kept.into].target]
    case = reads.parts(given, "cases", placed)
    part = reads.parts(lines, "into", case) if lines is not None and case is not None else None
    if case is None or part is None or lines is None:
        return None, reads.problems
    item = reads.field(lines.get("item"), part)
    units = reads.field(lines.get("units"), part)
    if item is not None and (item.type != "reference" or item.target != line.name):
        reads.wrong(
            lines.get("item"),
            say("'{field}' does not lead to what was placed.", field=item.name),
            say("Name a reference to {entity}.", entity=line.name),
        )
    for name in ("off", "owed", "received"):
        reads.fits(given.get(name), placed, "money")
    reads.fits(given.get("returned"), line, "integer")
    if units is not None and units.type not in TYPES["integer"]:
        reads.unfit(lines.get("units"), "integer")
    if given.get("delivery", NEVER) != NEVER and placing is not None:
        _knows_deliveries(reads, given, placing)
    if placing is not None:
        _knows_taxes(reads, given, lines, placing)
        _knows_changes(reads, given, placing)
    if "to_stock" in given and placing is not None:
        _knows_stock(reads, given, placing, stock=stock)
    found = GivingBack(
        cases=given.get("cases").text,
        into=lines.get("into").text,
        item=item.name if item is not None else "",
        units=units.name if units is not None else "",
        counts=reads.asks(given, "while", case, words),
        off=_text(given.get("off")),
        returned=_text(given.get("returned")),
        by_unit=given.get("worth", "average") == "by_unit",
        delivery=str(given.get("delivery", NEVER)),
        delivery_if=reads.asks(given, "delivery_if", case, words),
        for_good=reads.asks(given, "for_good", case, words),
        settled=reads.asks(given, "settled", case, words),
        to_stock=reads.asks(given, "to_stock", case, words),
        owed=_text(given.get("owed")),
        received=_text(given.get("received")),
        changed=reads.asks(given, "changed", case, words),
        paid_out=_paid_out(reads, given, case, words),
        of_case=reads.told(given, case, CASE),
        of_part=reads.told(lines, part, PART),
    )
    return (None if reads.problems else found), reads.problems


def _paid_out(reads: _Reads, given: Given, case: Entity, words: Words) -> PaidOut | None:
    """Return the parts of a case by which it is paid."""
    own: Given | None = given.get("paid_out")
    payment = reads.parts(own, "into", case) if own is not None else None
    if own is None or payment is None:
        return None
    if not {"total", "tax"} <= {str(fact) for fact in given.get("take", {}).values()}:
        reads.wrong(
            Written("paid_out", own.span),
            say("Nobody knows what a case comes to, and the tax in it."),
            say("Let `take:` fill fields with `total` and `tax`."),
        )
    reads.fits(own.get("amount"), payment, "money")
    return PaidOut(
        into=own.get("into").text,
        amount=_text(own.get("amount")),
        counts=reads.asks(own, "while", payment, words),
        take=reads.told(own, payment, PAYMENT),
    )


def _knows_changes(reads: _Reads, given: Given, placing: Placing) -> None:
    """Note that nobody knows what fell away when lines were changed."""
    if "changed" not in given:
        return
    missing = [key for key in ("owed", "received") if key not in given]
    if missing:
        hint = say("Write `{keys}` beside it, or leave this out.", keys=", ".join(missing))
        reads.wrong(given.get("changed"), say("Nobody knows what is owed no more."), hint)
    if not placing.filled_with("basis"):
        reads.wrong(
            given.get("changed"),
            say("Nothing is kept of what was received before lines are changed."),
            say("Let `record:` of `place:` keep `basis`."),
        )


def _knows_deliveries(reads: _Reads, given: Given, placing: Placing) -> None:
    """Note that nobody knows what was paid for deliveries."""
    kept = placing.filled.get(DELIVERIES)
    if kept is None or "paid" not in kept.take.values():
        reads.wrong(
            Written("delivery", given.at("delivery")),
            say("Nothing is known of what was paid for deliveries."),
            say("Let `deliveries:` of `place:` keep `paid`."),
        )


def _knows_stock(reads: _Reads, given: Given, placing: Placing, *, stock: Stock | None) -> None:
    """Note that nothing is taken from a stock, or that nobody knows later what was."""
    kept, lines = placing.filled.get(EXTRAS), placing.filled.get(LINES)
    if stock is None:
        hint = say("Write `{key}` in `pricing:`, or leave this out.", key="stock:")
        reads.wrong(given.get("to_stock"), say("Nothing is taken from a stock."), hint)
    elif (
        kept is None
        or lines is None
        or kept.into != lines.into
        or not {"item", "free"} <= set(kept.take.values())
    ):
        reads.wrong(
            given.get("to_stock"),
            say("Nothing is known of what promotions added."),
            say("Let `extras:` of `place:` become lines that keep `item` and `free`."),
        )


def _knows_taxes(reads: _Reads, given: Given, lines: Given, placing: Placing) -> None:
    """Note that nobody knows the tax of what was paid."""
    payments: Given | None = given.get("paid_out")
    asked = [
        name
        for one in (given, lines, *((payments,) if payments is not None else ()))
        for name, fact in one.get("take", {}).items()
        if str(fact) in TAXED
    ]
    parts = (LINES,) if given.get("delivery", NEVER) == NEVER else (LINES, DELIVERIES)
    for part in parts:
        kept = placing.filled.get(part)
        if kept is not None and "tax" in kept.take.values():
            continue
        for name in asked:
            reads.wrong(
                name,
                say("Nothing is known of the tax of what was paid."),
                say("Let `{part}:` of `place:` keep `tax`.", part=part),
            )


def _text(written: Written | None) -> str:
    return written.text if written is not None else ""


class _Reads:
    """Finds fields; what is wrong is collected."""

    def __init__(self, entities: Mapping[str, Entity], given: Given) -> None:
        self.entities, self.given = entities, given
        self.problems: list[Problem] = []

    def field(self, written: Written | None, entity: Entity) -> Field | None:
        if written is None:
            return None
        field = entity.fields.get(written.text)
        if field is None:
            where = say("entity '{entity}'", entity=entity.name)
            self.problems.append(
                unknown_name("field", written.text, written.span, entity.fields, defined_in=where)
            )
        return field

    def parts(self, given: Given, key: str, entity: Entity) -> Entity | None:
        """Return the entity of the parts in a field."""
        written = given.get(key)
        field = self.field(written, entity)
        if field is None:
            return None
        if field.type != "children":
            self.wrong(written, say("'{field}' holds no parts.", field=field.name),
                       say("Name a field of type children."))  # fmt: skip
            return None
        return self.entities[field.target]

    def fits(self, written: Written | None, entity: Entity, kind: str) -> None:
        field = self.field(written, entity)
        if field is not None and field.type not in TYPES[kind]:
            self.unfit(written, kind)

    def told(self, given: Given, entity: Entity, about: str) -> dict[str, str]:
        """Return which fields are filled with what."""
        found = {}
        for name, fact in given.get("take", {}).items():
            field = self.field(name, entity)
            kind = TOLD[about][str(fact)]
            if field is None:
                continue
            if field.computed is not None or field.type not in TYPES[kind]:
                self.unfit(name, kind)
            missing = set(NO_TAX.get(about, ())) - set(field.args.get("options") or ())
            if kind == "choice" and missing:
                self.wrong(
                    name,
                    say("'{field}' does not know every answer.", field=field.name),
                    say("Add to its options: {names}.", names=", ".join(sorted(missing))),
                )
            found[field.name] = str(fact)
        return found

    def asks(self, given: Given, key: str, case: Entity, words: Words) -> Expression | None:
        """Return what is asked of a case's own fields."""
        written = given.get(key)
        if written is None or words.unread.doubts(written.text):
            return None
        scope = words.scope(case.name)
        found, faults = parse(written.text, written.span, scope, types.Boolean(),
                              written=written.raw)  # fmt: skip
        self.problems += faults
        if found is not None and any(len(path) > 1 for path in found.paths):
            self.wrong(written, say("Whether a case counts hangs on other records."),
                       say("Ask its own fields only."))  # fmt: skip
        return found

    def unfit(self, written: Any, kind: str) -> None:
        self.wrong(written, say("'{field}' cannot hold this.", field=written.text),
                   say("Name a field of type {types}.", types=", ".join(TYPES[kind])))  # fmt: skip

    def wrong(self, written: Any, message: Any, hint: Any) -> None:
        self.problems.append(Problem("D818", written.span, message, hint))
