"""What people keep of a list: its columns and their widths, saved views, the view it opens with."""

from __future__ import annotations

from urllib.parse import parse_qsl

from flask import Blueprint, flash, redirect, request

from runtime.errors import Forbidden, Invalid
from runtime.web.screens import list_memory
from runtime.web.screens.cells import readable
from runtime.web.screens.desk import Addresses, Answer, Desk, entity_of
from runtime.web.screens.list_columns import here
from runtime.web.screens.list_url import ListUrl, read_url
from runtime.web.screens.visit import Visit, record_url


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = ListKept(desk)
    screens.add_url_rule(at.entity + "columns", "list_columns", views.columns, methods=["POST"])
    screens.add_url_rule(at.entity + "widths", "list_widths", views.widths, methods=["POST"])
    screens.add_url_rule(at.entity + "views", "list_views", views.views, methods=["POST"])


class ListKept:
    """Forms that change what is kept; each leads back to the list."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def columns(self, entity: str) -> Answer:
        """Keep the columns chosen, forget them, or make them everybody's."""
        visit = self.desk.visit()
        model = entity_of(visit, entity)
        _may_list(visit, entity)
        url = _url(entity)
        action = request.form.get("action", "")
        names = request.form.getlist("columns") if action != "reset" else []
        found = readable(visit, entity, dict.fromkeys(names))
        columns = tuple(path.text for path in found)
        list_memory.keep_columns(visit, model, here(url), columns, everybody=action == "everybody")
        if action == "everybody":
            flash(visit.t("Everybody sees these columns now."), "success")
        if action == "reset":
            flash(visit.t("The columns are as they were designed."), "success")
        return redirect(url.to(columns=",".join(columns)).text, 303)

    def widths(self, entity: str) -> Answer:
        """Keep how wide a column is; asked for by script while somebody drags."""
        visit = self.desk.visit()
        model = entity_of(visit, entity)
        _may_list(visit, entity)
        column, text = request.form.get("column", ""), request.form.get("width", "")
        if readable(visit, entity, (column,)) and text.isascii() and text.isdigit():
            list_memory.keep_width(visit, model, column, min(int(text[:5]), 10_000))
        return "", 204

    def views(self, entity: str) -> Answer:
        """Save, update, rename or drop a view, or open the list with one."""
        visit = self.desk.visit()
        model = entity_of(visit, entity)
        _may_list(visit, entity)
        url, action = _url(entity), request.form.get("action", "")
        view_id = request.form.get("saved", "")[:40]
        try:
            if action == "save":
                role = request.form.get("role", "")
                shared = role != ""
                role = "" if role == "*" else role
                name = request.form.get("name", "")
                view_id = list_memory.save_view(visit, model, name, url, shared=shared, role=role)
                if request.form.get("opens"):
                    list_memory.keep_opening(visit, model, view_id)
                flash(visit.t("The view is saved."), "success")
                return redirect(url.to(saved=view_id).text, 303)
            return self._changed(visit, entity, url, action, view_id)
        except Invalid as refusal:
            flash(visit.text(refusal.message), "danger")
            return redirect(url.text, 303)

    def _changed(
        self, visit: Visit, entity: str, url: ListUrl, action: str, view_id: str
    ) -> Answer:
        model = entity_of(visit, entity)
        if action == "update":
            list_memory.change_view(visit, model, view_id, url=url)
            flash(visit.t("The view is saved."), "success")
        elif action == "rename":
            list_memory.change_view(visit, model, view_id, name=request.form.get("name", ""))
            flash(visit.t("The view is renamed."), "success")
        elif action == "delete":
            list_memory.drop_view(visit, model, view_id)
            flash(visit.t("The view is deleted."), "success")
            return redirect(ListUrl(url.path, ()).to(archived="no").text, 303)
        elif action == "opens":
            opens = url.get("saved") or url.get("view")
            current = list_memory.load(visit, entity).mine.opens
            undone = opens == current
            list_memory.keep_opening(visit, model, "" if undone else opens)
            words = visit.t("The list opens with this view now.")
            flash(visit.t("The list opens as it did at first.") if undone else words, "success")
        return redirect(url.text, 303)


def _url(entity: str) -> ListUrl:
    return read_url(record_url(entity), parse_qsl(request.form.get("query", "")[:4000]))


def _may_list(visit: Visit, entity: str) -> None:
    if not visit.may("list", entity):
        raise Forbidden
