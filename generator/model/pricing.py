"""What prices are about: which records are items and customers, and the promotions of the shop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from generator.model.giving_back import GivingBack
from generator.model.past import Past
from generator.model.placing import Counter, HandedOut, Placing, Stock
from generator.model.price_history import PriceHistory
from generator.model.region_taxes import RegionTaxes
from generator.model.text import NOWHERE, Label, Span

if TYPE_CHECKING:
    from generator.expressions.compile import Expression

Path = tuple[str, ...]


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
    tax: str = ""
    """A path to its tax in percent."""
    tax_class: str = ""
    """A path to the class by which regions say its tax."""
    least: str = ""
    """The price below which one unit is never sold."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Facet → path to its value. One that leads through a tree has the values above it, too."""
    history: PriceHistory | None = None


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
class ListFacts:
    """Which records are price lists; where it says `part`, paths from a price, else from a list."""

    entity: str
    key: str
    prices: str
    """The field of parts that are the prices."""
    part: str
    """The entity of those parts."""
    item: str
    """Part: what promotions call the item."""
    price: str
    """Part: what one unit costs."""
    from_quantity: str = ""
    """Part: from so many units in the cart."""
    list_price: str = ""
    """Part: what it cost before it was reduced."""
    label: str = ""
    currency: str = ""
    """'' where all prices are in the shop's."""
    priority: str = ""
    channels: str = ""
    groups: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    """Fact of a cart → path to the values for which a list holds."""
    since: str = ""
    until: str = ""
    where: Expression | None = None
    """Only these lists."""
    history: PriceHistory | None = None
    """Where the prices that its parts had are kept."""


@dataclass(frozen=True)
class KeptPrice:
    """A price whose past is kept: the fields of its record."""

    price: str
    list_price: str
    history: PriceHistory


@dataclass(frozen=True)
class TaxFacts:
    """How taxes are reckoned."""

    included: bool = True
    """Whether prices and costs of delivery contain them."""
    delivery: Decimal = Decimal(0)
    """In percent."""
    per: str = "line"
    """Where they are rounded: line, unit or rate."""
    regions: RegionTaxes | None = None
    """Where regions say their own."""


@dataclass(frozen=True)
class DiscountFacts:
    """How what is taken off becomes whole amounts."""

    rounding: str = "half_up"
    """half_up, half_down or down."""
    per: str = "line"
    """Where it is rounded: line, unit or order."""


@dataclass(frozen=True)
class OwnLane:
    """A lane that a shop puts between those there are."""

    name: str
    before: str
    """The lane that follows it."""


@dataclass(frozen=True)
class BudgetFacts:
    """Which records hold budgets that promotions share; both are fields of their own."""

    entity: str
    key: str
    amount: str


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
    codes: tuple[HandedOut, ...] = ()
    counters: Mapping[str, Counter] = field(default_factory=dict)
    """`uses` and `money`, as far as there are any."""
    stock: Stock | None = None
    """What there is of the items that promotions add; None: as many as wanted."""
    placing: Placing | None = None
    giving_back: GivingBack | None = None
    past: Past | None = None
    """Where it stands what was bought."""
    taxes: TaxFacts = TaxFacts()
    discounts: DiscountFacts = DiscountFacts()
    lanes: tuple[OwnLane, ...] = ()
    """Between the usual ones, in this order."""
    budgets: BudgetFacts | None = None
    """Which records hold budgets that promotions share."""
    lists: ListFacts | None = None
    """Where prices stand beside the items' own."""
    span: Span = NOWHERE

    @property
    def kept_prices(self) -> Mapping[str, KeptPrice]:
        """Return the entities whose prices of the past are kept."""
        item, lists = self.item, self.lists
        found = {}
        if item.history is not None:
            found[item.entity] = KeptPrice(item.price, item.list_price, item.history)
        if lists is not None and lists.history is not None:
            found[lists.part] = KeptPrice(lists.price, lists.list_price, lists.history)
        return found


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


@dataclass(frozen=True)
class Slot:
    """A place in a template that a value of the record fills."""

    value: Expression
    optional: bool = False
    """While it is empty only its own key is left out; else the whole item of the list around it."""


@dataclass(frozen=True)
class Each:
    """A list with an item for every part of the record."""

    parts: str
    """The field of children."""
    of: Any
    """The template of one item; its expressions speak about the part."""


@dataclass(frozen=True)
class Offering:
    """How the records of an entity are promotions (`promotion:` of an entity)."""

    entity: str
    label: str
    """The field with what people call it."""
    status: Expression
    """What its status is as a promotion's: draft, review, scheduled, active, paused or ended."""
    stages: Mapping[str, str] = field(default_factory=dict)
    """What the record calls a status → the status it is."""
    rule: str = ""
    """The field of type `rule` in which people write the rest; '' where the template says all."""
    into: str = ""
    """The field of what is placed that leads to the one that took effect; '' for none."""
    says: Any = None
    """The template: plain values as in a promotion's file, with `Slot` and `Each` in it."""
    span: Span = NOWHERE

    @property
    def paths(self) -> Iterator[Path]:
        """Yield every field that it reads, from the record."""
        yield (self.label,)
        if self.rule:
            yield (self.rule,)
        yield from self.status.paths
        yield from _paths(self.says, ())


def _paths(says: Any, prefix: Path) -> Iterator[Path]:
    match says:
        case Slot():
            yield from ((*prefix, *path) for path in says.value.paths)
        case Each():
            yield from _paths(says.of, (*prefix, says.parts))
        case Mapping():
            for value in says.values():
                yield from _paths(value, prefix)
        case list() | tuple():
            for value in says:
                yield from _paths(value, prefix)
