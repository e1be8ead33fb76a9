"""A record read page first, with its related tabs and its history."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request

from runtime.messages import Result
from runtime.web.screens import doors, history
from runtime.web.screens.desk import (
    Addresses,
    Answer,
    Desk,
    entity_of,
    listed_query,
)
from runtime.web.screens.detail_page import (
    DetailPlan,
    Table,
    child_table,
    detail_page,
    detail_plan,
    related_query,
    related_table,
)
from runtime.web.screens.history import Event
from runtime.web.screens.visit import Visit, record_url


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Records(desk)
    screens.add_url_rule(at.record, "detail", views.detail)
    screens.add_url_rule(at.record + "/history", "history", views.history)


class Records:
    """One record."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def detail(self, entity: str, record_id: str) -> Answer:
        """Show a record."""
        visit = self.desk.visit()
        model = entity_of(visit, entity)
        plan = detail_plan(visit, model, request.args.get("tab", ""))
        query = {"fields": (",".join(dict.fromkeys(("id", *plan.fields))),)}
        if plan.includes:
            query["include"] = (",".join(plan.includes),)
        result = doors.ask(visit, "read", entity, record_id, query)
        visit = self.desk.with_names(visit, result.plan.paths, result.rows)
        table, events, older = self._tab(visit, plan, result, record_id)
        page = detail_page(visit, plan, result, listed_query(entity), table, events, older)
        return render_template("detail.html", page=page)

    def history(self, entity: str, record_id: str) -> Answer:
        """Open a record at its history."""
        entity_of(self.desk.visit(), entity)
        return redirect(record_url(entity, record_id, tab="history", list=listed_query(entity)))

    def _tab(
        self, visit: Visit, plan: DetailPlan, result: Result, record_id: str
    ) -> tuple[Table | None, tuple[Event, ...] | None, str]:
        """Return what the open tab holds."""
        if plan.tab == "history":
            before = (request.args.get("before", ""),)
            found = doors.ask(visit, "history", plan.entity.name, record_id, {"before": before})
            wanted = history.wanted_titles(visit, plan.entity, found.rows)
            titles = doors.titles_of(visit, wanted)
            values = {
                path.text: str(result.row[place] or "")
                for place, path in enumerate(result.plan.paths)
                if not path.parents
            }
            known = history.Known(titles, values)
            shown = history.events(visit, plan.entity, found.rows, known)
            return None, shown, found.next_cursor
        if "." in plan.tab:
            other = plan.tab.split(".", 1)[0]
            query = related_query(visit, plan.tab, record_id)
            found = doors.ask(visit, "list", other, query=query)
            visit = self.desk.with_names(visit, found.plan.paths, found.rows)
            return related_table(visit, plan.tab, record_id, found), None, ""
        if plan.tab:
            return child_table(visit, plan.entity, plan.tab, result), None, ""
        return None, None, ""
