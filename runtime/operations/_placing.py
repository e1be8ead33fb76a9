"""A priced cart → the values of the record that it becomes, with its parts.

Comes in: how the definitions fill the record, and the prices. Goes out: values in stored form, as
a payload would give them; they are the engine's, whatever fields the caller may write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any

import marshmallow as ma

from generator.build.schemas import build_schema
from generator.model.entity import Entity, Field
from generator.model.placing import (
    DELIVERIES,
    DISCOUNTS,
    EXTRAS,
    LINES,
    TAXES,
    TRIALS,
    USED_CODES,
    WHOLE,
    Filled,
    Placing,
)
from generator.model.text import Label
from rules.pricing.kept_trace import kept
from rules.pricing.promotion import REISSUED
from rules.pricing.result import Allocation
from rules.pricing.trials import Trial
from runtime.operations._carts import fault, refused
from runtime.operations.evaluate import Evaluated
from runtime.runtime import Runtime

Facts = Mapping[str, Any]


def tried(
    runtime: Runtime, placing: Placing, found: Evaluated, record_id: str, several: Iterable[Trial]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the entity and the values of a record for each trial of a promotion."""
    filled = placing.filled[TRIALS]
    entity, told = runtime.app.entities[filled.into], _Told(runtime, found, {})
    schema = runtime.remembered.get(("placed", entity.name), lambda: _schema(runtime, entity))
    wanted = {entity.fields[name].target for name, fact in filled.take.items()
              if fact == "promotion"}  # fmt: skip
    for one in several:
        if wanted <= {one.promotion.record[0]}:
            sent = _one(entity, filled, told.trial(one, record_id))
            yield entity.name, schema.load(sent, partial=True)


APART = fault(
    "cart.lines",
    "one_at_a_time",
    "Place these apart: each is an order of its own.",
    "这些商品须分开下单。",
)
"""Two of one kind, each of which wants to be what the record is for."""


def values(runtime: Runtime, placing: Placing, found: Evaluated, more: Facts) -> dict[str, Any]:
    """Return everything that the prices say of the record; `more` is what only placing knows."""
    entity = runtime.app.entities[placing.creates]
    told = _Told(runtime, found, more)
    sources: Mapping[str, Callable[[], Iterator[Facts]]] = {
        LINES: told.lines,
        DISCOUNTS: told.discounts,
        DELIVERIES: told.deliveries,
        EXTRAS: told.extras,
        TAXES: told.taxes,
        USED_CODES: partial(told.codes, codes_of(runtime, placing)),
    }
    sent: dict[str, Any] = {}
    for part, filled in placing.filled.items():
        if part == TRIALS:
            continue
        if part == WHOLE:
            sent |= _one(entity, filled, told.record())
        else:
            target = runtime.app.entities[entity.fields[filled.into].target]
            rows = [_one(target, filled, facts) for facts in sources[part]()]
            sent[filled.into] = [*sent.get(filled.into, ()), *rows]
    sent |= {name: record for name, (_, record) in linked(placing, found).items()}
    schema = runtime.remembered.get(("placed", entity.name), lambda: _schema(runtime, entity))
    loaded: dict[str, Any] = schema.load(sent, partial=True)
    return loaded


def linked(placing: Placing, found: Evaluated) -> dict[str, tuple[str, str]]:
    """Return, by field, the entity and the id of the code or the promotion that was used.

    Raises:
        Invalid: two codes would stand in one field.

    """
    leads: dict[str, tuple[str, str]] = {}
    known = {one.id: one.record for one in found.book.promotions}
    for usage in found.priced.usage:
        fact = found.context.codes.get(usage.code)
        for record in (known[usage.promotion], fact.record if fact is not None else ("", "")):
            name = placing.linked.get(record[0], "")
            if name and leads.setdefault(name, record) != record:
                raise refused(APART)
    return leads


def codes_of(runtime: Runtime, placing: Placing) -> frozenset[str]:
    """Return the entities of codes whose use is kept as a part of the record."""
    filled = placing.filled.get(USED_CODES)
    if filled is None:
        return frozenset()
    part = runtime.app.entities[runtime.app.entities[placing.creates].fields[filled.into].target]
    return frozenset(
        part.fields[name].target for name, fact in filled.take.items() if fact == "record"
    )


def used(runtime: Runtime, placing: Placing, found: Evaluated) -> set[tuple[str, str]]:
    """Return the entity and the id of every code that the record will lead to."""
    codes = {
        fact.record
        for usage in found.priced.usage
        if (fact := found.context.codes.get(usage.code)) is not None
    }
    kept, leads = codes_of(runtime, placing), linked(placing, found).values()
    return {one for one in codes if one[0] in kept or one in leads}


def _schema(runtime: Runtime, entity: Entity) -> ma.Schema:
    """Return a schema that takes every field."""
    every = runtime.app.entities
    names = (entity.name, *runtime.child_entities(entity))
    writable = {name: frozenset(every[name].fields) for name in names}
    return build_schema(entity, runtime.app, runtime.compiled.field_types, writable, changes=False)


def _one(entity: Entity, filled: Filled, facts: Facts) -> dict[str, Any]:
    """Return the values of one record or part, as the API takes them."""
    found = {
        name: _sent(entity.fields[name], facts[fact])
        for name, fact in filled.take.items()
        if facts[fact] not in ("", None)
    }
    return {**found, **{name: _plain(value) for name, value in filled.fixed.items()}}


def _sent(field: Field, value: Any) -> Any:
    """Return a fact as a field's API form; numbers with decimals are texts."""
    if isinstance(value, int) and field.type not in ("integer", "boolean", "json"):
        return str(value)
    return value


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value


