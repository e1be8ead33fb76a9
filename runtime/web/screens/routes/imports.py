"""A file becomes records: taken, told what its columns are, tried, and then imported by a run."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, redirect, render_template, request

from generator.model.entity import Entity
from runtime.errors import BadRequest, NotFound
from runtime.importing.asked import Asked, opened
from runtime.importing.faults import FileFault
from runtime.importing.tables import Table, open_table
from runtime.importing.written import DAYS, NUMBERS
from runtime.store.engine import write
from runtime.web import spreadsheets
from runtime.web.screens import import_desk, import_kept, import_page
from runtime.web.screens.desk import Addresses, Answer, Desk, entity_of
from runtime.web.screens.import_desk import Named
from runtime.web.screens.run_lines import run_url
from runtime.web.screens.visit import Visit


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Imports(desk)
    rule, post = screens.add_url_rule, ["POST"]
    rule(at.entity + "import", "import", views.start)
    rule(at.entity + "import", "import_upload", views.upload, methods=post)
    rule(at.entity + "import/template.csv", "import_template", views.template)
    rule(at.entity + "import/<file_id>", "import_columns", views.columns)
    rule(at.entity + "import/<file_id>", "import_try", views.tried, methods=post)
    rule(at.entity + "import/<file_id>/go", "import_go", views.go, methods=post)


class Imports:
    """Files of records."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def start(self, entity: str) -> Answer:
        """Show the page that takes a file."""
        visit, model = self._here(entity)
        again = request.args.get("again", "")[:36]
        return render_template("import.html", page=import_page.start_page(visit, model, again))

    def upload(self, entity: str) -> Answer:
        """Keep a file, unless nobody could read a table out of it."""
        visit, model = self._here(entity)
        again = request.form.get("again", "")[:36]
        files = self.desk.around.files()
        sent, pictures = request.files.get("file"), request.files.get("archive")
        content = sent.read() if sent is not None else b""
        try:
            stored = import_desk.take(files, (sent.filename if sent else "") or "", content)
            kept, archive = [stored], ""
            if pictures is not None and pictures.filename:
                kept.append(import_desk.take_archive(files, pictures.filename, pictures.read()))
                archive = kept[-1].id
        except FileFault as fault:
            page = import_page.start_page(visit, model, again, visit.text(fault.message))
            return render_template("import.html", page=page), 422
        with write(visit.runtime.engine) as connection:
            import_desk.keep(connection, visit, files, *kept)
        asked = Asked(entity, stored.id, stored.name, archive=archive)
        return redirect(import_page.columns_url(asked, again=again), 303)

    def template(self, entity: str) -> Answer:
        """Send an empty file with the columns that are understood."""
        visit, model = self._here(entity)
        pieces = spreadsheets.write_csv(import_page.template_columns(visit, model), ())
        answer = Response(pieces, mimetype=spreadsheets.MEDIA["csv"])
        answer.headers["Content-Disposition"] = f'attachment; filename="{entity}-template.csv"'
        return answer

    def columns(self, entity: str, file_id: str) -> Answer:
        """Show what the columns of a file are taken for."""
        visit, model = self._here(entity)
        asked, files = self._asked(visit, model, file_id), self.desk.around.files()
        try:
            with opened(files, file_id) as path:
                chosen, table = self._taken_for(visit, model, asked, path)
                named = import_desk.archive_name(files, chosen)
                page = import_page.page(visit, model, chosen, table, archive=named)
        except FileFault as fault:
            return self._unreadable(visit, model, fault)
        return render_template("import_columns.html", page=page)

    def tried(self, entity: str, file_id: str) -> Answer:
        """Take what was said of the columns: look again, keep it, or try the file with it."""
        visit, model = self._here(entity)
        files = self.desk.around.files()
        asked = self._asked(visit, model, file_id).but(
            map_name=self._map(visit, model, request.form.get("map", "")),
            encoding=request.form.get("encoding", "")[:40],
            delimiter=request.form.get("delimiter", "")[:1],
            sheet=request.form.get("sheet", "")[:200],
        )
        if request.form.get("step") == "look":
            url = import_page.columns_url(
                asked,
                map=request.form.get("map", "") or "-",
                encoding=asked.encoding,
                delimiter=asked.delimiter,
                sheet=asked.sheet,
                numbers=_known(request.form.get("numbers", ""), NUMBERS),
                days=_known(request.form.get("days", ""), DAYS),
            )
            return redirect(url, 303)
        try:
            with opened(files, file_id) as path:
                table = open_table(path, asked.reading)
                asked = import_page.sent(visit, model, asked, table, request.form)
                asked, doubt = import_desk.settled(visit, model, asked, table)
                if doubt:
                    named = import_desk.archive_name(files, asked)
                    page = import_page.page(visit, model, asked, table, doubt, named)
                    return render_template("import_columns.html", page=page), 422
        except FileFault as fault:
            return self._unreadable(visit, model, fault)
        name = request.form.get("keep", "").strip()
        if name and not asked.map_name:
            import_kept.keep(visit, model, name, asked)
        return redirect(run_url(import_desk.begin(visit, asked)), 303)

    def go(self, entity: str, file_id: str) -> Answer:
        """Import what a dry run has tried; asked for twice, it is one import."""
        visit, model = self._here(entity)
        run_id = import_desk.carry_out(visit, model, file_id, request.form.get("run", ""))
        return redirect(run_url(run_id), 303)

    def _here(self, entity: str) -> tuple[Visit, Entity]:
        """Return who asks and for what; whoever may not import is refused as by the pipeline."""
        visit = self.desk.visit()
        model = entity_of(visit, entity)
        import_desk.ask(visit, model)
        return visit, model

    def _asked(self, visit: Visit, model: Entity, file_id: str) -> Asked:
        """Return an upload of this person, read as the address says."""
        files, archive = self.desk.around.files(), request.args.get("archive", "")
        return import_desk.upload(visit, files, model, file_id).but(
            encoding=request.args.get("encoding", "")[:40],
            delimiter=request.args.get("delimiter", "")[:1],
            sheet=request.args.get("sheet", "")[:200],
            numbers=_known(request.args.get("numbers", ""), NUMBERS),
            days=_known(request.args.get("days", ""), DAYS),
            archive=archive if import_desk.is_theirs(visit, files, archive) else "",
        )

    def _taken_for(
        self, visit: Visit, model: Entity, asked: Asked, path: Path
    ) -> tuple[Asked, Table]:
        """Return what a file is taken for by the address, by itself where that names nothing."""
        wanted, again = request.args.get("map", ""), request.args.get("again", "")
        if wanted.startswith(import_page.KEPT):
            named = Named(kept=wanted.removeprefix(import_page.KEPT), again=again)
        else:
            named = Named(wanted, again=again)
        try:
            return import_desk.taken_for(visit, model, asked, path, named)
        except (NotFound, BadRequest):
            return import_desk.taken_for(visit, model, asked, path, Named())

    def _map(self, visit: Visit, model: Entity, name: str) -> str:
        return name if name in import_desk.maps(visit, model) else ""

    def _unreadable(self, visit: Visit, model: Entity, fault: FileFault) -> Answer:
        page = import_page.start_page(visit, model, error=visit.text(fault.message))
        return render_template("import.html", page=page), 422


def _known(word: str, words: tuple[str, ...]) -> str:
    """Return a word that is one of several; nothing for another."""
    return word if word in words else ""
