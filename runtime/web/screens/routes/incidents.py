"""Incidents: what nobody but a person can settle, with the ways to settle it.

Trying again is one person's decision; what became of a call that nobody can ask about any more is
said by two, so such a word waits among the approvals.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request

from generator.resolve.fields import humanize
from runtime.errors import Blocked, Invalid, NeedsApproval, NotFound
from runtime.operations import _incidents
from runtime.operations.settle_incident import MARK_DONE, MARK_FAILED, OUTCOMES, UNCERTAIN
from runtime.outside.incidents import CALL, EVENT, HOOK, Incident
from runtime.web.screens import answered, doors
from runtime.web.screens.desk import Addresses, Answer, Desk
from runtime.web.screens.progress_page import Moment, moment
from runtime.web.screens.visit import Visit, record_url, single

ADDRESS = "/incidents/"
REPEATABLE_ABOUT = {CALL, EVENT, HOOK}
REPEATABLE = {"timer_refused", "unknown_stored_state", "auto_loop"}


@dataclass(frozen=True, slots=True)
class IncidentCard:
    """One incident."""

    id: str
    entity: str
    words: str
    record: str
    url: str
    opened: Moment
    facts: tuple[tuple[str, str], ...]
    may_retry: bool
    asks_result: bool
    """Somebody has to say what became of it, and another person confirms."""
    answers: tuple[tuple[str, str, str], ...] = ()
    """Name, label and text of what the other system would have answered, for whoever knows it."""
    reason: str = ""
    error: str = ""


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Incidents(desk)
    screens.add_url_rule(ADDRESS, "incidents", views.show)
    screens.add_url_rule(
        ADDRESS + "<entity>/<incident_id>", "incident_settle", views.settle, methods=["POST"]
    )


class Incidents:
    """The operator's desk."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def show(self) -> Answer:
        """Show what waits for a person, the oldest first."""
        visit = self.desk.visit()
        return render_template("incidents.html", page=_cards(visit, {}))

    def settle(self, entity: str, incident_id: str) -> Answer:
        """Try it again, or say what became of it."""
        visit = self.desk.visit()
        if entity not in visit.app.entities:
            raise NotFound
        outcome, reason = request.form.get("outcome", ""), request.form.get("reason", "").strip()
        if outcome not in OUTCOMES:
            return redirect(ADDRESS, 303)
        values: dict[str, Any] = {
            "incident": incident_id[:64],
            "outcome": outcome,
            "reason": reason[:500],
        }
        if outcome == MARK_DONE:
            values["output"] = answered.given(visit, entity, incident_id, request.form)
        try:
            doors.ask(visit, "settle_incident", entity, values=values)
        except NeedsApproval as need:
            flash(visit.text(need.message), "info")
        except Invalid as refusal:
            said = {incident_id: (reason, visit.text(refusal.message))}
            return render_template("incidents.html", page=_cards(visit, said)), 422
        except Blocked as refusal:
            flash(visit.text(refusal.message), "warning")
        else:
            words = {
                MARK_DONE: visit.t("Noted as done.", "incident"),
                MARK_FAILED: visit.t("Noted as failed.", "incident"),
            }
            flash(words.get(outcome, visit.t("It is tried again.", "incident")), "success")
        return redirect(ADDRESS, 303)


def _cards(visit: Visit, said: Mapping[str, tuple[str, str]]) -> tuple[IncidentCard, ...]:
    found = _incidents.waiting_for(visit.runtime, visit.actor)
    wanted: dict[str, list[str]] = {}
    for one in found:
        if one.record_id:
            wanted.setdefault(one.entity, []).append(one.record_id)
    titles = doors.titles_of(visit, wanted)
    calls = answered.calls_of(visit, [one.about_id for one in found if one.about == CALL])
    return tuple(
        _card(
            visit,
            one,
            titles.get((one.entity, one.record_id), ""),
            said,
            calls.get(one.about_id) if one.about == CALL else None,
        )
        for one in found
    )


def _card(
    visit: Visit,
    one: Incident,
    title: str,
    said: Mapping[str, tuple[str, str]],
    call: answered.Answered | None,
) -> IncidentCard:
    entity = visit.app.entities[one.entity]
    reason, error = said.get(one.id, ("", ""))
    return IncidentCard(
        id=one.id,
        entity=one.entity,
        words=_words(visit, one),
        record=f"{single(visit, entity)} {title}".strip() if one.record_id else "",
        url=record_url(one.entity, one.record_id) if title else "",
        opened=moment(visit, one.opened_at),
        facts=(*_facts(visit, one), *(answered.in_words(visit, call) if call else ())),
        may_retry=one.about in REPEATABLE_ABOUT or one.kind in REPEATABLE,
        asks_result=one.kind in UNCERTAIN,
        answers=answered.questions(visit, call) if call and one.kind in UNCERTAIN else (),
        reason=reason,
        error=error,
    )


def _words(visit: Visit, one: Incident) -> str:
    """Return what happened, in a sentence."""
    t = visit.t
    return {
        "call_unknown": t("Nobody knows whether the other system did it"),
        "call_not_ready": t("The other system cannot be asked: it is not set up"),
        "undo_failed": t("Taking it back failed"),
        "by_hand": t("A person has to take it back"),
        "answer_refused": t("The answer of the other system does not fit the record"),
        "event_refused": t("An event from outside could not be applied"),
        "timer_refused": t("A step that is due cannot be taken"),
        "state_stands_still": t("The record does not move on"),
        "job_unknown": t("A job that is asked for does not exist"),
        "webhook_dead": t("A receiver of webhooks did not take a message"),
        "unknown_stored_state": t("The record is in a state that its workflow does not have"),
        "auto_loop": t("The automatic steps of the record do not come to an end"),
        "effect_failed": t("A step failed and was undone as a whole"),
    }.get(one.kind, humanize(one.kind))


def _facts(visit: Visit, one: Incident) -> list[tuple[str, str]]:
    """Return what is known, with labels; what has no label is told by its name."""
    t, facts = visit.t, dict(one.facts)
    labels = {
        "operation": t("Call", "incident"),
        "code": t("Code", "incident"),
        "message": t("Message", "incident"),
        "why": t("Why", "incident"),
        "transition": t("Step", "workflow"),
        "state": t("State", "workflow"),
        "attempts": t("Attempts"),
        "webhook": t("Event of", "incident"),
        "type": t("Kind"),
    }
    machine = visit.app.workflows.get(one.entity, {}).get(str(facts.pop("workflow", "")))
    told = []
    for name, label in labels.items():
        value: Any = facts.get(name)
        if value in (None, ""):
            continue
        text = str(value)
        if machine is not None and name == "state" and text in machine.states:
            text = visit.text(machine.states[text].label)
        if machine is not None and name == "transition" and machine.named(text):
            text = visit.text(machine.named(text)[0].label)
        told.append((label, text))
    return told
