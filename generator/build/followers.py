"""The model → which stored formulas look at a field of another record, decided once.

`total_owed` of a customer's card may be kept in a column and yet depend on the customer's own
`discount`. When the discount changes, the cards that show it must follow. The answer here is a
path back: from the changed record's entity to the records whose formula read it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from generator.model.app import App
from generator.model.entity import Entity, Field

DEEPEST = 12
"""Formulas that lead through formulas are followed so far; circles are refused by a check."""


@dataclass(frozen=True)
class Follower:
    """Records whose stored formulas read a field of another entity."""

    entity: str
    """Whose formulas: the entity of the records to compute again."""
    way: tuple[str, ...]
    """The links that lead from such a record to the changed one, never empty."""


Followers = Mapping[tuple[str, str], tuple[Follower, ...]]
"""By entity and field: who must be computed again when that field changes."""


def build_followers(app: App) -> Followers:
    """Return who follows what."""
    found: dict[tuple[str, str], dict[Follower, None]] = {}
    for entity in app.entities.values():
        for field in entity.fields.values():
            if field.computed is None or not field.stored:
                continue
            for steps in _readings(app, entity, field, DEEPEST):
                _note(app, found, entity, steps)
    return {key: tuple(followers) for key, followers in found.items()}


def _note(
    app: App,
    found: dict[tuple[str, str], dict[Follower, None]],
    entity: Entity,
    steps: tuple[Field, ...],
) -> None:
    """Note every place of a path at which something may change, but for the record's own."""
    for depth in range(1, len(steps)):
        model = steps[depth]
        if _is_own_part(app, entity, steps[:depth]):
            continue  # parts are saved with their whole, which is computed then
        follower = Follower(entity.name, tuple(step.name for step in steps[:depth]))
        found.setdefault((model.entity, model.name), {})[follower] = None
        if model.type == "children":
            return  # a part that changes is a change of its whole, in this very field


def _is_own_part(app: App, entity: Entity, way: tuple[Field, ...]) -> bool:
    if all(step.type == "children" for step in way):
        return True
    # from a part up to its whole: both are in hand when one of them is saved
    return len(way) == 1 and way[0].name == entity.child_of and way[0].target in app.entities


def _readings(app: App, entity: Entity, field: Field, left: int) -> Iterator[tuple[Field, ...]]:
    """Yield the fields a formula's paths lead through; formulas that are not kept are unfolded."""
    assert field.computed is not None
    for path in field.computed.paths:
        steps = _steps(app, entity, path)
        if not steps:
            continue
        last = steps[-1]
        if last.computed is None or last.stored or not left:
            yield steps
            continue
        for inner in _readings(app, app.entities[last.entity], last, left - 1):
            yield (*steps[:-1], *inner)


def _steps(app: App, entity: Entity, path: tuple[str, ...]) -> tuple[Field, ...]:
    steps: list[Field] = []
    for name in path:
        model = entity.fields.get(name)
        if model is None:
            break
        steps.append(model)
        if model.target in app.entities:
            entity = app.entities[model.target]
    return tuple(steps)
