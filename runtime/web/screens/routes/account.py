"""One's own account: where one is signed in, and ending that."""

from __future__ import annotations

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request
from flask_wtf.csrf import generate_csrf

from runtime.errors import Unauthenticated
from runtime.store import sessions
from runtime.store.trail import Note
from runtime.web.context import present
from runtime.web.names import full_name
from runtime.web.people import pages
from runtime.web.screens.desk import Addresses, Answer, Desk
from runtime.web.security_manager import remember
from runtime.web.trail import trail


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Account(desk)
    screens.add_url_rule("/me/session", "session", views.session)
    screens.add_url_rule("/me/sessions", "sessions", views.sessions)
    screens.add_url_rule("/me/sessions/end", "session_end", views.end, methods=["POST"])


class Account:
    """What everybody may do with their own account."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def session(self) -> Answer:
        """Answer who is signed in, with the token their forms carry; 401 where nobody is.

        A script asks before it sends a form, and after somebody signed in over the page.
        """
        try:
            actor = self.desk.visit().actor
        except Unauthenticated:
            return Response(status=401)
        name = full_name(actor.first_name, actor.last_name, actor.name)
        answer = jsonify(id=actor.id, name=name, csrf=generate_csrf())
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def sessions(self) -> Answer:
        """Show where one is signed in."""
        visit = self.desk.visit()
        runtime = visit.runtime
        found = sessions.of_user(runtime.engine, runtime.system.setting, visit.actor.id)
        lines = pages.session_lines(visit, found, present().session_id)
        return render_template("account/sessions.html", page=lines)

    def end(self) -> Answer:
        """End one session, or all but this one: this one begins anew under another id."""
        visit = self.desk.visit()
        runtime = visit.runtime
        setting, now = runtime.system.setting, runtime.clock()
        session_id = request.form.get("session", "")[:100]
        if session_id:
            sessions.end(runtime.engine, setting, visit.actor.id, session_id, now)
            flash(visit.t("That session has ended."), "success")
        else:
            sessions.end_all(runtime.engine, setting, visit.actor.id, now)
            if present().session_id:
                remember(visit.actor.id)
            flash(visit.t("Signed out everywhere else."), "success")
        operation = "session_ended" if session_id else "signed_out_everywhere"
        trail().alone(Note(operation, record_id=str(visit.actor.id), title=visit.actor.name))
        return redirect("/me/sessions", 303)
