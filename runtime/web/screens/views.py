"""The routes of the screens: Flask in, Flask out; what is decided is decided elsewhere.

`blueprint(surroundings)` is all the web layer calls. A refusal anywhere below becomes the page of
its status; whoever is not signed in is sent to sign in and comes back, and what they had typed into
a form comes along.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, quote

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, send_file
from flask_wtf.csrf import CSRFError
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from generator.field_types import EMPTY
from generator.model.entity import Entity
from runtime.errors import Conflict, NotFound, RequestError, Stale, Unauthenticated
from runtime.files import FileStore
from runtime.messages import Actor, Result
from runtime.operations._reading import title_columns
from runtime.runtime import Runtime
from runtime.store.paths import Path
from runtime.web.screens import doors, filters, form_state, history, merge, saving, uploads
from runtime.web.screens import settings_page as settings
from runtime.web.screens.bulk_page import bulk_page, payload
from runtime.web.screens.cells import draw, people_of, readable, title
from runtime.web.screens.delete_page import delete_page
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
from runtime.web.screens.home_page import home_page, recent_changes
from runtime.web.screens.list_page import chosen_columns, fields_to_ask, list_page
from runtime.web.screens.list_url import pipeline_query, read_url
from runtime.web.screens.saving import Opened, Sent
from runtime.web.screens.search_page import search_page
from runtime.web.screens.uploads import Upload
from runtime.web.screens.visit import Visit, record_url

Answer = Response | AnyResponse | str | tuple[str, int]
YEAR = 31_536_000
OWN_KEYS = {"csrf_token", "_key", "_version", "_was", "list"}


@dataclass(frozen=True)
class Surroundings:
    """What the screens need of the web layer; every function speaks of the present request."""

    runtime: Callable[[], Runtime]
    actor: Callable[[], Actor | None]
    request_id: Callable[[], str]
    names: Callable[[Collection[int]], Mapping[int, str]]
    """Names of accounts by their number in `ab_user`: one statement."""
    files: Callable[[], FileStore]
    error_page: Callable[[RequestError], tuple[str, int]]
    sign_in: str = "/login/"
    https: bool = False


@dataclass(frozen=True, slots=True)
class EndedPage:
    """What `ended.html` draws: a form that waits for its sender to sign in."""

    action: str
    fields: tuple[tuple[str, str], ...]
    files: bool


def blueprint(around: Surroundings, entities: Collection[str]) -> Blueprint:
    """Return the screens of these entities; an address of anything else is not ours."""
    screens = Blueprint("screens", __name__)
    desk = Desk(around)
    both = ["GET", "POST"]
    screens.add_url_rule("/", "home", desk.home)
    screens.add_url_rule("/search", "search", desk.search)
    screens.add_url_rule("/preferences", "preferences", desk.preferences, methods=both)
    one = f"/<any({', '.join(sorted(entities))}):entity>/"
    record = one + "<record_id>"
    screens.add_url_rule(one, "list", desk.list)
    screens.add_url_rule(one + "bulk", "bulk", desk.bulk, methods=["POST"])
    screens.add_url_rule(one + "choices", "choices", desk.choices)
    screens.add_url_rule(one + "new", "new", desk.new, methods=both)
    screens.add_url_rule(record, "detail", desk.detail)
    screens.add_url_rule(record + "/edit", "edit", desk.edit, methods=both)
    screens.add_url_rule(record + "/delete", "delete", desk.delete, methods=both)
    screens.add_url_rule(record + "/restore", "restore", desk.restore, methods=["POST"])
    screens.add_url_rule(record + "/history", "history", desk.history)
    screens.add_url_rule(record + "/files/<field>", "file", desk.file)
    screens.register_error_handler(RequestError, desk.refused)
    screens.register_error_handler(CSRFError, desk.token_expired)
    return screens


class Desk:
    """The views; one object, because they share nothing but their surroundings."""

    def __init__(self, around: Surroundings) -> None:
        self.around = around

    def visit(self) -> Visit:
        """Return who asks, in the time zone they chose.

        Raises:
            Unauthenticated: nobody is signed in.

        """
        actor = self.around.actor()
        if actor is None:
            raise Unauthenticated
        chosen = request.cookies.get("time_zone", "")
        if chosen and chosen in settings.known_zones():
            actor = replace(actor, time_zone=chosen)
        address = request.remote_addr or ""
        return Visit(self.around.runtime(), actor, self.around.request_id(), address)

    def home(self) -> Answer:
        """Show the start page, and bring this browser's preferences up to date."""
        visit = self.visit()
        page = home_page(visit, recent_changes(visit))
        answer = Response(render_template("home.html", page=page))
        if not request.cookies.get("time_zone"):
            for name, value in settings.load(visit).items():
                self._remember(answer, name, value)
        return answer

    def search(self) -> Answer:
        """Show what a search over everything finds."""
        visit = self.visit()
        page = search_page(visit, request.args.get("q", "").replace("\x00", ""))
        return render_template("search.html", page=page)

    def preferences(self) -> Answer:
        """Show or change what the person chose for themselves."""
        visit = self.visit()
        if request.method == "GET":
            page = settings.settings_page(visit, request.cookies, request.path)
            return render_template("setup.html", page=page)
        chosen = {
            name: request.form[name]
            for name in settings.NAMES
            if name in request.form and settings.valid(visit, name, request.form[name])
        }
        if chosen:
            settings.store(visit, chosen)
        answer = redirect(request.path, 303)
        for name, value in chosen.items():
            self._remember(answer, name, value)
        return answer

    def _remember(self, answer: AnyResponse, name: str, value: str) -> None:
        """Put a preference into a cookie; the theme's and the rows' are read by script too."""
        answer.set_cookie(
            name,
            value,
            max_age=YEAR,
            secure=self.around.https,
            samesite="Lax",
            httponly=name not in {"theme", "density"},
        )

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
            "fields": (",".join(dict.fromkeys(fields)),),
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

    def bulk(self, entity: str) -> Answer:
        """Do one thing with many records and tell what became of each."""
        visit = self.visit()
        model = _entity(visit, entity)
        pairs = parse_qsl(request.form.get("query", "")[:4000])
        url = read_url(record_url(entity), pairs)
        ids = request.form.getlist("id")
        matching = url if request.form.get("all_matching") == "1" else None
        action = request.form.get("action", "")
        if matching is None and not ids:
            return redirect(url.text, 303)
        values = payload(visit, model, action, ids, matching)
        result = doors.ask(visit, "bulk", entity, values=values)
        page = bulk_page(visit, model, result.outcomes, url.query)
        if page.failed:
            return render_template("bulk.html", page=page)
        done = visit.t("{n} record done.", many="{n} records done.", n=page.done)
        flash(done, "success")
        return redirect(page.back, 303)

    def choices(self, entity: str) -> Answer:
        """Answer what a picker searches, as JSON."""
        visit = self.visit()
        _entity(visit, entity)
        query = {"q": (request.args.get("q", "").replace("\x00", "")[:200],)}
        if request.args.get("for"):
            query["for"] = (request.args["for"],)
        result = doors.ask(visit, "choices", entity, query=query)
        paths = result.plan.shown
        named = title(visit, entity, paths)
        titles = {"id", "version", *title_columns(entity, visit.reads)}
        notes = [path for path in paths if path.text not in titles and not path.field.target]
        note = draw(visit, notes[0], result.plan.paths) if notes else lambda row: EMPTY
        at = [path.text for path in paths].index("id")
        items = [
            {"id": str(row[at]), "label": named(row) or str(row[at])[:8], "note": note(row).text}
            for row in result.rows
        ]
        return jsonify(items=items)

    def detail(self, entity: str, record_id: str) -> Answer:
        """Show a record."""
        visit = self.visit()
        model = _entity(visit, entity)
        plan = detail_plan(visit, model, request.args.get("tab", ""))
        query = {"fields": (",".join(dict.fromkeys(("id", *plan.fields))),)}
        if plan.includes:
            query["include"] = (",".join(plan.includes),)
        result = doors.ask(visit, "read", entity, record_id, query)
        visit = self.with_names(visit, result.plan.paths, result.rows)
        table, events, older = self._tab(visit, plan, result, record_id)
        page = detail_page(visit, plan, result, _listed(entity), table, events, older)
        return render_template("detail.html", page=page)

    def history(self, entity: str, record_id: str) -> Answer:
        """Open a record at its history."""
        _entity(self.visit(), entity)
        return redirect(record_url(entity, record_id, tab="history", list=_listed(entity)))

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
            visit = self.with_names(visit, found.plan.paths, found.rows)
            return related_table(visit, plan.tab, record_id, found), None, ""
        if plan.tab:
            return child_table(visit, plan.entity, plan.tab, result), None, ""
        return None, None, ""

    def new(self, entity: str) -> Answer:
        """Show an empty form, or create a record."""
        visit = self.visit()
        model = _entity(visit, entity)
        copy = request.args.get("copy", "")
        opened = saving.open_new(visit, model, _texts(request.args), copy)
        opened = replace(opened, listed=_listed(entity))
        if request.method == "GET":
            return _form(visit, opened, opened.state)
        sent = _sent()
        opened = replace(opened, key=sent.one("_key") or opened.key)
        return self._save(visit, opened, sent)

    def edit(self, entity: str, record_id: str) -> Answer:
        """Show the form of a stored record, or change it."""
        visit = self.visit()
        model = _entity(visit, entity)
        opened = saving.open_stored(visit, model, record_id)
        opened = replace(opened, listed=_listed(entity))
        if request.method == "GET":
            return _form(visit, opened, opened.state)
        sent = _sent()
        version = sent.one("_version")
        known = int(version) if version.isascii() and version.isdigit() else opened.version
        base = merge.unpacked(sent.one("_was")) or None
        asked = replace(opened, version=known, base=base, key=sent.one("_key") or opened.key)
        return self._save(visit, asked, sent, theirs=opened)

    def _save(
        self, visit: Visit, opened: Opened, sent: Sent, theirs: Opened | None = None
    ) -> Answer:
        """Save what was sent; a refusal shows the form again with everything in it."""
        held = opened if theirs is None else replace(opened, base=theirs.base)
        texts, errors = saving.take_files(visit, self.around.files(), held, sent)
        state = form_state.state_of_post(visit, opened.layout.fields, texts)
        chosen = {
            name.removeprefix("_merge-"): sent.one(name)
            for name in sent.texts
            if name.startswith("_merge-")
        }
        if chosen and theirs is not None and opened.version == theirs.version:
            fields = opened.layout.fields
            state = merge.merged(fields, {}, state, theirs.state, chosen)
        try:
            result = saving.save(visit, opened, state, errors)
        except Stale:
            return self._stale(visit, opened, state)
        except RequestError as refusal:
            if refusal.status not in {409, 422}:
                raise
            return self._refused_form(visit, opened, state, refusal)
        return self._saved(visit, opened, result)

    def _refused_form(
        self, visit: Visit, opened: Opened, state: form_state.State, refusal: RequestError
    ) -> Answer:
        """Show the form with what is wrong; a key that was used for something else is renewed."""
        if isinstance(refusal, Conflict):
            opened = replace(opened, key=str(uuid.uuid4()))
        return _form(visit, opened, state, refusal)

    def _stale(self, visit: Visit, opened: Opened, mine: form_state.State) -> Answer:
        """Show both versions of what two people changed; nothing typed is lost."""
        theirs = saving.open_stored(visit, opened.layout.entity, opened.record_id)
        lines = saving.merge_lines(visit, opened, mine, theirs)
        fields = opened.layout.fields
        state = merge.merged(fields, opened.base or {}, mine, theirs.state, {})
        again = replace(theirs, listed=opened.listed)
        page = saving.form_page(visit, again, state, Stale(), lines)
        return render_template("form.html", page=page), 409

    def _saved(self, visit: Visit, opened: Opened, result: Result) -> Answer:
        entity = opened.layout.entity.name
        record_id = opened.record_id or _id_of(result)
        words = visit.t("Saved.") if opened.record_id else visit.t("Created.")
        flash(words, "success")
        if not visit.may("read", entity):
            return redirect(record_url(entity) if visit.may("list", entity) else "/", 303)
        return redirect(record_url(entity, record_id, list=opened.listed), 303)

    def delete(self, entity: str, record_id: str) -> Answer:
        """Ask whether a record shall go, or let it go."""
        visit = self.visit()
        model = _entity(visit, entity)
        found = doors.ask(visit, "consequences", entity, record_id)
        name, version = self._name(visit, model, record_id)
        if request.method == "GET":
            page = delete_page(visit, model, record_id, name, version, found.rows, _listed(entity))
            return render_template("delete.html", page=page)
        text = request.form.get("version", "")
        known = int(text) if text.isascii() and text.isdigit() else version
        try:
            reason = request.form.get("reason", "").strip()[:500]
            doors.ask(visit, "delete", entity, record_id, version=known, reason=reason)
        except Conflict as refusal:
            told = visit.text(refusal.message)
            page = delete_page(
                visit, model, record_id, name, version, found.rows, _listed(entity), told
            )
            return render_template("delete.html", page=page), refusal.status
        done = visit.t("Archived: {name}", name=name)
        flash(done if model.archive else visit.t("Deleted: {name}", name=name), "success")
        return redirect(
            record_url(entity) + (f"?{_listed(entity)}" if _listed(entity) else ""), 303
        )

    def _name(self, visit: Visit, model: Entity, record_id: str) -> tuple[str, int]:
        """Return a record's title and version, as far as the person may read it."""
        if not visit.may("read", model.name):
            return record_id[:8], 0
        fields = (",".join(("id", *title_columns(model.name, visit.reads))),)
        result = doors.ask(visit, "read", model.name, record_id, {"fields": fields})
        paths = result.plan.paths
        version = result.row[[path.text for path in paths].index("version")]
        return title(visit, model.name, paths)(result.row) or record_id[:8], int(version)

    def restore(self, entity: str, record_id: str) -> Answer:
        """Bring an archived record back."""
        visit = self.visit()
        _entity(visit, entity)
        text = request.form.get("version", "")
        version = int(text) if text.isascii() and text.isdigit() else None
        doors.ask(visit, "restore", entity, record_id, version=version)
        flash(visit.t("Restored."), "success")
        return redirect(record_url(entity, record_id, list=_listed(entity)), 303)

    def file(self, entity: str, record_id: str, field: str) -> Answer:
        """Hand out the file that a field of a record holds, to whoever may read that field."""
        visit = self.visit()
        model = _entity(visit, entity)
        paths = readable(visit, entity, (field,))
        if not paths or paths[0].field.type not in form_state.FILES:
            raise NotFound
        query = {"fields": (f"id,{field}",)}
        result = doors.ask(visit, "read", model.name, record_id, query)
        file_id = result.row[[path.text for path in result.plan.paths].index(field)]
        files = self.around.files()
        stored = files.find(str(file_id)) if file_id else None
        if stored is None or not files.path(stored).is_file():
            raise NotFound
        side = uploads.SIDES.get(request.args.get("size", ""))
        is_picture = paths[0].field.type == "image"
        if is_picture and side is not None:
            place, media_type = uploads.smaller(files, stored, side), "image/webp"
        else:
            place, media_type = files.path(stored), uploads.safe_type(stored)
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

    def with_names(self, visit: Visit, paths: Sequence[Path], rows: Sequence[Any]) -> Visit:
        """Return the visit with the names of every account that rows mention."""
        ids = people_of(paths, rows)
        return replace(visit, people=self.around.names(ids)) if ids else visit

    def refused(self, refusal: RequestError) -> Answer:
        """Answer a refusal with its page; who is not signed in is asked to, and comes back."""
        if not isinstance(refusal, Unauthenticated):
            return self.around.error_page(refusal)
        if request.method == "GET":
            target = request.full_path.rstrip("?")
            return redirect(f"{self.around.sign_in}?next={quote(target)}")
        return self._ended()

    def token_expired(self, error: CSRFError) -> Answer:
        """Answer a form whose token no longer counts with the same form, nothing lost."""
        actor = self.around.actor()
        here = (request.endpoint or "").removeprefix("screens.")
        if actor is None:
            return self._ended()
        values = request.view_args or {}
        if here not in {"new", "edit"}:
            return redirect(request.path if "GET" in _methods() else "/", 303)
        try:
            return self._form_again(here, values)
        except RequestError as refusal:
            return self.refused(refusal)

    def _form_again(self, here: str, values: Mapping[str, str]) -> Answer:
        visit = self.visit()
        model = _entity(visit, values["entity"])
        sent = _sent()
        if here == "new":
            opened = saving.open_new(visit, model, {}, "")
        else:
            opened = saving.open_stored(visit, model, values["record_id"])
            text = sent.one("_version")
            version = int(text) if text.isascii() and text.isdigit() else opened.version
            base = merge.unpacked(sent.one("_was")) or None
            opened = replace(opened, version=version, base=base)
        listed = _listed(model.name)
        opened = replace(opened, key=sent.one("_key") or opened.key, listed=listed)
        state = form_state.state_of_post(visit, opened.layout.fields, sent.texts)
        problem = visit.t("Your session was renewed. Nothing is lost: save again.")
        page = saving.form_page(visit, opened, state, problem=problem)
        return render_template("form.html", page=page), 400

    def _ended(self) -> Answer:
        """Keep a form that was sent after the session ended until its sender has signed in."""
        fields = tuple(
            (name, text) for name, text in request.form.items(multi=True) if name != "csrf_token"
        )
        files = any(upload.filename for upload in request.files.values())
        page = EndedPage(request.full_path.rstrip("?"), fields, files)
        return render_template("ended.html", page=page), 401


