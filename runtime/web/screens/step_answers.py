"""What a step comes to on a screen: where one is led, and what is said.

Whatever happens, the person comes back to the record or keeps the form with what they typed. That
somebody else was faster is told with who, when and where the record is now; it is no error page.
"""

from __future__ import annotations

from datetime import datetime

from flask import flash, jsonify, redirect, request

from generator.model.entity import Entity
from generator.model.text import Label, plain
from runtime.errors import RequestError
from runtime.messages import Result
from runtime.operations._columns import title_columns
from runtime.operations.transitions import Offered, Standing
from runtime.web.screens import doors
from runtime.web.screens.cells import person, title
from runtime.web.screens.desk import Answer, Desk, listed_query
from runtime.web.screens.visit import Visit, record_url

DRAWER, CARD = "1", "card"
"""What asks: a drawer over a record's page, or one over a board."""


def moved(desk: Desk, visit: Visit, model: Entity, record_id: str, workflow: str) -> Answer:
    """Say who moved the record, when, and where it is now."""
    words = visit.text(changed(desk, visit, model, record_id))
    standing, _ = offer(visit, model, record_id, "")
    state = visit.app.workflows[model.name][workflow].states.get(standing.states[workflow])
    if state is not None:
        words += " " + visit.t("It is now: {state}.", name="", state=visit.text(state.label))
    return back(model, record_id, words)


def back(
    model: Entity, record_id: str, words: str, tone: str = "warning", state: str = ""
) -> Answer:
    """Lead to the record, which tells the words; a card of a board tells them in its place."""
    if drawer() == CARD:
        return jsonify(state=state, message=words)
    flash(words, tone)
    url = record_url(model.name, record_id, list=listed_query(model.name))
    return jsonify(url=url) if drawer() else redirect(url, 303)


def drawer() -> str:
    """Return what the answer is laid over: a record, a board, or nothing."""
    asked = request.values.get("_drawer", "")
    return asked if asked in (DRAWER, CARD) else ""


def offer(
    visit: Visit, model: Entity, record_id: str, step: str
) -> tuple[Standing, Offered | None]:
    """Return where a record is, and a step if it is offered there."""
    query = {"id": (step,)} if step else {}
    standing: Standing = doors.ask(visit, "transitions", model.name, record_id, query=query).row
    return standing, next((one for one in standing.offered if one.id == step), None)


def done(visit: Visit, model: Entity, result: Result) -> str:
    """Return what happened, step by step."""
    machines = visit.app.workflows[model.name]
    texts = []
    for step in result.steps:
        machine = machines[step["workflow"]]
        edge = machine.named(step["transition"])[0]
        before, after = machine.states[step["from"]], machine.states[step["to"]]
        if before is after:
            texts.append(visit.t("{step}: done.", step=visit.text(edge.label)))
            continue
        texts.append(
            visit.t(
                "{step}: {before} → {after}.",
                step=visit.text(edge.label),
                before=visit.text(before.label),
                after=visit.text(after.label),
            )
        )
    return " ".join(texts) or visit.t("Done.", "step")


def title_now(visit: Visit, model: Entity, record_id: str) -> str:
    query = {"fields": title_columns(model.name, visit.reads)}
    found = doors.ask(visit, "read", model.name, record_id, query=query)
    return title(visit, model.name, found.plan.paths)(found.row)


def changed(desk: Desk, visit: Visit, model: Entity, record_id: str) -> Label:
    """Return who changed a record last, and how long ago, as far as the reader may know."""
    try:
        query = {"fields": ("updated_at,updated_by",)}
        found = doors.ask(visit, "read", model.name, record_id, query=query)
    except RequestError:
        return plain(visit.t("This record was changed meanwhile."))
    place = {path.text: number for number, path in enumerate(found.plan.paths)}
    who, at = found.row[place["updated_by"]], found.row[place["updated_at"]]
    if not isinstance(at, datetime):
        return plain(visit.t("This record was changed meanwhile."))
    when = ago(visit, at)
    if who == visit.actor.id:
        return plain(visit.t("You changed this {when}.", when=when))
    named = desk.with_names(visit, found.plan.paths, (found.row,))
    return plain(visit.t("Changed by {name} {when}.", name=person(named, who).text, when=when))


def ago(visit: Visit, at: datetime) -> str:
    """Return how long ago something was, in the largest unit that fits."""
    seconds = max(0, int((visit.runtime.clock() - at).total_seconds()))
    for size, one, many in (
        (86_400, "{n} day ago", "{n} days ago"),
        (3_600, "{n} h ago", "{n} h ago"),
        (60, "{n} min ago", "{n} min ago"),
    ):
        if seconds >= size:
            return visit.t(one, "ago", many=many, n=seconds // size)
    return visit.t("{n} s ago", "ago", n=seconds)
