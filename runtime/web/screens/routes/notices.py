"""The bell: how many notices are unread, which, and reading them."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, redirect, render_template, request

from generator.field_types._ids import WRITTEN
from runtime.errors import NotFound, Unauthenticated
from runtime.operations._finding import named
from runtime.store import notices
from runtime.web.screens.desk import Addresses, Answer, Desk
from runtime.web.screens.notices_page import (
    PAGE,
    NoticesPage,
    leads_to,
    load,
    notices_page,
    told_in_any_case,
)
from runtime.web.screens.visit import Visit, record_url

PANEL = 8


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Notices(desk)
    screens.add_url_rule("/me/unread", "unread", views.unread)
    screens.add_url_rule("/me/notifications", "notices", views.page)
    screens.add_url_rule("/me/notifications/panel", "notices_panel", views.panel)
    screens.add_url_rule("/me/notifications/<notice_id>", "notice", views.open)
    screens.add_url_rule("/me/notifications/read", "notices_read", views.read, methods=["POST"])


class Notices:
    """What somebody was told."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def unread(self) -> Answer:
        """Answer how many are unread: one small statement; a script asks now and then."""
        try:
            visit = self.desk.visit()
        except Unauthenticated:
            return Response(status=401)
        answer = jsonify(unread=self._count(visit))
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def page(self) -> Answer:
        """Show everything somebody was told, the latest first."""
        before = request.args.get("before", "")
        before = before if WRITTEN.fullmatch(before) else ""
        return render_template("account/notices.html", page=self._page(PAGE, before))

    def panel(self) -> Answer:
        """Show the latest of it below the bell."""
        try:
            return render_template("account/notices_panel.html", page=self._page(PANEL))
        except Unauthenticated:
            return Response(status=401)

    def open(self, notice_id: str) -> Answer:
        """Go to the record a notice is about, and note that it was read."""
        visit = self.desk.visit()
        runtime = visit.runtime
        told = (
            notices.one(runtime.engine, runtime.system, visit.actor.id, notice_id)
            if WRITTEN.fullmatch(notice_id)
            else None
        )
        if told is None:
            raise NotFound
        if leads_to(told):
            notices.mark_read(
                runtime.engine, runtime.system, visit.actor.id, runtime.clock(), [told.id]
            )
            return redirect(leads_to(told), 303)
        place = (told.entity, told.record_id)
        if place not in named(runtime, visit.actor, {told.entity: (told.record_id,)}):
            raise NotFound
        same = [
            one.id
            for one in load(visit, PAGE)
            if (one.entity, one.record_id, one.kind) == (*place, told.kind)
        ]
        now, mine = runtime.clock(), (told.id, *same)
        notices.mark_read(runtime.engine, runtime.system, visit.actor.id, now, mine)
        return redirect(record_url(*place), 303)

    def read(self) -> Answer:
        """Note that everything, or some of it, was read."""
        visit = self.desk.visit()
        runtime = visit.runtime
        ids = [one for one in request.form.getlist("id") if WRITTEN.fullmatch(one)]
        notices.mark_read(
            runtime.engine, runtime.system, visit.actor.id, runtime.clock(), ids or None
        )
        return redirect("/me/notifications", 303)

    def _page(self, most: int, before: str = "") -> NoticesPage:
        visit = self.desk.visit()
        told = load(visit, most, before)
        names = self.desk.around.names({one.actor_id for one in told if one.actor_id})
        return notices_page(visit, told, self._count(visit), names, most)

    def _count(self, visit: Visit) -> int:
        runtime = visit.runtime
        always = told_in_any_case(visit)
        return notices.count_unread(runtime.engine, runtime.system, visit.actor.id, always)
