"""Webhooks on screen: every subscription and how it fares, one with its log, one delivery.

In: subscriptions and rows of deliveries and tries, already allowed. Out: frozen pages, with every
sentence in the reader's language. A secret is a field of a page only when it was just made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

from generator.field_types import Cell
from runtime.hooks import deliveries, desk, showing
from runtime.hooks.desk import Standing
from runtime.hooks.subscriptions import ALERTS, TOLD, TRANSITIONED, Subscription
from runtime.hooks.telling import TEST, type_of
from runtime.store import accounts
from runtime.store.engine import read
from runtime.store.hook_tables import DEAD, LEFT, OFF, ON, PAUSED, SENT, WAITING
from runtime.web.screens.progress_page import Moment, moment
from runtime.web.screens.visit import Visit, record_url

ADDRESS = "/webhooks/"


@dataclass(frozen=True, slots=True)
class HookLine:
    """A subscription in the list."""

    url: str
    name: str
    about: str
    state: Cell
    waiting: int
    dead: int
    sent: Moment | None


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """A delivery in the log."""

    url: str
    type: str
    happened: Moment
    state: Cell
    why: str
    attempts: int


@dataclass(frozen=True, slots=True)
class HookPage:
    """Everything `hook.html` draws."""

    name: str
    action: str
    state: Cell
    is_on: bool
    is_off: bool
    problem: str
    """Why nothing is sent, in a sentence; '' where all is well."""
    facts: tuple[tuple[str, str], ...]
    filters: tuple[tuple[str, str, bool], ...]
    """Address, words, chosen."""
    log: tuple[DeliveryLine, ...]
    older: str
    secret: str = ""
    zone: str = ""


@dataclass(frozen=True, slots=True)
class TryBlock:
    """One try."""

    number: int
    at: Moment
    code: str
    milliseconds: int
    sent_headers: str
    sent_body: str | None
    """None: something in it is out of the reader's reach."""
    got_headers: str
    got_body: str


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    """Everything `hook_delivery.html` draws."""

    title: str
    back: str
    action: str
    state: Cell
    facts: tuple[tuple[str, str], ...]
    record: str
    """The address of the record's page; '' where there is none to be seen."""
    may_again: bool
    tries: tuple[TryBlock, ...]


def hook_url(hook_id: str, rest: str = "") -> str:
    """Return the address of a subscription's page, or of what is below it."""
    return f"{ADDRESS}{hook_id}{'/' + rest if rest else ''}"


def hook_lines(visit: Visit) -> tuple[HookLine, ...]:
    """Return every subscription."""
    return tuple(_line(visit, each) for each in desk.standings(visit.runtime, visit.actor))


def hook_page(
    visit: Visit, one: Subscription, *, status: str = "", before: str = "", secret: str = ""
) -> HookPage:
    """Return the page of one subscription."""
    found = deliveries.listed(visit.runtime, one.id, status=status, before=before)
    here = hook_url(one.id)
    narrowed = f"status={status}&" if status else ""
    is_full = len(found) == deliveries.PAGE
    t = visit.t
    filters = (("", t("All", "delivery")), *((each, _words(visit, each)) for each in _STATUSES))
    return HookPage(
        name=one.name,
        action=here,
        state=state_of(visit, one),
        is_on=one.state == ON,
        is_off=one.state == OFF,
        problem=_problem(visit, one),
        facts=tuple(_facts(visit, one)),
        filters=tuple(
            (f"{here}?status={name}" if name else here, words, name == status)
            for name, words in filters
        ),
        log=tuple(_delivery_line(visit, one, each) for each in found),
        older=f"{here}?{narrowed}before={found[-1].id}" if is_full else "",
        secret=secret,
        zone=visit.viewer.time_zone,
    )


