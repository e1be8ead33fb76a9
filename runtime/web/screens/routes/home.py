"""The start page."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, request

from runtime.web.screens import settings_page as settings
from runtime.web.screens.desk import (
    Addresses,
    Answer,
    Desk,
)
from runtime.web.screens.home_changes import recent_changes
from runtime.web.screens.home_page import home_page
from runtime.web.screens.home_pins import store_pins


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Home(desk)
    screens.add_url_rule("/", "home", views.home)
    screens.add_url_rule("/me/pins", "pins", views.pins, methods=["POST"])


class Home:
    """What a person sees first."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def home(self) -> Answer:
        """Show the start page, and bring this browser's preferences up to date."""
        visit = self.desk.visit()
        changes = recent_changes(visit)
        names = self.desk.around.names({row.actor_id for row in changes if row.actor_id})
        page = home_page(visit, changes, names)
        answer = Response(render_template("home.html", page=page))
        if not request.cookies.get("time_zone"):
            for name, value in settings.load(visit.runtime, visit.actor.id).items():
                self.desk.remember(answer, name, value)
        return answer

    def pins(self) -> Answer:
        """Keep which views stand on the start page."""
        store_pins(self.desk.visit(), request.form.getlist("pin"))
        return redirect("/#pinned", 303)
