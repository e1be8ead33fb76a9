"""Asking for roles, as data: what somebody holds, asked for and may decide about.

Comes in: a visit and the requests that concern them. Goes out: one frozen page. A role is told in
the words of the definitions and by what it gives, because whoever decides must see what they give.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from babel.dates import format_date

from generator.field_types._locales import babel_locale, zone
from rules.role_names import whole
from runtime import role_requests
from runtime.role_requests import LONGEST
from runtime.store.decided import PENDING
from runtime.store.role_requests import GRANTED, RoleRequest
from runtime.web.people.pages import Ability, Choice, When, role_page, when
from runtime.web.people.rights_page import action_text
from runtime.web.screens.visit import Visit, plural

TONES = {"pending": "attention", "granted": "success"}


@dataclass(frozen=True, slots=True)
class Held:
    """A role somebody holds."""

    label: str
    help: str
    until: When


@dataclass(frozen=True, slots=True)
class RequestCard:
    """One request as it is read."""

    id: str
    label: str
    who: str
    reason: str
    said: str
    asked: When
    until: When
    state: str
    state_label: str
    tone: str
    decided: str
    gives: tuple[Ability, ...]
    conflicts: tuple[str, ...]
    """Why the role does not go together with what they hold."""


@dataclass(frozen=True, slots=True)
class AccessPage:
    """Everything `people/access.html` draws."""

    held: tuple[Held, ...]
    waiting: tuple[RequestCard, ...]
    given: tuple[RequestCard, ...]
    mine: tuple[RequestCard, ...]
    roles: tuple[Choice, ...]
    actions: tuple[Choice, ...]
    kinds: tuple[Choice, ...]
    first: str
    last: str
    """The days between which an end may lie."""
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


def access_page(
    visit: Visit,
    mine: Sequence[RoleRequest],
    held_by: Mapping[int, frozenset[str]],
    values: Mapping[str, str],
    errors: Mapping[str, str],
) -> AccessPage:
    """Return the page; `held_by` says what those who wait hold now."""
    runtime = visit.runtime
    today = runtime.clock().astimezone(zone(runtime.app.time_zone)).date()
    asked = values.get("role", "")
    return AccessPage(
        held=_held(visit, mine),
        waiting=tuple(
            _card(visit, one, held_by.get(one.user_id, frozenset()))
            for one in role_requests.waiting_for(runtime, visit.actor)
        ),
        given=tuple(_card(visit, one) for one in role_requests.given_by(runtime, visit.actor)),
        mine=tuple(_card(visit, one) for one in mine),
        roles=tuple(
            Choice(name, visit.text(visit.app.roles[name].label), name == asked)
            for name in role_requests.can_be_asked(runtime)
            if name not in visit.actor.roles
        ),
        actions=_actions(visit, values.get("action", "")),
        kinds=tuple(
            Choice(one.name, plural(visit, one), one.name == values.get("entity", ""))
            for one in visit.app.entities.values()
            if not one.child_of
        ),
        first=today.isoformat(),
        last=(today + timedelta(days=LONGEST)).isoformat(),
        values=values,
        errors=errors,
    )


def last_day(visit: Visit, end: datetime | None) -> When:
    """Return the last day on which something is held, of which `end` is the midnight after."""
    if end is None:
        return When()
    here = zone(visit.runtime.app.time_zone)
    day = (end - timedelta(seconds=1)).astimezone(here).date()
    return When(
        day.isoformat(), format_date(day, "medium", locale=babel_locale(visit.viewer.locale))
    )


def held_label(visit: Visit, held: str) -> str:
    """Return what a role is called, and of which part of it somebody speaks."""
    role = visit.app.roles.get(whole(held))
    label = visit.text(role.label) if role is not None else whole(held)
    action, _, name = held.partition("@")[2].partition(":")
    entity = visit.app.entities.get(name)
    if entity is None:
        return label
    only = visit.t(
        "only: {action} {records}", action=action_text(visit, action), records=plural(visit, entity)
    )
    return f"{label}（{only}）" if visit.chinese() else f"{label} ({only})"


def _actions(visit: Visit, chosen: str) -> tuple[Choice, ...]:
    names = ("list", "read", "create", "update", "delete", "export", "import", "aggregate")
    return tuple(Choice(one, action_text(visit, one), one == chosen) for one in names)


def _held(visit: Visit, mine: Sequence[RoleRequest]) -> tuple[Held, ...]:
    ends = {one.held: one.until for one in mine if _holds(visit, one)}
    return tuple(
        Held(
            held_label(visit, name),
            visit.text(role.help) if role.help else "",
            last_day(visit, ends.get(name)),
        )
        for name in sorted(visit.actor.roles)
        if (role := visit.app.roles.get(whole(name))) is not None
    )


def _holds(visit: Visit, one: RoleRequest) -> bool:
    return one.state == GRANTED and one.until > visit.runtime.clock()


def _card(visit: Visit, one: RoleRequest, held: frozenset[str] = frozenset()) -> RequestCard:
    t, now = visit.t, visit.runtime.clock()
    state = one.state
    if state == GRANTED and one.until <= now:
        state = "ended"
    elif state == PENDING and one.expires_at <= now:
        state = "expired"
    labels = {
        "pending": t("Waits", "role request"),
        "granted": t("Holds", "role request"),
        "rejected": t("Rejected", "role request"),
        "withdrawn": t("Withdrawn", "role request"),
        "expired": t("Nobody decided", "role request"),
        "ended": t("Ended", "role request"),
        "revoked": t("Taken back", "role request"),
    }
    role = visit.app.roles.get(one.role)
    new = set(role_requests.conflicts_of(visit.runtime, {*held, one.held}))
    found = new - set(role_requests.conflicts_of(visit.runtime, held)) if held else set()
    whys = [visit.app.conflicts[name].message for name in sorted(found)]
    return RequestCard(
        id=one.id,
        label=held_label(visit, one.held),
        who=one.user_name,
        reason=one.reason,
        said=one.said or "",
        asked=when(visit, one.created_at),
        until=last_day(visit, one.until),
        state=state,
        state_label=labels[state],
        tone=TONES.get(state, "neutral"),
        decided=one.decided_name or "",
        gives=role_page(visit, role).abilities if role is not None and not one.part else (),
        conflicts=tuple(
            visit.text(why) if why else t("They hold a role that does not go with this one.")
            for why in whys
        ),
    )
