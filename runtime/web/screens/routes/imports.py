"""A file becomes records: taken, told what its columns are, tried, and then imported by a run."""

from __future__ import annotations

from contextlib import suppress

from flask import Blueprint, Response, redirect, render_template, request

from generator.field_types._ids import WRITTEN
from generator.model.entity import Entity
from runtime.errors import NotFound
from runtime.files import FileRefused
from runtime.importing.asked import Asked, asked_of, opened
from runtime.importing.faults import FileFault
from runtime.importing.picture_archive import PictureArchive
from runtime.importing.tables import open_table
from runtime.jobs import desk as work
from runtime.jobs.starting import start_run
from runtime.jobs.work.import_rows import NAME
from runtime.web import spreadsheets
from runtime.web.screens import doors, import_kept, import_page, uploads
from runtime.web.screens.desk import Addresses, Answer, Desk, entity_of
from runtime.web.screens.run_lines import run_url
from runtime.web.screens.visit import Visit

MEGABYTE = 1024 * 1024


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
        archive = ""
        found = request.files.get("file")
        content = found.read() if found is not None else b""
        try:
            if found is None or not found.filename or not content:
                raise FileFault("Choose a file that is not empty.", "请选择一个非空的文件。")
            try:
                stored = self.desk.around.files().keep(found.filename, content, visit.actor.id)
            except FileRefused as refusal:
                raise FileFault(
                    "This is no table; send a CSV, an Excel workbook or JSON lines.",
                    "这不是表格，请使用 CSV、Excel 工作簿或 JSON Lines 文件。",
                ) from refusal
            with opened(self.desk.around.files(), stored.id) as path:
                open_table(path, Asked(entity, stored.id, stored.name).reading)
            archive = self._archive(visit, model, again)
        except FileFault as fault:
            page = import_page.start_page(visit, model, again, visit.text(fault.message))
            return render_template("import.html", page=page), 422
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
        asked = self._asked(visit, entity, file_id)
        try:
            with opened(self.desk.around.files(), file_id) as path:
                seems, table = import_page.seeming(visit, model, asked, path)
                chosen = self._chosen(visit, model, seems)
                named = self._archive_name(asked)
                page = import_page.page(visit, model, chosen, table, archive=named)
        except FileFault as fault:
            return self._unreadable(visit, model, fault)
        return render_template("import_columns.html", page=page)

    def tried(self, entity: str, file_id: str) -> Answer:
        """Take what was said of the columns: look again, keep it, or try the file with it."""
        visit, model = self._here(entity)
        asked = self._asked(visit, entity, file_id).but(
            map_name=self._map(visit, request.form.get("map", "")),
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
            )
            return redirect(url, 303)
        try:
            with opened(self.desk.around.files(), file_id) as path:
                table = open_table(path, asked.reading)
                asked = import_page.sent(visit, model, asked, table, request.form)
                known = import_page.created(visit, model, asked, table)
                asked = asked.but(create=tuple(one for one in asked.create or () if one in known))
                doubt = import_page.doubts(visit, model, asked)
                if doubt:
                    named = self._archive_name(asked)
                    page = import_page.page(visit, model, asked, table, doubt, named)
                    return render_template("import_columns.html", page=page), 422
        except FileFault as fault:
            return self._unreadable(visit, model, fault)
        name = request.form.get("keep", "").strip()
        if name and not asked.map_name:
            import_kept.keep(visit, model, name, asked)
        return redirect(run_url(self._run(visit, asked)), 303)

    def go(self, entity: str, file_id: str) -> Answer:
        """Import what a dry run has tried; asked for twice, it is one import."""
        visit, _ = self._here(entity)
        tried = self._tried(visit, entity, request.form.get("run", ""))
        if tried.file != file_id or not tried.dry_run:
            raise NotFound(work.GONE)
        key = f"import:{request.form['run']}"
        run_id = self._run(visit, tried.but(dry_run=False), key)
        return redirect(run_url(run_id), 303)

    def _archive(self, visit: Visit, model: Entity, again: str) -> str:
        """Keep the ZIP of files sent beside a table; return its id, or that of the run before.

        Raises:
            FileFault: it is none, or one that nobody should open.

        """
        found = request.files.get("archive")
        if found is None or not found.filename:
            with suppress(NotFound):
                return self._tried(visit, model.name, again).archive if again else ""
            return ""
        files = self.desk.around.files()
        try:
            stored = files.keep(found.filename, found.read(), visit.actor.id)
        except FileRefused as refusal:
            raise FileFault(
                "The pictures are no ZIP archive, or one that is torn.",
                "图片文件不是 ZIP 压缩包，或压缩包已损坏。",
            ) from refusal
        PictureArchive(files.path(stored)).close()
        return stored.id

    def _archive_name(self, asked: Asked) -> str:
        stored = self.desk.around.files().find(asked.archive) if asked.archive else None
        return "" if stored is None else stored.name

    def _own_archive(self, visit: Visit) -> str:
        """Return the archive that the address names, if it is this person's."""
        files, given = self.desk.around.files(), request.args.get("archive", "")
        mine = WRITTEN.fullmatch(given) and uploads.uploaded_by(files, given) == visit.actor.id
        return given if mine else ""

    def _here(self, entity: str) -> tuple[Visit, Entity]:
        """Return who asks and for what; whoever may not import is refused as by the pipeline."""
        visit = self.desk.visit()
        model = entity_of(visit, entity)
        if not may_import(visit, model):
            doors.ask(visit, "import", entity, values={"records": []})
            raise NotFound
        return visit, model

    def _asked(self, visit: Visit, entity: str, file_id: str) -> Asked:
        """Return an upload of this person as something to import."""
        files = self.desk.around.files()
        stored = files.find(file_id) if WRITTEN.fullmatch(file_id) else None
        if stored is None or uploads.uploaded_by(files, file_id) != visit.actor.id:
            raise NotFound
        return Asked(
            entity,
            file_id,
            stored.name,
            locale=visit.actor.locale,
            time_zone=visit.actor.time_zone,
            encoding=request.args.get("encoding", "")[:40],
            delimiter=request.args.get("delimiter", "")[:1],
            sheet=request.args.get("sheet", "")[:200],
            archive=self._own_archive(visit),
        )

    def _chosen(self, visit: Visit, model: Entity, asked: Asked) -> Asked:
        """Return what is asked with what the address says: a mapping, or that of another run."""
        wanted, again = request.args.get("map", ""), request.args.get("again", "")
        if again:
            with suppress(NotFound):
                before = self._tried(visit, model.name, again)
                columns = {**asked.columns, **before.columns} if before.map_name else before.columns
                return asked.but(
                    map_name=before.map_name,
                    columns=columns,
                    mode=before.mode,
                    key=before.key,
                    create=before.create,
                    pictures=before.pictures,
                    whole=before.whole,
                )
        if wanted.startswith(import_page.KEPT):
            name = wanted.removeprefix(import_page.KEPT)
            for one in import_kept.load(visit, model):
                if one.name == name:
                    return asked.but(columns=one.columns, mode=one.mode, key=one.key, map_name="")
        return asked.but(map_name=self._map(visit, wanted)) if wanted else asked

    def _map(self, visit: Visit, name: str) -> str:
        return name if name in visit.app.importmaps else ""

    def _tried(self, visit: Visit, entity: str, run_id: str) -> Asked:
        """Return what a run of this person was asked for."""
        if not WRITTEN.fullmatch(run_id):
            raise NotFound(work.GONE)
        run = work.find_run(visit.runtime, visit.actor, run_id)
        if run.job != NAME or str(run.created_by) != str(visit.actor.id):
            raise NotFound(work.GONE)
        asked = asked_of(run.input)
        if asked.entity != entity:
            raise NotFound(work.GONE)
        return asked

    def _run(self, visit: Visit, asked: Asked, key: str | None = None) -> str:
        given = import_page.start_input(visit, asked)
        return start_run(visit.runtime, NAME, given, by=visit.actor, unique_key=key)

    def _unreadable(self, visit: Visit, model: Entity, fault: FileFault) -> Answer:
        page = import_page.start_page(visit, model, error=visit.text(fault.message))
        return render_template("import.html", page=page), 422


def may_import(visit: Visit, entity: Entity) -> bool:
    """Return whether somebody may import records of an entity in any mode."""
    return visit.may("import", entity.name) and bool(import_page.modes_of(visit, entity))
