"""The bell, as data: notices by day, those about one record and of one kind as one line.

Comes in: what the table says and the titles of the records that the person may read today. Goes
out: lines in their language. Of a record out of reach a line says only that there was something.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from babel.dates import format_date

from generator.field_types._locales import babel_locale, zone
from generator.field_types._times import clock_text
from generator.model.message import INBOX
from runtime.alarms import ALARMS
from runtime.notifications import (
    ALERT,
    ALERTS,
    EMERGENCIES,
    HOOK,
    LEFT,
    ORPHANED,
    REVIEW,
    ROLE,
    ROLES,
    WORKFLOW,
)
from runtime.operations._finding import named
from runtime.store import notices
from runtime.store.notices import Told
from runtime.web.message_text import Worded, worded
from runtime.web.people.access_page import held_label
from runtime.web.people.rights_page import action_text
from runtime.web.screens.hits import Hit, hit
from runtime.web.screens.run_lines import job_label, run_url
from runtime.web.screens.visit import Visit

PAGE = 40
JOB = "job"
LOCKED = "lock"
"""The icon of what is about a record out of the reader's reach."""
ICONS = {
    "mention": "at",
    "comment": "message",
    "attach": "paperclip",
    "change": "pencil",
    "create": "plus",
    "delete": "archive",
    "restore": "restore",
    "alert": "flag",
    "alert_escalated": "flag",
}


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """Some notices of one kind about one thing; `id` is the latest of them."""

    id: str
    words: str
    title: str
    kind: str
    """What the record is: the entity's label."""
    text: str
    """What was said, as far as it may be read."""
    more: int
    url: str
    icon: str
    iso: str
    when: str
    unread: bool
    subject: str = ""
    """Of an e-mail about it alone, where a message says so."""
    letter: str = ""
    """What such an e-mail says, in place of `text`."""


@dataclass(frozen=True, slots=True)
class Day:
    """The notices of one day."""

    label: str
    lines: tuple[NoticeLine, ...]


@dataclass(frozen=True, slots=True)
class NoticesPage:
    """Everything `account/notices.html` draws."""

    days: tuple[Day, ...]
    unread: int
    older: str
    """The address of what came before; empty at the end."""


def notices_page(
    visit: Visit, told: Sequence[Told], unread: int, names: Mapping[int, str], most: int
) -> NoticesPage:
    """Return the bell's page: titles of all records cost one statement, each message one more."""
    wanted: dict[str, list[str]] = {}
    for one in told:
        if one.entity:
            wanted.setdefault(one.entity, []).append(one.record_id)
    known = {
        place: hit(visit, found)
        for place, found in named(visit.runtime, visit.actor, wanted).items()
    }
    said = worded(visit, _messages(visit, told))
    days: dict[str, dict[tuple[str, ...], list[Told]]] = {}
    for one in told:
        groups = days.setdefault(_day(visit, one.at), {})
        same = (one.kind, one.entity or one.id, one.record_id, _message(visit, one))
        groups.setdefault(same, []).append(one)
    older = f"/me/notifications?before={told[-1].id}" if len(told) == most else ""
    return NoticesPage(
        tuple(
            Day(label, tuple(_line(visit, same, known, names, said) for same in groups.values()))
            for label, groups in days.items()
        ),
        unread,
        older,
    )


def _line(
    visit: Visit,
    same: Sequence[Told],
    known: Mapping[tuple[str, str], Hit],
    names: Mapping[int, str],
    said: Mapping[tuple[str, str], Worded],
) -> NoticeLine:
    last = same[0]
    message = said.get((_message(visit, last), last.record_id))
    record = known.get((last.entity, last.record_id))
    may = record is not None or not last.entity
    local = last.at.astimezone(zone(visit.viewer.time_zone))
    who = names.get(last.actor_id, last.actor_name) or visit.t("System", "person")
    return NoticeLine(
        id=last.id,
        words=_words(visit, last, who) if may else visit.t("About a record out of your reach"),
        title=record.title if record is not None else _title(visit, last) if may else "",
        kind=record.kind if record is not None else "",
        text=(message.inbox if message else str(last.params.get("text", ""))) if may else "",
        more=len(same) - 1,
        url=f"/me/notifications/{last.id}" if record is not None or leads_to(last) else "",
        icon=ICONS.get(last.kind, "bell") if may else LOCKED,
        iso=last.at.isoformat(),
        when=clock_text(local.time(), visit.viewer.locale),
        unread=any(one.unread for one in same),
        subject=message.subject if message and may else "",
        letter=message.mail if message and may else "",
    )


def _message(visit: Visit, told: Told) -> str:
    """Return the name of the message that a notice of a workflow is; empty where it has none."""
    name = str(told.params.get("name", "")) if told.kind == WORKFLOW else ""
    message = visit.app.messages.get(name)
    return name if message is not None and message.entity == told.entity else ""


def _messages(visit: Visit, told: Sequence[Told]) -> dict[str, list[str]]:
    """Return the records that messages tell of, by the name of the message."""
    found: dict[str, list[str]] = {}
    for one in told:
        name = _message(visit, one)
        if name:
            found.setdefault(name, []).append(one.record_id)
    return found


def leads_to(told: Told) -> str:
    """Return the page of a notice that is about no record; empty when it has none."""
    if told.kind == JOB:
        return run_url(str(told.params.get("run", "")))
    if told.kind in EMERGENCIES:
        return f"/emergencies/#use-{told.params.get('emergency', '')}"
    if told.kind == REVIEW:
        return f"/reviews/{told.params.get('review', '')}"
    if told.kind in ALERTS:
        return f"/alerts/{told.params.get('alert', '')}"
    if told.kind == HOOK:
        return f"/webhooks/{told.params.get('hook', '')}"
    if told.kind in ALARMS and told.actor_name:
        return f"/audit/?{urlencode({'actor': told.actor_name})}"
    if told.kind == ORPHANED:
        return "/users/"
    if told.kind == LEFT:
        return "/approvals/" if told.params.get("approvals") else "/access/"
    return "/access/" if told.kind in ROLES else ""


