"""`all`: every one of several conditions holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.kinds import Arg
from rules.conditions import Condition
from rules.pricing.arguments import Reading
from rules.pricing.desk import Desk
from rules.pricing.promotion import Test
from rules.pricing.result import Miss


class All(Condition):
    args = {"of": Arg("list", of=Arg("condition"), required=True, help="The conditions.")}

    def bind(self, values: Mapping[str, Any], reading: Reading) -> Test:
        return every(tuple(test for test in values["of"] or () if test is not None))


def every(tests: tuple[Test, ...]) -> Test:
    """Return a test that says what the first of several misses."""

    def test(desk: Desk) -> Miss | None:
        for one in tests:
            miss = one(desk)
            if miss is not None:
                return miss
        return None

    return tests[0] if len(tests) == 1 else test
