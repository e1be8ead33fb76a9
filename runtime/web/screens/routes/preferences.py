"""What a person chose for themselves, kept with the account and in this browser."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request

from runtime.web.screens import settings_page as settings
from runtime.web.screens.desk import (
    Addresses,
    Answer,
    Desk,
)


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
        if request.method == "GET":
            page = settings.settings_page(visit, request.cookies, request.path)
            return render_template("setup.html", page=page)
        chosen = {
            name: request.form[name]
            for name in settings.NAMES
            if name in request.form and settings.valid(visit, name, request.form[name])
        }
        if chosen:
            settings.store(visit, chosen)
        answer = redirect(request.path, 303)
        for name, value in chosen.items():
            self.desk.remember(answer, name, value)
        return answer
