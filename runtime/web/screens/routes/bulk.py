"""One action on many records of a list."""

from __future__ import annotations

from urllib.parse import parse_qsl

from flask import Blueprint, flash, redirect, render_template, request

from runtime.web.screens import doors
from runtime.web.screens.bulk_page import bulk_page, payload
from runtime.web.screens.desk import (
    Addresses,
    Answer,
    Desk,
    entity_of,
)
from runtime.web.screens.list_url import read_url
from runtime.web.screens.visit import record_url


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Bulk(desk)
    screens.add_url_rule(at.entity + "bulk", "bulk", views.bulk, methods=["POST"])


class Bulk:
    """Actions on what is ticked."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def bulk(self, entity: str) -> Answer:
        """Do one thing with many records and tell what became of each."""
        visit = self.desk.visit()
        model = entity_of(visit, entity)
        pairs = parse_qsl(request.form.get("query", "")[:4000])
        url = read_url(record_url(entity), pairs)
        ids = request.form.getlist("id")
        matching = url if request.form.get("all_matching") == "1" else None
        action = request.form.get("action", "")
        if matching is None and not ids:
            return redirect(url.text, 303)
        values = payload(visit, model, action, ids, matching)
        result = doors.ask(visit, "bulk", entity, values=values)
        page = bulk_page(visit, model, result.outcomes, url.query)
        if page.failed:
            return render_template("bulk.html", page=page)
        done = visit.t("{n} record done.", many="{n} records done.", n=page.done)
        flash(done, "success")
        return redirect(page.back, 303)
