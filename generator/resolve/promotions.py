"""Prices: the fields that are their facts are found, and promotions are put as the rules read them.

Comes in: `pricing:` of `app.yaml` and the promotion files. Goes out: the vocabulary, None without
one, and the promotions by name. What a promotion means is asked of `rules` by the lints.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from generator.kinds import Catalog
from generator.model.entity import Entity, Field
from generator.model.placing import Fires, HandedOut
from generator.model.pricing import (
    BudgetFacts,
    CustomerFacts,
    DiscountFacts,
    ItemFacts,
    OwnLane,
    Pricing,
    Promotion,
    TaxFacts,
)
from generator.model.text import Label
from generator.problems import Problem, defined_twice, quoted, reserved_name, unknown_name
from generator.resolve.fields import humanize
from generator.saying import say
from generator.shape import Given, Written
from generator.shapes.discounts import USUAL
from generator.source_nodes import Source, plain

TEXTS = ("text", "code", "choice", "email", "phone")
VALUES = (*TEXTS, "tags")
NO_ZONE = ("window", "recurs")


def resolve_promotions(
    files: Iterable[tuple[Source, Given]], time_zone: str
) -> tuple[dict[str, Promotion], list[Problem]]:
    """Return the promotions by name and what is wrong with their names."""
    problems: list[Problem] = []
    found: dict[str, Promotion] = {}
    for source, given in files:
        name = given.get("promotion")
        if name is None:
            continue
        if name in found:
            first = found[name].span
            problems.append(defined_twice("promotion", name, given.at("promotion"), first))
            continue
        label = given.get("label") or Label({"": humanize(name)})
        written = _written(source, name, label, time_zone)
        found[name] = Promotion(name, label, written, given.at("promotion"))
    return found, problems


def _written(source: Source, name: str, label: Label, time_zone: str) -> Mapping[str, Any]:
    """Return a file as the rules read a promotion: its name as `id`, times in the shop's zone."""
    values = {key: value for key, value in plain(source.node).items() if key != "promotion"}
    for key in NO_ZONE:
        if isinstance(values.get(key), dict):
            values[key] = {"zone": time_zone, **values[key]}
    return {**values, "id": name, "label": dict(label.texts)}


class Vocabulary:
    """Finds the fields that `pricing:` names; what is wrong is collected."""

    def __init__(self, entities: Mapping[str, Entity], words: Catalog[Any]) -> None:
        self.entities, self.words = entities, words
        self.problems: list[Problem] = []

    def entity(self, given: Given) -> str:
        named = given.get("entity")
        if named is None:
            return ""
        if named.text not in self.entities:
            at = named.span
            self.problems.append(
                unknown_name("entity", named.text, at, self.entities, defined_in="the definitions")
            )
            return ""
        return str(named.text)

    def path(self, given: Given, key: str, entity: str, types: tuple[str, ...]) -> str:
        written = given.get(key)
        return "" if written is None or not entity else self.leads(written, entity, types)

    def leads(self, written: Written, entity: str, types: tuple[str, ...]) -> str:
        """Return a path that leads to a field of one of some types, '' with a problem."""
        here, field = entity, None
        steps = written.text.split(".")
        for name in steps:
            if here not in self.entities:
                self.problems.append(unfit(written, types))
                return ""
            field = self.entities[here].fields.get(name)
            if field is None:
                where = say("entity '{entity}'", entity=here)
                known = self.entities[here].fields
                self.problems.append(
                    unknown_name("field", name, written.span, known, defined_in=where)
                )
                return ""
            many = self.words[field.type].relation in ("children", "references")
            here = "" if many else field.target
        if field is None or field.type not in types:
            self.problems.append(unfit(written, types))
            return ""
        return written.text


def resolve_pricing(
    given: Given | None, entities: Mapping[str, Entity], words: Catalog[Any], home: str
) -> tuple[Pricing | None, list[Problem]]:
    """Return the vocabulary of prices and what is wrong with it."""
    if given is None:
        return None, []
    reads = Vocabulary(entities, words)
    item, buyer = given.get("item"), given.get("customer")
    right = reads.entity(given)
    if item is None:
        return None, reads.problems
    sold = reads.entity(item)
    facts = ItemFacts(
        sold,
        reads.path(item, "key", sold, TEXTS),
        reads.path(item, "price", sold, ("money",)),
        reads.path(item, "currency", sold, TEXTS),
        reads.path(item, "list_price", sold, ("money",)),
        tax=reads.path(item, "tax", sold, ("percent", "decimal")),
        tax_class=reads.path(item, "tax_class", sold, TEXTS),
        least=reads.path(item, "least", sold, ("money",)),
        labels={
            str(facet): reads.leads(path, sold, VALUES)
            for facet, path in item.get("labels", {}).items()
            if sold
        },
    )
    currencies = {str(code): places for code, places in given.get("currencies", {}).items()}
    pricing = Pricing(
        right,
        currencies or {home: 2},
        home,
        facts,
        None if buyer is None else _customer(buyer, reads),
        {str(name): label for name, label in given.get("facts", {}).items()},
        codes=tuple(_codes(one, reads) for one in given.get("codes") or ()),
        taxes=_taxes(given.get("taxes")),
        discounts=_discounts(given.get("discounts")),
        lanes=tuple(_lanes(given.get("lanes", {}), reads.problems)),
        budgets=_budgets(given.get("budgets"), reads),
        span=given.span,
    )
    if home not in pricing.currencies:
        message = say("The shop's own currency {code} has no decimals here.", code=quoted(home))
        hint = say("Write `{code}: 2` among the currencies.", code=home)
        reads.problems.append(Problem("D814", given.at("currencies"), message, hint))
    return pricing, reads.problems


