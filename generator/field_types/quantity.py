"""`type: quantity`: an exact number of a unit, such as 1.250 kg, stored as a scaled integer."""

from __future__ import annotations

from typing import Any

from generator.field_types import ANYONE, EMPTY, Cell, Example, Input, Viewer
from generator.field_types._numbers import number_text
from generator.field_types._scaled import Scaled
from generator.kinds import Arg
from generator.model.entity import Field
from generator.model.text import Label


class Quantity(Scaled):
    args = {
        "unit": Arg("label", "The unit people see after the number, such as kg."),
        "places": Arg("integer", "Decimals kept.", default=0, minimum=0, maximum=6),
        "min": Arg("decimal", "The smallest quantity allowed."),
        "max": Arg("decimal", "The largest quantity allowed."),
    }
    example = "3"
    example_args = {"places": 3, "unit": Label({"en": "kg", "zh": "千克"})}
    examples = (
        Example("1.25", 1250, "1.25"),
        Example(3, 3000, "3"),
        Example("1200", 1200, "1,200", {"places": 0}),
    )
    rejects = ("1.2505", "1 kg", "NaN", 0.5, True, {}, "１２")

    def cell(self, value: Any, field: Field, viewer: Viewer) -> Cell:
        if value is None:
            return EMPTY
        text = number_text(value, self.places(field), viewer.locale, at_least=0)
        return Cell(text, "number", unit=_unit(field, viewer))

    def input(self, field: Field) -> Input:
        return Input("number", {"inputmode": "decimal"}, unit=_unit(field, ANYONE))


def _unit(field: Field, viewer: Viewer) -> str:
    unit = field.args.get("unit")
    return unit.text(viewer.locale) if isinstance(unit, Label) else str(unit or "")
