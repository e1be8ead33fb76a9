"""Money of a definition: a value for each currency that has one, never converted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

FEWEST, MOST = -12, 15
"""Powers of ten between which a written number lies; beyond, it would only cost time."""


@dataclass(frozen=True, slots=True)
class Amount:
    """Smallest units by currency."""

    values: Mapping[str, int]

    def of(self, currency: str) -> int:
        """Return the value in a currency that it has; `price` asks only then."""
        return self.values[currency]


@dataclass(frozen=True, slots=True)
class Currencies:
    """How amounts are written: decimals of each currency, and the one meant when none is named."""

    decimals: Mapping[str, int]
    home: str

    def read(self, written: Any) -> Amount:
        """Return `12.50`, or `{EUR: 12.50, JPY: 1800}`, as an amount.

        Raises:
            ValueError: `amount`, `currency` or `decimals`, whichever is wrong with it.

        """
        if isinstance(written, Mapping):
            return Amount({str(name): self._minor(name, value) for name, value in written.items()})
        return Amount({self.home: self._minor(self.home, written)})

    def _minor(self, currency: str, written: Any) -> int:
        if currency not in self.decimals:
            raise ValueError("currency")
        scaled = number(written).scaleb(self.decimals[currency])
        if scaled != scaled.to_integral_value():
            raise ValueError("decimals")
        if scaled < 0:
            raise ValueError("amount")
        return int(scaled)


def number(written: Any) -> Decimal:
    """Return a written number exactly; floats, which are not exact, are refused.

    Raises:
        ValueError: `amount`.

    """
    if isinstance(written, bool) or not isinstance(written, str | int | Decimal):
        raise ValueError("amount")
    try:
        value = Decimal(written)
    except InvalidOperation as error:
        raise ValueError("amount") from error
    if not value.is_finite() or (value and not FEWEST <= value.adjusted() <= MOST):
        raise ValueError("amount")
    if value.as_tuple().exponent < FEWEST:  # type: ignore[operator]  # finite: a number
        raise ValueError("amount")
    return value
