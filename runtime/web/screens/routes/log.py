"""The searchable log, for whoever may see the history of everything."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request

from generator.field_types._ids import WRITTEN
from generator.field_types._locales import zone
from rules.administering import LOG as OF_THE_LOG
from runtime.errors import Forbidden
from runtime.store.audit_search import Search, search
from runtime.store.trail import Note
from runtime.web.people.log_page import kinds_heard_of, log_page
from runtime.web.screens.desk import Addresses, Answer, Desk
from runtime.web.trail import trail
from runtime.web.users import administers

KEYS = ("actor", "entity", "record", "operation", "request", "emergency", "since", "until")
LONGEST = 200
LOG = "@log"
"""What a note about the log itself is about: whoever reads it is read of."""


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the address."""
    screens.add_url_rule("/audit/", "log", Log(desk).page)


class Log:
    """What happened."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def page(self) -> Answer:
        """Show a page of the log."""
        visit = self.desk.visit()
        roles, runtime = visit.actor.roles, visit.runtime
        all_of_it = administers(runtime, roles, OF_THE_LOG)
        everything = "history" in runtime.matrix.actions(roles, "*")
        if visit.actor.kind != "user" or not (all_of_it or everything):
            raise Forbidden
        given = {
            key: request.args.get(key, "").replace("\x00", "").strip()[:LONGEST] for key in KEYS
        }
        asked = _asked(given, request.args.get("before", ""), zone(visit.actor.time_zone))
        kinds = kinds_heard_of(visit)
        rows, more = search(runtime.engine, runtime.system, asked, kinds, all_of_it)
        if not asked.before:
            told = {key: text for key, text in given.items() if text}
            trail().alone(Note("log_read", LOG, after={**told, "rows": len(rows)}))
        page = log_page(visit, rows, more, asked, given)
        return render_template("people/log.html", page=page)


def _asked(given: dict[str, str], before: str, where: ZoneInfo) -> Search:
    """Understand a search; a day that is none is passed over and stays in its box to be mended."""
    return Search(
        actor=given["actor"],
        entity=given["entity"],
        record=given["record"],
        operation=given["operation"].replace(" ", "_"),
        request=given["request"],
        emergency=given["emergency"],
        since=_day(given["since"], where, 0),
        until=_day(given["until"], where, 1),
        before=before if WRITTEN.fullmatch(before) else "",
    )


def _day(text: str, where: ZoneInfo, after: int) -> datetime | None:
    try:
        day = date.fromisoformat(text) + timedelta(days=after)
    except (ValueError, OverflowError):
        return None
    return datetime.combine(day, time(), where)
