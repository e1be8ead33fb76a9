"""`regions:` of `taxes:`: the records of regions and rates are found, and their fields fit.

Comes in: what the author gave, the facts a cart may bring, where a record that is placed says the
same, and the entities. Goes out: where rates stand, None without them, and what is wrong (D301,
D814, D817).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from generator.kinds import Catalog
from generator.model.entity import Entity
from generator.model.placing import Placing
from generator.model.region_taxes import RegionTaxes
from generator.problems import Problem, quoted, unknown_name
from generator.resolve.promotions import TEXTS, Vocabulary, unfit
from generator.saying import say
from generator.shape import Given, Written


def resolve_region_taxes(
    given: Given | None,
    facts: Collection[str],
    placing: Placing | None,
    entities: Mapping[str, Entity],
    words: Catalog[Any],
) -> tuple[RegionTaxes | None, list[Problem]]:
    """Return where regions say their taxes."""
    rates: Given | None = given.get("rates") if given is not None else None
    if given is None or rates is None:
        return None, []
    reads = Vocabulary(entities, words)
    region, entity = reads.entity(given), reads.entity(rates)
    if not region or not entity:
        return None, reads.problems
    fact: Written | None = given.get("fact")
    if fact is not None and fact.text not in facts:
        reads.problems.append(
            unknown_name("fact", fact.text, fact.span, facts, defined_in="pricing")
        )
    elif fact is not None and placing is not None and fact.text not in placing.agree:
        message = say("Taxes hang on {fact}, and a record may say another.", fact=quoted(fact.text))
        hint = say("Write `{fact}:` under `agree:` of `place:`.", fact=fact.text)
        reads.problems.append(Problem("D817", fact.span, message, hint))
    found = RegionTaxes(
        fact=fact.text if fact is not None else "",
        entity=region,
        key=_field(given, "key", region, TEXTS, reads),
        rates=entity,
        region=_to(rates, "region", entity, region, reads),
        tax_class=reads.path(rates, "class", entity, TEXTS),
        rate=_field(rates, "rate", entity, ("percent", "decimal"), reads),
        above=_to(given, "above", region, region, reads),
        included=_field(given, "included", region, ("boolean",), reads),
    )
    return (None if reads.problems else found), reads.problems


def _field(given: Given, key: str, entity: str, types: tuple[str, ...], reads: Vocabulary) -> str:
    """Return a field of a record itself."""
    written: Written | None = given.get(key)
    if written is not None and "." in written.text:
        reads.problems.append(unfit(written, types))
        return ""
    return reads.path(given, key, entity, types)


def _to(given: Given, key: str, entity: str, target: str, reads: Vocabulary) -> str:
    """Return a field that leads to one record of an entity."""
    written: Written | None = given.get(key)
    if written is None:
        return ""
    field = reads.entities[entity].fields.get(written.text)
    if field is None:
        where = say("entity '{entity}'", entity=entity)
        known = reads.entities[entity].fields
        reads.problems.append(
            unknown_name("field", written.text, written.span, known, defined_in=where)
        )
    elif field.target != target or field.type not in ("reference", "tree"):
        message = say("'{field}' cannot hold this.", field=written.text)
        hint = say("Name a reference to {entity}.", entity=quoted(target))
        reads.problems.append(Problem("D814", written.span, message, hint))
    return written.text
