"""The model → what saving a record must look up and compute, per entity, decided once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from generator.build.spared import spared_parts
from generator.expressions.compile import Expression
from generator.model.app import App
from generator.model.entity import Entity, Field
from generator.model.workflow import Clause, Effect, State, Transition

ExpressionPath = tuple[str, ...]


@dataclass(frozen=True)
class Needs:
    """What saving a record of one entity must look up and compute."""

    behind: Mapping[str, tuple[str, ...]]
    """By reference or many-to-many field: the paths behind it that some expression reads."""
    links: tuple[str, ...]
    """Many-to-many fields that some expression reads."""
    computed: tuple[Field, ...]
    """Computed fields, each after those it depends on."""
    conditional: tuple[Field, ...]
    """Fields that are asked, required or fixed only under a condition."""
    walked: tuple[str, ...]
    """Fields of parts behind whose references some expression of the whole reads."""
    spared: Mapping[str, frozenset[str]]
    """Parts that a change need not read, with the own fields whose change makes them needed."""


def build_needs(app: App) -> Mapping[str, Needs]:
    """Return the needs of every entity; a child also those of its parent's formulas."""
    return {entity.name: _needs(app, entity, _paths) for entity in app.entities.values()}


def build_firing_needs(app: App) -> Mapping[str, Needs]:
    """Return the same for a transition, whose conditions and effects read more than a save does."""

    def paths(entity: Entity) -> Iterable[ExpressionPath]:
        yield from _paths(entity)
        for workflow in app.workflows.get(entity.name, {}).values():
            for edge in workflow.transitions:
                yield from _edge_paths(edge)
            for state in workflow.states.values():
                yield from _state_paths(state)

    return {entity.name: _needs(app, entity, paths) for entity in app.entities.values()}


def _needs(
    app: App, entity: Entity, paths_of: Callable[[Entity], Iterable[ExpressionPath]]
) -> Needs:
    paths = list(paths_of(entity))
    parent = app.entities.get(entity.child_of)
    for path in paths_of(parent) if parent else ():
        field = parent.fields.get(path[0]) if parent else None
        if field is not None and field.target == entity.name and len(path) > 1:
            paths.append(path[1:])
    behind: dict[str, dict[str, None]] = {}
    for path in paths:
        first = entity.fields.get(path[0])
        if first is not None and len(path) > 1 and first.type != "children":
            behind.setdefault(first.name, {})[".".join(path[1:])] = None
    links = {path[0] for path in paths if path[0] in entity.fields}
    walked = {path[0] for path in paths_of(entity) if len(path) > 2 and path[0] in entity.fields}
    return Needs(
        {name: tuple(found) for name, found in behind.items()},
        tuple(sorted(name for name in links if entity.fields[name].type == "references")),
        _in_order(entity),
        tuple(field for field in entity.fields.values() if field.is_conditional),
        tuple(sorted(name for name in walked if entity.fields[name].type == "children")),
        spared_parts(app, entity),
    )


def _paths(entity: Entity) -> Iterable[ExpressionPath]:
    for field in entity.fields.values():
        for expression in (
            field.computed,
            field.default_expression,
            field.visible,
            field.required_when,
            field.readonly_when,
        ):
            yield from expression.paths if expression else ()
    for check in entity.checks:
        yield from check.that.paths
    if entity.promotion is not None:
        yield from entity.promotion.paths


def _edge_paths(edge: Transition) -> Iterable[ExpressionPath]:
    for clause in (*edge.guards, *edge.before):
        yield from _clause_paths(clause)
    for branch in edge.branches:
        yield from branch.when.paths if branch.when else ()
    for effect in edge.effects:
        yield from _effect_paths(effect)
    for question in edge.input.values():
        yield from question.check.paths if question.check else ()
    if edge.timer is not None and edge.timer.when is not None:
        yield from edge.timer.when.paths


def _state_paths(state: State) -> Iterable[ExpressionPath]:
    for effect in (*state.enter, *state.leave):
        yield from _effect_paths(effect)


def _clause_paths(clause: Clause) -> Iterable[ExpressionPath]:
    yield from clause.when.paths
    for param in clause.params.values():
        yield from param.paths


def _effect_paths(effect: Effect) -> Iterable[ExpressionPath]:
    yield from effect.when.paths if effect.when else ()
    yield from _given_paths(effect.given.values(), _within(effect.given.get("each")))
    if effect.word == "create":
        for each, _, values in effect.given["parts"].values():
            yield from _given_paths((values,), _within(each))


def _within(each: Any) -> ExpressionPath:
    """Return where expressions about the parts of a field begin."""
    return (each,) if isinstance(each, str) and each else ()


def _given_paths(given: Iterable[Any], prefix: ExpressionPath) -> Iterable[ExpressionPath]:
    for value in given:
        inner = value.values() if isinstance(value, Mapping) else (value,)
        for one in inner:
            if isinstance(one, Expression):
                yield from ((*prefix, *path) for path in one.paths)


def _in_order(entity: Entity) -> tuple[Field, ...]:
    """Return the computed fields, each after its dependencies; circles are refused by a check."""
    ordered: dict[str, Field] = {}

    def visit(field: Field, above: frozenset[str]) -> None:
        if field.name in ordered or field.name in above or field.computed is None:
            return
        for path in field.computed.paths:
            inner = entity.fields.get(path[0])
            if inner is not None:
                visit(inner, above | {field.name})
        ordered[field.name] = field

    for field in entity.fields.values():
        visit(field, frozenset())
    return tuple(ordered.values())
