"""Which parts of a record a change need not read: the model → by children field, what else decides.

A change that neither sends the parts nor touches what their formulas read leaves those formulas as
they are stored. Where anything but a stored formula reads the parts, or such a formula reads more
than the record itself and its parts, they are always read: nothing is judged by half.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from generator.expressions.compile import Expression
from generator.model.app import App
from generator.model.entity import Entity, Field


def spared_parts(app: App, entity: Entity) -> Mapping[str, frozenset[str]]:
    """Return by children field the own fields that its formulas read beside the parts.

    The rows of a field that is not named here are read for every change.
    """
    whole = entity.name in app.workflows or entity.promotion is not None
    if whole or any(one.is_conditional for one in entity.fields.values()):
        return {}
    always = {path[0] for one in _judging(app, entity) for path in one.paths}
    found: dict[str, frozenset[str]] = {}
    for field in entity.fields.values():
        if field.type != "children" or field.name in always:
            continue
        inputs = _inputs(entity, field)
        if inputs is not None:
            found[field.name] = inputs | _kept_of(app, entity, field)
    return found


def _kept_of(app: App, entity: Entity, parts: Field) -> frozenset[str]:
    """Return the own fields whose every change is kept in some parts, as prices are."""
    kept = app.pricing.kept_prices.get(entity.name) if app.pricing is not None else None
    if kept is None or kept.history.into != parts.name:
        return frozenset()
    return frozenset({kept.price, kept.list_price} - {""})


def _judging(app: App, entity: Entity) -> Iterable[Expression]:
    """Yield what every change is judged by, and what is computed without being stored."""
    yield from (check.that for check in entity.checks)
    yield from (one.when for one in app.sensitive if one.entity == entity.name and one.when)
    for field in entity.fields.values():
        if field.computed is not None and not field.stored:
            yield field.computed
        if field.default_expression is not None:
            yield field.default_expression


def _inputs(entity: Entity, parts: Field) -> frozenset[str] | None:
    """Return the own fields behind the formulas over some parts; None where more is behind them."""
    waiting = [one for one in entity.fields.values() if one.computed and parts.name in _read(one)]
    seen: set[str] = set()
    while waiting:
        field = waiting.pop()
        assert field.computed is not None
        if field.computed.context:
            return None
        for path in field.computed.paths:
            if path[0] == parts.name or path[0] in seen:
                continue
            inner = entity.fields.get(path[0])
            if inner is None or len(path) > 1:
                return None
            seen.add(inner.name)
            if inner.computed is not None:
                waiting.append(inner)
    return frozenset(seen)


def _read(field: Field) -> set[str]:
    assert field.computed is not None
    return {path[0] for path in field.computed.paths}
