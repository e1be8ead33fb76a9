"""One's own access: asking for a role for a time, and deciding about what others ask for."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request

from runtime import role_requests
from runtime.errors import Forbidden, Invalid, RequestError
from runtime.role_requests import DECISIONS
from runtime.store import role_requests as store
from runtime.web.context import web
from runtime.web.people.access_page import access_page
from runtime.web.screens.desk import Addresses, Answer, Desk
from runtime.web.screens.visit import Visit
from runtime.web.trail import trail

ADDRESS = "/access/"
KEYS = ("role", "action", "entity", "reason", "until")


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Access(desk)
    screens.add_url_rule(ADDRESS, "access", views.page, methods=["GET", "POST"])
    screens.add_url_rule(f"{ADDRESS}<request_id>", "access_decide", views.decide, methods=["POST"])


class Access:
    """Roles for a time."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def page(self) -> Answer:
        """Show what one holds and asked for, or ask for more."""
        visit = self.desk.visit()
        if visit.actor.kind != "user":
            raise Forbidden
        if request.method == "GET":
            return self._shown(visit, {"role": request.args.get("role", "")[:63]}, {})
        given = {key: request.form.get(key, "").strip()[:4000] for key in KEYS}
        part = f"{given['action']}:{given['entity']}" if given["action"] or given["entity"] else ""
        try:
            role_requests.ask(trail(), given["role"], part, given["reason"], given["until"])
        except Invalid as refusal:
            errors = {one.field: visit.text(one.message) for one in refusal.errors}
            return self._shown(visit, given, errors), 422
        flash(visit.t("Your request waits for an owner of the role."), "success")
        return redirect(ADDRESS, 303)

    def decide(self, request_id: str) -> Answer:
        """Grant, reject, withdraw or take back."""
        visit = self.desk.visit()
        decision = request.form.get("decision", "")
        if decision not in DECISIONS:
            return redirect(ADDRESS, 303)
        said = request.form.get("said", "").strip()[:2000]
        try:
            role_requests.decide(
                trail(), request_id[:64], decision, said, held_by_asker(request_id)
            )
        except RequestError as refusal:
            if refusal.status == 404:
                raise
            flash(visit.text(refusal.message), "warning")
        else:
            words = {
                "grant": visit.t("Given until the day that was asked for."),
                "reject": visit.t("Rejected."),
                "withdraw": visit.t("Withdrawn."),
                "revoke": visit.t("Taken back."),
            }
            flash(words[decision], "success")
        return redirect(ADDRESS, 303)

    def _shown(self, visit: Visit, values: dict[str, str], errors: dict[str, str]) -> str:
        runtime = visit.runtime
        mine = store.of_person(runtime.engine, runtime.system.role_request, visit.actor.id)
        waits = role_requests.waiting_for(runtime, visit.actor)
        held = {one.user_id: held_now(one.user_id) for one in waits[:50]}
        page = access_page(visit, mine, held, values, errors)
        return render_template("people/access.html", page=page)


def held_now(user_id: int) -> frozenset[str]:
    """Return what somebody holds right now; nothing when they cannot sign in."""
    found = web().gate.principals.current(user_id)
    return frozenset() if found is None else found.actor.roles


def held_by_asker(request_id: str) -> frozenset[str]:
    """Return what the one who made a request holds right now."""
    runtime = web().runtime
    one = store.find(runtime.engine, runtime.system.role_request, request_id[:64])
    return frozenset() if one is None else held_now(one.user_id)
