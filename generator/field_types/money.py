"""`type: money`: an exact amount, stored as a whole number of the smallest unit the field keeps.

`currency` is an ISO 4217 code, or the name of a field of the same record that holds one (then
`places` says how many decimals are kept, three by default, and a currency with fewer simply shows
fewer). Without `currency` it is the app's currency.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from generator.field_types import EMPTY, Cell, Example, Input, Viewer
from generator.field_types._numbers import currency_places, number_text, scaled_text
from generator.field_types._scaled import Scaled
from generator.kinds import Arg
from generator.model.entity import Field

FLEXIBLE_PLACES = 3
"""Decimals kept when the currency differs by record; enough for every currency in circulation."""
USUAL_PLACES = 2
"""Decimals always written; more only where the amount has them."""


class Money(Scaled):
    args = {
        "currency": Arg(
            "text",
            "An ISO 4217 code such as EUR, or a field that holds one; the app's if missing.",
            from_app="currency",
        ),
        "places": Arg("integer", "Decimals kept; those of the currency.", minimum=0, maximum=6),
        "min": Arg("decimal", "The smallest amount allowed."),
        "max": Arg("decimal", "The largest amount allowed."),
    }
    example = "12.50"
    example_args = {"currency": "EUR"}
    examples = (
        Example("12.50", 1250, "12.50"),
        Example(3, 300, "3.00"),
        Example("-0.05", -5, "-0.05"),
        Example("1250", 1250, "1,250", {"currency": "JPY"}),
        Example("12.50", 12500, "12.50", {"currency": "currency"}),
        Example("12.505", 12505, "12.505", {"currency": "currency"}),
    )
    rejects = ("12.505", "twelve", "NaN", "1e3", True, [], "99999999999999999999", "１２")

    def places(self, field: Field) -> int:
        """Return how many decimals the field keeps."""
        given = field.args.get("places")
        if given is not None:
            return int(given)
        currency = str(field.args.get("currency") or "")
        return currency_places(currency) if currency.isupper() else FLEXIBLE_PLACES

    def dump(self, field: Field) -> Callable[[Any], Any]:
        return scaled_text(self.places(field), at_least=USUAL_PLACES)

    def cell(self, value: Any, field: Field, viewer: Viewer, currency: str = "") -> Cell:
        if value is None:
            return EMPTY
        code = currency or str(field.args.get("currency") or "")
        shown = currency_places(code) if code.isupper() else USUAL_PLACES
        text = number_text(value, self.places(field), viewer.locale, at_least=shown)
        return Cell(text, "money", unit=code if code.isupper() else "")

    def input(self, field: Field) -> Input:
        code = str(field.args.get("currency") or "")
        return Input("number", {"inputmode": "decimal"}, unit=code if code.isupper() else "")