def _taxes(given: Given | None) -> TaxFacts:
    if given is None:
        return TaxFacts()
    percent = Decimal(str(given.get("delivery", 0)))
    return TaxFacts(given.get("included", True), percent, given.get("per", "line"))


def _discounts(given: Given | None) -> DiscountFacts:
    if given is None:
        return DiscountFacts()
    return DiscountFacts(given.get("rounding", "half_up"), given.get("per", "line"))


def _lanes(given: Mapping[Written, Given], problems: list[Problem]) -> Iterator[OwnLane]:
    for name, lane in given.items():
        if name.text in USUAL:
            why = "there is one of that name already"
            problems.append(reserved_name("a lane", name.text, name.span, why))
        elif "before" in lane:
            yield OwnLane(name.text, lane.get("before"))


def _budgets(given: Given | None, reads: Vocabulary) -> BudgetFacts | None:
    if given is None:
        return None
    entity = reads.entity(given)
    found = BudgetFacts(
        entity,
        reads.path(given, "key", entity, TEXTS),
        reads.path(given, "amount", entity, ("money",)),
    )
    for key in ("key", "amount"):
        written = given.get(key)
        if written is not None and "." in written.text:
            reads.problems.append(unfit(written, ("text", "money")))
    return found


def _codes(given: Given, reads: Vocabulary) -> HandedOut:
    entity = reads.entity(given)
    promotion, offered = _opened(given.get("promotion"), entity, reads)
    return HandedOut(
        entity,
        reads.path(given, "key", entity, (*TEXTS, "sequence")),
        promotion,
        offered,
        reads.path(given, "owner", entity, TEXTS),
        reads.path(given, "holder", entity, TEXTS),
        reads.path(given, "from", entity, ("datetime",)),
        reads.path(given, "until", entity, ("datetime",)),
        reads.path(given, "state", entity, ("state", "choice")),
        tuple(given.get("usable") or ()),
        reads.path(given, "limit", entity, ("integer",)),
        bool(given.get("each_once", False)),
        given.get("into").text if "into" in given else "",
        given.at("into"),
        _fires(given.get("use")),
        _fires(given.get("back")),
    )


def _fires(written: Written | None) -> Fires | None:
    if written is None:
        return None
    workflow, _, transition = written.text.rpartition(".")
    return Fires(workflow, transition, written.span)


def _opened(written: Written | None, entity: str, reads: Vocabulary) -> tuple[str, str]:
    """Return the path to what codes open, and the entity of the records that are promotions."""
    if written is None or not entity:
        return "", ""
    here: Entity | None = reads.entities[entity]
    for name in written.text.split("."):
        field = here.fields.get(name) if here is not None else None
        here = reads.entities.get(field.target) if field is not None else None
    if here is None or here.promotion is None or len(here.key) != 1:
        return reads.leads(written, entity, TEXTS), ""
    key = Written(f"{written.text}.{here.key[0]}", written.span)
    return reads.leads(key, entity, TEXTS), here.name


def _customer(given: Given, reads: Vocabulary) -> CustomerFacts:
    entity = reads.entity(given)
    return CustomerFacts(
        entity,
        reads.path(given, "key", entity, TEXTS),
        reads.path(given, "groups", entity, VALUES),
        reads.path(given, "contact", entity, TEXTS),
        _orders(given.get("orders"), entity, reads),
    )


def _orders(written: Written | None, entity: str, reads: Vocabulary) -> tuple[str, str] | None:
    if written is None or not entity:
        return None
    bought, _, name = written.text.partition(".")
    field: Field | None = None
    if bought in reads.entities:
        field = reads.entities[bought].fields.get(name)
    if field is None or field.target != entity or reads.words[field.type].relation != "reference":
        message = say("{path} does not lead to a customer.", path=quoted(written.text))
        hint = "Write an entity and its field that leads there, such as `order.customer`."
        reads.problems.append(Problem("D814", written.span, message, hint))
        return None
    return bought, name


def unfit(written: Written, types: tuple[str, ...]) -> Problem:
    message = say("{path} is no fact that prices can hang on.", path=quoted(written.text))
    hint = say("Write a path to a single value of type {types}.", types=", ".join(types))
    return Problem("D814", written.span, message, hint)