def delivery_page(visit: Visit, one: Subscription, row: Any, tries: Any) -> DeliveryPage:
    """Return the page of one delivery with its tries."""
    t = visit.t
    facts = [
        (t("Message"), f"msg_{row.id}"),
        (t("When it happened", "delivery"), moment(visit, row.happened_at).text),
        (t("Tries", "delivery"), str(row.attempts)),
    ]
    if row.why:
        facts.append((t("Why", "delivery"), why_words(visit, row.why)))
    if row.status == WAITING:
        facts.append((t("Next try", "delivery"), moment(visit, row.next_at).text))
    is_record = row.entity in visit.app.entities and bool(row.record_id)
    return DeliveryPage(
        title=type_of(row.entity, row.event),
        back=hook_url(one.id),
        action=hook_url(one.id, f"deliveries/{row.id}"),
        state=_state(visit, row.status),
        facts=tuple(facts),
        record=record_url(row.entity, row.record_id) if is_record else "",
        may_again=row.status != WAITING and row.event != TEST,
        tries=tuple(_try(visit, one, row, each) for each in tries),
    )


def state_of(visit: Visit, one: Subscription) -> Cell:
    """Return how a subscription stands, as a badge."""
    t = visit.t
    if one.state == OFF:
        return Cell(t("Off", "webhook"), "badge", "neutral")
    if one.state == PAUSED:
        return Cell(t("Paused", "webhook"), "badge", "critical")
    if one.failures:
        return Cell(t("Failing", "webhook"), "badge", "warning")
    return Cell(t("On", "webhook"), "badge", "success")


def about(visit: Visit, one: Subscription) -> str:
    """Return what a subscription is told of."""
    names = ("、" if visit.chinese() else ", ").join(event_words(visit, one.entity, one.events))
    return f"{entity_words(visit, one.entity)}: {names}"


def entity_words(visit: Visit, entity: str) -> str:
    """Return what is told of: a kind of records, or alerts."""
    if entity == ALERTS:
        return visit.t("Alerts")
    model = visit.app.entities.get(entity)
    return visit.text(model.plural) if model is not None else entity


def event_words(visit: Visit, entity: str, events: tuple[str, ...]) -> tuple[str, ...]:
    """Return events in words, a step of a workflow by its label."""
    t = visit.t
    known = {
        "created": t("created", "event"),
        "updated": t("changed in any way", "event"),
        "deleted": t("archived or deleted", "event"),
        "restored": t("restored", "event"),
        TRANSITIONED: t("any step of a workflow", "event"),
        "opened": t("begun", "event"),
        "ended": t("ended", "event"),
    }
    return tuple(known.get(one) or _step(visit, entity, one) for one in events)


def _step(visit: Visit, entity: str, event: str) -> str:
    kind, _, behind = event.partition(":")
    if kind == TOLD:
        message = visit.app.messages.get(behind)
        label = visit.text(message.label) if message is not None else behind
        return visit.t("message: {name}", name=label)
    workflow, _, name = behind.partition(".")
    found = visit.app.workflows.get(entity, {}).get(workflow)
    edges = found.named(name) if found is not None else ()
    if found is None or not edges:
        return event
    return visit.t(
        "step: {name} ({workflow})",
        name=visit.text(edges[0].label),
        workflow=visit.text(found.label),
    )


def why_words(visit: Visit, why: str) -> str:
    """Return why a delivery was left or not taken."""
    t = visit.t
    known = {
        "rights": t("Its owner may not read it"),
        "filter": t("It does not fit the filter"),
        "record_gone": t("The record was gone before it was told"),
        "not_told_before": t("The receiver never heard of the record"),
        "inside_address": t("The address leads inside"),
        "bad_address": t("This is no address"),
        "not_https": t("The address is not https"),
        "too_slow": t("The answer took too long"),
        "ConnectError": t("No connection"),
        "ConnectTimeout": t("No connection in time"),
        "ReadTimeout": t("No answer in time"),
    }
    if why.startswith("http_"):
        return t("The receiver answered {status}", status=why.removeprefix("http_"))
    return known.get(why, why)


