"""The list of an entity."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from runtime.errors import RequestError
from runtime.web.screens import doors, filters
from runtime.web.screens.desk import (
    Addresses,
    Answer,
    Desk,
    entity_of,
)
from runtime.web.screens.list_page import chosen_columns, fields_to_ask, list_page
from runtime.web.screens.list_url import pipeline_query, read_url, refuse_flood


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Lists(desk)
    screens.add_url_rule(at.entity, "list", views.list)


class Lists:
    """A list, read only."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def list(self, entity: str) -> Answer:
        """Show a list."""
        visit = self.desk.visit()
        model = entity_of(visit, entity)
        url = read_url(request.path, request.args.items(multi=True))
        refuse_flood(url)
        columns = chosen_columns(visit, model, url)
        titles = doors.titles_of(visit, filters.wanted_titles(visit, model, url))
        fields = fields_to_ask(visit, model, columns)
        query = {
            **pipeline_query(url, entity, visit),
            "fields": (",".join(dict.fromkeys(fields)),),
            "count": ("exact" if url.get("count") == "exact" else "capped",),
        }
        try:
            result = doors.ask(visit, "list", entity, query=query)
        except RequestError as refusal:
            if refusal.status != 400:
                raise
            page = list_page(visit, model, url, columns, None, titles, refusal)
            return render_template("list.html", page=page), 400
        visit = self.desk.with_names(visit, result.plan.paths, result.rows)
        page = list_page(visit, model, url, columns, result, titles)
        return render_template("list.html", page=page)
