"""Rules of shops that vectors call by name, written in our language.

A vector gives only the facts and the answer; what the named project computes from them stands
here, once, as `derive:` cases or guards that run through the real compiler and engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Cases = tuple[tuple[str, str], ...]
"""Conditions and values, in order; the last condition is empty."""

NOTHING = "nothing"
"""The value for "no answer"."""


def _paid(state: str) -> str:
    return f"sum(payments, amount if state == '{state}' else 0)"


def _some(state: str) -> str:
    return f"count(payments, state == '{state}') > 0"


def _part(state: str) -> str:
    return f"0 < {_paid(state)} < total"


DERIVED: Mapping[str, Cases] = {
    "sylius_order_payment": (
        (f"{_some('refunded')} and {_paid('refunded')} >= total", "refund"),
        (_part("refunded"), "partially_refund"),
        (
            f"({_some('completed')} and {_paid('completed')} >= total) or count(payments) == 0",
            "pay",
        ),
        (_part("completed"), "partially_pay"),
        (f"{_some('authorized')} and {_paid('authorized')} >= total", "authorize"),
        (_part("authorized"), "partially_authorize"),
        (f"{_some('processing')} and {_paid('processing')} >= total", "request_payment"),
        ("", NOTHING),
    ),
    "sylius_order_shipping": (
        ("current == 'shipped'", NOTHING),
        ("count(shipments, state == 'shipped') == count(shipments)", "ship"),
        (
            "current != 'partially_shipped' and count(shipments, state == 'shipped') > 0",
            "partially_ship",
        ),
        ("", NOTHING),
    ),
    "sylius_order": (
        ("payment_status == 'paid' and shipping_status == 'shipped'", "fulfill"),
        ("", NOTHING),
    ),
    "solidus_payment_state": (
        ("payments > 0 and payments_valid == 0 and outstanding != 0", "failed"),
        ("order == 'canceled' and payment_total == 0", "void"),
        ("outstanding > 0", "balance_due"),
        ("outstanding < 0", "credit_owed"),
        ("", "paid"),
    ),
    "saleor_order_status": (
        ("fulfilled - awaiting_approval <= 0", "unfulfilled"),
        ("0 < returned < total", "partially_returned"),
        ("returned == total", "returned"),
        ("fulfilled - awaiting_approval < total", "partially_fulfilled"),
        ("", "fulfilled"),
    ),
    "saleor_can_cancel": (
        ("order in ['draft', 'canceled', 'expired']", "no"),
        (
            "count(fulfillments, state not in ['canceled', 'refunded', 'replaced', "
            "'refunded_and_returned', 'returned']) == 0",
            "yes",
        ),
        ("", "no"),
    ),
}

VALUES: Mapping[str, Mapping[str, Any]] = {"saleor_can_cancel": {"yes": True, "no": False}}
"""What the values mean where they are no names."""

DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "solidus_payment_state": {"order": "complete", "payment_total": 0, "payments_valid": 0},
    "sylius_order_shipping": {"current": "ready"},
    "saleor_order_status": {"awaiting_approval": 0, "returned": 0, "fulfilled": 0},
}
"""Facts that a vector leaves out."""

PARTS: Mapping[str, str] = {
    "sylius_order_payment": "payments",
    "sylius_order_shipping": "shipments",
    "saleor_can_cancel": "fulfillments",
}
"""Which fact is a list of records."""

ORDER_GUARDS: Mapping[tuple[str, str], tuple[tuple[str, str], ...]] = {
    ("*", "to:ArrangingPayment"): (
        ("lines > 0", "order is empty"),
        ("customer", "customer missing"),
        ("shipping", "shipping method missing"),
        ("stock_ok", "insufficient stock"),
    ),
    ("ArrangingPayment", "to:PaymentAuthorized"): (("authorized >= total", "not covered"),),
    ("ArrangingPayment", "to:PaymentSettled"): (("settled >= total", "not covered"),),
    ("PaymentAuthorized", "to:PaymentSettled"): (("settled >= total", "not covered"),),
    ("Modifying", "*"): (("modifications_settled", "modification not settled"),),
    ("ArrangingAdditionalPayment", "*"): (("deficit <= 0", "deficit"),),
    ("PaymentAuthorized", "to:Cancelled"): (("all_lines_cancelled", "lines not cancelled"),),
    ("PaymentSettled", "to:Cancelled"): (("all_lines_cancelled", "lines not cancelled"),),
    ("PartiallyShipped", "to:Cancelled"): (("all_lines_cancelled", "lines not cancelled"),),
    ("Shipped", "to:Cancelled"): (("all_lines_cancelled", "lines not cancelled"),),
    ("PartiallyDelivered", "to:Cancelled"): (("all_lines_cancelled", "lines not cancelled"),),
    ("Delivered", "to:Cancelled"): (("all_lines_cancelled", "lines not cancelled"),),
    ("*", "to:PartiallyShipped"): (("some_shipped", "not partially shipped"),),
    ("*", "to:Shipped"): (("all_shipped", "not shipped"),),
    ("*", "to:PartiallyDelivered"): (("some_delivered", "not partially delivered"),),
    ("*", "to:Delivered"): (("all_delivered", "not delivered"),),
}
"""By state and transition of an order: the conditions that the shop's own process checks."""


def order_guards(state: str, transition: str) -> tuple[tuple[str, str], ...]:
    """The conditions of one edge: those of the exact edge, else of the state, else of the edge."""
    if transition == "to:Cancelled" and state == "ArrangingAdditionalPayment":
        return ()
    for key in ((state, transition), (state, "*"), ("*", transition)):
        if key in ORDER_GUARDS:
            return ORDER_GUARDS[key]
    return ()
