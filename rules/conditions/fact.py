"""`fact`: something else that is known of the order: its region, payment, channel or source.

A fact that nobody gave does not hold, whichever way it is asked for: unknown is not `not in`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.kinds import Arg
from rules.conditions import COMPARE, Condition
from rules.pricing.arguments import Reading
from rules.pricing.desk import Desk
from rules.pricing.promotion import Test
from rules.pricing.result import Miss

ORDERED = (">=", ">", "<=", "<")


class Fact(Condition):
    args = {
        "name": Arg("text", required=True, help="Which fact."),
        "op": Arg("choice", options=tuple(COMPARE), default="==", help="How it is compared."),
        "value": Arg("value", help="The value it is compared with."),
        "in": Arg("list", of=Arg("value"), help="One of these instead of a comparison."),
        "not_in": Arg("list", of=Arg("value"), help="None of these."),
    }

    def bind(self, values: Mapping[str, Any], reading: Reading) -> Test:
        name, op, value = values["name"], values["op"], values["value"]
        within, without = values["in"], values["not_in"]

        def test(desk: Desk) -> Miss | None:
            have = desk.context.facts.get(name)
            path = f"fact.{name}"
            if have is None:
                return Miss(path, None, within or without or value)
            found = have if isinstance(have, list | tuple) else (have,)
            if within is not None and not any(one in within for one in found):
                return Miss(path, have, within)
            if without is not None and any(one in without for one in found):
                return Miss(path, have, without)
            if value is not None and not compares(op, have, value):
                return Miss(path, have, value)
            return None

        return test


def compares(op: str, have: Any, value: Any) -> bool:
    """Return whether two values compare so; values of different kinds are never ordered."""
    if op in ORDERED and type(have) is not type(value):
        return False
    return COMPARE[op](have, value)
