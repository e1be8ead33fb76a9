"""The files beside a record: sent, shown, downloaded, taken away."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, request, send_file

from runtime.errors import Invalid, NotFound, RequestError
from runtime.files import PICTURES, StoredFile
from runtime.web import attached
from runtime.web.screens import doors, uploads
from runtime.web.screens.desk import Addresses, Answer, Desk, entity_of, listed_query
from runtime.web.screens.detail_files import PREVIEWED
from runtime.web.screens.visit import record_url

MOST_AT_ONCE = 10


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Attachments(desk)
    post = ["POST"]
    one = at.record + "/attachments/<part>"
    screens.add_url_rule(at.record + "/attachments", "attach", views.attach, methods=post)
    screens.add_url_rule(one, "attachment", views.show)
    screens.add_url_rule(one + "/delete", "detach", views.detach, methods=post)


class Attachments:
    """Files of a record."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def attach(self, entity: str, record_id: str) -> Answer:
        """Keep what was sent and put it beside the record; what is refused is named."""
        visit = self.desk.visit()
        entity_of(visit, entity)
        if not (visit.may("update", entity) and visit.may("file", entity)):
            doors.ask(visit, "attach", entity, record_id, values={"file": "none"})
        sent = [found for found in request.files.getlist("files") if found.filename]
        if not sent:
            flash(visit.t("Choose a file first."), "warning")
        for upload in sent[:MOST_AT_ONCE]:
            name = upload.filename or "file"
            try:
                content = upload.stream.read(attached.LARGEST + 1)
                kept = attached.keep(self.desk.around.files(), name, content, visit.actor.id)
                doors.ask(visit, "attach", entity, record_id, values={"file": kept.id})
            except Invalid as refusal:
                told = refusal.errors[0].message if refusal.errors else refusal.message
                flash(f"{name}: {visit.text(told)}", "critical")
        return _back(entity, record_id)

    def show(self, entity: str, record_id: str, part: str) -> Answer:
        """Hand a file out to whoever may read the record."""
        visit = self.desk.visit()
        entity_of(visit, entity)
        found = doors.ask(visit, "attachment", entity, record_id, part=part).row
        files = self.desk.around.files()
        stored = files.find(found.file)
        if stored is None or not files.path(stored).is_file():
            raise NotFound
        side = uploads.SIDES.get(request.args.get("size", ""))
        is_picture = stored.media_type in PICTURES.values()
        place, media_type = files.path(stored), attached.safe_type(stored)
        if is_picture and side is not None:
            place, media_type = uploads.smaller(files, stored, side), "image/webp"
        shows = is_picture or stored.media_type in PREVIEWED
        inline = shows and (side is not None or "show" in request.args)
        answer = send_file(
            place,
            mimetype=media_type,
            as_attachment=not inline,
            download_name=stored.name,
            etag=stored.sha256,
            max_age=300,
        )
        return _guarded(answer, stored)

    def detach(self, entity: str, record_id: str, part: str) -> Answer:
        """Take a file away from a record."""
        visit = self.desk.visit()
        entity_of(visit, entity)
        try:
            doors.ask(visit, "detach", entity, record_id, part=part)
        except RequestError as refusal:
            if refusal.status != 404:
                raise
        else:
            flash(visit.t("The file is removed."), "success")
        return _back(entity, record_id)


def _guarded(answer: Response, stored: StoredFile) -> Response:
    """Return an answer that cannot act as a page; a browser shows no PDF in a sandbox."""
    policy = "default-src 'none'"
    if stored.media_type not in PREVIEWED:
        policy += "; sandbox"
    answer.headers["Content-Security-Policy"] = policy
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "private, max-age=300"
    return answer


def _back(entity: str, record_id: str) -> Answer:
    url = record_url(entity, record_id, list=listed_query(entity))
    return redirect(f"{url}#files", 303)
