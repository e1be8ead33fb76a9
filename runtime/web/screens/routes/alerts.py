"""Alerts: which there are and how they stand, one with its chart and trace, and taking one on."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request

from generator.field_types._ids import WRITTEN
from generator.model.alert import EACH
from runtime.alerts import desk as alerts
from runtime.errors import Conflict, NotFound
from runtime.store.trail import Trail
from runtime.web.screens import alerts_page, doors
from runtime.web.screens.alerts_page import ADDRESS
from runtime.web.screens.desk import Addresses, Answer, Desk
from runtime.web.screens.visit import Visit


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
        return render_template("alert.html", page=page)
