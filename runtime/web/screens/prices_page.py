"""The tester of prices as data: a cart that somebody typed, what it costs, and why.

What is typed stands in the address, so that a case can be sent to somebody else; nothing is
written. The same operation answers programs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from generator.field_types._locales import zone
from generator.model.pricing import Pricing
from generator.model.text import Label
from rules.pricing.gates import holds
from rules.pricing.kept_trace import listings_of, steps_of
from rules.pricing.result import Listing, Step
from runtime import price_book
from runtime.backtest import NONE, WITH, WITHOUT, named, read_rule_set, rule_set
from runtime.errors import FieldError, Invalid, RequestError
from runtime.messages import Incoming
from runtime.operations._carts import read_cart
from runtime.operations.evaluate import Evaluated, evaluated
from runtime.pipeline import handle
from runtime.pricing_words import Sentences, Words
from runtime.store import fetch
from runtime.web.screens.visit import Visit

LEAST_ROWS = 4
MOST_ROWS = 50
TONES = {"applied": "success", "suppressed": "warning", "nothing_left": "warning"}


@dataclass(frozen=True, slots=True)
class LineInput:
    """One row of the form."""

    number: int
    item: str
    quantity: str
    error: str
    """What is wrong with the item."""
    wrong_quantity: str = ""


@dataclass(frozen=True, slots=True)
class PricedLine:
    """One line of the result."""

    item: str
    quantity: int
    price: str
    off: str
    total: str
    reasons: tuple[tuple[str, str], ...]
    """The promotions that take something off, each with its amount."""
    source: str = ""
    """The price list that the price stands in."""
    lowest: str = ""
    """The lowest price before it was reduced, in words."""


@dataclass(frozen=True, slots=True)
class Considered:
    """What became of one promotion."""

    label: str
    verdict: str
    tone: str
    message: str


@dataclass(frozen=True, slots=True)
class ComparedLine:
    """One line, or all of them, with both sets of rules."""

    item: str
    here: str
    there: str
    difference: str


@dataclass(frozen=True, slots=True)
class Compared:
    """The same cart with another set of rules."""

    label: str
    lines: tuple[ComparedLine, ...]
    total: ComparedLine
    considered: tuple[Considered, ...]
    """What becomes of promotions there, where that is something else."""


@dataclass(frozen=True, slots=True)
class PricesPage:
    """Everything `prices.html` draws."""

    item: str
    """What is sold, in one word."""
    lines: tuple[LineInput, ...]
    customer: str
    at: str
    codes: str
    channel: str
    facts: tuple[tuple[str, str, str], ...]
    """Other facts that conditions and price lists ask for: name, label and what was typed."""
    currency: str
    currencies: tuple[str, ...]
    zone: str
    errors: Mapping[str, str]
    other: tuple[str, ...]
    """What is wrong with no field of the form."""
    priced: tuple[PricedLine, ...] = ()
    sums: tuple[tuple[str, str], ...] = ()
    total: str = ""
    hints: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    """What became of each code."""
    considered: tuple[Considered, ...] = ()
    against: str = ""
    againsts: tuple[tuple[str, str], ...] = ()
    promotion: str = ""
    compared: Compared | None = None
    holding: int = 0
    """How many promotions hold at this moment; no price waits to be made from them."""


@dataclass(frozen=True, slots=True)
class Typed:
    """The form as it was sent."""

    items: Sequence[str]
    quantities: Sequence[str]
    customer: str
    at: str
    codes: str
    currency: str
    against: str = ""
    """Another set of rules: none, with or without a promotion."""
    promotion: str = ""
    channel: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


def prices_page(visit: Visit, pricing: Pricing, typed: Typed) -> PricesPage:
    """Return the form, and the prices if anything was typed."""
    rows = [
        (item.strip(), (typed.quantities[at] if at < len(typed.quantities) else "").strip())
        for at, item in enumerate(typed.items[:MOST_ROWS])
    ]
    rows = [row for row in rows if row[0]]
    found = _evaluated(visit, pricing, typed, rows) if rows else None
    other = None
    if isinstance(found, Evaluated) and typed.against:
        other = _elsewhere(visit, pricing, typed, rows)
        found = other if isinstance(other, tuple) else found
    errors = found if isinstance(found, tuple) else ()
    told = {error.field: error.message.text(visit.actor.locale) for error in errors}
    shown = {f"lines.{at}.{key}" for at in range(len(rows)) for key in ("item", "quantity")}
    shown |= {"customer", "at", "currency", "promotion"}
    blank = max(LEAST_ROWS - len(rows), 1)
    page = PricesPage(
        item=visit.text(visit.app.entities[pricing.item.entity].label),
        lines=tuple(
            LineInput(
                at + 1, item, quantity,
                told.get(f"lines.{at}.item", ""), told.get(f"lines.{at}.quantity", ""),
            )
            for at, (item, quantity) in enumerate([*rows, *[("", "")] * blank])
        ),
        customer=typed.customer,
        at=typed.at,
        codes=typed.codes,
        channel=typed.channel,
        facts=tuple(
            (name, visit.text(label), typed.facts.get(name, ""))
            for name, label in pricing.facts.items()
        ),
        currency=typed.currency,
        currencies=tuple(pricing.currencies),
        zone=visit.actor.time_zone,
        errors={place: text for place, text in told.items() if place in shown},
        other=tuple(text for place, text in told.items() if place not in shown),
        against=typed.against,
        againsts=(
            ("", visit.t("Nothing", "rule set")),
            (NONE, visit.t("No promotion", "rule set")),
            (WITHOUT, visit.t("All but this promotion", "rule set")),
            (WITH, visit.t("All and this promotion", "rule set")),
        ),
        promotion=typed.promotion,
        holding=_holding(visit),
    )  # fmt: skip
    if not isinstance(found, Evaluated):
        return page
    page = _with_prices(visit, page, found)
    return page if not isinstance(other, Evaluated) else _compared(visit, page, found, other)


def _holding(visit: Visit) -> int:
    with fetch.connection(visit.runtime.engine) as connection:
        promotions = price_book.current(connection, visit.runtime).promotions
    now = visit.runtime.clock()
    return sum(holds(one, now) for one in promotions)


def _evaluated(
    visit: Visit, pricing: Pricing, typed: Typed, rows: Sequence[tuple[str, str]]
) -> Evaluated | tuple[FieldError, ...]:
    """Return the priced cart, or what is wrong with it.

    Raises:
        RequestError: the person may not ask.

    """
    cart = _cart(visit, typed, rows)
    asked = Incoming("evaluate", pricing.entity, visit.actor, values=cart, source="screen")
    outcome = handle(asked, visit.runtime)
    if isinstance(outcome, RequestError):
        if not outcome.errors:
            raise outcome
        return outcome.errors
    found = outcome.row
    assert isinstance(found, Evaluated)
    return found


def _cart(visit: Visit, typed: Typed, rows: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return the cart as programs send it."""
    cart: dict[str, Any] = {
        "lines": [{"item": item, "quantity": _number(quantity)} for item, quantity in rows]
    }
    if typed.customer.strip():
        cart["customer"] = typed.customer.strip()
    if typed.currency:
        cart["currency"] = typed.currency
    if typed.codes.strip():
        cart["codes"] = typed.codes.replace(",", " ").replace("，", " ").split()
    if typed.channel.strip():
        cart["channel"] = typed.channel.strip()
    facts = {name: value.strip() for name, value in typed.facts.items() if value.strip()}
    if facts:
        cart["facts"] = facts
    if typed.at:
        cart["at"] = _moment(typed.at, visit.actor.time_zone)
    return cart


