"""`evaluate`: what a cart costs, for this customer at this moment, and why.

Nothing is written and no use is taken: it is an offer, and its fingerprint says of what. The right
is `evaluate` on the entity that `pricing:` of app.yaml names; items and customers are those that
the caller may read. The number of statements is fixed, whatever the lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction

import sqlalchemy as sa

from generator.model.pricing import Pricing
from rules.permissions import Grant
from rules.pricing.cart import (
    Accepted,
    Cart,
    Context,
    Customer,
    Line,
    Listed,
    Shipment,
    faults,
)
from rules.pricing.offered import settings_of
from rules.pricing.price import price
from rules.pricing.promotion import Book
from rules.pricing.result import Listing
from rules.pricing.result import Result as Priced
from runtime import price_book
from runtime.errors import FieldError
from runtime.guessing import UNTOLD
from runtime.messages import Actor, Incoming, Result
from runtime.operations import (
    _added,
    _cart_facts,
    _carts,
    _counters,
    _lowest_told,
    _pace,
    _pools,
    _price_lists,
    _prices_told,
    _region_taxes,
)
from runtime.operations._cart_facts import minor
from runtime.operations._carts import SentCart, SentLine, fault
from runtime.operations._region_taxes import LocalTaxes
from runtime.runtime import Runtime
from runtime.store import fetch

ACTION = "evaluate"
MACHINES = ("command",)
"""Sources that need no right: whoever may run commands on the server may do all."""
Items = Mapping[str, _cart_facts.Item]


@dataclass(frozen=True)
class Call:
    """The cart as it was sent."""

    actor: Actor
    cart: SentCart


@dataclass(frozen=True)
class Evaluated:
    """A cart with its prices."""

    cart: Cart
    at: datetime
    places: int
    """Decimals of the cart's currency."""
    priced: Priced
    context: Context
    customers: tuple[str, ...]
    """Every key under which whoever buys is known to counters."""
    buyer: str
    """The record of whoever buys; '' of a guest."""
    items: Mapping[str, str]
    """By key of an item: its record."""
    book: Book
    """The promotions that were there, with their names and versions."""
    clean: Cart | None = None
    """The cart before any price list spoke."""
    lowest: Mapping[str, int] = field(default_factory=dict)
    """By line that is sold at a reduced price, its own or a list's: the lowest one before."""


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Call:
    assert incoming.actor is not None
    pricing = runtime.app.pricing
    if pricing is None or incoming.entity != pricing.entity:
        raise _carts.refused(fault("", "no_prices", "Nothing is priced here.", "此处不支持计价。"))
    return Call(incoming.actor, _carts.read_cart(incoming.values, pricing))


def plan(call: Call, grant: Grant, runtime: Runtime) -> Call:
    return call


def execute(call: Call, runtime: Runtime) -> Result:
    with fetch.connection(runtime.engine) as connection:
        return Result(row=evaluated(connection, runtime, call.actor, call.cart))


def evaluated(
    connection: sa.Connection,
    runtime: Runtime,
    actor: Actor,
    sent: SentCart,
    book: Book | None = None,
) -> Evaluated:
    """Return a cart with its prices, as the counters are now.

    `book` are other promotions than those there are, to see what would be.

    Raises:
        Invalid: an item or the customer is not there, or the currencies are mixed.
        TooMany: too many codes were tried that are none.

    """
    pricing = runtime.app.pricing
    assert pricing is not None
    whom = sent.customer or sent.contact
    if sent.codes:
        runtime.guesses.ask(actor, whom, runtime.clock())
    facts = _cart_facts.Facts(connection, runtime, actor)
    wished = [one.item for one in sent.accept]
    items = facts.items([*(one.item for one in sent.lines if one.price is None), *wished])
    buyer = facts.buyer(sent.customer) if sent.customer else None
    currency = _currency(sent, items)
    lists = _price_lists.listed(connection, runtime, items, currency)
    local = _region_taxes.local_taxes(connection, runtime, sent.facts)
    items = {key: taxed(item, local) for key, item in items.items()}
    cart = _cart(sent, items, lists, currency, pricing, local)
    if sent.customer and buyer is None and sent.groups is None:
        raise _carts.refused(fault("customer", "not_found", "There is no such customer here.",
                                   "没有这位顾客。"))  # fmt: skip
    groups = sent.groups if sent.groups is not None else buyer.groups if buyer else ()
    orders = sent.orders if sent.orders is not None else buyer.orders if buyer else None
    contacts = (sent.contact, buyer.contact if buyer else "")
    known = _counters.customers(runtime, sent.customer, *contacts)
    promotions = book or price_book.current(connection, runtime)
    used = _counters.used(connection, runtime, promotions, cart, known)
    customer = Customer(sent.customer or (known[0] if known else ""), groups, orders)
    at = sent.at or runtime.clock()
    codes = facts.codes(sent.codes, at)
    shared = _pools.pools(connection, runtime, promotions)
    settings = settings_of(pricing)
    stock = _added.stock(connection, runtime, promotions)
    context = Context(customer, sent.channel, sent.facts, used, codes, shared, stock, settings)
    context = _pace.read(connection, runtime, promotions, context, known)
    priced = price(cart, promotions, context, at)
    wrong = [one.code for one in priced.codes if one.state in UNTOLD]
    runtime.guesses.note(actor, whom, wrong, runtime.clock())
    lacking = _price_lists.unpriced(priced)
    if lacking:
        raise _carts.refused(*_mixed(lacking, cart, items))
    looked_up = [name for name in ("groups", "orders") if getattr(sent, name) is None]
    priced = _price_lists.told(_prices_told.told(priced, runtime, actor, looked_up), runtime, actor)
    places = pricing.currencies[cart.currency]
    added = {one.item for one in priced.extras} - set(items)
    known_items = {**items, **(facts.items(added) if added else {})}
    records = {key: item.id for key, item in known_items.items()}
    who = buyer.id if buyer else ""
    lowest = _lowest_told.lowest(priced, items, pricing, sent.channel)
    return Evaluated(
        priced.cart, at, places, priced, context, known, who, records, promotions, cart, lowest
    )


