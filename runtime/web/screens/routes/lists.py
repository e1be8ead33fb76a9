"""The list of an entity, and what is asked for beside it: counts of tabs and filters, fields."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, jsonify, redirect, render_template, request

from generator.model.entity import Entity, Layout
from runtime.errors import RequestError
from runtime.operations import _looking
from runtime.web.screens import (
    doors,
    filter_fields,
    filters,
    list_layouts,
    list_memory,
    list_sums,
    list_views,
)
from runtime.web.screens.desk import Addresses, Answer, Desk, entity_of
from runtime.web.screens.list_columns import chosen_columns, fields_to_ask
from runtime.web.screens.list_page import Listing, list_page
from runtime.web.screens.list_url import ListUrl, pipeline_query, read_url, refuse_flood
from runtime.web.screens.numbers import number
from runtime.web.screens.visit import Visit, plural, record_url, single

APART = {
    "board": list_layouts.board,
    "calendar": list_layouts.month,
    "tree": list_layouts.tree,
}
"""Layouts that are no page of the list."""


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Lists(desk)
    screens.add_url_rule(at.entity, "list", views.list)
    screens.add_url_rule(at.entity + "counts", "list_counts", views.counts)
    screens.add_url_rule(at.entity + "count", "list_count", views.count)
    screens.add_url_rule(at.entity + "filter-fields", "filter_fields", views.fields)


class Lists:
    """A list, read only."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.tallies = list_views.Tallies()

    def list(self, entity: str) -> Answer:
        """Show a list."""
        visit = self.desk.visit().asking("list", entity)
        model = entity_of(visit, entity)
        url = read_url(request.path, request.args.items(multi=True))
        refuse_flood(url)
        kept = list_memory.load(visit, entity)
        if not url.pairs:
            target = list_views.opening(model, kept)
            if target is not None:
                return redirect(target.text)
        people = filters.wanted_people(visit, model, url)
        if people:
            visit = replace(visit, people=self.desk.around.names(people))
        titles = doors.titles_of(visit, filters.wanted_titles(visit, model, url))
        columns = chosen_columns(visit, model, url, kept)
        counts = self.tallies.known(visit, model, kept)
        listing = Listing(model, url, columns, kept, titles, counts)
        return self._shown(visit, self._summed(visit, listing))

    def _summed(self, visit: Visit, listing: Listing) -> Listing:
        """Return the listing with its sums or groups, where the address asks for them."""
        model, url = listing.entity, listing.url
        try:
            if url.get("group"):
                grouped = list_sums.grouped(visit, model, url, listing.columns)
                return replace(listing, grouped=grouped)
            if url.get("sums"):
                sums = list_sums.sums(visit, model, url, listing.columns)
                return replace(listing, sums=sums)
        except RequestError as refusal:
            if refusal.status not in {400, 503}:
                raise
            if refusal.status == 503:
                problem = visit.text(refusal.message)
                return replace(listing, problem=problem)
        return listing

    def _shown(self, visit: Visit, listing: Listing) -> Answer:
        model, url = listing.entity, listing.url
        if listing.grouped is not None:
            return render_template("list.html", page=list_page(visit, listing, None))
        layout = list_layouts.layout_of(visit, model, url)
        if layout is not None and layout.name in APART:
            return self._apart(visit, listing, layout)
        fields = fields_to_ask(visit, model, listing.columns)
        if layout is not None and layout.field:
            fields = (*fields, layout.field)
        query = {
            **pipeline_query(url, model.name, visit),
            "fields": (",".join(dict.fromkeys(fields)),),
            "count": ("exact" if url.get("count") == "exact" else "capped",),
        }
        try:
            result = doors.ask(visit, "list", model.name, query=query)
        except RequestError as refusal:
            if refusal.status not in {400, 429}:
                raise
            page = list_page(visit, listing, None, refusal)
            return render_template("list.html", page=page), refusal.status
        visit = self.desk.with_names(visit, result.plan.paths, result.rows)
        page = list_page(visit, listing, result)
        if layout is not None:
            drawn = list_layouts.cards(visit, model, layout, page.rows, result)
            page = replace(page, laid_out=drawn)
        return render_template("list.html", page=page)

    def _apart(self, visit: Visit, listing: Listing, layout: Layout) -> Answer:
        """Show a layout that asks for its records in its own way."""
        asking = list_layouts.Asking(visit, listing.entity, listing.url, listing.columns)
        try:
            laid_out = APART[layout.name](asking, layout)
        except RequestError as refusal:
            if refusal.status != 400:
                raise
            page = list_page(visit, listing, None, refusal)
            return render_template("list.html", page=page), 400
        page = list_page(visit, replace(listing, laid_out=laid_out), None)
        return render_template("list.html", page=page)

    def counts(self, entity: str) -> Answer:
        """Answer how many records each tab holds, as JSON."""
        visit = self.desk.visit()
        model = entity_of(visit, entity)
        if not visit.may("list", entity):
            doors.ask(visit, "list", entity)
        kept = list_memory.load(visit, entity)
        return jsonify(counts=self.tallies.ask(visit, model, kept))

    def count(self, entity: str) -> Answer:
        """Answer how many records a filter finds, in the words of the button that applies it."""
        visit = self.desk.visit()
        model = entity_of(visit, entity)
        url = _without_pages(read_url(record_url(entity), request.args.items(multi=True)))
        query = pipeline_query(url, entity, visit)
        if _looking.asks(visit.runtime, visit.actor, entity, query):
            return jsonify(text=visit.t("Look up", "filter"), fits=True)  # each one is counted
        try:
            result = doors.ask(visit, "count", entity, query=query)
        except RequestError as refusal:
            return jsonify(text=visit.text(refusal.message), fits=False)
        found = result.total or 0
        shown = number(visit, found) + ("" if result.total_is_exact else "+")
        return jsonify(text=_show(visit, model, found, shown), fits=True)

    def fields(self, entity: str) -> Answer:
        """Answer what the list can be filtered by, as JSON."""
        visit = self.desk.visit()
        model = entity_of(visit, entity)
        if not visit.may("list", entity):
            doors.ask(visit, "count", entity)
        answer = jsonify(
            fields=filter_fields.fields(visit, model), periods=filter_fields.periods(visit)
        )
        answer.headers["Cache-Control"] = "private, max-age=300"
        return answer


def _show(visit: Visit, model: Entity, found: int, shown: str) -> str:
    name = single(visit, model) if found == 1 else plural(visit, model).lower()
    if visit.chinese():
        name = plural(visit, model)
    return visit.t("Show {n} {name}", "filter", n=shown, name=name)


def _without_pages(url: ListUrl) -> ListUrl:
    return url.to(after=None, before=None, at=None, count=None)
