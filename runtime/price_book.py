"""The promotions to price with: those of the definitions and those that are records.

Read ones are kept by the epoch of the records' promotions, so that an evaluation costs one small
statement while nothing changed, and one more after a change, however many there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from rules.pricing import frozen as rules
from rules.pricing.frozen import Basis, wanted
from rules.pricing.offered import currencies_of, lanes_of
from rules.pricing.promotion import Book, Promotion, book
from rules.pricing.reading import read_promotion
from rules.pricing.rows import SHADOW
from runtime.runtime import Runtime
from runtime.store import promotions
from runtime.store.promotions import Version

if TYPE_CHECKING:
    from runtime.operations.evaluate import Evaluated


@dataclass
class Shelf:
    """What one process keeps."""

    kept: tuple[int, Book, tuple[Promotion, ...]] = field(
        default_factory=lambda: (-1, book([]), ())
    )
    """The mark, what holds at it and what is tried: one value, as several threads put it."""


def current(connection: sa.Connection, runtime: Runtime) -> Book:
    """Return every promotion there is, ready to price with: two statements at most."""
    return _shelf(connection, runtime)[0]


def on_trial(connection: sa.Connection, runtime: Runtime) -> tuple[Promotion, ...]:
    """Return the promotions that are tried in the shadow of what is placed."""
    return _shelf(connection, runtime)[1]


def _shelf(connection: sa.Connection, runtime: Runtime) -> tuple[Book, tuple[Promotion, ...]]:
    if not runtime.offerings:
        return runtime.prices, ()
    shelf: Shelf = runtime.remembered.get(("shelf of promotions",), Shelf)
    mark = promotions.mark(connection, runtime.system.epoch)
    known, kept, tried = shelf.kept
    if known != mark:
        rows = promotions.known(connection, runtime.system.promotion)
        read = [one for one in (read_version(runtime, row) for row in rows) if one is not None]
        tried = tuple(one for one in read if one.status == SHADOW)
        holds = [one for one in read if one.status != SHADOW]
        kept = runtime.prices.of([*runtime.prices.promotions, *holds])
        shelf.kept = (mark, kept, tried)
    return kept, tried


def forget(runtime: Runtime) -> None:
    """Read promotions anew: another database stands in the place of the one they were read from."""
    shelf: Shelf = runtime.remembered.get(("shelf of promotions",), Shelf)
    shelf.kept = (-1, book([]), ())


def frozen(connection: sa.Connection, runtime: Runtime, found: Evaluated) -> Mapping[str, Any]:
    """Return what must be kept for what comes back of a cart; {} where nobody asks for it."""
    names = wanted(found.priced, found.book)
    versions = {one.id: one.version for one in found.book.promotions}
    kept = []
    for name in names:
        own = runtime.app.promotions.get(name)
        if own is not None:
            kept.append(own.written)
            continue
        table = runtime.system.promotion
        version = promotions.version(connection, table, name, versions[name])
        if version is not None:
            kept.append({**version.written, "version": version.number, "status": "active"})
    return rules.frozen(found.priced, found.book, found.context, found.at, kept)


def thawed(runtime: Runtime, kept: Mapping[str, Any]) -> Basis:
    """Return what was kept with an order, ready to be priced again."""
    return rules.thawed(kept, lambda written: _read(runtime, written))


def read_version(runtime: Runtime, version: Version) -> Promotion | None:
    """Return a version ready to price with; None where a word of it is no more."""
    written = {**version.written, "version": version.number, "status": version.status}
    found = _read(runtime, written)
    return replace(found, record=(version.entity, version.record_id)) if found else None


def _read(runtime: Runtime, written: Mapping[str, Any]) -> Promotion | None:
    pricing, words = runtime.app.pricing, runtime.compiled.catalogs
    assert pricing is not None
    catalogs = (words["conditions"], words["actions"])
    return read_promotion(written, currencies_of(pricing), lanes_of(pricing), catalogs)[0]
