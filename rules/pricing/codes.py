"""Codes that somebody typed: one spelling for each, and what became of it.

`unknown` and `wrong_customer` are told apart in the result and must not be on a public page: use
`public_state` there, so that nobody finds codes of others by trying.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rules.pricing.cart import Cart, CodeFact, Context
from rules.pricing.promotion import Promotion

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""What generated codes are made of: no 0, O, 1 or I, which people mix up."""


@dataclass(frozen=True, slots=True)
class Codes:
    """The codes of one cart, by what they open."""

    typed: tuple[str, ...]
    """Normalized, each once, sorted: the order somebody typed them in decides nothing."""
    opens: Mapping[str, str]
    """Promotion → the code that opened it."""
    refused: Mapping[str, tuple[str, str]]
    """Code → state and promotion, where it opens nothing."""


def normalized(code: str) -> str:
    """Return the one spelling of a code."""
    return unicodedata.normalize("NFKC", code).strip().upper()


def public_state(state: str) -> str:
    """Return a state as whoever typed the code may see it."""
    return "unknown" if state == "wrong_customer" else state


def read_codes(cart: Cart, context: Context, promotions: Iterable[Promotion]) -> Codes:
    """Return what the codes of a cart open."""
    typed = tuple(sorted({normalized(code) for code in cart.codes} - {""}))
    if not typed:
        return Codes((), {}, {})
    general: dict[str, list[str]] = {}
    known = set()
    for promotion in promotions:
        known.add(promotion.id)
        for code in promotion.codes.intersection(typed):
            general.setdefault(code, []).append(promotion.id)
    opens: dict[str, str] = {}
    refused: dict[str, tuple[str, str]] = {}
    for code in typed:
        fact = context.codes.get(code)
        opened = general.get(code, [])
        if fact is not None:
            state = _state(code, fact, context)
            if state:
                refused[code] = (state, fact.promotion)
                continue
            opened = [fact.promotion] if fact.promotion in known else []
        if not opened:
            refused[code] = ("unknown", "")
        elif all(promotion in opens for promotion in opened):
            refused[code] = ("not_combinable", opened[0])
        for promotion_id in opened:
            opens.setdefault(promotion_id, code)
    return Codes(typed, opens, refused)


def _state(code: str, fact: CodeFact, context: Context) -> str:
    """Return why a code that was handed out opens nothing; empty when it does."""
    if fact.owner and fact.owner != context.customer.key:
        return "wrong_customer"
    if fact.state != "open":
        return fact.state
    used = context.used.get(fact.promotion)
    if fact.limit is not None and used and used.by_code.get(code, 0) >= fact.limit:
        return "limit_reached"
    if fact.each_once and used and used.codes_by_customer.get(code, 0):
        return "customer_limit"
    return ""
