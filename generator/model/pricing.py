"""What prices are about: which records are items and customers, and the promotions of the shop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from generator.model.placing import Counter, Placing
from generator.model.text import NOWHERE, Label, Span


@dataclass(frozen=True)
class ItemFacts:
    """Where the facts of a cart's lines stand: paths from the record of an item."""

    entity: str
    key: str
    """What promotions and carts call an item."""
    price: str
    currency: str
    """A path to the currency of the price; '' where all prices are in the shop's."""
    list_price: str = ""
    least: str = ""
    """The price below which one unit is never sold."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Facet → path to its value. One that leads through a tree has the values above it, too."""


@dataclass(frozen=True)
class CustomerFacts:
    """Where the facts of a customer stand."""

    entity: str
    key: str
    groups: str = ""
    contact: str = ""
    """A path to an address that a guest may have given, such as an e-mail."""
    orders: tuple[str, str] | None = None
    """The entity of what they bought and its field that leads to the customer."""


@dataclass(frozen=True)
class Pricing:
    """The vocabulary of prices: `pricing:` of `app.yaml`."""

    entity: str
    """Whose grants say who may evaluate prices."""
    currencies: Mapping[str, int]
    """The shop's currencies and how many decimals each has."""
    home: str
    """What amounts are in that name no currency."""
    item: ItemFacts
    customer: CustomerFacts | None = None
    facts: Mapping[str, Label] = field(default_factory=dict)
    """Other facts that a cart may bring and conditions may ask for."""
    counters: Mapping[str, Counter] = field(default_factory=dict)
    """`uses` and `money`, as far as there are any."""
    placing: Placing | None = None
    span: Span = NOWHERE


@dataclass(frozen=True)
class Promotion:
    """A promotion of the definitions."""

    name: str
    label: Label
    written: Mapping[str, Any]
    """What it says, as the rules read it: `id`, `label` by language, and the keys of the file."""
    span: Span

    def text(self, locale: str) -> str:
        """Return what people call it."""
        return self.label.text(locale)
