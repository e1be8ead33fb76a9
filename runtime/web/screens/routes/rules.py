"""What the builder of rules asks while somebody writes one: its vocabulary, and how it looks."""

from __future__ import annotations

from flask import Blueprint, jsonify, render_template, request

from generator.model.pricing import Pricing
from runtime.errors import Forbidden, NotFound
from runtime.rule_vocabulary import vocabulary
from runtime.web.screens.desk import Addresses, Answer, Desk
from runtime.web.screens.rule_page import rule_look
from runtime.web.screens.visit import Visit

LONGEST = 20_000
MOST_ROWS = 20


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Rules(desk)
    screens.add_url_rule("/pricing/rules/words", "rule_words", views.words)
    screens.add_url_rule("/pricing/rules/look", "rule_look", views.look, methods=["POST"])


class Rules:
    """A rule that is being written."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def words(self) -> Answer:
        """Tell what a rule can be made of."""
        visit = self.desk.visit()
        _pricing(visit)
        catalogs = visit.runtime.compiled.catalogs
        words = (catalogs["conditions"], catalogs["actions"])
        return jsonify(vocabulary(visit.app, words, visit.actor.locale))

    def look(self) -> Answer:
        """Show how a rule reads and what it does."""
        visit = self.desk.visit()
        _pricing(visit)
        text = request.form.get("rule", "")[:LONGEST]
        counts = request.form.getlist("quantity")
        items = [
            (item.replace("\x00", "").strip()[:200], counts[at][:9] if at < len(counts) else "1")
            for at, item in enumerate(request.form.getlist("item")[:MOST_ROWS])
        ]
        items = [one for one in items if one[0]]
        look = rule_look(visit, text, request.form.get("record", "")[:36], items)
        return render_template("rule_look.html", look=look)


def _pricing(visit: Visit) -> Pricing:
    pricing = visit.app.pricing
    if pricing is None:
        raise NotFound
    if not visit.may("evaluate", pricing.entity):
        raise Forbidden
    return pricing
