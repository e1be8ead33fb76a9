"""The search over everything."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from runtime.web.screens.desk import (
    Addresses,
    Answer,
    Desk,
)
from runtime.web.screens.search_page import search_page


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Search(desk)
    screens.add_url_rule("/search", "search", views.search)


class Search:
    """What a word finds anywhere."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def search(self) -> Answer:
        """Show what a search over everything finds."""
        visit = self.desk.visit()
        page = search_page(visit, request.args.get("q", "").replace("\x00", ""))
        return render_template("search.html", page=page)
