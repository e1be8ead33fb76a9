"""Webhooks, for whoever administers: all of them, one with its log, its form, one delivery."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request

from generator.field_types._ids import WRITTEN
from generator.field_types._locales import zone
from rules.administering import ALL
from runtime.errors import Conflict, Invalid, NotFound
from runtime.hooks import deliveries, desk
from runtime.hooks.checking import entities_for
from runtime.hooks.subscriptions import ALERTS, Subscription
from runtime.store.hook_tables import SENT
from runtime.web.screens import hook_form_page, hooks_page
from runtime.web.screens.desk import Addresses, Answer, Desk
from runtime.web.screens.hooks_page import ADDRESS, hook_url
from runtime.web.screens.routes.accounts import administrator
from runtime.web.screens.visit import Visit
from runtime.web.trail import trail

BOTH, POST = ["GET", "POST"], ["POST"]


def add(screens: Blueprint, board: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views, one = Hooks(board), ADDRESS + "<uuid:identifier>"
    told = one + "/deliveries/<uuid:part>"
    rule = screens.add_url_rule
    rule(ADDRESS, "hooks", views.show)
    rule(ADDRESS + "new", "hook_new", views.new, methods=BOTH)
    rule(one, "hook", views.hook)
    rule(one + "/edit", "hook_edit", views.edit, methods=BOTH)
    rule(one + "/state", "hook_state", views.state, methods=POST)
    rule(one + "/secret", "hook_secret", views.secret, methods=POST)
    rule(one + "/test", "hook_test", views.test, methods=POST)
    rule(one + "/replay", "hook_replay", views.replay, methods=POST)
    rule(one + "/delete", "hook_delete", views.remove, methods=POST)
    rule(told, "hook_delivery", views.delivery)
    rule(told + "/again", "hook_again", views.again, methods=POST)


class Hooks:
    """Who is told what happens here."""

    def __init__(self, board: Desk) -> None:
        self.board = board

    def show(self) -> Answer:
        """Show every subscription."""
        visit = administrator(self.board, ALL)
        return render_template("hooks.html", page=hooks_page.hook_lines(visit))

    def new(self) -> Answer:
        """Ask what it shall be told of, then everything else; make it and show its secret once."""
        visit = administrator(self.board, ALL)
        entity = request.values.get("entity", "")
        if entity not in {ALERTS, *(one.name for one in entities_for(visit.runtime, visit.actor))}:
            return render_template("hook_form.html", page=hook_form_page.choosing(visit))
        if request.method == "GET":
            return _form(visit, entity, None)
        given = {**hook_form_page.read_form(request.form), "entity": entity}
        try:
            made, secret = desk.make(visit.runtime, trail(), given)
        except Invalid as refusal:
            return _form(visit, entity, None, given, refusal)
        return _page(visit, desk.find(visit.runtime, visit.actor, made), secret)

    def hook(self, identifier: uuid.UUID) -> Answer:
        """Show one with its log."""
        visit = administrator(self.board, ALL)
        return _page(visit, desk.find(visit.runtime, visit.actor, str(identifier)))

    def edit(self, identifier: uuid.UUID) -> Answer:
        """Change one."""
        visit, one = self._found(identifier)
        if request.method == "GET":
            return _form(visit, one.entity, one)
        given, seen = hook_form_page.read_form(request.form), request.form.get("version", "")
        version = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else 0
        try:
            desk.change(visit.runtime, trail(), one, given, version or None)
        except Invalid as refusal:
            return _form(visit, one.entity, one, given, refusal)
        flash(visit.t("Saved."), "success")
        return redirect(hook_url(one.id), 303)

    def state(self, identifier: uuid.UUID) -> Answer:
        """Let it go on, pause it, switch it off."""
        visit, one = self._found(identifier)
        desk.put(visit.runtime, trail(), one, request.form.get("state", ""))
        flash(visit.t("Saved."), "success")
        return redirect(hook_url(one.id), 303)

    def secret(self, identifier: uuid.UUID) -> Answer:
        """Give it another secret and show that once."""
        visit, one = self._found(identifier)
        secret = desk.rotate(visit.runtime, trail(), one)
        return _page(visit, desk.find(visit.runtime, visit.actor, one.id), secret)

    def test(self, identifier: uuid.UUID) -> Answer:
        """Send it a message that says nothing, now."""
        visit, one = self._found(identifier)
        delivery = desk.test(visit.runtime, trail(), one)
        found = deliveries.found(visit.runtime, one.id, delivery)
        if found is not None and found[0].status == SENT:
            flash(visit.t("The receiver took it."), "success")
        else:
            flash(visit.t("The receiver did not take it."), "warning")
        return redirect(hook_url(one.id, f"deliveries/{delivery}"), 303)

    def replay(self, identifier: uuid.UUID) -> Answer:
        """Tell a span again."""
        visit, one = self._found(identifier)
        span = [_local(visit, name) for name in ("since", "until")]
        if span[0] is None or span[1] is None:
            flash(visit.t("Say from when until when."), "warning")
            return redirect(hook_url(one.id), 303)
        try:
            count = desk.replay(visit.runtime, trail(), one, span[0], span[1])
        except Invalid as refusal:
            flash(visit.text(refusal.message), "warning")
        else:
            told = visit.t("{n} message is told again", many="{n} messages are told again", n=count)
            flash(told, "success")
        return redirect(hook_url(one.id), 303)

    def remove(self, identifier: uuid.UUID) -> Answer:
        """Delete one with its log."""
        visit, one = self._found(identifier)
        desk.remove(visit.runtime, trail(), one)
        flash(visit.t("Deleted."), "success")
        return redirect(ADDRESS, 303)

    def delivery(self, identifier: uuid.UUID, part: uuid.UUID) -> Answer:
        """Show one delivery with its tries."""
        visit, one = self._found(identifier)
        found = deliveries.found(visit.runtime, one.id, str(part))
        if found is None:
            raise NotFound(desk.NO_DELIVERY)
        page = hooks_page.delivery_page(visit, one, *found)
        return _private(render_template("hook_delivery.html", page=page))

    def again(self, identifier: uuid.UUID, part: uuid.UUID) -> Answer:
        """Tell one again."""
        visit, one = self._found(identifier)
        try:
            desk.again(visit.runtime, trail(), one, str(part))
            flash(visit.t("It is told again."), "success")
        except Conflict as refusal:
            flash(visit.text(refusal.message), "warning")
        return redirect(hook_url(one.id, f"deliveries/{part}"), 303)

    def _found(self, identifier: uuid.UUID) -> tuple[Visit, Subscription]:
        visit = administrator(self.board, ALL)
        return visit, desk.find(visit.runtime, visit.actor, str(identifier))


def _page(visit: Visit, one: Subscription, secret: str = "") -> Answer:
    status, before = request.args.get("status", ""), request.args.get("before", "")
    if status not in deliveries.STATUSES:
        status = ""
    if not WRITTEN.fullmatch(before):
        before = ""
    page = hooks_page.hook_page(visit, one, status=status, before=before, secret=secret)
    return _private(render_template("hook.html", page=page))


def _form(
    visit: Visit,
    entity: str,
    one: Subscription | None,
    given: Mapping[str, Any] | None = None,
    refused: Invalid | None = None,
) -> Answer:
    page = hook_form_page.hook_form(visit, entity, one, given, refused)
    status = refused.status if refused is not None else 200
    return make_response(render_template("hook_form.html", page=page), status)


def _private(body: str) -> Answer:
    answer = make_response(body)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _local(visit: Visit, name: str) -> datetime | None:
    """Return a time that was typed where the person is."""
    try:
        found = datetime.fromisoformat(request.form.get(name, ""))
    except ValueError:
        return None
    in_range = 1970 < found.year < 9999
    return found.replace(tzinfo=zone(visit.viewer.time_zone)) if in_range else None