def _title(visit: Visit, told: Told) -> str:
    if told.kind == JOB:
        return str(told.params.get("name") or job_label(visit, str(told.params.get("job", ""))))
    if told.kind in ALERTS:
        return _alert(visit, told)
    if told.kind in ALARMS:
        entity = visit.app.entities.get(told.title)
        return visit.text(entity.label) if entity is not None else told.title
    about_roles = told.kind in ROLES or told.kind in EMERGENCIES
    return held_label(visit, told.title) if about_roles else told.title


def _alert(visit: Visit, told: Told) -> str:
    alert = visit.app.alerts.get(str(told.params.get("alert")))
    return visit.text(alert.label) if alert is not None else told.title


def _words(visit: Visit, told: Told, who: str) -> str:
    t = visit.t
    return {
        "mention": t("{name} mentioned you", name=who),
        "comment": t("{name} commented", name=who),
        "attach": t("{name} added a file", name=who),
        "change": t("{name} made a change", name=who),
        "create": t("{name} created", name=who),
        "delete": t("{name} archived or deleted", name=who),
        "restore": t("{name} restored", name=who),
        "workflow": _reached(visit, told),
        "job": t("A job has something for you"),
        "alert": t("Alert: {name}", name=_alert(visit, told)),
        "alert_escalated": t("Nobody took it on: {name}", name=_alert(visit, told)),
        "role_requested": t("{name} asks for a role", name=who),
        "role_granted": t("{name} gave you a role", name=who),
        "role_rejected": t("{name} rejected your request for a role", name=who),
        "role_revoked": t("{name} took a role back", name=who),
        "role_ended": t("A role that you held for a time has ended"),
        "role_expired": t("Nobody decided about your request for a role"),
        "role_ends_soon": t("A role that you hold for a time ends soon"),
        "role_suspended": t("Nobody answered for it in a review: it is suspended"),
        "role_restored": t("{name} gave back what was suspended", name=who),
        "review_began": t("An access review has begun"),
        LEFT: t("{name} has left: what waited for them waits for you", name=_left(told)),
        ORPHANED: t("{name} has left: nobody else may decide what waits", name=_left(told)),
        "export_ended": t("Not sent any more: whoever saved this export may not have it"),
        "many_exports": t("{name} takes many records out", name=who),
        "export_at_night": t("{name} takes records out at night", name=who),
        "many_reveals": t("{name} looks at many masked values", name=who),
        "first_use": t(
            "{name} uses a right for the first time: {right}", name=who, right=_right(visit, told)
        ),
        "new_country": t("{name} signed in from a country where they never were", name=who),
        "many_denials": t("{name} asks for much that is denied", name=who),
        "tried_to_administer": t("{name} tried what is for administrators", name=who),
        "webhook_paused": t("A webhook is paused"),
        "emergency_began": t("{name} took a role in an emergency", name=who),
        "emergency_ended": t("An emergency of {name} has ended: look into it", name=_taker(told)),
    }.get(told.kind, t("News"))


def _right(visit: Visit, told: Told) -> str:
    return action_text(visit, str(told.params.get("action", "")))


def _left(told: Told) -> str:
    return str(told.params.get("left", ""))


def _taker(told: Told) -> str:
    return str(told.params.get("person", ""))


def _reached(visit: Visit, told: Told) -> str:
    """Say what a transition tells people: its message, or which state a record came to."""
    name = _message(visit, told)
    if name:
        return visit.text(visit.app.messages[name].label)
    workflows = visit.app.workflows.get(told.entity, {})
    workflow = workflows.get(str(told.params.get("workflow")))
    state = workflow.states.get(str(told.params.get("state"))) if workflow is not None else None
    if workflow is None or state is None:
        return visit.t("News")
    label = visit.text(state.label)
    return visit.t("{workflow} is now: {state}", workflow=visit.text(workflow.label), state=label)


def kind_labels(visit: Visit) -> dict[str, str]:
    """Return what the kinds are called where they are switched on and off."""
    t = visit.t
    return {
        "mention": t("Somebody mentions me"),
        "comment": t("A comment on a record I follow"),
        "attach": t("A file is added to a record I follow"),
        "change": t("A change of a record I follow"),
        "create": t("A new record I follow"),
        "delete": t("A record I follow is archived or deleted"),
        "restore": t("A record I follow is restored"),
        "workflow": t("A step of a workflow that concerns my role"),
        "job": t("A job has something for me"),
        ALERT: t("An alert that concerns my role"),
        ROLE: t("Roles: requests, decisions, what ends soon"),
    }


def _day(visit: Visit, at: datetime) -> str:
    here = zone(visit.viewer.time_zone)
    day, today = at.astimezone(here).date(), visit.runtime.clock().astimezone(here).date()
    if day == today:
        return visit.t("Today")
    if day == today - timedelta(days=1):
        return visit.t("Yesterday")
    return format_date(day, "full", locale=babel_locale(visit.viewer.locale))


def load(visit: Visit, most: int, before: str = "") -> tuple[Told, ...]:
    """Return the latest notices of the person."""
    runtime = visit.runtime
    always = told_in_any_case(visit)
    return notices.latest(runtime.engine, runtime.system, visit.actor.id, most, before, always)


def told_in_any_case(visit: Visit) -> frozenset[str]:
    """Return the names of messages that nobody switches off in the bell."""
    every = visit.app.messages.values()
    return frozenset(one.name for one in every if INBOX in one.always)
