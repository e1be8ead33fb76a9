"""The promotions of the definitions, ready to price with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from generator.kinds import Catalog
from generator.model.pricing import Pricing
from generator.model.pricing import Promotion as Written
from rules.pricing.amounts import Currencies
from rules.pricing.promotion import Book, book
from rules.pricing.reading import read_promotion


def currencies_of(pricing: Pricing) -> Currencies:
    """Return how amounts of a shop's promotions are written."""
    return Currencies(pricing.currencies, pricing.home)


def book_of(
    pricing: Pricing, promotions: Iterable[Written], words: tuple[Catalog[Any], Catalog[Any]]
) -> Book:
    """Return promotions that `check` found nothing wrong with, in the order they are tried.

    Args:
        pricing: the shop's vocabulary.
        promotions: as they are written.
        words: those for conditions and for actions.

    """
    currencies = currencies_of(pricing)
    found = [read_promotion(one.written, currencies, catalogs=words)[0] for one in promotions]
    return book([one for one in found if one is not None])
