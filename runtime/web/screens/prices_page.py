"""The tester of prices as data: a cart that somebody typed, what it costs, and why.

What is typed stands in the address, so that a case can be sent to somebody else; nothing is
written. The same operation answers programs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from generator.field_types._locales import zone
from generator.model.pricing import Pricing
from runtime.errors import FieldError, RequestError
from runtime.messages import Incoming
from runtime.operations.evaluate import Evaluated
from runtime.pipeline import handle
from runtime.pricing_words import Words
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


@dataclass(frozen=True, slots=True)
class PricedLine:
    """One line of the result."""

    item: str
    quantity: int
    price: str
    off: str
    total: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Considered:
    """What became of one promotion."""

    label: str
    verdict: str
    tone: str
    message: str


@dataclass(frozen=True, slots=True)
class PricesPage:
    """Everything `prices.html` draws."""

    item: str
    """What is sold, in one word."""
    lines: tuple[LineInput, ...]
    customer: str
    at: str
    codes: str
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


@dataclass(frozen=True, slots=True)
class Typed:
    """The form as it was sent."""

    items: Sequence[str]
    quantities: Sequence[str]
    customer: str
    at: str
    codes: str
    currency: str


def prices_page(visit: Visit, pricing: Pricing, typed: Typed) -> PricesPage:
    """Return the form, and the prices if anything was typed."""
    rows = [
        (item.strip(), (typed.quantities[at] if at < len(typed.quantities) else "").strip())
        for at, item in enumerate(typed.items[:MOST_ROWS])
    ]
    rows = [row for row in rows if row[0]]
    found = _evaluated(visit, pricing, typed, rows) if rows else None
    errors = found if isinstance(found, tuple) else ()
    told = {error.field: error.message.text(visit.actor.locale) for error in errors}
    shown = {f"lines.{at}.{key}" for at in range(len(rows)) for key in ("item", "quantity")}
    shown |= {"customer", "at", "currency"}
    blank = max(LEAST_ROWS - len(rows), 1)
    page = PricesPage(
        item=visit.text(visit.app.entities[pricing.item.entity].label),
        lines=tuple(
            LineInput(
                at + 1, item, quantity,
                told.get(f"lines.{at}.item", told.get(f"lines.{at}.quantity", "")),
            )
            for at, (item, quantity) in enumerate([*rows, *[("", "")] * blank])
        ),
        customer=typed.customer,
        at=typed.at,
        codes=typed.codes,
        currency=typed.currency,
        currencies=tuple(pricing.currencies),
        zone=visit.actor.time_zone,
        errors={field: text for field, text in told.items() if field in shown},
        other=tuple(text for field, text in told.items() if field not in shown),
    )  # fmt: skip
    return page if not isinstance(found, Evaluated) else _with_prices(visit, page, found)


def _evaluated(
    visit: Visit, pricing: Pricing, typed: Typed, rows: Sequence[tuple[str, str]]
) -> Evaluated | tuple[FieldError, ...]:
    """Return the priced cart, or what is wrong with it.

    Raises:
        RequestError: the person may not ask.

    """
    cart: dict[str, Any] = {
        "lines": [{"item": item, "quantity": _number(quantity)} for item, quantity in rows]
    }
    if typed.customer.strip():
        cart["customer"] = typed.customer.strip()
    if typed.currency:
        cart["currency"] = typed.currency
    if typed.codes.strip():
        cart["codes"] = typed.codes.replace(",", " ").replace("，", " ").split()
    if typed.at:
        cart["at"] = _moment(typed.at, visit.actor.time_zone)
    asked = Incoming("evaluate", pricing.entity, visit.actor, values=cart, source="screen")
    outcome = handle(asked, visit.runtime)
    if isinstance(outcome, RequestError):
        if not outcome.errors:
            raise outcome
        return outcome.errors
    found = outcome.row
    assert isinstance(found, Evaluated)
    return found


def _number(text: str) -> Any:
    """Return a whole number, or the text for the operation to refuse; nothing means one."""
    if not text:
        return 1
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text


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
    values = {name: getattr(page, name) for name in PricesPage.__slots__}
    verdicts = {
        "applied": t("Applied", "promotion"),
        "suppressed": t("Set aside", "promotion"),
        "not_eligible": t("Not reached", "promotion"),
    }
    return PricesPage(**values | {
        "priced": tuple(
            PricedLine(
                lines[one.id].item,
                lines[one.id].quantity,
                words.money(lines[one.id].price),
                words.money(-one.off) if one.off else "",
                words.money(one.paid),
                tuple(
                    f"{words.name(each.promotion)} {words.money(-each.amount)}"
                    for each in one.allocations
                ),
            )
            for one in found.priced.lines
        ),
        "sums": (
            (t("Goods", "prices"), words.money(totals.goods)),
            (t("Discount", "prices"), words.money(-totals.off)),
        ),
        "total": words.money(totals.total),
        "hints": tuple(words.hints()),
        "told": tuple(words.codes()),
        "considered": tuple(
            Considered(
                words.name(step.promotion),
                verdicts.get(step.verdict, t("Not now", "promotion")),
                TONES.get(step.verdict, "neutral"),
                words.sentence(step),
            )
            for step in found.priced.trace
        ),
    })  # fmt: skip
