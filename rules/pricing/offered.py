"""The promotions of the definitions, ready to price with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from generator.kinds import Catalog
from generator.model.pricing import Pricing
from generator.model.pricing import Promotion as Written
from rules.pricing.amounts import Currencies
from rules.pricing.cart import Settings
from rules.pricing.promotion import LANES, Book, book
from rules.pricing.reading import read_promotion


def currencies_of(pricing: Pricing) -> Currencies:
    """Return how amounts of a shop's promotions are written."""
    return Currencies(pricing.currencies, pricing.home)


def lanes_of(pricing: Pricing) -> tuple[str, ...]:
    """Return the lanes of a shop in their order, its own among ours."""
    own: dict[str, list[str]] = {}
    for lane in pricing.lanes:
        own.setdefault(lane.before, []).append(lane.name)
    return tuple(name for lane in LANES for name in (*own.get(lane, ()), lane))


def settings_of(pricing: Pricing) -> Settings:
    """Return how a shop rounds."""
    discounts = pricing.discounts
    return Settings(rounding=discounts.rounding, round_at=discounts.per, tax_at=pricing.taxes.per)


def book_of(
    pricing: Pricing, promotions: Iterable[Written], words: tuple[Catalog[Any], Catalog[Any]]
) -> Book:
    """Return promotions that `check` found nothing wrong with, in the order they are tried.

    Args:
        pricing: the shop's vocabulary.
        promotions: as they are written.
        words: those for conditions and for actions.

    """
    currencies, lanes = currencies_of(pricing), lanes_of(pricing)
    found = [read_promotion(one.written, currencies, lanes, words)[0] for one in promotions]
    return book([one for one in found if one is not None], *lanes)
