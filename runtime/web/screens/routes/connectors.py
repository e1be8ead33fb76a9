"""Connectors, for whoever administers: their mode, what is entered for them, a test call."""

from __future__ import annotations

from flask import Blueprint, flash, make_response, redirect, render_template, request

from generator.model.connector import Connector
from rules.administering import SYSTEM
from runtime.errors import NotFound
from runtime.outside import settings
from runtime.outside.trying import try_out
from runtime.store.engine import write
from runtime.web.screens.connectors_page import ADDRESS, connector_cards, tried_words
from runtime.web.screens.desk import Addresses, Answer, Desk
from runtime.web.screens.routes.accounts import administrator
from runtime.web.screens.visit import Visit
from runtime.web.trail import trail

POST = ["POST"]


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views, one = Connectors(desk), ADDRESS + "<name>"
    screens.add_url_rule(ADDRESS, "connectors", views.show)
    screens.add_url_rule(one + "/mode", "connector_mode", views.mode, methods=POST)
    screens.add_url_rule(one + "/settings", "connector_settings", views.enter, methods=POST)
    screens.add_url_rule(one + "/test", "connector_test", views.test, methods=POST)


class Connectors:
    """How other systems are reached."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def show(self) -> Answer:
        """Show every connector."""
        visit = administrator(self.desk, SYSTEM)
        return _kept_nowhere(visit)

    def mode(self, name: str) -> Answer:
        """Use a connector in another mode."""
        visit = administrator(self.desk, SYSTEM)
        one, mode = _named(visit, name), request.form.get("mode", "")
        if mode not in settings.MODES:
            raise NotFound
        with write(visit.runtime.engine) as connection:
            settings.choose_mode(connection, trail(), one, mode)
        flash(visit.t("Saved."), "success")
        return redirect(ADDRESS, 303)

    def enter(self, name: str) -> Answer:
        """Keep what is entered; an empty field leaves what is there, and a tick takes it away."""
        visit = administrator(self.desk, SYSTEM)
        one, mode = _named(visit, name), request.form.get("mode", "")
        if mode not in (settings.SANDBOX, settings.LIVE):
            raise NotFound
        for setting in one.settings:
            text = request.form.get(setting, "").strip()
            is_taken = request.form.get(f"{setting}.remove") == "1"
            if not text and not is_taken:
                continue
            try:
                with write(visit.runtime.engine) as connection:
                    settings.enter(
                        connection, trail(), one, mode, setting, "" if is_taken else text
                    )
            except ValueError:
                return _kept_nowhere(visit, (one.name, mode, setting), 422)
        flash(visit.t("Saved."), "success")
        return redirect(ADDRESS, 303)

    def test(self, name: str) -> Answer:
        """Ask it something harmless."""
        visit = administrator(self.desk, SYSTEM)
        one = _named(visit, name)
        tried = try_out(trail(), one)
        flash(tried_words(visit, one, tried), "success" if tried.answers else "warning")
        return redirect(ADDRESS, 303)


def _named(visit: Visit, name: str) -> Connector:
    found = visit.app.connectors.get(name)
    if found is None:
        raise NotFound
    return found


def _kept_nowhere(
    visit: Visit, wrong: tuple[str, str, str] = ("", "", ""), status: int = 200
) -> Answer:
    page = render_template("connectors.html", page=connector_cards(visit, wrong))
    answer = make_response(page, status)
    answer.headers["Cache-Control"] = "no-store"
    return answer
