"""The inbox of approvals: what waits for oneself, what one asked for, and deciding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request

from generator.model.entity import Entity
from runtime import approvals
from runtime.errors import RequestError
from runtime.messages import Actor
from runtime.operations.history import Entry
from runtime.store.approvals import Approval
from runtime.store.decided import PENDING
from runtime.web.context import web
from runtime.web.people.pages import When, when
from runtime.web.screens import doors, history
from runtime.web.screens.desk import Addresses, Answer, Desk
from runtime.web.screens.visit import Visit, record_url, single
from runtime.web.trail import trail

ADDRESS = "/approvals/"


@dataclass(frozen=True, slots=True)
class Card:
    """One request as it is read."""

    id: str
    words: str
    url: str
    who: str
    reason: str
    asked: When
    ends: When
    event: Any
    """The difference, as the story of a record shows it."""
    needed: int = 1
    said_yes: tuple[str, ...] = ()
    """Who approved already, where more than one person must."""


@dataclass(frozen=True, slots=True)
class ApprovalsPage:
    """Everything `approvals.html` draws."""

    waiting: tuple[Card, ...]
    mine: tuple[Card, ...]


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Approvals(desk)
    screens.add_url_rule(ADDRESS, "approvals", views.show)
    screens.add_url_rule(
        f"{ADDRESS}<approval_id>", "approval_decide", views.decide, methods=["POST"]
    )


class Approvals:
    """Four eyes, on screen."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def show(self) -> Answer:
        """Show what waits."""
        visit = self.desk.visit()
        runtime = visit.runtime
        waiting = approvals.waiting_for(runtime, visit.actor)
        mine = approvals.asked_by(runtime, visit.actor)
        votes = approvals.said_yes(runtime, [*waiting, *mine])
        page = ApprovalsPage(
            tuple(_card(visit, one, votes.get(one.id, {})) for one in waiting),
            tuple(_card(visit, one, votes.get(one.id, {})) for one in mine),
        )
        return render_template("approvals.html", page=page)

    def decide(self, approval_id: str) -> Answer:
        """Approve, reject or withdraw one."""
        visit = self.desk.visit()
        decision = request.form.get("decision", "")
        if decision not in ("approve", "reject", "withdraw"):
            return redirect(ADDRESS, 303)
        said = request.form.get("said", "").strip()[:2000]
        try:
            done = approvals.decide(
                visit.runtime, trail(), approval_id[:64], decision, said, person
            )
        except RequestError as refusal:
            if refusal.status == 404:
                raise
            flash(visit.text(refusal.message), "warning")
        else:
            words = {
                "approve": visit.t("Approved; it waits for somebody else as well.")
                if done.state == PENDING
                else visit.t("Approved and carried out."),
                "reject": visit.t("Rejected."),
                "withdraw": visit.t("Withdrawn."),
            }
            flash(words[decision], "success")
        return redirect(ADDRESS, 303)


def person(user_id: int) -> Actor | None:
    """Return who somebody is right now."""
    found = web().gate.principals.current(user_id)
    return None if found is None else found.actor


def _card(visit: Visit, one: Approval, votes: Mapping[int, str]) -> Card:
    entity = visit.app.entities[one.entity]
    entry = Entry(
        one.id,
        one.created_at,
        one.requester_id,
        one.requester_name,
        "user",
        one.operation,
        "screen",
        one.reason,
        one.before or {},
        one.after or {},
    )
    wanted = {**history.wanted_titles(visit, entity, [entry]), **_rows_of(entity, one)}
    if one.record_id:
        wanted[one.entity] = (*wanted.get(one.entity, ()), one.record_id)
    titles = doors.titles_of(visit, wanted)
    name = titles.get((one.entity, one.record_id), one.title)
    event = history.events(visit, entity, [entry], history.Known(titles, {}))[0]
    words = {
        "create": visit.t("New {entity}: {name}", entity=single(visit, entity), name=one.title),
        "update": visit.t("Change of {name}", name=name),
        "delete": visit.t("Deletion of {name}", name=name),
        "erase": visit.t("Erasure of the personal data of {name}", name=name),
    }.get(one.operation, one.title)
    url = record_url(one.entity, one.record_id) if one.record_id else ""
    asked, ends = when(visit, one.created_at), when(visit, one.expires_at)
    return Card(
        one.id,
        words,
        url,
        one.requester_name,
        one.reason,
        asked,
        ends,
        event,
        approvals.needed(visit.runtime, one),
        tuple(votes.values()),
    )


def _rows_of(entity: Entity, one: Approval) -> dict[str, tuple[str, ...]]:
    """Return the rows that change, by their kind: whoever decides must know which they are."""
    return {
        field.target: tuple(one.before.get(field.name) or ())
        for field in entity.fields.values()
        if field.type == "children" and one.before is not None
    }
