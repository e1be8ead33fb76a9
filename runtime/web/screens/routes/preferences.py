"""What a person chose for themselves, kept with the account and in this browser."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request

from runtime.mailing import wishes
from runtime.notifications import TOPICS
from runtime.store import notices
from runtime.web.screens import settings_page as settings
from runtime.web.screens.desk import (
    Addresses,
    Answer,
    Desk,
)
from runtime.web.screens.message_choices import store_switches
from runtime.web.texts import translator


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Preferences(desk)
    screens.add_url_rule("/preferences", "preferences", views.preferences, methods=["GET", "POST"])


class Preferences:
    """The form of the preferences."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def preferences(self) -> Answer:
        """Show or change what the person chose for themselves."""
        visit = self.desk.visit()
        runtime = visit.runtime
        if request.method == "GET":
            switched = notices.switches(runtime.engine, runtime.system, visit.actor.id)
            chosen = {**settings.load(runtime, visit.actor.id), **request.cookies}
            wanted = wishes.load(runtime, visit.actor.id)
            page = settings.settings_page(visit, chosen, switched, wanted, request.path)
            return render_template("setup.html", page=page)
        chosen = {
            name: request.form[name]
            for name in settings.NAMES
            if name in request.form and settings.valid(visit, name, request.form[name])
        }
        if chosen:
            settings.store(visit, chosen)
        if request.form.get("news") == "1":
            told = set(request.form.getlist("tell"))
            settings.store_muted(visit, [kind for kind in TOPICS if kind not in told])
            store_switches(visit, request.form)
            if runtime.mail.is_open:
                settings.store_wishes(visit, request.form)
        if request.form.get("quiet") != "1":
            flash(translator(chosen.get("locale", visit.actor.locale))("Saved."), "success")
        answer = redirect(request.path, 303)
        for name, value in chosen.items():
            self.desk.remember(answer, name, value)
        return answer
