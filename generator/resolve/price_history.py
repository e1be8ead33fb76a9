"""`history:` of a priced item, or of price lists: its fields are found and fit.

Comes in: what the author gave, the entity with the price, and the fields that are its prices. Goes
out: where the prices are kept, None without it, and what is wrong (D301, D819).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from generator.model.entity import Entity
from generator.model.price_history import PriceHistory
from generator.problems import Problem, unknown_name
from generator.saying import say
from generator.shape import Given, Written


def resolve_history(
    given: Given | None,
    entity: str,
    prices: Iterable[str],
    entities: Mapping[str, Entity],
    facets: Collection[str],
) -> tuple[PriceHistory | None, list[Problem]]:
    """Return where the prices of an entity are kept."""
    sold = entities.get(entity)
    if given is None or sold is None:
        return None, []
    reads = _Reads(entities)
    into: Written | None = given.get("into")
    for path in prices:
        if "." in path and into is not None:
            reads.wrong(into, say("'{path}' stands in another record.", path=path),
                        say("Keep a history where the item has its price itself."))  # fmt: skip
    parts = reads.named(into, sold, ("children",))
    part = entities.get(sold.fields[parts].target) if parts else None
    if part is None:
        return None, reads.problems
    found = PriceHistory(
        into=parts,
        entity=part.name,
        at=reads.named(given.get("at"), part, ("datetime",)),
        price=reads.named(given.get("price"), part, ("money",)),
        original=reads.named(given.get("original"), part, ("money",)),
        lowest=reads.named(given.get("lowest"), sold, ("money",)),
        days=given.get("days", 30),
        first_step=given.get("first_step", False),
        channels=frozenset(given.get("channels")) if "channels" in given else None,
        exclude=reads.excluded(given.get("exclude", {}), facets),
    )
    return (None if reads.problems else found), reads.problems


class _Reads:
    """Finds fields; what is wrong is collected."""

    def __init__(self, entities: Mapping[str, Entity]) -> None:
        self.entities = entities
        self.problems: list[Problem] = []

    def named(self, written: Written | None, entity: Entity, types: tuple[str, ...]) -> str:
        """Return a field of one of some types, '' where it is missing or wrong."""
        if written is None:
            return ""
        field = entity.fields.get(written.text)
        if field is None:
            where = say("entity '{entity}'", entity=entity.name)
            self.problems.append(
                unknown_name("field", written.text, written.span, entity.fields, defined_in=where)
            )
            return ""
        if field.type not in types or field.computed is not None:
            self.wrong(written, say("'{field}' cannot hold this.", field=field.name),
                       say("Name a field of type {types}.", types=", ".join(types)))  # fmt: skip
        return field.name

    def excluded(
        self, given: Mapping[Written, Collection[str]], facets: Collection[str]
    ) -> Mapping[str, frozenset[str]]:
        """Return by facet which items are left out."""
        for facet in given:
            if facet.text not in facets:
                self.problems.append(
                    unknown_name("facet", facet.text, facet.span, facets, defined_in="pricing")
                )
        return {facet.text: frozenset(values) for facet, values in given.items()}

    def wrong(self, written: Written, message: str, hint: str) -> None:
        self.problems.append(Problem("D819", written.span, message, hint))
