"""Emergencies: taking a role now, ending it, looking into what others did with one."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request

from rules.administering import LOG
from runtime import emergencies
from runtime.errors import Blocked, Forbidden, Invalid, RequestError, Unconfirmed
from runtime.web.context import web
from runtime.web.people.emergency_page import emergency_page
from runtime.web.screens.desk import Addresses, Answer, Desk
from runtime.web.screens.visit import Visit
from runtime.web.trail import trail
from runtime.web.users import administers

ADDRESS = "/emergencies/"
NOTHING: Mapping[str, str] = {}


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Emergencies(desk)
    screens.add_url_rule(ADDRESS, "emergencies", views.page, methods=["GET", "POST"])
    screens.add_url_rule(f"{ADDRESS}<use_id>", "emergency_decide", views.decide, methods=["POST"])


class Emergencies:
    """Roles for minutes."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def page(self) -> Answer:
        """Show what can be taken and what was, or take a role."""
        visit = self.desk.visit()
        if not emergencies.concern(visit.runtime, visit.actor):
            raise Forbidden
        if request.method == "GET":
            return self._shown(visit, NOTHING, NOTHING)
        given = {key: request.form.get(key, "").strip()[:4000] for key in ("role", "reason")}
        second = web().gate.second_factors.is_demanded(frozenset({given["role"]}))
        try:
            emergencies.start(trail(), given["role"], given["reason"], demands_second=second)
        except Unconfirmed as refusal:
            return self._shown(visit, given, _errors(visit, refusal)), refusal.status
        except Blocked as refusal:
            return self._shown(visit, given, {"role": visit.text(refusal.message)}), refusal.status
        except Forbidden as refusal:
            if not refusal.errors:
                raise
            return self._shown(visit, given, _errors(visit, refusal)), refusal.status
        return redirect(ADDRESS, 303)

    def decide(self, use_id: str) -> Answer:
        """End one, or say what one found who looked into it."""
        visit = self.desk.visit()
        decision = request.form.get("decision", "")
        if decision not in emergencies.DECISIONS:
            return redirect(ADDRESS, 303)
        said = request.form.get("said", "").strip()[:4000]
        try:
            emergencies.decide(trail(), use_id[:64], decision, said)
        except Invalid as refusal:
            errors = {f"said-{use_id[:64]}": visit.text(one.message) for one in refusal.errors}
            return self._shown(visit, NOTHING, errors), refusal.status
        except RequestError as refusal:
            if refusal.status == 404:
                raise
            flash(visit.text(refusal.message), "warning")
        else:
            ended = visit.t("The emergency is over.")
            flash(ended if decision == "end" else visit.t("Noted."), "success")
        may_stay = emergencies.concern(visit.runtime, visit.actor)
        return redirect(ADDRESS if may_stay else "/", 303)

    def _shown(self, visit: Visit, values: Mapping[str, str], errors: Mapping[str, str]) -> str:
        runtime, roles = visit.runtime, visit.actor.roles
        reads_log = administers(runtime, roles, LOG) or "history" in runtime.matrix.actions(
            roles, "*"
        )
        uses = emergencies.known_to(runtime, visit.actor)
        page = emergency_page(visit, uses, values, errors, reads_log=reads_log)
        return render_template("people/emergencies.html", page=page)


def _errors(visit: Visit, refusal: RequestError) -> dict[str, str]:
    return {one.field: visit.text(one.message) for one in refusal.errors}
