"""One's own second factor: set up, new recovery codes, turned off."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, session

from runtime.errors import TooMany
from runtime.web.context import web
from runtime.web.identity import SECOND
from runtime.web.screens.desk import Addresses, Answer, Desk
from runtime.web.screens.visit import Visit
from runtime.web.second_factor import Enrolment
from runtime.web.security_manager import prove_code
from runtime.web.sign_in_code import wrong_code
from runtime.web.trail import trail

ADDRESS = "/me/second-factor"


@dataclass(frozen=True, slots=True)
class SecondFactorPage:
    """Everything `account/second_factor.html` draws."""

    left: int | None
    """Recovery codes that are left; None while it is off."""
    demanded: bool
    enrolment: Enrolment | None = None
    error: str = ""
    codes: tuple[str, ...] = ()
    """Recovery codes, shown this once."""


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Own(desk)
    screens.add_url_rule(ADDRESS, "second_factor", views.show)
    for name in ("begin", "confirm", "codes", "off"):
        screens.add_url_rule(
            f"{ADDRESS}/{name}", f"second_factor_{name}", getattr(views, name), methods=["POST"]
        )


class Own:
    """What everybody may do with their own second factor, by screen only."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def show(self) -> Answer:
        """Say whether it is on."""
        return _page(self.desk.visit())

    def begin(self) -> Answer:
        """Show the QR code of a new secret."""
        visit = self.desk.visit()
        return _page(visit, web().gate.second_factors.begin(visit.actor))

    def confirm(self) -> Answer:
        """Turn it on with a first code, and show the recovery codes."""
        visit = self.desk.visit()
        factors = web().gate.second_factors
        codes = factors.confirm(trail(), visit.actor, request.form.get("code", "")[:40])
        if codes:
            session[SECOND] = True
            return _page(visit, codes=codes)
        return _page(visit, factors.begin(visit.actor), wrong_code(visit.t)), 422

    def codes(self) -> Answer:
        """Show new recovery codes to somebody who gives a code."""
        visit = self.desk.visit()
        error = _wrong(visit)
        if error:
            return _page(visit, error=error), 422
        return _page(visit, codes=web().gate.second_factors.renew_codes(trail(), visit.actor))

    def off(self) -> Answer:
        """Turn it off for somebody who gives a code, unless a role demands it."""
        visit = self.desk.visit()
        factors = web().gate.second_factors
        if factors.is_demanded(visit.actor.roles):
            return _page(visit, error=visit.t("One of your roles demands it.")), 422
        error = _wrong(visit)
        if error:
            return _page(visit, error=error), 422
        factors.turn_off(trail(), visit.actor)
        flash(visit.t("The second factor is off."), "success")
        return redirect(ADDRESS, 303)


def _wrong(visit: Visit) -> str:
    """Return why the code that was sent does not count; empty when it does."""
    try:
        right = prove_code(visit.actor, request.form.get("code", ""))
    except TooMany as refusal:
        return visit.text(refusal.message)
    return "" if right else wrong_code(visit.t)


def _page(
    visit: Visit,
    enrolment: Enrolment | None = None,
    error: str = "",
    codes: tuple[str, ...] = (),
) -> str:
    factors = web().gate.second_factors
    page = SecondFactorPage(
        factors.codes_left(visit.actor.id),
        factors.is_demanded(visit.actor.roles),
        enrolment,
        error,
        codes,
    )
    return render_template("account/second_factor.html", page=page)
