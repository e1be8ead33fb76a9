"""A customer of the shipped shop is erased: what goes, what the law keeps, what must end first."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from runtime.errors import Blocked, NeedsApproval
from runtime.messages import Actor, Incoming, Result
from runtime.pipeline import handle
from runtime.store.audit_key import DEVELOPMENT_KEY
from runtime.store.audit_verify import verify
from runtime.store.engine import write
from runtime.store.guard import system
from tests.databases import url_of
from tests.offices import Office, open_office

DEFINITIONS = Path(__file__).parents[2] / "definitions"
ON_THE_SERVER = Actor(0, "System", frozenset({"administrator"}), kind="system")
WHERE = {"country": "CN", "city": "上海", "street": "Canary Street 1"}
LINES = [{"sku": "TEA", "name": "Tea", "quantity": 2, "unit_price": "12.50"}]
WHY = "She asked for it by letter."


def erased(office: Office, customer: str, actor: Actor = ON_THE_SERVER) -> Any:
    version = office.read("customer", customer)["version"]
    values = {"reason": WHY}
    asked = Incoming("erase", "customer", actor, customer, values, version=version)
    return handle(asked, office.runtime)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_customer_goes_and_their_orders_are_kept_as_the_law_wants(
    kind: str, tmp_path: Path
) -> None:
    office = open_office(DEFINITIONS, url_of(kind, tmp_path))
    place = {"recipient": "Canary Fang", "phone": "+8613812345678", "address": WHERE}
    customer = office.create(
        "customer",
        {"code": "C-1", "name": "Canary Fang", "email": "canary@example.com", "addresses": [place]},
    )
    store = office.create("store", {"code": "S1", "name": {"en": "Shop", "zh": "店"}})
    sent = {"recipient": "Canary Fang", "address": WHERE, "buyer_note": "ring at Canary's"}
    orders = {
        day: office.create("order", {"store": store, "customer": customer, "lines": LINES, **sent})
        for day in ("2022-03-14", "2026-03-14")
    }
    ticket = office.create("ticket", {"customer": customer, "subject": "S", "text": "Canary?"})
    assert isinstance(erased(office, customer), Blocked)
    tables = office.runtime.schema.tables
    with write(office.runtime.engine) as connection:  # as if all had come to their end
        for day, order in orders.items():
            ends = {"status": "closed", "placed_at": datetime.fromisoformat(f"{day}T12:00:00Z")}
            done = tables["order"].update().where(tables["order"].c.id == order).values(**ends)
            connection.execute(system(done, "orders that ended"))
        done = tables["ticket"].update().values(status="closed")
        connection.execute(system(done, "a ticket that ended"))
    someone = Actor(7, "Ada", frozenset({"administrator"}))
    assert isinstance(erased(office, customer, someone), NeedsApproval)
    answer = erased(office, customer)
    assert isinstance(answer, Result), answer
    old, new = (office.read("order", orders[day]) for day in orders)
    assert (old["recipient"], old["buyer_note"]) == (None, None)
    assert (new["recipient"], new["buyer_note"]) == ("Canary Fang", None)
    left = office.read("customer", customer)
    assert (left["name"], left["email"]) == ("—", None)
    assert office.read("ticket", ticket)["text"] == "—"
    with office.runtime.engine.connect() as connection:
        assert not connection.execute(sa.select(tables["customer_address"])).all()
    assert verify(office.runtime.engine, office.runtime.schema, (DEVELOPMENT_KEY,)).findings == []