def _problem(visit: Visit, one: Subscription) -> str:
    t = visit.t
    if one.state == PAUSED:
        reasons = {
            "owner": t("Its owner may not sign in any more."),
            "failing": t("Nothing but failures for a day."),
            "gone": t("The receiver answered that it is gone for good."),
            "filter": t("Its filter asks for what its owner may not read, or what is no more."),
            "secret": t("Its secret cannot be opened: make another one."),
            "person": t("Somebody paused it."),
        }
        kept = t("What happens is kept and told when it goes on.")
        return f"{reasons.get(one.why, one.why)} {kept}"
    if one.state == ON and one.hold_until and one.hold_until > visit.runtime.clock():
        when = moment(visit, one.hold_until).text
        return t("It could not be reached and is let alone until {when}.", when=when)
    return ""


def _facts(visit: Visit, one: Subscription) -> list[tuple[str, str]]:
    t = visit.t
    with read(visit.runtime.engine) as connection:
        people = accounts.by_ids(connection, {one.owner_id})
    fields = ", ".join(one.fields) or t("All that its owner may read")
    found = [
        (t("Address", "webhook"), one.url),
        (t("Told of", "webhook"), about(visit, one)),
        (t("Only where", "webhook"), one.filter),
        (t("Fields"), fields if one.entity != ALERTS else ""),
        (t("Rights of", "webhook"), people[0].name if people else t("Nobody active")),
        (t("Left out", "webhook"), t("What the owner did") if one.skips_own else ""),
        (t("Last taken", "webhook"), moment(visit, one.sent_at).text if one.sent_at else ""),
    ]
    if one.before_until and one.before_until > visit.runtime.clock():
        until = moment(visit, one.before_until).text
        found.append((t("Secret"), t("The one before is valid until {when}", when=until)))
    return [(label, text) for label, text in found if text]


def _line(visit: Visit, standing: Standing) -> HookLine:
    one = standing.one
    host = urlsplit(one.url).hostname or ""
    return HookLine(
        hook_url(one.id),
        one.name,
        f"{about(visit, one)} → {host}",
        state_of(visit, one),
        standing.waiting,
        standing.dead,
        moment(visit, one.sent_at) if one.sent_at else None,
    )


def _delivery_line(visit: Visit, one: Subscription, row: Any) -> DeliveryLine:
    return DeliveryLine(
        hook_url(one.id, f"deliveries/{row.id}"),
        type_of(row.entity, row.event),
        moment(visit, row.happened_at),
        _state(visit, row.status),
        why_words(visit, row.why) if row.why else "",
        row.attempts,
    )


_STATUSES = (WAITING, SENT, LEFT, DEAD)
_TONES = {WAITING: "info", SENT: "success", LEFT: "neutral", DEAD: "critical"}


def _state(visit: Visit, status: str) -> Cell:
    return Cell(_words(visit, status), "badge", _TONES[status])


def _words(visit: Visit, status: str) -> str:
    t = visit.t
    return {
        WAITING: t("Waiting", "delivery"),
        SENT: t("Taken", "delivery"),
        LEFT: t("Not told", "delivery"),
        DEAD: t("Given up", "delivery"),
    }[status]


def _try(visit: Visit, one: Subscription, row: Any, tried: Any) -> TryBlock:
    body = showing.body_for(visit.runtime, visit.actor, one, row, tried.sent_body)
    code = tried.code if tried.status is None else f"http_{tried.status}"
    return TryBlock(
        tried.number,
        moment(visit, tried.at),
        why_words(visit, code),
        tried.milliseconds,
        _lines(tried.sent_headers),
        None if body is None else _pretty(body),
        _lines(tried.got_headers),
        tried.got_body,
    )


def _lines(headers: dict[str, str]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in headers.items())


def _pretty(body: str) -> str:
    try:
        return orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONDecodeError:
        # it was cut for the log
        return body
