"""`not`: a condition does not hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.kinds import Arg
from rules.conditions import Condition
from rules.pricing.arguments import Reading
from rules.pricing.desk import Desk
from rules.pricing.promotion import Test
from rules.pricing.result import Miss


class Not(Condition):
    args = {"of": Arg("condition", required=True, help="The condition.")}

    def bind(self, values: Mapping[str, Any], reading: Reading) -> Test:
        inner: Test | None = values["of"]

        def test(desk: Desk) -> Miss | None:
            if inner is not None and inner(desk) is None:
                return Miss("not", True, False)
            return None

        return test
