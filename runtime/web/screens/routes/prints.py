"""Records on paper: one, or those that were chosen in a list."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, render_template, request

from generator.field_types._ids import WRITTEN
from runtime.operations.read import not_found
from runtime.web.screens import doors
from runtime.web.screens.desk import Addresses, Answer, Desk, entity_of, listed_query
from runtime.web.screens.detail_plan import detail_plan
from runtime.web.screens.print_page import MOST, print_page
from runtime.web.screens.visit import record_url


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Prints(desk)
    screens.add_url_rule(at.entity + "print", "print_many", views.many)
    screens.add_url_rule(at.record + "/print", "print", views.one)


class Prints:
    """Documents."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def one(self, entity: str, record_id: str) -> Answer:
        """Show one record as a document."""
        return self._page(entity, (record_id,), record_url(entity, record_id))

    def many(self, entity: str) -> Answer:
        """Show several records as one document, a sheet each, in the order they were chosen."""
        texts = request.args.getlist("id") or request.args.get("ids", "").split(",")
        ids = tuple(dict.fromkeys(text for text in texts if WRITTEN.fullmatch(text)))[:MOST]
        if not ids:
            raise not_found()
        listed = listed_query(entity)
        return self._page(entity, ids, record_url(entity) + (f"?{listed}" if listed else ""))

    def _page(self, entity: str, ids: tuple[str, ...], back: str) -> Answer:
        visit = self.desk.visit()
        model = entity_of(visit, entity)
        plan = detail_plan(visit, model, "")
        query = {"fields": (",".join(dict.fromkeys(("id", *plan.fields))),)}
        if plan.includes:
            query["include"] = (",".join(plan.includes),)
        if len(ids) == 1:
            result = doors.ask(visit, "read", entity, ids[0], query)
        else:
            some = {"ids": (",".join(ids),), "archived": ("all",), "limit": (str(MOST),)}
            result = doors.ask(visit, "list", entity, query={**query, **some})
            place = [path.text for path in result.plan.paths].index("id")
            order = {record_id: number for number, record_id in enumerate(ids)}
            rows = sorted(result.rows, key=lambda row: order[str(row[place])])
            result = replace(result, rows=tuple(rows))
        if not result.rows:
            raise not_found()
        visit = self.desk.with_names(visit, result.plan.paths, result.rows)
        page = print_page(visit, plan, result, back)
        return render_template([f"{entity}/print.html", "print.html"], page=page)
