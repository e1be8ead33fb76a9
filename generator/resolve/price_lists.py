"""`lists:` of `pricing:`: the records that hold prices, and their fields, are found and fit.

Comes in: what the author gave, the entities and the facts a cart may bring. Goes out: where lists
stand, None without them, and what is wrong (D301, D814).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from generator.model.entity import Entity
from generator.model.pricing import ListFacts, Pricing
from generator.problems import Problem, unknown_name
from generator.resolve.access import Words
from generator.resolve.past import parts_of, where_of
from generator.resolve.price_history import resolve_history
from generator.resolve.promotions import TEXTS, VALUES, Vocabulary
from generator.shape import Given, Written

NAMES = ("translated", *TEXTS)
DAYS = ("date", "datetime")


def resolve_lists(
    given: Given | None, pricing: Pricing, entities: Mapping[str, Entity], words: Words
) -> tuple[ListFacts | None, list[Problem]]:
    """Return where prices stand beside the items' own."""
    if given is None:
        return None, []
    reads = Vocabulary(entities, words.catalog)
    entity = reads.entity(given)
    prices, part = parts_of(given.get("prices"), entity, reads)
    if not entity or not part:
        return None, reads.problems
    facts = {}
    for name, path in given.get("facts", {}).items():
        if str(name) not in pricing.facts:
            reads.problems.append(
                unknown_name("fact", str(name), given.at("facts"), pricing.facts,
                             defined_in="pricing")
            )  # fmt: skip
        facts[str(name)] = _many(path, entity, reads)
    found = ListFacts(
        entity=entity,
        key=reads.path(given, "key", entity, TEXTS),
        prices=prices,
        part=part,
        item=reads.path(given, "item", part, TEXTS),
        price=reads.path(given, "price", part, ("money",)),
        from_quantity=reads.path(given, "from_quantity", part, ("integer",)),
        list_price=reads.path(given, "list_price", part, ("money",)),
        label=reads.path(given, "label", entity, NAMES),
        currency=reads.path(given, "currency", entity, TEXTS),
        priority=reads.path(given, "priority", entity, ("integer",)),
        channels=_many(given.get("channels"), entity, reads),
        groups=_many(given.get("groups"), entity, reads),
        facts=facts,
        since=reads.path(given, "from", entity, DAYS),
        until=reads.path(given, "until", entity, DAYS),
        where=where_of(given.get("where"), entity, words, reads.problems),
    )
    prices_of = (found.price, found.list_price)
    history, wrong = resolve_history(
        given.get("history"), part, prices_of, entities, pricing.item.labels
    )
    problems = [*reads.problems, *wrong]
    return (None if problems else replace(found, history=history)), problems


def _many(written: Written | None, entity: str, reads: Vocabulary) -> str:
    """Return a path to one value or to several: its first step may lead to many records."""
    if written is None:
        return ""
    first, _, rest = written.text.partition(".")
    field = reads.entities[entity].fields.get(first)
    if field is not None and rest and reads.words[field.type].relation == "references":
        inner = reads.leads(Written(rest, written.span), field.target, TEXTS)
        return written.text if inner else ""
    return reads.leads(written, entity, VALUES)
