"""`customer`: who buys belongs to a group, or to none of some."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.kinds import Arg
from rules.conditions import Condition
from rules.pricing.arguments import Reading
from rules.pricing.desk import Desk
from rules.pricing.promotion import Test
from rules.pricing.result import Miss


class Customer(Condition):
    args = {
        "groups": Arg("list", of=Arg("text"), help="In one of these groups."),
        "not_groups": Arg("list", of=Arg("text"), help="In none of these."),
        "known": Arg("boolean", help="Whether we know who it is."),
    }

    def bind(self, values: Mapping[str, Any], reading: Reading) -> Test:
        wanted = None if values["groups"] is None else frozenset(values["groups"])
        unwanted = frozenset(values["not_groups"] or ())
        known = values["known"]

        def test(desk: Desk) -> Miss | None:
            customer = desk.context.customer
            if wanted is not None and not wanted.intersection(customer.groups):
                return Miss("customer.groups", customer.groups, tuple(sorted(wanted)))
            if unwanted.intersection(customer.groups):
                return Miss("customer.not_groups", customer.groups, tuple(sorted(unwanted)))
            if known is not None and known != bool(customer.key):
                return Miss("customer.known", bool(customer.key), known)
            return None

        return test
