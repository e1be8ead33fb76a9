"""The promotions to price with: those of the definitions and those that are records.

Read ones are kept by the epoch of the records' promotions, so that an evaluation costs one small
statement while nothing changed, and one more after a change, however many there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from generator.model.app import App
from rules.pricing import agreed as agreeing
from rules.pricing import frozen as rules
from rules.pricing.agreed import Agreed
from rules.pricing.codes import normalized
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


Files = Mapping[str, Mapping[str, Any]]
"""Promotions of files by their names, as they are written."""
AGREED = "agreed"
"""Where by what other lines are priced stands in what is kept."""
REPRICE = "reprice"
"""The effect that gives a placed record other lines."""


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


def basis(
    connection: sa.Connection,
    runtime: Runtime,
    found: Evaluated,
    written: Files = MappingProxyType({}),
    *,
    lost: Mapping[str, bool] | None = None,
) -> Mapping[str, Any]:
    """Return all that must be kept of how something was priced; {} where nobody asks for it.

    `written` are promotions of files as they were, where those of now are not meant; `lost` are the
    codes that do not hold any more of what was placed before, None where it is placed now.
    """
    before = agreed(runtime, found, written, lost)
    back = frozen(connection, runtime, found, written)
    return {**back, **({AGREED: before} if before else {})}


def frozen(
    connection: sa.Connection,
    runtime: Runtime,
    found: Evaluated,
    files: Files,
) -> Mapping[str, Any]:
    """Return what must be kept for what comes back of a cart; {} where nobody asks for it."""
    names = wanted(found.priced, found.book)
    versions = {one.id: one.version for one in found.book.promotions}
    kept = []
    for name in names:
        own = runtime.app.promotions.get(name)
        if name in files or own is not None:
            kept.append(files[name] if own is None or name in files else own.written)
            continue
        table = runtime.system.promotion
        version = promotions.version(connection, table, name, versions[name])
        if version is not None:
            kept.append({**version.written, "version": version.number, "status": "active"})
    return rules.frozen(found.priced, found.book, found.context, found.at, kept)


def reprices(runtime: Runtime) -> bool:
    """Return whether a transition gives what is placed other lines."""
    pricing = runtime.app.pricing
    if pricing is None or pricing.placing is None:
        return False
    return any(
        effect.word == REPRICE
        for workflow in runtime.app.workflows.get(pricing.placing.creates, {}).values()
        for edge in workflow.transitions
        for effect in edge.effects
    )


def reprices_by(app: App, entity: str, workflow: str, transition: str) -> bool:
    """Return whether a transition gives what is placed other lines."""
    machine = app.workflows.get(entity, {}).get(workflow)
    edges = machine.named(transition) if machine is not None else ()
    return any(effect.word == REPRICE for edge in edges for effect in edge.effects)


def agreed(
    runtime: Runtime, found: Evaluated, written: Files, lost: Mapping[str, bool] | None
) -> Mapping[str, Any]:  # fmt: skip
    """Return by what other lines are priced; {} where no transition ever asks for it."""
    if not reprices(runtime):
        return {}
    own = {**{name: one.written for name, one in runtime.app.promotions.items()}, **written}
    versions = {one.id: one.version for one in found.book.promotions}
    # a promotion whose code is not to be had now may hold once it is
    closed = [one.promotion for code, one in found.context.codes.items() if code in (lost or {})]
    names = [*agreeing.reachable(found.priced), *closed]
    names = [name for name in dict.fromkeys(names) if name in versions]
    used = {one.code for one in found.priced.usage if one.code}
    if lost is not None:
        # a code that does not hold for these lines may hold for the next ones
        used = {normalized(code) for code in found.cart.codes}
    return agreeing.kept(
        found.clean or found.cart,
        found.context,
        found.customers,
        found.at,
        used,
        found.book.lanes,
        [own[name] for name in names if name in own],
        [(name, versions[name]) for name in names if name not in own],
        lost or {},
    )


def book_of(connection: sa.Connection, runtime: Runtime, kept: Agreed) -> Book:
    """Return the promotions that something was placed with, in their versions of then."""
    table = runtime.system.promotion
    found = [_read(runtime, {**one, "status": "active"}) for one in kept.written]
    rows = [promotions.version(connection, table, *one) for one in kept.versions]
    found += [read_version(runtime, one) for one in rows if one is not None]
    return book(agreeing.again(found), *kept.lanes)


def thawed(runtime: Runtime, kept: Mapping[str, Any]) -> Basis | None:
    """Return what was kept with an order, ready to be priced again; None where nothing was."""
    if "lines" not in kept:
        return None
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
