"""`past:` of `pricing:`: the fields that tell what was bought are found and fit.

Comes in: what the author gave and the entities. Goes out: where carts of the past stand, None
without them, and what is wrong (D301, D814).
"""

from __future__ import annotations

from collections.abc import Mapping

from generator.expressions import types
from generator.expressions.compile import Expression, parse
from generator.model.entity import Entity
from generator.model.past import Past
from generator.problems import Problem, unknown_name
from generator.resolve.access import Words
from generator.resolve.promotions import TEXTS, Vocabulary
from generator.saying import say
from generator.shape import Given, Written


def resolve_past(
    given: Given | None, entities: Mapping[str, Entity], words: Words
) -> tuple[Past | None, list[Problem]]:
    """Return where carts of the past stand."""
    if given is None:
        return None, []
    reads = Vocabulary(entities, words.catalog)
    entity = reads.entity(given)
    lines, part = parts_of(given.get("lines"), entity, reads)
    if not entity or not part:
        return None, reads.problems
    past = Past(
        entity=entity,
        at=reads.path(given, "at", entity, ("datetime",)),
        lines=lines,
        part=part,
        item=reads.path(given, "item", part, TEXTS),
        quantity=reads.path(given, "quantity", part, ("integer",)),
        price=reads.path(given, "price", part, ("money",)),
        cost=reads.path(given, "cost", part, ("money",)),
        currency=reads.path(given, "currency", entity, TEXTS),
        customer=reads.path(given, "customer", entity, TEXTS),
        channel=reads.path(given, "channel", entity, TEXTS),
        code=_code(given.get("code"), entity, reads),
        where=where_of(given.get("where"), entity, words, reads.problems),
    )
    return (None if reads.problems else past), reads.problems


def parts_of(written: Written | None, entity: str, reads: Vocabulary) -> tuple[str, str]:
    """Return a field of parts and their entity, '' with a problem."""
    if written is None or not entity:
        return "", ""
    fields = reads.entities[entity].fields
    field = fields.get(written.text)
    if field is None or field.type != "children":
        known = [one.name for one in fields.values() if one.type == "children"]
        where = say("entity '{entity}'", entity=entity)
        reads.problems.append(
            unknown_name("field", written.text, written.span, known, defined_in=where)
        )
        return "", ""
    return field.name, field.target


def _code(written: Written | None, entity: str, reads: Vocabulary) -> tuple[str, str, str] | None:
    if written is None:
        return None
    name, _, path = written.text.partition(".")
    field, part = parts_of(Written(name, written.span), entity, reads)
    if not part or not reads.leads(Written(path, written.span), part, TEXTS):
        return None
    return field, part, path


def where_of(
    written: Written | None, entity: str, words: Words, problems: list[Problem]
) -> Expression | None:
    """Return a condition about records of an entity."""
    if written is None or words.unread.doubts(written.text):
        return None
    scope, expected = words.scope(entity), types.Boolean()
    found, faults = parse(written.text, written.span, scope, expected, written=written.raw)
    problems += faults
    return found
