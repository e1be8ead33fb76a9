"""Groups of people who hold the same roles, for whoever administers."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request

from runtime.errors import NotFound
from runtime.web.people import groups, pages
from runtime.web.people.account_changes import Taken
from runtime.web.people.giving import NotGiven
from runtime.web.people.groups import GroupLine
from runtime.web.people.holding import LastAdministrator
from runtime.web.screens.desk import Addresses, Answer, Desk
from runtime.web.screens.routes.accounts import administrator, administrators
from runtime.web.screens.visit import Visit
from runtime.web.trail import trail

BOTH = ["GET", "POST"]
LONGEST = {"name": 100, "label": 150, "description": 512}


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Groups(desk)
    screens.add_url_rule("/groups/", "groups", views.groups)
    screens.add_url_rule("/groups/new", "group_new", views.new, methods=BOTH)
    screens.add_url_rule("/groups/<int:group_id>", "group", views.group, methods=BOTH)
    screens.add_url_rule(
        "/groups/<int:group_id>/delete", "group_delete", views.delete, methods=["POST"]
    )


class Groups:
    """Everything about groups."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def groups(self) -> Answer:
        """Show every group."""
        visit = administrator(self.desk)
        found = groups.list_groups(visit.runtime.engine)
        lines = tuple(
            (one, pages.role_names(visit, one.roles), f"/groups/{one.id}") for one in found
        )
        return render_template("people/groups.html", page=lines)

    def new(self) -> Answer:
        """Show an empty form, or make a group."""
        visit = administrator(self.desk)
        if request.method == "GET":
            return render_template("people/group.html", page=_page(visit, None, {}, ()))
        return self._save(visit, None)

    def group(self, group_id: int) -> Answer:
        """Show a group, or change it."""
        visit = administrator(self.desk)
        found = self._group(visit, group_id)
        if request.method == "POST":
            return self._save(visit, found)
        texts = {"name": found.name, "label": found.label, "description": found.description}
        page = _page(visit, found, texts, found.roles)
        return render_template("people/group.html", page=page)

    def delete(self, group_id: int) -> Answer:
        """Let a group go."""
        visit = administrator(self.desk)
        found = self._group(visit, group_id)
        try:
            groups.delete_group(trail(), group_id, administrators(visit))
        except LastAdministrator:
            flash(_last(visit), "warning")
            return redirect(f"/groups/{group_id}", 303)
        except NotGiven as refusal:
            flash(visit.text(refusal.message), "warning")
            return redirect(f"/groups/{group_id}", 303)
        flash(visit.t("Deleted: {name}", name=found.label or found.name), "success")
        return redirect("/groups/", 303)

    def _save(self, visit: Visit, group: GroupLine | None) -> Answer:
        texts = {name: request.form.get(name, "").replace("\x00", "").strip() for name in LONGEST}
        roles = tuple(name for name in request.form.getlist("roles") if name in visit.app.roles)
        errors = {
            name: visit.t("At most {n} characters.", n=most)
            for name, most in LONGEST.items()
            if len(texts[name]) > most
        }
        if not texts["name"]:
            errors["name"] = visit.t("Write a name.")
        if not errors:
            try:
                groups.save_group(
                    trail(),
                    group.id if group else None,
                    texts["name"],
                    texts["label"],
                    texts["description"],
                    roles,
                    administrators(visit),
                )
            except Taken:
                errors["name"] = visit.t("Another group has this name.")
            except LastAdministrator:
                errors["roles"] = _last(visit)
            except NotGiven as refusal:
                errors["roles"] = visit.text(refusal.message)
            else:
                flash(visit.t("Saved."), "success")
                return redirect("/groups/", 303)
        page = _page(visit, group, texts, roles, errors)
        return render_template("people/group.html", page=page), 422

    def _group(self, visit: Visit, group_id: int) -> GroupLine:
        for one in groups.list_groups(visit.runtime.engine):
            if one.id == group_id:
                return one
        raise NotFound


def _page(
    visit: Visit,
    group: GroupLine | None,
    texts: Mapping[str, str],
    roles: tuple[str, ...],
    errors: Mapping[str, str] | None = None,
) -> pages.GroupPage:
    return pages.GroupPage(
        id=group.id if group else None,
        title=(group.label or group.name) if group else visit.t("New group"),
        action=f"/groups/{group.id}" if group else "/groups/new",
        values=texts,
        roles=pages.role_cards(visit, roles),
        members=group.members if group else 0,
        errors=errors or {},
    )


def _last(visit: Visit) -> str:
    return visit.t("Nobody would be left who administers. Give the role to somebody else first.")
