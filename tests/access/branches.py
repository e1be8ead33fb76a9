"""Two stores, and people who see the one, the other, both, or only some cells: `open_branches`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.messages import Actor
from tests.shop import Shop, open_shop

FOLDER = Path(__file__).resolve().parents[1] / "shops" / "branches"
OWNER = Actor(1, "owner", frozenset({"owner"}))
PHONE = "+8613812345678"
MASKED_PHONE = {"v": "138****5678", "m": 1}


@dataclass
class Branches:
    """The shop, and the ids of what is in it."""

    shop: Shop
    stores: Mapping[str, str]
    customers: Mapping[str, str]
    orders: Mapping[str, str]

    def person(self, *roles: str, stores: tuple[str, ...] = (), number: int = 7) -> Actor:
        """Return somebody who holds roles and works in some stores."""
        ids = [self.stores[code] for code in stores]
        return Actor(number, f"p{number}", frozenset(roles), person={"stores": ids})

    def seen(self, actor: Actor, entity: str = "order", **query: str) -> dict[str, dict[str, Any]]:
        """Return what somebody sees in a list, by number or code."""
        result = self.shop.done("list", entity, query=query, actor=actor)
        name = "number" if entity == "order" else "code"
        return {str(row.get(name, row["id"])): row for row in self.shop.rows(result)}

    def one(self, actor: Actor, number: str, **query: str) -> dict[str, Any]:
        """Return what somebody sees of an order."""
        record = self.orders[number]
        result = self.shop.done("read", "order", record=record, query=query, actor=actor)
        return self.shop.row(result)

    def version(self, number: str) -> int:
        """Return the version of an order."""
        return int(self.one(OWNER, number)["version"])


def open_branches(url: str) -> Branches:
    """Return the shop with two stores, three customers and four orders; one has no store."""
    shop = open_shop(url, FOLDER)
    shop.actor = OWNER

    def make(entity: str, **values: Any) -> str:
        return str(shop.row(shop.done("create", entity, values))["id"])

    stores = {code: make("store", code=code, name=f"Store {code}") for code in ("S1", "S2")}
    customers = {
        code: make(
            "customer",
            code=code,
            store=stores[store],
            name=name,
            phone=PHONE,
            email=f"{code.lower()}@example.com",
            id_no=f"canary-{code}",
            pin="9876",
            level="vip",
        )
        for code, store, name in (("C1", "S1", "Wang Fang"), ("C2", "S2", "Li Lei"))
    }
    orders = {
        number: make(
            "order",
            number=number,
            store=stores.get(store),
            customer=customers.get(customer),
            total=total,
            cost="7.77",
            tax_id=f"T-{number}",
            status=status,
            lines=[{"product": f"P-{number}", "amount": "1.00"}],
        )
        for number, store, customer, total, status in (
            ("O1", "S1", "C1", "10.00", "placed"),
            ("O2", "S2", "C2", "20.00", "placed"),
            ("O3", "S1", "C2", "30.00", "draft"),
            ("O4", "", "", "40.00", "draft"),
        )
    }
    return Branches(shop, stores, customers, orders)
