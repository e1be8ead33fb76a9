"""The grid of a form: children of the record as rows of controls, some empty ones behind them."""

from __future__ import annotations

from dataclasses import replace

from generator.field_types import EMPTY
from generator.model.entity import Entity, Field
from runtime.web.screens.form_controls import control
from runtime.web.screens.form_drawing import Drawing
from runtime.web.screens.form_live import row_formulas, totals
from runtime.web.screens.form_model import Control, Formula, Grid, GridRow
from runtime.web.screens.form_state import FormField, State, default_state, row_numbers

BLANK_ROWS = 3
ROW_MARK = "__n__"


def grid_control(drawing: Drawing, one: FormField, entity: Entity) -> Control:
    """Return the grid of a children field of an entity."""
    visit, name = drawing.visit, one.field.name
    numbers = row_numbers(drawing.state, name)
    rows = [
        _row(drawing, one, str(number), index, drawing.state)
        for index, number in enumerate(numbers)
    ]
    start = (max(numbers) + 1) if numbers else 0
    blanks = [
        replace(_row(drawing, one, str(start + number), -1, None), blank=True)
        for number in range(BLANK_ROWS)
    ]
    template = _row(drawing, one, ROW_MARK, -1, None)
    return Control(
        id=f"{drawing.ids}{name}",
        name=name,
        label=visit.text(one.field.label),
        kind="grid",
        full=True,
        help=visit.text(one.field.help) if one.field.help else "",
        required=bool(one.field.args.get("min")),
        error=drawing.messages.get(name, ""),
        grid=Grid(
            template.controls,
            (*rows, *blanks),
            template,
            start,
            formulas=template.values,
            totals=tuple(_formula(drawing, field, "") for field in totals(visit, entity, one)),
        ),
    )


def _row(drawing: Drawing, one: FormField, number: str, index: int, state: State | None) -> GridRow:
    """Return a row of a grid; without a state it is an empty one, with its defaults."""
    prefix, path = f"{one.field.name}-{number}-", f"{one.field.name}.{index}."
    if state is None:
        state = {}
        for part in one.rows:
            state |= default_state(drawing.visit, part, prefix)
    inside = replace(drawing, state=state, record_url="")
    row_id = state.get(prefix + "id", ("",))[-1]
    controls = tuple(
        replace(
            control(inside, part if row_id else replace(part, fixed=False), prefix, path), help=""
        )
        for part in one.rows
    )
    return GridRow(
        number,
        row_id,
        controls,
        error=drawing.messages.get(path.rstrip("."), ""),
        values=tuple(
            _formula(drawing, field, prefix) for field in row_formulas(drawing.visit, one)
        ),
    )


def _formula(drawing: Drawing, field: Field, prefix: str) -> Formula:
    cell = drawing.live.values.get(prefix + field.name, EMPTY)
    label = drawing.visit.text(field.label)
    number = drawing.visit.catalog[field.type].numeric
    return Formula(prefix + field.name, label, cell.text, cell.unit, number)
