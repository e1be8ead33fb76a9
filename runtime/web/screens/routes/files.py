"""The files that fields of a record hold."""

from __future__ import annotations

from flask import Blueprint, request, send_file

from runtime.errors import NotFound
from runtime.web import attached
from runtime.web.screens import doors, form_state, uploads
from runtime.web.screens.cells import readable
from runtime.web.screens.desk import (
    Addresses,
    Answer,
    Desk,
    entity_of,
)


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Files(desk)
    screens.add_url_rule(at.record + "/files/<field>", "file", views.file)


class Files:
    """What was uploaded."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def file(self, entity: str, record_id: str, field: str) -> Answer:
        """Hand out the file that a field of a record holds, to whoever may read that field."""
        visit = self.desk.visit()
        model = entity_of(visit, entity)
        paths = readable(visit, entity, (field,))
        if not paths or paths[0].field.type not in form_state.FILES:
            raise NotFound
        query = {"fields": (f"id,{field}",)}
        result = doors.ask(visit, "read", model.name, record_id, query)
        file_id = result.row[[path.text for path in result.plan.paths].index(field)]
        files = self.desk.around.files()
        stored = files.find(str(file_id)) if file_id else None
        if stored is None or not files.path(stored).is_file():
            raise NotFound
        side = uploads.SIDES.get(request.args.get("size", ""))
        is_picture = paths[0].field.type == "image"
        if is_picture and side is not None:
            place, media_type = uploads.smaller(files, stored, side), "image/webp"
        else:
            place, media_type = files.path(stored), attached.safe_type(stored)
        answer = send_file(
            place,
            mimetype=media_type,
            as_attachment=not (is_picture and (side is not None or "show" in request.args)),
            download_name=stored.name,
            etag=stored.sha256,
            max_age=300,
        )
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        answer.headers["Cache-Control"] = "private, max-age=300"
        return answer
