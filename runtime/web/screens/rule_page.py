"""A rule as it is being written: what it says in both languages, what to mind, and at work.

Nothing is written. The sample cart is priced twice, without the rule and with it, beside all
promotions that run; what is wrong is told by the lints that a save asks as well.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generator.field_types.rule import exact
from generator.model.app import App
from generator.model.pricing import Promotion as Written
from generator.model.text import NOWHERE, Label
from generator.saying import in_language
from rules.pricing.offered import currencies_of, lanes_of
from rules.pricing.promotion import Book
from rules.pricing.reading import read_promotion
from rules.pricing.rows import Composed
from runtime import price_book
from runtime.errors import Invalid
from runtime.operations import _cart_facts, _carts, _offers
from runtime.operations.evaluate import Evaluated, evaluated
from runtime.pricing_words import Words
from runtime.rule_names import on_screen
from runtime.rule_words import RuleWords
from runtime.store import fetch, promotions
from runtime.web.screens.visit import Visit

DRAFT = "draft"
MOST_BESIDE = 200
"""So many other promotions are looked at for pairs that surprise."""
SAMPLES = 3


@dataclass(frozen=True, slots=True)
class Said:
    """The rule in one language."""

    locale: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Minded:
    """One thing to mind."""

    tone: str
    text: str


@dataclass(frozen=True, slots=True)
class TriedLine:
    """One line of the sample cart."""

    item: str
    quantity: int
    before: str
    after: str
    is_less: bool


@dataclass(frozen=True, slots=True)
class RuleLook:
    """Everything `rule_look.html` draws."""

    said: tuple[Said, ...]
    minded: tuple[Minded, ...]
    lines: tuple[TriedLine, ...] = ()
    total: tuple[str, str] = ("", "")
    """Without the rule and with it."""
    became: str = ""
    """What became of the rule in the sample cart."""
    problem: str = ""


def rule_look(
    visit: Visit, text: str, record_id: str, items: Sequence[tuple[str, str]]
) -> RuleLook:
    """Return a rule as it would be.

    Args:
        visit: who asks.
        text: the rule as JSON.
        record_id: the record that it is written in; '' for a new one.
        items: keys of items and how many of each; a few of the shop's when there are none.

    """
    t = visit.t
    try:
        rule = exact(json.loads(text)) if text.strip() else {}
    except (ValueError, RecursionError):
        rule = None
    if not isinstance(rule, Mapping):
        return RuleLook((), (), problem=t("The rule cannot be read."))
    said = _said(visit.app, rule, visit.actor.locale)
    label = {"en": t("This rule"), "zh": t("This rule")}
    offer = Composed(DRAFT, "active", {**rule, "id": DRAFT, "label": label}, "")
    with fetch.connection(visit.runtime.engine) as connection:
        there = price_book.current(connection, visit.runtime)
        beside = _beside(visit, connection, record_id)
        found = list(_offers.findings(visit.runtime, offer, beside))
        minded = tuple(_minded(visit, one, offer) for one in found)
        if any(one.tone == "critical" for one in minded):
            return RuleLook(said, minded)
        return _tried(visit, connection, RuleLook(said, minded), offer, there, record_id, items)


def said_of(app: App, text: str, reader: str) -> tuple[Said, ...]:
    """Return what a rule says in every language of the shop, the reader's first; else nothing."""
    try:
        rule = json.loads(text)
    except (ValueError, RecursionError):
        rule = None
    return _said(app, rule, reader) if app.pricing is not None else ()


def _said(app: App, rule: Any, reader: str) -> tuple[Said, ...]:
    locales = sorted(app.locales, key=lambda one: one != reader)
    return tuple(Said(one, tuple(RuleWords(app, one).sentences(rule))) for one in locales)


def _minded(visit: Visit, one: Any, offer: Composed) -> Minded:
    tone = "critical" if _offers.is_certain(one, offer) else "warning"
    locale = visit.actor.locale
    space = "" if visit.chinese() else " "
    told = f"{in_language(one.message, locale)}{space}{in_language(one.hint, locale)}"
    return Minded(tone, on_screen(told, visit.chinese()))


def _beside(visit: Visit, connection: Any, record_id: str) -> list[Written]:
    """Return the promotions that run, as they are written."""
    rows = promotions.known(connection, visit.runtime.system.promotion)
    found = [*visit.app.promotions.values()]
    for row in rows:
        if row.record_id != record_id:
            texts = {**row.written, "status": row.status}
            found.append(Written(row.promotion, Label(dict(row.written["label"])), texts, NOWHERE))
    return found[:MOST_BESIDE]


def _tried(
    visit: Visit,
    connection: Any,
    look: RuleLook,
    offer: Composed,
    there: Book,
    record_id: str,
    items: Sequence[tuple[str, str]],
) -> RuleLook:
    pricing, runtime = visit.app.pricing, visit.runtime
    assert pricing is not None
    words = (runtime.compiled.catalogs["conditions"], runtime.compiled.catalogs["actions"])
    ready = read_promotion(
        {**offer.written, "status": "active", "window": None},
        currencies_of(pricing),
        lanes_of(pricing),
        words,
    )[0]
    if ready is None:
        return look
    own = {
        one.promotion
        for one in promotions.of_record(connection, runtime.system.promotion, record_id)
    }
    others = tuple(one for one in there.promotions if one.id not in own)
    if not items:
        some = _cart_facts.Facts(connection, runtime, visit.actor).some(SAMPLES)
        items = [(item, "2") for item in some]
    lines = [
        {"item": item, "quantity": int(count) if count.isascii() and count.isdigit() else 1}
        for item, count in items
    ]
    if not lines:
        return look
    try:
        sent = _carts.read_cart({"lines": lines, "codes": list(ready.codes)[:1]}, pricing)
        before = evaluated(connection, runtime, visit.actor, sent, there.of(others))
        after = evaluated(connection, runtime, visit.actor, sent, there.of([*others, ready]))
    except Invalid as wrong:
        told = "; ".join(one.message.text(visit.actor.locale) for one in wrong.errors)
        return RuleLook(look.said, look.minded, problem=told)
    return _drawn(visit, look, before, after)


def _drawn(visit: Visit, look: RuleLook, before: Evaluated, after: Evaluated) -> RuleLook:
    words, old = (
        Words(after, visit.app, visit.actor.locale),
        {one.id: one.paid for one in before.priced.lines},
    )
    lines = {line.id: line for line in after.cart.lines}
    step = next((one for one in after.priced.trace if one.promotion == DRAFT), None)
    return RuleLook(
        look.said,
        look.minded,
        tuple(
            TriedLine(
                lines[one.id].item,
                lines[one.id].quantity,
                words.money(old[one.id]),
                words.money(one.paid),
                one.paid < old[one.id],
            )
            for one in after.priced.lines
        ),
        (words.money(before.priced.totals.total), words.money(after.priced.totals.total)),
        words.sentence(step) if step is not None else "",
    )
