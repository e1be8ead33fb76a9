"""The tester of prices: a cart in the address, its prices and their reasons on the page."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from runtime.errors import Forbidden, NotFound
from runtime.web.screens.desk import Addresses, Answer, Desk
from runtime.web.screens.prices_page import Typed, prices_page


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the address."""
    screens.add_url_rule("/pricing/", "prices", Prices(desk).page)


class Prices:
    """What a cart costs."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def page(self) -> Answer:
        """Show the form and, once something is typed, the prices."""
        visit = self.desk.visit()
        pricing = visit.app.pricing
        if pricing is None:
            raise NotFound
        if not visit.may("evaluate", pricing.entity):
            raise Forbidden
        currency = _text("currency")
        typed = Typed(
            items=[text.replace("\x00", "") for text in request.args.getlist("item")],
            quantities=request.args.getlist("quantity"),
            customer=_text("customer"),
            at=_text("at"),
            codes=_text("codes"),
            currency=currency if currency in pricing.currencies else "",
            against=_text("against"),
            promotion=_text("promotion").strip(),
            channel=_text("channel"),
            facts={name: _text(f"fact_{name}") for name in pricing.facts},
        )
        return render_template("prices.html", page=prices_page(visit, pricing, typed))


def _text(name: str) -> str:
    return request.args.get(name, "").replace("\x00", "")[:200]
