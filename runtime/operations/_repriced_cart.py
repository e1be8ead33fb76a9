"""The cart that a placed record was, with other lines, priced once more.

By the versions and the moment of its placing, each line at the price it had; what is new in it
costs what it costs today. With `today` everything is as if it were placed now, by whom it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from rules.pricing.agreed import Agreed, Change, changed
from rules.pricing.cart import Line
from rules.pricing.offered import settings_of
from rules.pricing.price import price
from runtime import price_book
from runtime.errors import FieldError
from runtime.messages import Actor
from runtime.operations import (
    _added,
    _cart_facts,
    _carts,
    _counters,
    _pace,
    _pools,
    _price_lists,
    _prices_told,
    _region_taxes,
)
from runtime.operations._carts import MOST_LINES, MOST_UNITS, SentLine
from runtime.operations._counters import Own
from runtime.operations._work import Work
from runtime.operations.evaluate import Evaluated, foreign, missing, priced_line, taxed

__all__ = ["MOST_LINES", "MOST_UNITS", "evaluated"]
UNTOLD = ("groups", "orders")


def evaluated(
    work: Work,
    kept: Agreed,
    changes: Sequence[Change],
    own: Own,
    actor: Actor,
    record_id: str,
    *,
    today: bool,
) -> Evaluated:
    """Return what a record costs with other lines.

    Raises:
        LookupError: a change names a line that is not there; without one, nothing would be left.
        Invalid: an item is not there, or has no price in the currency.

    """
    connection, runtime = work.connection, work.runtime
    pricing = runtime.app.pricing
    assert pricing is not None
    shelf = _Shelf(work, kept, actor)
    cart = changed(kept.cart, changes, shelf.line)
    if not cart.lines:
        raise LookupError
    if today:
        cart = replace(cart, lines=tuple(shelf.anew(line) for line in cart.lines))
    shelf.hold()
    promotions = (
        price_book.current(connection, runtime)
        if today
        else price_book.book_of(connection, runtime, kept)
    )
    at = runtime.clock() if today else kept.at
    # what was given back may be somebody else's by now: it is known as it is now
    back = [code for code, released in kept.lost.items() if released]
    known = {code: one for code, one in kept.context.codes.items() if code not in back}
    context = replace(
        kept.context,
        used=_counters.used(connection, runtime, promotions, cart, kept.customers, own),
        pools=_pools.pools(connection, runtime, promotions, own),
        stock=_added.stock(connection, runtime, promotions, own),
        codes={**known, **shelf.facts.codes(back, runtime.clock())},
        settings=settings_of(pricing) if today else kept.context.settings,
    )
    context = _pace.read(connection, runtime, promotions, context, kept.customers, record_id)
    found = price(cart, promotions, context, at)
    lacking = _price_lists.unpriced(found)
    if lacking:
        raise _carts.refused(*(shelf.unpriced(one.item) for one in lacking))
    found = _price_lists.told(_prices_told.told(found, runtime, actor, UNTOLD), runtime, actor)
    records = shelf.records({one.item for one in found.extras})
    return Evaluated(
        found.cart,
        at,
        pricing.currencies[cart.currency],
        found,
        context,
        kept.customers,
        "",
        records,
        promotions,
        cart,
    )


class _Shelf:
    """What the shop knows of items that were not in the cart before."""

    def __init__(self, work: Work, kept: Agreed, actor: Actor) -> None:
        pricing = work.runtime.app.pricing
        assert pricing is not None
        self.work, self.kept, self.pricing = work, kept, pricing
        self.facts = _cart_facts.Facts(work.connection, work.runtime, actor)
        self.known: dict[str, _cart_facts.Item] = {}
        self.errors: list[FieldError] = []

    def line(self, name: str, item: str, quantity: int) -> Line:
        """Return a line at what its item costs today."""
        currency = self.kept.cart.currency
        decimals = self.pricing.currencies[currency]
        empty = Line(name, item, quantity, 0)
        found = self._item(item)
        if found is None:
            self.errors.append(missing("items", item))
            return empty
        lists = _price_lists.listed(self.work.connection, self.work.runtime, [item], currency)
        listed = lists.get(item, ())
        if not listed and found.currency != currency:
            self.errors.append(foreign("items", item, found, currency))
            return empty
        sent = SentLine(name, item, quantity, None, None, 0, {})
        return priced_line(sent, found, listed, currency, decimals)

    def anew(self, line: Line) -> Line:
        """Return a line as if it were bought today."""
        return self.line(line.id, line.item, line.quantity)

    def hold(self) -> None:
        """Refuse what is not there.

        Raises:
            Invalid: with each item.

        """
        if self.errors:
            raise _carts.refused(*self.errors)

    def unpriced(self, item: str) -> FieldError:
        found = self._item(item)
        if found is None:
            return missing("items", item)
        return foreign("items", item, found, self.kept.cart.currency)

    def records(self, added: set[str]) -> Mapping[str, str]:
        """Return, by item that is new, its record."""
        more = self.facts.items(added - set(self.known)) if added - set(self.known) else {}
        return {key: one.id for key, one in {**self.known, **more}.items()}

    def _item(self, key: str) -> _cart_facts.Item | None:
        if key not in self.known:
            local = _region_taxes.local_taxes(
                self.work.connection, self.work.runtime, self.kept.context.facts
            )
            found = self.facts.items([key])
            self.known |= {name: taxed(one, local) for name, one in found.items()}
        return self.known.get(key)
