"""`Measure`: a number worked out of every group of rows; a sum is exact, whatever is summed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from runtime.store.paths import Path

FUNCTIONS = ("sum", "min", "max")


@dataclass(frozen=True)
class Measure:
    """A number worked out of every group: the sum, least or largest value of a field."""

    function: str
    """sum, min or max."""
    path: Path

    @property
    def name(self) -> str:
        """The name of its column, such as `sum(total)`."""
        return f"{self.function}({self.path.text})"

    def of(self, column: Any) -> Any:
        """Return the measure of a column, in the column's own type."""
        if self.function == "sum":
            return sa.cast(sa.func.sum(column), sa.BigInteger())
        return sa.func.min(column) if self.function == "min" else sa.func.max(column)
