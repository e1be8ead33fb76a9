"""The arguments `percent`, `amount` and `price` of an action: just one of them is written."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from rules.pricing.arguments import Reading
from rules.pricing.takings import Effect

NOTHING = Effect(percent=Fraction(0))


def effect_of(values: Mapping[str, Any], reading: Reading) -> Effect:
    """Return what happens to a price, or a fault when that is not said once."""
    given = [key for key in ("percent", "amount", "price") if values[key] is not None]
    if len(given) != 1:
        reading.fault("", "effect_unclear")
        return NOTHING
    return Effect(values["percent"], values["amount"], values["price"])
