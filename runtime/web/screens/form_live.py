"""What a form follows from while it is filled in: formulas, and fields that come, go or are fixed.

One question to the pipeline (`preview_new`, `preview_change`) tells all of it; nothing is written.
The same answer draws a page, so a form works without script: its button "Update the form" asks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from generator.field_types import Cell
from generator.field_types.money import Money
from generator.model.entity import Entity, Field
from runtime.errors import RequestError
from runtime.operations._conditions import Standing
from runtime.operations._previewing import Outlook
from runtime.web.screens import form_state
from runtime.web.screens.doors import ask
from runtime.web.screens.form_opening import Opened
from runtime.web.screens.form_state import FormField, State
from runtime.web.screens.visit import Visit


@dataclass(frozen=True)
class Live:
    """What follows from a state, by the name of a control (`total`, `lines-2-amount`)."""

    standings: Mapping[str, Standing] = field(default_factory=dict)
    values: Mapping[str, Cell] = field(default_factory=dict)
    """Computed values, as people read them."""


NOTHING = Live()


def has_conditions(visit: Visit, fields: Sequence[FormField], entity: Entity) -> bool:
    """Return whether fields of a form or of its rows come, go or are fixed."""
    names = (entity.name, *(one.field.target for one in fields if one.kind == "grid"))
    return any(visit.runtime.needs[name].conditional for name in names)


def is_live(visit: Visit, fields: Sequence[FormField], entity: Entity) -> bool:
    """Return whether anything on a form follows from what is typed into it."""
    grids = [one for one in fields if one.kind == "grid"]
    return has_conditions(visit, fields, entity) or any(
        row_formulas(visit, one) or totals(visit, entity, one) for one in grids
    )


def row_formulas(visit: Visit, grid: FormField) -> tuple[Field, ...]:
    """Return the formulas of a row that stand in a grid as columns nobody types."""
    grant = visit.runtime.matrix.grant(visit.actor.roles, grid.field.target, "read")
    needs = visit.runtime.needs[grid.field.target]
    return tuple(
        one
        for one in visit.app.entities[grid.field.target].fields.values()
        if one in needs.computed and grant is not None and one.name in grant.open
    )


def totals(visit: Visit, entity: Entity, grid: FormField) -> tuple[Field, ...]:
    """Return the formulas of a record that follow from the rows of a grid, in their order."""
    grant = visit.runtime.matrix.grant(visit.actor.roles, entity.name, "read")
    follows = {grid.field.name}
    found = []
    for one in visit.runtime.needs[entity.name].computed:
        assert one.computed is not None
        if not follows & {path[0] for path in one.computed.paths}:
            continue
        follows.add(one.name)
        shown = grant is not None and one.name in grant.open
        if shown and visit.catalog[one.type].numeric:
            found.append(one)
    return tuple(found)


def live(visit: Visit, opened: Opened, state: State) -> Live:
    """Return what follows from a state; nothing when the record cannot be reached any more."""
    if not is_live(visit, opened.layout.fields, opened.layout.entity):
        return NOTHING
    try:
        return asked(visit, opened, state)
    except RequestError:
        return NOTHING


def asked(visit: Visit, opened: Opened, state: State) -> Live:
    """Return what follows from a state.

    Raises:
        RequestError: this person may not save the record, or it is not there.

    """
    changes = bool(opened.record_id)
    values = form_state.values_of(visit, opened.layout.fields, state, changes=changes)
    operation = "preview_change" if changes else "preview_new"
    name = opened.layout.entity.name
    result = ask(visit, operation, name, opened.record_id, values=values)
    return _named(visit, state, result.rows)


def _named(visit: Visit, state: State, outlooks: Sequence[Any]) -> Live:
    """Return a preview by the names of controls: rows have the numbers of the state."""
    standings: dict[str, Standing] = {}
    values: dict[str, Cell] = {}
    whole: Mapping[str, Any] = next((one.facts for one in outlooks if not one.place), {})
    for one in outlooks:
        prefix = _prefix(one, state)
        if prefix is None:
            continue
        entity = visit.app.entities[one.entity]
        known = {**_texts(whole), **_texts(one.facts)}
        for name, standing in one.standings.items():
            standings[prefix + name] = standing
        for name, value in one.facts.items():
            model = entity.fields[name]
            if model.computed is not None:
                values[prefix + name] = _cell(visit, model, value, known)
    return Live(standings, values)


def _prefix(one: Outlook, state: State) -> str | None:
    if not one.place:
        return ""
    steps = one.place.split(".")
    if len(steps) != 2:
        return None
    numbers = form_state.row_numbers(state, steps[0])
    place = int(steps[1])
    return f"{steps[0]}-{numbers[place]}-" if place < len(numbers) else None


def _texts(facts: Mapping[str, Any]) -> dict[str, str]:
    return {name: value for name, value in facts.items() if isinstance(value, str)}


def _cell(visit: Visit, model: Field, value: Any, known: Mapping[str, str]) -> Cell:
    kind = visit.catalog[model.type]
    if isinstance(kind, Money):
        written = str(model.args.get("currency") or "")
        code = written if written.isupper() else known.get(written.rpartition(".")[2], "")
        return kind.cell(value, model, visit.viewer, code)
    return kind.cell(value, model, visit.viewer)


def applied(
    fields: Sequence[FormField], state: State, values: Mapping[str, Any], known: Live, *, new: bool
) -> dict[str, Any]:
    """Return a payload without what conditions take out of it.

    What is not visible is sent as empty, because it was only typed before it went; what is fixed is
    not sent at all.
    """
    if not known.standings:
        return dict(values)
    result = _applied("", values, known, new=new)
    for one in fields:
        if one.kind != "grid" or one.field.name not in result:
            continue
        name = one.field.name
        numbers = form_state.row_numbers(state, name)
        result[name] = [
            _applied(f"{name}-{number}-", row, known, new="id" not in row)
            for number, row in zip(numbers, result[name], strict=True)
        ]
    return result


def _applied(prefix: str, values: Mapping[str, Any], known: Live, *, new: bool) -> dict[str, Any]:
    result = dict(values)
    for name in values:
        standing = known.standings.get(prefix + name)
        if standing is None:
            continue
        if standing.fixed or (new and not standing.visible):
            del result[name]
        elif not standing.visible:
            result[name] = None
    return result
