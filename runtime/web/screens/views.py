"""The routes of the screens: Flask in, Flask out; what is decided is decided elsewhere.

`blueprint(surroundings)` is all the web layer calls. A refusal anywhere below becomes the page of
its status; whoever is not signed in is sent to sign in and comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from generator.model.entity import Entity
from runtime.errors import NotFound, RequestError, Unauthenticated
from runtime.messages import Actor, Result
from runtime.runtime import Runtime
from runtime.store.paths import Path
from runtime.web.screens import doors, filters, history
from runtime.web.screens.cells import people_of
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
from runtime.web.screens.list_page import chosen_columns, fields_to_ask, list_page
from runtime.web.screens.list_url import pipeline_query, read_url
from runtime.web.screens.visit import Visit, record_url

Answer = Response | AnyResponse | str | tuple[str, int]


@dataclass(frozen=True)
class Surroundings:
    """What the screens need of the web layer; every function speaks of the present request."""

    runtime: Callable[[], Runtime]
    actor: Callable[[], Actor | None]
    request_id: Callable[[], str]
    names: Callable[[Collection[int]], Mapping[int, str]]
    """Names of accounts by their number in `ab_user`: one statement."""
    error_page: Callable[[RequestError], tuple[str, int]]


def blueprint(around: Surroundings) -> Blueprint:
    """Return the screens of every entity."""
    screens = Blueprint("screens", __name__)
    desk = Desk(around)
    screens.add_url_rule("/<entity>/", "list", desk.list)
    screens.add_url_rule("/<entity>/<record_id>", "detail", desk.detail)
    screens.register_error_handler(RequestError, desk.refused)
    return screens


class Desk:
    """The views; one object, because they share nothing but their surroundings."""

    def __init__(self, around: Surroundings) -> None:
        self.around = around

    def visit(self) -> Visit:
        """Return who asks.

        Raises:
            Unauthenticated: nobody is signed in.

        """
        actor = self.around.actor()
        if actor is None:
            raise Unauthenticated
        address = request.remote_addr or ""
        return Visit(self.around.runtime(), actor, self.around.request_id(), address)

    def list(self, entity: str) -> Answer:
        """Show a list."""
        visit = self.visit()
        model = _entity(visit, entity)
        url = read_url(request.path, request.args.items(multi=True))
        columns = chosen_columns(visit, model, url)
        titles = doors.titles_of(visit, filters.wanted_titles(visit, model, url))
        fields = fields_to_ask(visit, model, columns)
        query = {
            **pipeline_query(url, entity, visit),
            "fields": (",".join(fields),),
            "count": ("exact" if url.get("count") == "exact" else "capped",),
        }
        try:
            result = doors.ask(visit, "list", entity, query=query)
        except RequestError as refusal:
            if refusal.status != 400:
                raise
            page = list_page(visit, model, url, columns, None, titles, refusal)
            return render_template("list.html", page=page), 400
        visit = self.with_names(visit, result.plan.paths, result.rows)
        page = list_page(visit, model, url, columns, result, titles)
        return render_template("list.html", page=page)

    def detail(self, entity: str, record_id: str) -> Answer:
        """Show a record."""
        visit = self.visit()
        model = _entity(visit, entity)
        plan = detail_plan(visit, model, request.args.get("tab", ""))
        query = {"fields": (",".join(("id", *plan.fields)),)}
        if plan.includes:
            query["include"] = (",".join(plan.includes),)
        result = doors.ask(visit, "read", entity, record_id, query)
        visit = self.with_names(visit, result.plan.paths, result.rows)
        table, events, older = self._tab(visit, plan, result, record_id)
        listed = _listed(model.name)
        page = detail_page(visit, plan, result, listed, table, events, older)
        return render_template("detail.html", page=page)

    def _tab(
        self, visit: Visit, plan: DetailPlan, result: Result, record_id: str
    ) -> tuple[Table | None, tuple[Event, ...] | None, str]:
        """Return what the open tab holds."""
        if plan.tab == "history":
            before = (request.args.get("before", ""),)
            found = doors.ask(visit, "history", plan.entity.name, record_id, {"before": before})
            wanted = history.wanted_titles(visit, plan.entity, found.rows)
            titles = doors.titles_of(visit, wanted)
            shown = history.events(visit, plan.entity, found.rows, titles)
            return None, shown, found.next_cursor
        if "." in plan.tab:
            other = plan.tab.split(".", 1)[0]
            query = related_query(visit, plan.tab, record_id)
            found = doors.ask(visit, "list", other, query=query)
            visit = self.with_names(visit, found.plan.paths, found.rows)
            return related_table(visit, plan.tab, record_id, found), None, ""
        if plan.tab:
            return child_table(visit, plan.entity, plan.tab, result), None, ""
        return None, None, ""

    def with_names(self, visit: Visit, paths: Sequence[Path], rows: Sequence[Any]) -> Visit:
        """Return the visit with the names of every account that rows mention."""
        ids = people_of(paths, rows)
        return replace(visit, people=self.around.names(ids)) if ids else visit

    def refused(self, refusal: RequestError) -> Answer:
        """Answer a refusal with its page."""
        if isinstance(refusal, Unauthenticated) and request.method == "GET":
            return redirect(f"/login/?next={request.full_path}")
        return self.around.error_page(refusal)


def _listed(entity: str) -> str:
    """Return the query of the list the person came from: its filters, never another address."""
    pairs = parse_qsl(request.args.get("list", "")[:4000])
    return read_url(record_url(entity), pairs).query


def _entity(visit: Visit, name: str) -> Entity:
    """Return an entity.

    Raises:
        NotFound: there is none of that name.

    """
    found = visit.app.entities.get(name)
    if found is None:
        raise NotFound
    return found