def _methods() -> Collection[str]:
    rule = request.url_rule
    return rule.methods or () if rule is not None else ()


def _form(
    visit: Visit, opened: Opened, state: form_state.State, refusal: RequestError | None = None
) -> Answer:
    page = saving.form_page(visit, opened, state, refusal)
    status = 200 if refusal is None else refusal.status
    return render_template("form.html", page=page), status


def _texts(given: MultiDict[str, str]) -> dict[str, Sequence[str]]:
    return {name: tuple(texts) for name, texts in given.lists()}


def _sent() -> Sent:
    """Return what the browser sent; a file without a name is none."""
    files = {
        name: Upload(found.filename or "", found.stream.read())
        for name, found in request.files.items()
        if found.filename
    }
    return Sent(_texts(request.form), files)


def _listed(entity: str) -> str:
    """Return the query of the list the person came from: its filters, never another address."""
    text = request.form.get("list") or request.args.get("list", "")
    return read_url(record_url(entity), parse_qsl(text[:4000])).query


def _id_of(result: Result) -> str:
    if result.plan is None:
        return str(result.row[0])
    return str(result.row[[path.text for path in result.plan.paths].index("id")])


def _entity(visit: Visit, name: str) -> Entity:
    """Return an entity.

    Raises:
        NotFound: there is none of that name.

    """
    found = visit.app.entities.get(name)
    if found is None:
        raise NotFound
    return found