def _elsewhere(
    visit: Visit, pricing: Pricing, typed: Typed, rows: Sequence[tuple[str, str]]
) -> Evaluated | tuple[FieldError, ...]:
    """Return the cart as another set of rules prices it, or what is wrong with that set."""
    runtime = visit.runtime
    name = named(runtime, typed.promotion) if typed.against != NONE else ""
    entity = name.partition(":")[0]
    if entity in runtime.offerings:
        grant = runtime.matrix.grant(visit.actor.roles, entity, "read")
        name = name if grant is not None and grant.is_wide else ""
    try:
        wanted = read_rule_set(f"{typed.against}:{name}" if typed.against != NONE else NONE)
        sent = read_cart(_cart(visit, typed, rows), pricing)
        with fetch.connection(runtime.engine) as connection:
            pages = rule_set(connection, runtime, wanted)
            return evaluated(connection, runtime, visit.actor, sent, pages)
    except Invalid as refused:
        return refused.errors or (FieldError("promotion", "not_found", Label({
            "en": "There is no such promotion.", "zh": "没有这项促销。",
        })),)  # fmt: skip


def _compared(visit: Visit, page: PricesPage, here: Evaluated, there: Evaluated) -> PricesPage:
    words = Words(there, visit.app, visit.actor.locale)

    def line(item: str, one: int, other: int) -> ComparedLine:
        sign = "+" if other > one else ""
        difference = f"{sign}{words.money(other - one)}" if one != other else "–"
        return ComparedLine(item, words.money(one), words.money(other), difference)

    lines = {one.id: one for one in here.cart.lines}
    paid = {one.id: one.paid for one in here.priced.lines}
    known = {(step.promotion, step.verdict, step.granted) for step in here.priced.trace}
    changed = [step for step in there.priced.trace
               if (step.promotion, step.verdict, step.granted) not in known]  # fmt: skip
    compared = Compared(
        next(label for kind, label in page.againsts if kind == page.against),
        tuple(line(lines[one.id].item, paid[one.id], one.paid) for one in there.priced.lines),
        line(visit.t("To pay", "prices"), here.priced.totals.total, there.priced.totals.total),
        considered(visit, words, changed),
    )
    return replace(page, compared=compared)


