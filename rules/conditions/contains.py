"""`contains`: there are certain items, any of them, all of them, or nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.kinds import Arg
from rules.conditions import Condition
from rules.pricing.arguments import EXCLUDE, INCLUDE, Reading
from rules.pricing.desk import Desk
from rules.pricing.promotion import Test
from rules.pricing.result import Miss
from rules.pricing.scope import EVERYTHING, Match


class Contains(Condition):
    args = {
        "include": INCLUDE,
        "exclude": EXCLUDE,
        "which": Arg(
            "choice",
            options=("any", "all", "only", "none"),
            default="any",
            help="any of the items or labels, all of them, nothing but them, or none of them.",
        ),
        "units": Arg("integer", default=1, minimum=1, help="At least so many units."),
    }

    def bind(self, values: Mapping[str, Any], reading: Reading) -> Test:
        scope, which, units = reading.scope(values, EVERYTHING), values["which"], values["units"]
        wanted = _names(scope.include)

        def test(desk: Desk) -> Miss | None:
            lines = scope.lines(desk)
            have = sum(desk.count[at] for at in lines)
            if which == "none":
                return Miss("contains", have, 0) if have else None
            if have < units:
                return Miss("contains", have, units, "count")
            if which == "only" and len(lines) < len(desk.count):
                return Miss("contains", len(desk.count), len(lines))
            if which == "all":
                there = sum(1 for name in wanted if name in desk.index)
                return Miss("contains", there, len(wanted)) if there < len(wanted) else None
            return None

        return test


def _names(match: Match | None) -> tuple[tuple[str, str], ...]:
    """Return each item and label a filter names, as the index of a cart knows them."""
    if match is None:
        return ()
    items = [("item", item) for item in match.items or ()]
    return (*items, *((facet, value) for facet, values in match.labels for value in values))
