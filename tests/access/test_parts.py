"""Guardrails of the parts of a record hold where the record is written as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.messages import Actor
from tests.databases import sqlite_url
from tests.shop import Shop, open_shop, write_folder

FILES = {
    "app.yaml": """
app: bills
label: {en: Bills, zh: 账单}
locales: [en, zh]
time_zone: UTC
currency: EUR
""",
    "roles.yaml": "roles: {clerk: {label: {en: Clerk, zh: 职员}}}\n",
    "books/bill.entity.yaml": """
entity: bill
label: {en: Bill, zh: 账单}
key: number
title: "{number}"
fields:
  number: {type: code, label: {en: Number, zh: 编号}, required: true, unique: true}
  note: {type: text, label: {en: Note, zh: 备注}}
  payments: {type: children, of: payment, label: {en: Payments, zh: 收款}}
""",
    "books/payment.entity.yaml": """
entity: payment
label: {en: Payment, zh: 收款}
child_of: bill
title: "{amount}"
fields:
  amount: {type: integer, label: {en: Amount, zh: 金额}, required: true}
  memo: {type: text, label: {en: Memo, zh: 说明}}
  booked: {type: boolean, label: {en: Booked, zh: 已入账}, required: true, default: false}
""",
    "books/books.access.yaml": """
access: books
grants:
  clerk: {bill: [all, import]}
guardrails:
  booked_amounts_stay:
    entities: payment
    deny: update
    when: booked
    fields: [amount]
    message: {en: A booked amount is kept., zh: 已入账的金额不能修改。}
  booked_payments_stay:
    entities: payment
    deny: delete
    when: booked
    message: {en: A booked payment is kept., zh: 已入账的收款不能删除。}
""",
}
CLERK = Actor(1, "clerk", frozenset({"clerk"}))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = open_shop(sqlite_url(tmp_path), write_folder(tmp_path / "bills", FILES))
    opened.actor = CLERK
    yield opened
    opened.runtime.engine.dispose()


def test_a_guardrail_of_a_part_holds_when_its_record_is_written(shop: Shop) -> None:
    payments = [{"amount": 5, "booked": True}, {"amount": 7}]
    made = shop.row(shop.done("create", "bill", {"number": "B1", "payments": payments}))
    told = shop.row(shop.done("read", "bill", record=made["id"], query={"include": "payments"}))[
        "payments"
    ]
    booked, free = (one["id"] for one in told)

    def told_at(*parts: dict[str, object]) -> dict[str, str]:
        refused = shop.refused(
            "update", "bill", {"payments": list(parts)}, record=made["id"], version=1
        )
        return {one.field: one.message.text("en") for one in refused.errors}

    assert told_at({"id": booked, "amount": 6}, {"id": free}) == {
        "payments.0.amount": "A booked amount is kept."
    }
    assert told_at({"id": free}) == {"payments": "A booked payment is kept."}
    outcome = shop.done(
        "import", "bill", {"records": [{"number": "B1", "payments": [{"amount": 6}]}]}
    ).outcomes[0]
    assert outcome.status == "invalid"
    kept = [{"id": booked, "amount": 5, "memo": "cash"}, {"amount": 9}]
    shop.done("update", "bill", {"payments": kept}, record=made["id"], version=1)