class _Told:
    """What is known of a priced cart, by part; amounts as text in the cart's currency."""

    def __init__(self, runtime: Runtime, found: Evaluated, more: Facts) -> None:
        self.app, self.found, self.more = runtime.app, found, more
        self.lines_by_id = {line.id: line for line in found.cart.lines}
        self.rates = {one.item: one.tax for one in found.cart.accepted}

    def money(self, minor: int) -> str:
        return f"{Decimal(minor).scaleb(-self.found.places):f}"

    def record(self) -> Facts:
        found, totals = self.found, self.found.priced.totals
        labels = {one.id: one.labels for one in found.book.promotions}
        return {
            "customer": found.buyer,
            "currency": found.cart.currency,
            "channel": found.context.channel,
            "fingerprint": found.priced.fingerprint,
            "trace": kept(
                found.priced.trace,
                labels,
                found.cart.currency,
                found.places,
                found.priced.listings,
            ),
            **self.more,
            "goods": self.money(totals.goods),
            "off": self.money(totals.off),
            "delivery": self.money(totals.shipping - totals.shipping_off),
            "tax": self.money(totals.tax),
            "tax_included": found.cart.gross,
            "total": self.money(totals.total),
            "deposit": self.money(totals.deposit),
            "balance": self.money(totals.balance),
        }

    def lines(self) -> Iterator[Facts]:
        for number, one in enumerate(self.found.priced.lines, 1):
            line = self.lines_by_id[one.id]
            yield {
                "item": self.found.items.get(line.item),
                "key": line.item,
                "number": number,
                "quantity": line.quantity,
                "price": self.money(line.price),
                "amount": self.money(one.list),
                "off": self.money(one.off),
                "paid": self.money(one.paid),
                "tax": self.money(one.tax),
                "units": [[count, self.money(each)] for count, each in one.units],
            }

    def discounts(self) -> Iterator[Facts]:
        for number, line in enumerate(self.found.priced.lines, 1):
            for each in line.allocations:
                yield self._discount(each, number, self.lines_by_id[line.id].item)
        for one in self.found.priced.shipments:
            for each in one.allocations:
                yield self._discount(each, None, one.id)

    def _discount(self, one: Allocation, line: int | None, key: str) -> Facts:
        return {
            "line": line,
            "key": key,
            "promotion": one.promotion,
            "label": self._label(one.promotion),
            "version": one.version,
            "code": one.code,
            "lane": one.lane,
            "amount": self.money(one.amount),
            "units": one.units,
        }

    def deliveries(self) -> Iterator[Facts]:
        methods = {one.id: one.method for one in self.found.cart.shipments}
        for one in self.found.priced.shipments:
            yield {
                "name": one.id,
                "method": methods[one.id],
                "amount": self.money(one.list),
                "off": self.money(one.list - one.paid),
                "paid": self.money(one.paid),
                "tax": self.money(one.tax),
            }

    def extras(self) -> Iterator[Facts]:
        first = len(self.found.priced.lines) + 1
        for number, one in enumerate(self.found.priced.extras, first):
            yield {
                "item": self.found.items.get(one.item),
                "key": one.item,
                "number": number,
                "quantity": one.quantity,
                "price": self.money(one.charged // one.quantity),
                "paid": self.money(one.charged),
                "tax": self.money(one.tax),
                "free": not one.charged,
                "promotion": one.promotion,
                "label": self._label(one.promotion),
            }

    def taxes(self) -> Iterator[Facts]:
        """Yield what comes on top, rate by rate; nothing where prices contain it."""
        cart, priced = self.found.cart, self.found.priced
        if cart.gross:
            return
        sums: dict[Fraction, int] = {}
        rated = [
            *((line.tax, one.tax) for line, one in zip(cart.lines, priced.lines, strict=True)),
            *((s.tax, one.tax) for s, one in zip(cart.shipments, priced.shipments, strict=True)),
            *((self.rates.get(one.item, Fraction(0)), one.tax) for one in priced.extras),
        ]
        for rate, tax in rated:
            sums[rate] = sums.get(rate, 0) + tax
        for rate, tax in sorted(sums.items()):
            if tax:
                percent = _percent(rate)
                label = Label({"en": f"Tax {percent} %", "zh": f"税费 {percent}%"})
                yield {
                    "rate": percent,
                    "label": label.text(self.app.locales[0]),
                    "amount": self.money(tax),
                }

    def codes(self, of: frozenset[str]) -> Iterator[Facts]:
        told = set()
        again = {one.id for one in self.found.book.promotions if one.refund.code == REISSUED}
        for one in self.found.priced.usage:
            fact = self.found.context.codes.get(one.code)
            if fact is None or fact.record[0] not in of or fact.record in told:
                continue
            told.add(fact.record)
            yield {
                "record": fact.record[1],
                "code": one.code,
                "promotion": one.promotion,
                "label": self._label(one.promotion),
                "reissue": one.promotion in again,
            }

    def trial(self, one: Trial, record_id: str) -> Facts:
        return {
            "record": record_id,
            "promotion": one.promotion.record[1],
            "version": one.promotion.version,
            "currency": self.found.cart.currency,
            "amount": self.money(one.granted),
            "saved": self.money(one.saved),
            "total": self.money(one.total),
            "beside": ", ".join(self._label(name) for name in one.beside),
        }

    def _label(self, promotion: str) -> str:
        known = next((one for one in self.found.book.promotions if one.id == promotion), None)
        texts = known.labels if known is not None else {}
        return Label(texts).text(self.app.locales[0]) if texts else promotion


def _percent(rate: Fraction) -> str:
    """Return a rate as people write it: 13, 5.5."""
    found = Decimal(rate.numerator * 100) / rate.denominator
    return f"{found.normalize():f}"
