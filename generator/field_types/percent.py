"""`type: percent`: a share of a hundred; "12.5" is 12.5 %, over the API and in expressions.

An expression therefore divides: `amount * rate / 100`.
"""

from __future__ import annotations

from typing import Any

from generator.field_types import ANYONE, EMPTY, Cell, Example, Input, Viewer
from generator.field_types._digits import ascii_digits
from generator.field_types._numbers import number_text, typed_number
from generator.field_types._scaled import PLACES, Scaled
from generator.kinds import Arg
from generator.model.entity import Field


class Percent(Scaled):
    args = {
        "places": PLACES,
        "min": Arg("decimal", "The smallest share allowed."),
        "max": Arg("decimal", "The largest share allowed."),
    }
    examples = (
        Example("12.5", 1250, "12.5%"),
        Example(100, 10_000, "100%"),
        Example("-0.125", -125, "-0.125%", {"places": 3}),
    )
    rejects = ("12.505", "12.5%", "NaN", 0.5, True, {}, "１２")

    def cell(self, value: Any, field: Field, viewer: Viewer) -> Cell:
        if value is None:
            return EMPTY
        text = number_text(value, self.places(field), viewer.locale, at_least=0)
        return Cell(text + "%", "number")

    def input(self, field: Field) -> Input:
        return Input("number", {"inputmode": "decimal"}, unit="%")

    def from_text(self, text: str, field: Field, viewer: Viewer = ANYONE) -> Any:
        return typed_number(ascii_digits(text.strip()).removesuffix("%"))
