"""What a priced cart becomes: a record with parts, and what it takes from counters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from generator.model.text import NOWHERE, Span

USES, MONEY, PACE, SHARED = "uses", "money", "pace", "shared"
"""What counters count: uses and units, what was granted, uses in a short time, or what was granted
of a budget that promotions share."""
PROMOTION = "promotion"
PARTS = (PROMOTION, "customer", "code", "item", "currency", "by")
"""What the key of a counter may consist of; what a count is not about is `NOBODY`."""
NOBODY = "*"
WHOLE = "record"
CHANNEL = "channel"
LINES, DISCOUNTS, DELIVERIES, EXTRAS = "lines", "discounts", "deliveries", "extras"
TAXES = "taxes"
"""What comes on top where prices are without tax: a sum for each rate."""
USED_CODES = "codes"
"""The codes that took effect, of those that were handed out singly."""
TRIALS = "trials"
"""What promotions that are only tried would have given: records of their own."""

FACTS: Mapping[str, Mapping[str, str]] = {
    WHOLE: {
        "customer": "customer",
        "currency": "text",
        "channel": "text",
        "fingerprint": "text",
        "trace": "json",
        "basis": "json",
        "bounds": "json",
        "goods": "money",
        "off": "money",
        "delivery": "money",
        "tax": "money",
        "tax_included": "boolean",
        "total": "money",
        "deposit": "money",
        "balance": "money",
    },
    LINES: {
        "item": "item",
        "key": "text",
        "number": "integer",
        "quantity": "integer",
        "price": "money",
        "amount": "money",
        "off": "money",
        "paid": "money",
        "tax": "money",
        "units": "json",
    },
    DISCOUNTS: {
        "line": "integer",
        "key": "text",
        "promotion": "text",
        "label": "text",
        "version": "integer",
        "code": "text",
        "lane": "text",
        "amount": "money",
        "units": "integer",
    },
    DELIVERIES: {
        "name": "text",
        "method": "text",
        "amount": "money",
        "off": "money",
        "paid": "money",
        "tax": "money",
    },
    EXTRAS: {
        "item": "item",
        "key": "text",
        "number": "integer",
        "quantity": "integer",
        "price": "money",
        "paid": "money",
        "tax": "money",
        "free": "boolean",
        "promotion": "text",
        "label": "text",
    },
    TAXES: {
        "label": "text",
        "rate": "text",
        "amount": "money",
    },
    USED_CODES: {
        "record": "handed",
        "code": "text",
        "promotion": "text",
        "label": "text",
        "reissue": "boolean",
    },
    TRIALS: {
        "record": "placed",
        "promotion": "tried",
        "version": "integer",
        "currency": "text",
        "amount": "money",
        "saved": "money",
        "total": "money",
        "beside": "text",
    },
}
"""By part of a priced cart: what is known of it, and of which kind that is."""


@dataclass(frozen=True)
class Fires:
    """A transition of a code that is fired when what was placed with it gets other lines."""

    workflow: str
    transition: str
    span: Span = NOWHERE


@dataclass(frozen=True)
class HandedOut:
    """Where codes stand that were handed out singly; all but the entity are paths from there."""

    entity: str
    key: str
    """What people type."""
    promotion: str
    """What it opens: the promotion's name, or the key of the record that is one."""
    offered: str = ""
    """The entity whose records are what these codes open; '' where `promotion` is a name."""
    owner: str = ""
    """The key of the only customer who may use it; '' or empty: whoever has it."""
    holder: str = ""
    """The key of the customer whom it was handed to, where others may use it, too."""
    since: str = ""
    until: str = ""
    state: str = ""
    usable: tuple[str, ...] = ()
    """The values of `state` in which it can be used."""
    limit: str = ""
    """How often it may be used; once where this is '' or empty."""
    each_once: bool = False
    """Whether one customer may use it once only, however often it may be used."""
    into: str = ""
    """The field of what is placed that leads to the code used; '' for none."""
    span: Span = NOWHERE
    """Of `into`."""
    use: Fires | None = None
    """What uses a code that holds again for other lines."""
    back: Fires | None = None
    """What gives a code back that does not hold for other lines any more."""


@dataclass(frozen=True)
class Counter:
    """A ledger that counts, and the kinds of entry by which it does."""

    ledger: str
    bucket: str
    take: str
    keep: str
    """What is not given back by whoever gives back `take`; the same kind where there is one."""


@dataclass(frozen=True)
class Stock:
    """A ledger that says how many there are of the items that promotions add."""

    ledger: str
    take: str
    """The kind of entry by which one is taken."""
    left: str
    """The number of a balance that says how many there are."""


@dataclass(frozen=True)
class Filled:
    """How a record, or each part of it, is made of what is known."""

    into: str
    """The field of parts; '' for the record itself; of trials the entity."""
    take: Mapping[str, str]
    """By field: a fact."""
    fixed: Mapping[str, Any]
    """By field: always this value, as the API takes it."""


@dataclass(frozen=True)
class Placing:
    """What a priced cart becomes when it is placed."""

    creates: str
    """The entity."""
    filled: Mapping[str, Filled] = field(default_factory=dict)
    """By part of a priced cart."""
    agree: Mapping[str, str] = field(default_factory=dict)
    """`channel`, or a fact of the cart → the path in the record that says the same."""
    linked: Mapping[str, str] = field(default_factory=dict)
    """By the entity of codes, or of promotions: the field that leads to the one that was used."""

    @property
    def trace(self) -> str:
        """Return the field of the record that keeps why it costs what it does; '' for none."""
        return self.filled_with("trace")

    def filled_with(self, fact: str) -> str:
        """Return the field of the record that keeps a fact; '' for none."""
        own = self.filled.get(WHOLE)
        return next((name for name, one in (own.take if own else {}).items() if one == fact), "")

    @property
    def fields(self) -> frozenset[str]:
        """Return the fields of the record that nobody else may fill."""
        own = self.filled.get(WHOLE)
        names = {one.into for part, one in self.filled.items() if one.into and part != TRIALS}
        filled = {*(own.take if own else ()), *(own.fixed if own else ())}
        return frozenset({*names, *filled, *self.linked.values()})
