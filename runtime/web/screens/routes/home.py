"""The start page."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request

from runtime.web.screens import settings_page as settings
from runtime.web.screens.desk import (
    Addresses,
    Answer,
    Desk,
)
from runtime.web.screens.home_page import home_page, recent_changes


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Home(desk)
    screens.add_url_rule("/", "home", views.home)


class Home:
    """What a person sees first."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def home(self) -> Answer:
        """Show the start page, and bring this browser's preferences up to date."""
        visit = self.desk.visit()
        page = home_page(visit, recent_changes(visit))
        answer = Response(render_template("home.html", page=page))
        if not request.cookies.get("time_zone"):
            for name, value in settings.load(visit).items():
                self.desk.remember(answer, name, value)
        return answer
