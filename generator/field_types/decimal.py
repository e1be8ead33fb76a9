"""`type: decimal`: an exact number with a fixed number of decimals, stored as a scaled integer."""

from __future__ import annotations

from typing import Any

from generator.field_types import EMPTY, Cell, Example, Viewer
from generator.field_types._numbers import number_text
from generator.field_types._scaled import PLACES, Scaled
from generator.kinds import Arg
from generator.model.entity import Field


class Decimal(Scaled):
    args = {
        "places": PLACES,
        "min": Arg("decimal", "The smallest number allowed."),
        "max": Arg("decimal", "The largest number allowed."),
    }
    examples = (
        Example("12.5", 1250, "12.50"),
        Example(-3, -300, "-3.00"),
        Example("1234.5678", 12345678, "1,234.5678", {"places": 4}),
        Example("7", 7, "7", {"places": 0}),
    )
    rejects = (
        "12.505",
        "twelve",
        "NaN",
        "Infinity",
        "1e3",
        1.5,
        True,
        [],
        10**40,
        "1_000",
        "１２",
        "9" * 10_000,
    )

    def cell(self, value: Any, field: Field, viewer: Viewer) -> Cell:
        if value is None:
            return EMPTY
        return Cell(number_text(value, self.places(field), viewer.locale), "number")
