"""The promotions to price with: those of the definitions and those that are records.

Read ones are kept by the epoch of the records' promotions, so that an evaluation costs one small
statement while nothing changed, and one more after a change, however many there are.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import sqlalchemy as sa

from rules.pricing.offered import currencies_of
from rules.pricing.promotion import Book, Promotion, book
from rules.pricing.reading import read_promotion
from runtime.runtime import Runtime
from runtime.store import promotions
from runtime.store.promotions import Version


@dataclass
class Shelf:
    """What one process keeps."""

    kept: tuple[int, Book] = field(default_factory=lambda: (-1, book([])))
    """The mark and what was read at it: one value, as several threads read and put it."""


def current(connection: sa.Connection, runtime: Runtime) -> Book:
    """Return every promotion there is, ready to price with: two statements at most."""
    if not runtime.offerings:
        return runtime.prices
    shelf: Shelf = runtime.remembered.get(("shelf of promotions",), Shelf)
    mark = promotions.mark(connection, runtime.system.epoch)
    known, kept = shelf.kept
    if known != mark:
        rows = promotions.known(connection, runtime.system.promotion)
        read = [read_version(runtime, one) for one in rows]
        kept = book([*runtime.prices.promotions, *(one for one in read if one is not None)])
        shelf.kept = (mark, kept)
    return kept


def read_version(runtime: Runtime, version: Version) -> Promotion | None:
    """Return a version ready to price with; None where a word of it is no more."""
    pricing, words = runtime.app.pricing, runtime.compiled.catalogs
    assert pricing is not None
    written = {**version.written, "version": version.number, "status": version.status}
    catalogs = (words["conditions"], words["actions"])
    found = read_promotion(written, currencies_of(pricing), catalogs=catalogs)[0]
    return replace(found, record=(version.entity, version.record_id)) if found else None
