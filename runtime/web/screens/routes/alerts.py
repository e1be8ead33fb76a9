"""Alerts: which there are and how they stand, one with its chart and trace, and taking one on."""

from __future__ import annotations

import re
from dataclasses import replace

from flask import Blueprint, flash, redirect, render_template, request

from generator.field_types._ids import WRITTEN
from generator.model.alert import EACH, Alert
from runtime.alerts import asking
from runtime.alerts import desk as alerts
from runtime.errors import Conflict, NotFound
from runtime.store.trail import Trail
from runtime.web.screens import alerts_page, doors
from runtime.web.screens.alerts_page import ADDRESS
from runtime.web.screens.desk import Addresses, Answer, Desk
from runtime.web.screens.visit import Visit

IDS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""The id of a record inside its address, or alone."""
NOBODY = "00000000-0000-0000-0000-000000000000"
"""The id of no record."""


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Alerts(desk)
    rule = screens.add_url_rule
    rule(ADDRESS, "alerts", views.show)
    rule(f"{ADDRESS}<name>", "alert", views.alert)
    rule(f"{ADDRESS}<name>", "alert_take", views.take, methods=["POST"])


class Alerts:
    """What people see of alerts, and do about them."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def show(self) -> Answer:
        """Show every alert that somebody sees."""
        visit = self.desk.visit()
        return render_template("alerts.html", page=alerts_page.alerts_page(visit))

    def alert(self, name: str) -> Answer:
        """Show one alert: what stands, its number over time, why it told or did not."""
        return self._drawn(self.desk.visit(), name)

    def take(self, name: str) -> Answer:
        """Take an open alert on."""
        visit = self.desk.visit()
        one, note = request.form.get("id", ""), request.form.get("note", "").strip()
        if not WRITTEN.fullmatch(one):
            raise NotFound(alerts.NO_ALERT)
        trail = Trail(visit.runtime, visit.actor, "screen", visit.request_id, visit.address)
        try:
            alerts.take_on(visit.runtime, trail, name, one, note)
            flash(visit.t("You took it on.", "alert"), "success")
        except Conflict as refusal:
            flash(visit.text(refusal.message), "warning")
        return redirect(f"{ADDRESS}{name}", 303)

    def _drawn(self, visit: Visit, name: str) -> Answer:
        alert = alerts.alert_of(visit.runtime, visit.actor, name)
        wanted: list[str] = []
        if alert.measure == EACH:
            rows = (*alerts.standing(visit.runtime, name), *alerts.ended(visit.runtime, name))
            wanted = [row.subject for row in rows]
        titles = doors.titles_of(visit, {alert.entity: wanted} if wanted else {})
        page = alerts_page.alert_page(visit, alert, titles)
        return render_template("alert.html", page=_explained(visit, alert, page))


def _explained(visit: Visit, alert: Alert, page: alerts_page.AlertPage) -> alerts_page.AlertPage:
    """Return the page with why it did or did not tell of the record that is asked about."""
    about = request.args.get("about", "").strip()[:500]
    if not about:
        return page
    found = IDS.findall(about)
    try:
        answer = asking.why(visit.runtime, visit.actor, alert, found[-1] if found else NOBODY)
    except NotFound as refusal:
        return replace(page, about=about, why=(visit.text(refusal.message),))
    return replace(page, about=about, why=alerts_page.why_words(visit, alert, answer))