def _cart(
    sent: SentCart,
    items: Items,
    lists: Mapping[str, tuple[Listed, ...]],
    currency: str,
    pricing: Pricing,
    local: LocalTaxes,
) -> Cart:
    """Return a cart ready to be priced.

    Raises:
        Invalid: an item is not there, or has no price in the cart's currency.

    """
    errors: list[FieldError] = []
    lines, decimals = [], pricing.currencies
    for at, line in enumerate(sent.lines):
        where, item = f"lines.{at}.item", items.get(line.item)
        if line.price is not None:
            lines.append(_own(line))
        elif item is None:
            errors.append(missing(where, line.item))
        else:
            known = lists.get(line.item, ()) if currency in decimals else ()
            if not known and (item.currency != currency or currency not in decimals):
                errors.append(foreign(where, line.item, item, currency))
            else:
                lines.append(priced_line(line, item, known, currency, decimals[currency]))
    taken = []
    for at, wish in enumerate(sent.accept):
        item = items.get(wish.item)
        if item is None:
            errors.append(missing(f"accept.{at}.item", wish.item))
        else:
            taken.append(Accepted(wish.promotion, wish.item, wish.quantity, item.tax))
    if errors:
        raise _carts.refused(*errors)
    on_delivery = local.of_delivery(Fraction(pricing.taxes.delivery) / 100)
    shipments = tuple(
        Shipment(one.id, one.method, one.cost, tax=on_delivery) for one in sent.deliveries
    )
    gross = pricing.taxes.included if local.included is None else local.included
    cart = Cart(currency, tuple(lines), shipments, sent.codes, tuple(taken), gross=gross)
    found = [fault("lines", one.code, f"'{one.at}' cannot be priced.", f"“{one.at}”无法计价。")
             for one in faults(cart)]  # fmt: skip
    if found:
        raise _carts.refused(*found)
    return cart


def taxed(item: _cart_facts.Item, local: LocalTaxes) -> _cart_facts.Item:
    """Return an item with the tax of where it goes."""
    return replace(item, tax=local.of_goods(item.tax_class, item.tax))


def missing(where: str, key: str) -> FieldError:
    return fault(where, "not_found", f"There is no item '{key}' here.", f"没有商品“{key}”。")


def foreign(where: str, key: str, item: _cart_facts.Item, currency: str) -> FieldError:
    return fault(
        where, "mixed_currency", f"'{key}' costs {item.currency}, not {currency}.",
        f"“{key}”以 {item.currency} 计价，与 {currency} 不符。",
    )  # fmt: skip


def _mixed(lacking: Sequence[Listing], cart: Cart, items: Items) -> Iterator[FieldError]:
    """Yield that no list which holds has a price of an item that costs another currency."""
    places = {line.id: at for at, line in enumerate(cart.lines)}
    for one in lacking:
        where = f"lines.{places[one.line]}.item"
        yield foreign(where, one.item, items[one.item], cart.currency)


def _currency(sent: SentCart, items: Items) -> str:
    """Return the cart's currency: as it says, else that of its items."""
    if sent.named_currency or any(line.price is not None for line in sent.lines):
        return sent.currency
    return next(
        (items[line.item].currency for line in sent.lines if line.item in items), sent.currency
    )


def _own(line: SentLine) -> Line:
    was = line.list_price
    price_of = line.price or 0
    item = line.item or line.id
    return Line(line.id, item, line.quantity, price_of, line.labels, was, line.least, line.tax)


def priced_line(
    line: SentLine,
    item: _cart_facts.Item,
    listed: tuple[Listed, ...],
    currency: str,
    decimals: int,
) -> Line:
    """Return a line at the item's own price, or at none where that is in another currency."""
    if item.currency != currency:
        return Line(
            line.id, line.item, line.quantity, 0, item.labels, tax=item.tax, listed=listed,
            own=False,
        )  # fmt: skip
    own, was = minor(item.price, decimals), None
    if item.list_price is not None:
        was = minor(item.list_price, decimals)
        was = was if was > own or listed else None
    least = minor(item.least, decimals)
    return Line(
        line.id, line.item, line.quantity, own, item.labels, was, least, item.tax, listed=listed
    )
