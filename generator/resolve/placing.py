"""`counters:` and `place:` of `pricing:`: their ledgers, kinds and fields are found and fit.

Comes in: what the author gave, entities and ledgers. Goes out: counters by what they count and how
a cart is placed, and what is wrong with them (D816, D817).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.kinds import Catalog
from generator.model.entity import Entity, Field
from generator.model.ledger import Ledger
from generator.model.placing import (
    CHANNEL,
    FACTS,
    PARTS,
    SHARED,
    TRIALS,
    WHOLE,
    Counter,
    Filled,
    Placing,
)
from generator.model.pricing import Pricing
from generator.model.text import Span
from generator.problems import Problem, quoted, unknown_name
from generator.resolve.promotions import TEXTS, Vocabulary
from generator.saying import say
from generator.shape import Given, Written

NEEDED = frozenset({"promotion"})
"""What every counter is about."""
UNITS = {"uses": ("integer",), "money": ("money",), "pace": ("integer",), "shared": ("money",)}
HOLDS_OF: Mapping[str, tuple[str, ...]] = {
    "text": TEXTS,
    "money": ("money",),
    "integer": ("integer", "quantity"),
    "json": ("json",),
    "boolean": ("boolean",),
}
"""By kind of fact: types of fields that can hold it."""


def resolve_counters(
    given: Given | None,
    ledgers: Mapping[str, Ledger],
    entities: Mapping[str, Entity],
    budgets: str = "",
) -> tuple[dict[str, Counter], list[Problem]]:
    """Return the counters by what they count; `budgets` is the entity of those that are shared."""
    problems: list[Problem] = []
    found = {}
    for purpose in UNITS:
        body = given.get(purpose) if given is not None else None
        if body is None:
            continue
        reads = _Counters(ledgers, entities, problems, budgets)
        take = reads.kind(body.get("take"), purpose)
        keep = reads.kind(body.get("keep"), purpose) if "keep" in body else take
        if take is None or keep is None:
            continue
        if take[0] != keep[0]:
            message = say("'{take}' and '{keep}' are not of one ledger.", take=take[0].name,
                          keep=keep[0].name)  # fmt: skip
            problems.append(Problem("D816", body.at("keep"), message, "Name kinds of one ledger."))
            continue
        ledger, kind = take
        (bucket,) = ledger.kinds[kind].move
        found[purpose] = Counter(ledger.name, bucket, kind, keep[1])
    return found, problems


class _Counters:
    """Finds ledgers that can count."""

    def __init__(
        self,
        ledgers: Mapping[str, Ledger],
        entities: Mapping[str, Entity],
        problems: list[Problem],
        budgets: str,
    ) -> None:
        self.ledgers, self.entities, self.problems = ledgers, entities, problems
        self.budgets = budgets

    def kind(self, written: Written | None, purpose: str) -> tuple[Ledger, str] | None:
        """Return a kind of entry that counts, and its ledger."""
        if written is None:
            return None
        name, _, kind = written.text.rpartition(".")
        ledger = self.ledgers.get(name)
        if ledger is None:
            where = "the definitions"
            self.problems.append(
                unknown_name("ledger", name, written.span, self.ledgers, defined_in=where)
            )
            return None
        if kind not in ledger.kinds:
            where = say("ledger '{name}'", name=name)
            self.problems.append(
                unknown_name("kind of entry", kind, written.span, ledger.kinds, defined_in=where)
            )
            return None
        return (ledger, kind) if self._counts(ledger, kind, purpose, written) else None

    def _counts(self, ledger: Ledger, name: str, purpose: str, at: Written) -> bool:
        kind = ledger.kinds[name]
        unit = self.entities[ledger.entries].fields["quantity"].type
        texts = all(not to for to in ledger.key.values())
        if purpose == SHARED and list(ledger.key.values()) != [self.budgets]:
            message = say("The key of '{ledger}' is not that of a counter.", ledger=ledger.name)
            hint = say("Its key is a record of {entity}.", entity=quoted(self.budgets))
        elif purpose != SHARED and (
            not texts or set(ledger.key) - set(PARTS) or not set(ledger.key) >= NEEDED
        ):
            message = say("The key of '{ledger}' is not that of a counter.", ledger=ledger.name)
            hint = say("Its key are texts, of these names: {names}.", names=", ".join(PARTS))
        elif unit not in UNITS[purpose]:
            message = say("'{ledger}' counts {unit}.", ledger=ledger.name, unit=unit)
            hint = say("Its unit is {units}.", units=", ".join(UNITS[purpose]))
        elif list(kind.move.values()) != [1] or kind.is_transfer or kind.signed or kind.reason:
            message = say("'{kind}' does not just add to one bucket.", kind=name)
            hint = say("Name a kind such as `{move: {used: +q}}`.")
        else:
            return True
        self.problems.append(Problem("D816", at.span, message, hint))
        return False


def resolve_placing(
    given: Given | None, pricing: Pricing, entities: Mapping[str, Entity], words: Catalog[Any]
) -> tuple[Placing | None, list[Problem]]:
    """Return what a cart becomes."""
    if given is None or given.get("creates") is None:
        return None, []
    written: Written = given.get("creates")
    entity = entities.get(written.text)
    if entity is None or entity.child_of or entity.ledger:
        names = [one.name for one in entities.values() if not one.child_of and not one.ledger]
        problem = unknown_name(
            "entity", written.text, written.span, names, defined_in="the definitions"
        )
        return None, [problem]
    reads = _Fields(pricing, entities, entity.name)
    filled = {}
    for part in FACTS:
        body = given.get(part)
        if body is None:
            continue
        made = reads.filled(part, body, entity)
        if made is not None:
            filled[part] = made
    agree, found = _agree(given, pricing, entity, entities, words)
    opened = {one.entity: (one.into, one.span) for one in pricing.codes if one.into}
    for one in entities.values():
        if one.promotion is not None and one.promotion.into:
            opened[one.name] = (one.promotion.into, one.promotion.span)
    linked = {name: reads.link(name, *field, entity) for name, field in opened.items()}
    return Placing(entity.name, filled, agree, linked), [*reads.problems, *found]


def _agree(
    given: Given,
    pricing: Pricing,
    entity: Entity,
    entities: Mapping[str, Entity],
    words: Catalog[Any],
) -> tuple[dict[str, str], list[Problem]]:
    """Return where the record says what the cart says, too."""
    reads = Vocabulary(entities, words)
    known = (CHANNEL, *pricing.facts)
    found = {}
    for name, path in given.get("agree", {}).items():
        if str(name) not in known:
            reads.problems.append(
                unknown_name("fact", str(name), given.at("agree"), known, defined_in="pricing")
            )
        elif path.text.count(".") > 1:
            message = say("{path} leads too far.", path=quoted(path.text))
            hint = "Write a field, or a reference and a field of its record."
            reads.problems.append(Problem("D817", path.span, message, hint))
        elif reads.leads(path, entity.name, TEXTS):
            found[str(name)] = path.text
    return found, reads.problems


class _Fields:
    """Finds the fields that facts go into."""

    def __init__(self, pricing: Pricing, entities: Mapping[str, Entity], placed: str) -> None:
        self.pricing, self.entities, self.placed = pricing, entities, placed
        self.problems: list[Problem] = []

    def filled(self, part: str, body: Given, entity: Entity) -> Filled | None:
        """Return how the record, or one part of it, is made."""
        into = ""
        if part == TRIALS:
            apart = self.apart(body.get("creates"))
            if apart is None:
                return None
            into, entity = apart.name, apart
        elif part != WHOLE:
            written: Written | None = body.get("into")
            field = self.field(written, entity) if written is not None else None
            if written is None or field is None:
                return None
            if field.type != "children":
                self.wrong(written, say("'{field}' holds no parts.", field=written.text),
                           "Name a field of type children.")  # fmt: skip
                return None
            into, entity = field.name, self.entities[field.target]
        take = {}
        for name, fact in body.get("take", {}).items():
            field = self.field(name, entity)
            if field is not None and self.fits(name, field, FACTS[part][fact]):
                take[name.text] = str(fact)
        fixed: dict[str, Any] = {
            name.text: value
            for name, value in body.get("with", {}).items()
            if self.field(name, entity) is not None
        }
        return Filled(into, take, fixed)

    def apart(self, written: Written | None) -> Entity | None:
        """Return an entity whose records stand for themselves."""
        found = self.entities.get(written.text) if written is not None else None
        if written is not None and (found is None or found.child_of or found.ledger):
            known = [one.name for one in self.entities.values() if not one.child_of]
            where = "the definitions"
            self.problems.append(
                unknown_name("entity", written.text, written.span, known, defined_in=where)
            )
            return None
        return found

    def link(self, used: str, into: str, at: Span, entity: Entity) -> str:
        """Return the field that leads to the code or promotion of an entity that was used."""
        written = Written(into, at)
        field = self.field(written, entity)
        if field is not None and (field.type != "reference" or field.target != used):
            hint = say("Name a reference to {entity}.", entity=quoted(used))
            self.wrong(written, say("'{field}' cannot hold this.", field=into), hint)
        return into

    def field(self, written: Written, entity: Entity) -> Field | None:
        """Return a field that can be filled."""
        field = entity.fields.get(written.text)
        if field is None:
            where = say("entity '{entity}'", entity=entity.name)
            self.problems.append(
                unknown_name("field", written.text, written.span, entity.fields, defined_in=where)
            )
        elif field.computed is not None or field.type == "state":
            self.wrong(written, say("'{field}' is not filled by anybody.", field=written.text),
                       "Name a field that is neither computed nor a state.")  # fmt: skip
            return None
        return field

    def fits(self, written: Written, field: Field, kind: str) -> bool:
        """Return whether a field can hold a fact."""
        buyer = self.pricing.customer
        offered = [one.name for one in self.entities.values() if one.promotion is not None]
        targets = {
            "item": [self.pricing.item.entity],
            "customer": [buyer.entity if buyer else ""],
            "placed": [self.placed],
            "tried": offered,
            "handed": [one.entity for one in self.pricing.codes],
        }
        if kind in targets:
            if field.type == "reference" and field.target in targets[kind]:
                return True
            hint = say("Name a reference to {entity}.", entity=quoted(", ".join(targets[kind])))
        else:
            if field.type in HOLDS_OF[kind]:
                return True
            hint = say("Name a field of type {types}.", types=", ".join(HOLDS_OF[kind]))
        self.wrong(written, say("'{field}' cannot hold this.", field=written.text), hint)
        return False

    def wrong(self, written: Written, message: str, hint: str) -> None:
        self.problems.append(Problem("D817", written.span, message, hint))
