"""The search over everything, as a page and as ⌘K; and the records a person looked at last."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, Response, jsonify, render_template, request

from runtime.errors import NotFound, Unauthenticated
from runtime.operations._finding import named
from runtime.store import recents
from runtime.web.frame import navigation, other_languages
from runtime.web.screens.desk import Addresses, Answer, Desk
from runtime.web.screens.palette import palette
from runtime.web.screens.search_page import search_page


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Search(desk)
    screens.add_url_rule("/search", "search", views.search)
    screens.add_url_rule("/search/palette", "palette", views.palette)
    screens.add_url_rule(
        "/me/recent/<entity>/<record_id>", "recent", views.recent, methods=["POST"]
    )


class Search:
    """What a word finds anywhere."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def search(self) -> Answer:
        """Show what a search over everything finds."""
        page = search_page(self.desk.visit(), _text("q"))
        return render_template("search.html", page=page)

    def palette(self) -> Answer:
        """Answer ⌘K, as JSON; who is not signed in gets a 401, because a script asks."""
        try:
            visit = self.desk.visit()
        except Unauthenticated:
            return Response(status=401)
        locale = visit.actor.locale
        nav = navigation(visit.runtime, visit.actor, locale, "")
        groups = palette(visit, _text("q"), nav, other_languages(visit.app, locale))
        answer = jsonify(groups=[asdict(group) for group in groups])
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def recent(self, entity: str, record_id: str) -> Answer:
        """Remember that a record was looked at; the page tells it when it has been shown."""
        visit = self.desk.visit()
        if not named(visit.runtime, visit.actor, {entity: (record_id,)}):
            raise NotFound
        runtime = visit.runtime
        recents.note_visit(
            runtime.engine,
            runtime.system.recent,
            visit.actor.id,
            entity,
            record_id,
            runtime.clock(),
        )
        return Response(status=204)


def _text(name: str) -> str:
    return request.args.get(name, "").replace("\x00", "")
