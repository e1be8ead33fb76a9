"""`any`: at least one of several conditions holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any as Value

from generator.kinds import Arg
from rules.conditions import Condition
from rules.pricing.arguments import Reading
from rules.pricing.desk import Desk
from rules.pricing.promotion import Test
from rules.pricing.result import Miss


class Any(Condition):
    args = {"of": Arg("list", of=Arg("condition"), required=True, help="The conditions.")}

    def bind(self, values: Mapping[str, Value], reading: Reading) -> Test:
        tests = tuple(test for test in values["of"] or () if test is not None)

        def test(desk: Desk) -> Miss | None:
            """Say what the first one misses when all do."""
            first: Miss | None = None
            for one in tests:
                miss = one(desk)
                if miss is None:
                    return None
                first = first or miss
            return first or Miss("any", 0, 1)

        return test
