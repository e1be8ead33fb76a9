"""Records on paper: one, or those that were chosen in a list; as documents or as labels."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, Response, redirect, render_template, request

from generator.field_types._ids import WRITTEN
from generator.model.entity import Entity, PrintLabel
from runtime.exporting import papers
from runtime.messages import Result
from runtime.operations.read import not_found
from runtime.web.screens import doors, labels_page, printing
from runtime.web.screens.desk import Addresses, Answer, Desk, entity_of, listed_query
from runtime.web.screens.list_url import ListUrl, pipeline_query, read_url
from runtime.web.screens.numbers import number
from runtime.web.screens.print_page import MOST, Rest, print_page
from runtime.web.screens.run_lines import run_url
from runtime.web.screens.visit import Visit, record_url

LARGEST_SHEET = 300
"""Millimetres."""


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Prints(desk)
    screens.add_url_rule(at.entity + "print", "print_many", views.many)
    screens.add_url_rule(at.entity + "print", "print_chosen", views.chosen, methods=["POST"])
    screens.add_url_rule(at.entity + "print/all", "print_all", views.every, methods=["POST"])
    screens.add_url_rule(at.record + "/print", "print", views.one)
    screens.add_url_rule("/sheets/<int:width>x<int:height>.css", "sheet", views.sheet)


class Prints:
    """Documents and labels."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def one(self, entity: str, record_id: str) -> Answer:
        """Show one record as a document, or as the label that is asked for."""
        return self._page(entity, (record_id,), record_url(entity, record_id))

    def many(self, entity: str) -> Answer:
        """Show several records as one document, a sheet each, in the order they were chosen."""
        texts = request.args.getlist("id") or request.args.get("ids", "").split(",")
        ids = tuple(dict.fromkeys(text for text in texts if WRITTEN.fullmatch(text)))[:MOST]
        listed = listed_query(entity)
        back = record_url(entity) + (f"?{listed}" if listed else "")
        if ids:
            return self._page(entity, ids, back)
        if "list" not in request.args:
            raise not_found()
        return self._first(entity, listed, back)

    def _first(self, entity: str, listed: str, back: str) -> Answer:
        """Show the first of all that match, and how to have all of them."""
        visit = self.desk.visit()
        model = entity_of(visit, entity)
        query = _matching(visit, model, read_url(record_url(entity), parse_qsl(listed)))
        some = {**query, "fields": ("id",), "limit": (str(MOST),)}
        result = doors.ask(visit, "list", entity, query=some, also=printing.PRINT)
        place = [path.text for path in result.plan.paths].index("id")
        ids = tuple(str(row[place]) for row in result.rows)
        if not ids:
            return redirect(back, 303)
        counted = doors.ask(
            visit,
            "count",
            entity,
            query={key: one for key, one in query.items() if key != "sort"},
            also=printing.PRINT,
        )
        return self._page(entity, ids, back, listed, counted)

    def chosen(self, entity: str) -> Answer:
        """Lead from the rows chosen in a list to their pages; of all that match, the first ones."""
        visit = self.desk.visit()
        model = entity_of(visit, entity)
        url = read_url(record_url(entity), parse_qsl(request.form.get("query", "")[:4000]))
        ids = [text for text in request.form.getlist("id") if WRITTEN.fullmatch(text)]
        if request.form.get("all_matching") == "1" or not ids:
            query = {**pipeline_query(url, entity, visit), "fields": ("id",)}
            some = {**query, "limit": (str(MOST),)}
            result = doors.ask(visit, "list", entity, query=some, also=printing.PRINT)
            place = [path.text for path in result.plan.paths].index("id")
            ids = [str(row[place]) for row in result.rows]
            if len(ids) == MOST:
                return redirect(f"{record_url(entity)}print?{urlencode({'list': url.query})}", 303)
        if not ids:
            return redirect(url.text, 303)
        where = labels_page.Where(model, tuple(dict.fromkeys(ids))[:MOST])
        return redirect(labels_page.address(where), 303)

    def every(self, entity: str) -> Answer:
        """Have all that match written into one document, by a run."""
        visit = self.desk.visit()
        model = entity_of(visit, entity)
        url = read_url(record_url(entity), parse_qsl(request.form.get("list", "")[:4000]))
        query = _matching(visit, model, url)
        name = request.form.get("label", "")
        paper = printing.paper_of(visit.asking("export", entity), model, name)
        made = doors.ask(
            visit,
            "export",
            entity,
            query={**query, "fields": (",".join(paper.fields),)},
            values={"columns": [], "form": papers.PAPER, "label": name},
            also=printing.PRINT,
        )
        return redirect(run_url(str(made.row)), 303)

    def sheet(self, width: int, height: int) -> Answer:
        """Answer the style that gives paper its size: no page says it by itself."""
        if not (0 < width <= LARGEST_SHEET and 0 < height <= LARGEST_SHEET):
            raise not_found()
        answer = Response(labels_page.sheet_style(width, height), mimetype="text/css")
        answer.headers["Cache-Control"] = "private, max-age=86400"
        return answer

    def _page(
        self,
        entity: str,
        ids: tuple[str, ...],
        back: str,
        listed: str = "",
        counted: Result | None = None,
    ) -> Answer:
        """Show records on paper; `counted` tells of a list of which these are the first."""
        visit = self.desk.visit()
        model = entity_of(visit, entity)
        known = {one.name for one in model.print_labels}
        name = request.args.get("label", "")
        paper = printing.paper_of(visit, model, name if name in known else "")
        result = printing.records(visit, paper, ids)
        visit = self.desk.with_names(visit, result.plan.paths, result.rows)
        rest = None
        where = labels_page.Where(model, ids)
        if counted is not None:
            where = labels_page.Where(model, ids, listed)
            rest = _rest(visit, model, where, counted, paper.label)
        if paper.label is not None:
            sheets = labels_page.labels_page(visit, where, paper.label, result, back)
            sheets = replace(sheets, rest=rest)
            return render_template(self.desk.template(entity, "labels.html"), page=sheets)
        choices = labels_page.choices(visit, where, "")
        page = replace(print_page(visit, paper.plan, result, back, choices), rest=rest)
        return render_template(self.desk.template(entity, "print.html"), page=page)


def _matching(visit: Visit, model: Entity, url: ListUrl) -> dict[str, tuple[str, ...]]:
    """Return what the pipeline is asked for all that match a list, in its order."""
    query = pipeline_query(url, model.name, visit)
    return {key: one for key, one in query.items() if key not in ("limit", "after", "before")}


def _rest(
    visit: Visit, model: Entity, where: labels_page.Where, counted: Result, label: PrintLabel | None
) -> Rest | None:
    """Return how to have all of them in one document; None where these are all."""
    total, t, shown = counted.total or 0, visit.t, len(where.ids)
    if not visit.may("export", model.name) or (counted.total_is_exact and total <= shown):
        return None
    every = number(visit, total) + ("" if counted.total_is_exact else "+")
    return Rest(
        told=t("The first {n} of {total}.", n=number(visit, shown), total=every),
        action=f"{record_url(model.name)}print/all",
        listed=where.listed or "",
        label=t("All {total} in one document", total=every),
        kind=label.name if label is not None else "",
    )
