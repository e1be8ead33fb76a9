"""What people do beside a record: comments, following, tags, bringing an older value back."""

from __future__ import annotations

from flask import Blueprint, Response, flash, jsonify, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from generator.model.entity import Entity
from runtime.errors import NotFound, RequestError, Stale
from runtime.operations.read import not_found
from runtime.store.sealed import NEVER_KEPT, is_sealed
from runtime.web.screens import doors
from runtime.web.screens.desk import Addresses, Answer, Desk, entity_of, listed_query
from runtime.web.screens.detail_tabs import TIMELINE
from runtime.web.screens.visit import Visit, record_url

ATTEMPTS = 5
"""Tags are added to what is there by now, so somebody else's change is no conflict."""


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Talk(desk)
    post = ["POST"]
    one = at.record + "/comments/<part>"
    screens.add_url_rule(at.record + "/comments", "comment", views.comment, methods=post)
    screens.add_url_rule(one, "edit_comment", views.edit, methods=post)
    screens.add_url_rule(one + "/delete", "delete_comment", views.delete, methods=post)
    screens.add_url_rule(at.record + "/people", "readers", views.people)
    screens.add_url_rule(at.record + "/follow", "follow", views.follow, methods=post)
    screens.add_url_rule(at.record + "/tags", "tags", views.tags, methods=post)
    screens.add_url_rule(at.record + "/revert", "revert", views.revert, methods=post)


class Talk:
    """Small writes that lead back to the record's page."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def comment(self, entity: str, record_id: str) -> Answer:
        """Write a comment."""
        visit = self.desk.visit()
        entity_of(visit, entity)
        values = {"text": request.form.get("text", "")}
        key = request.form.get("_key", "")
        try:
            made = doors.ask(
                visit, "comment", entity, record_id, values=values, idempotency_key=key
            ).row
        except RequestError as refusal:
            return self._told(visit, entity, record_id, refusal)
        if made.unheard:
            names = ", ".join(made.unheard)
            flash(
                visit.t("Not told, because they may not see this record: {names}", names=names),
                "warning",
            )
        return _back(entity, record_id, f"c-{made.id}")

    def edit(self, entity: str, record_id: str, part: str) -> Answer:
        """Change one's own comment."""
        visit = self.desk.visit()
        entity_of(visit, entity)
        values = {"text": request.form.get("text", "")}
        try:
            doors.ask(
                visit,
                "edit_comment",
                entity,
                record_id,
                values=values,
                version=_version(),
                part=part,
            )
        except RequestError as refusal:
            return self._told(visit, entity, record_id, refusal)
        return _back(entity, record_id, f"c-{part}")

    def delete(self, entity: str, record_id: str, part: str) -> Answer:
        """Take one's own comment back."""
        visit = self.desk.visit()
        entity_of(visit, entity)
        doors.ask(visit, "delete_comment", entity, record_id, part=part)
        flash(visit.t("The comment is deleted."), "success")
        return _back(entity, record_id)

    def people(self, entity: str, record_id: str) -> Answer:
        """Answer who can be named, as JSON."""
        visit = self.desk.visit()
        entity_of(visit, entity)
        query = {"q": (request.args.get("q", ""),)}
        found = doors.ask(visit, "people", entity, record_id, query).rows
        return jsonify(items=[{"name": one.username, "label": one.name} for one in found])

    def follow(self, entity: str, record_id: str) -> Answer:
        """Follow a record, or stop."""
        visit = self.desk.visit()
        entity_of(visit, entity)
        stop = request.form.get("stop") == "1"
        doors.ask(visit, "unfollow" if stop else "follow", entity, record_id)
        told = visit.t("You no longer follow this record.") if stop else visit.t("You follow this.")
        flash(told, "success")
        return redirect(record_url(entity, record_id, list=listed_query(entity)), 303)

    def tags(self, entity: str, record_id: str) -> Answer:
        """Add a tag to a record or take one away, whatever else is changed meanwhile."""
        visit = self.desk.visit()
        model = entity_of(visit, entity)
        field = model.fields.get(request.form.get("field", ""))
        if field is None or field.type != "tags":
            raise NotFound
        gone = request.form.get("remove", "")
        new = [part.strip() for part in request.form.get("add", "").replace("，", ",").split(",")]
        for attempt in range(ATTEMPTS):
            tags, version = _tags(visit, model, record_id, field.name)
            wanted = [tag for tag in tags if tag != gone]
            wanted = list(dict.fromkeys((*wanted, *(tag for tag in new if tag))))
            values = {field.name: wanted or None}
            try:
                doors.ask(visit, "update", entity, record_id, values=values, version=version)
            except Stale:
                if attempt == ATTEMPTS - 1:
                    raise
            except RequestError as refusal:
                return self._told(visit, entity, record_id, refusal, "")
            else:
                break
        return redirect(record_url(entity, record_id, list=listed_query(entity)), 303)

    def revert(self, entity: str, record_id: str) -> Answer:
        """Bring the value back that a field had before a change: an update like any other."""
        visit = self.desk.visit()
        model = entity_of(visit, entity)
        name, part = request.form.get("field", ""), request.form.get("entry", "")
        entries = doors.ask(visit, "history", entity, record_id, part=part).rows if part else ()
        if not entries or name not in entries[0].before or name not in model.fields:
            raise not_found()
        older, field = entries[0].before[name], model.fields[name]
        if field.sensitivity in NEVER_KEPT or is_sealed(field, older):
            raise not_found()
        values = {name: older}
        try:
            doors.ask(visit, "update", entity, record_id, values=values, version=_version() or 0)
        except RequestError as refusal:
            return self._told(visit, entity, record_id, refusal)
        label = visit.text(model.fields[name].label)
        flash(visit.t("Brought back: {name}", name=label), "success")
        return _back(entity, record_id)

    def _told(
        self, visit: Visit, entity: str, record_id: str, refusal: RequestError, tab: str = TIMELINE
    ) -> Answer:
        """Say on the record's page why something was refused; what may not be is a page of its own.

        What was typed is in the browser's form still, one step back.
        """
        if refusal.status not in {409, 412, 422}:
            raise refusal
        told = refusal.errors[0].message if refusal.errors else refusal.message or refusal.title
        flash(visit.text(told), "critical")
        return redirect(record_url(entity, record_id, tab=tab, list=listed_query(entity)), 303)


def _back(entity: str, record_id: str, anchor: str = "tabs") -> Response | AnyResponse:
    url = record_url(entity, record_id, tab=TIMELINE, list=listed_query(entity))
    return redirect(f"{url}#{anchor}", 303)


def _version() -> int | None:
    text = request.form.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _tags(visit: Visit, model: Entity, record_id: str, name: str) -> tuple[list[str], int]:
    """Return the tags of a record as they are now, and its version."""
    result = doors.ask(visit, "read", model.name, record_id, {"fields": (f"id,{name}",)})
    place = {path.text: number for number, path in enumerate(result.plan.paths)}
    return list(result.row[place[name]] or ()), int(result.row[place["version"]])