def _number(text: str) -> Any:
    """Return a whole number, or the text for the operation to refuse; nothing means one."""
    if not text:
        return 1
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text


def _lowest(visit: Visit, words: Words, found: Evaluated, line: str) -> str:
    known = found.lowest.get(line)
    if known is None:
        return ""
    return visit.t("Lowest before the reduction: {price}", "prices", price=words.money(known))


def _moment(text: str, time_zone: str) -> str:
    """Return what a control for date and time holds as a moment with its zone."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return (found if found.tzinfo else found.replace(tzinfo=zone(time_zone))).isoformat()


def _with_prices(visit: Visit, page: PricesPage, found: Evaluated) -> PricesPage:
    words, totals, t = Words(found, visit.app, visit.actor.locale), found.priced.totals, visit.t
    lines = {line.id: line for line in found.cart.lines}
    sources = {
        one.line: words.listing(one) for one in found.priced.listings if one.verdict == "applied"
    }
    values = {name: getattr(page, name) for name in PricesPage.__slots__}
    return PricesPage(**values | {
        "priced": tuple(
            PricedLine(
                lines[one.id].item,
                lines[one.id].quantity,
                words.money(lines[one.id].price),
                words.money(-one.off) if one.off else "",
                words.money(one.paid),
                tuple(
                    (words.name(each.promotion), words.money(-each.amount))
                    for each in one.allocations
                ),
                sources.get(one.id, ""),
                _lowest(visit, words, found, one.id),
            )
            for one in found.priced.lines
        ) + tuple(
            PricedLine(
                one.item,
                one.quantity,
                words.money(one.charged // one.quantity),
                "",
                words.money(one.charged),
                ((words.name(one.promotion), ""),),
                t("Gift", "prices") if not one.charged else t("Add-on", "prices"),
            )
            for one in found.priced.extras
        ),
        "sums": (
            (t("Goods", "prices"), words.money(totals.goods)),
            (t("Discount", "prices"), words.money(-totals.off)),
            *_tax(visit, words, found),
        ),
        "total": words.money(totals.total),
        "hints": (*words.hints(), *words.offers()),
        "told": tuple(words.codes()),
        "considered": (
            *lists_considered(visit, words, found.priced.listings),
            *considered(visit, words, found.priced.trace),
        ),
    })  # fmt: skip


def _tax(visit: Visit, words: Words, found: Evaluated) -> tuple[tuple[str, str], ...]:
    """Return the tax in what is to be paid, or on top of the goods; nothing without any."""
    tax, t = found.priced.totals.tax, visit.t
    if not tax:
        return ()
    label = t("Tax in it", "prices") if found.cart.gross else t("Tax", "prices")
    return ((label, words.money(tax)),)


def considered(
    visit: Visit, words: Sentences, trace: Sequence[Step]
) -> tuple[Considered, ...]:  # fmt: skip
    """Return what became of each promotion, with what it takes and what there is."""
    t = visit.t
    verdicts = {
        "applied": t("Applied", "promotion"),
        "suppressed": t("Set aside", "promotion"),
        "not_eligible": t("Not reached", "promotion"),
    }
    return tuple(
        Considered(
            words.name(step.promotion),
            verdicts.get(step.verdict, t("Not now", "promotion")),
            TONES.get(step.verdict, "neutral"),
            words.sentence(step),
        )
        for step in trace
    )


def lists_considered(
    visit: Visit, words: Sentences, listings: Sequence[Listing]
) -> tuple[Considered, ...]:  # fmt: skip
    """Return what became of each price list, under the item it has a price for."""
    t = visit.t
    verdicts = {
        "applied": t("Applied", "promotion"),
        "suppressed": t("Set aside", "promotion"),
    }
    return tuple(
        Considered(
            one.item,
            verdicts.get(one.verdict, t("Not reached", "promotion")),
            TONES.get(one.verdict, "neutral"),
            words.listing(one),
        )
        for one in listings
    )


def kept_considered(visit: Visit, told: Any) -> tuple[Considered, ...]:
    """Return the same of a trace that was kept with a record; nothing of what is none."""
    if not isinstance(told, Mapping) or not isinstance(told.get("labels"), Mapping):
        return ()
    places, currency = told.get("places"), told.get("currency")
    if not isinstance(places, int) or not isinstance(currency, str):
        return ()
    words = Sentences(visit.app, visit.actor.locale, currency, places, told["labels"])
    return (
        *lists_considered(visit, words, listings_of(told)),
        *considered(visit, words, steps_of(told)),
    )
