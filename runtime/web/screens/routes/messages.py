"""Messages: which there are, and one as it would reach whoever looks, for a chosen record."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from runtime.errors import NotFound
from runtime.web.screens.desk import Addresses, Answer, Desk
from runtime.web.screens.messages_page import ADDRESS, may_see, message_page, messages_page


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Messages(desk)
    screens.add_url_rule(ADDRESS, "messages", views.show)
    screens.add_url_rule(f"{ADDRESS}<name>", "message", views.message)


class Messages:
    """What people are told, before it is told."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def show(self) -> Answer:
        """Show every message."""
        return render_template("messages.html", page=messages_page(self.desk.visit()))

    def message(self, name: str) -> Answer:
        """Show one message, filled with a record."""
        visit = self.desk.visit()
        message = visit.app.messages.get(name)
        if message is None or not may_see(visit, message):
            raise NotFound
        chosen = request.args.get("record", "").strip()
        visit = visit.asking("read", message.entity)
        return render_template("message.html", page=message_page(visit, message, chosen))
