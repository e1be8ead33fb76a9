"""The pages about people, as data: the list, one account, roles, groups, sessions.

Comes in: a visit and what `accounts.py` found. Goes out: frozen pages for the templates. Roles are
said in the words of the definitions, and what they may do in plain words: nobody has to know what
`can_edit` means.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from generator.field_types._times import local_text
from generator.model.access import Role
from rules.administering import LOG, PEOPLE, SYSTEM, does_everything
from runtime.store.sessions import Session
from runtime.web.names import full_name, initials
from runtime.web.people.accounts import PAGE, Account, AccountPage
from runtime.web.people.devices import device, is_phone
from runtime.web.people.groups import GroupLine
from runtime.web.screens.visit import Visit, plural

STATUSES = ("active", "inactive")


@dataclass(frozen=True, slots=True)
class When:
    """A moment: for machines and for people; empty when there is none."""

    iso: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class PersonLine:
    """Somebody in the list."""

    name: str
    username: str
    email: str
    initials: str
    roles: tuple[str, ...]
    status: str
    tone: str
    seen: When
    url: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a filter."""

    value: str
    label: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """Everything `people/list.html` draws."""

    lines: tuple[PersonLine, ...]
    query: str
    statuses: tuple[Choice, ...]
    roles: tuple[Choice, ...]
    summary: str
    previous: str
    next: str
    filtered: bool


@dataclass(frozen=True, slots=True)
class RoleCard:
    """A role that can be held, in plain words."""

    name: str
    label: str
    help: str
    may: str
    """What it opens, in one line."""
    chosen: bool
    url: str
    by_group: bool = False
    """Already held through a group."""


@dataclass(frozen=True, slots=True)
class GroupCard:
    """A group somebody can be in."""

    id: int
    label: str
    roles: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class SessionLine:
    """Where somebody is signed in."""

    id: str
    device: str
    icon: str
    address: str
    started: When
    seen: When
    current: bool


@dataclass(frozen=True, slots=True)
class PersonPage:
    """Everything `people/person.html` draws; `id` is None for somebody new."""

    id: int | None
    title: str
    action: str
    values: Mapping[str, str]
    roles: tuple[RoleCard, ...]
    groups: tuple[GroupCard, ...]
    active: bool = True
    oneself: bool = False
    invited: bool = False
    last_login: When = When()
    sessions: tuple[SessionLine, ...] = ()
    errors: Mapping[str, str] = field(default_factory=dict)
    link: str = ""
    """A link to choose a password with, shown this once."""
    second_factor: bool = False
    service: bool = False
    """The account of a program."""
    tokens: Any = None
    """What such a program may come with: the page of its tokens."""


@dataclass(frozen=True, slots=True)
class RoleLine:
    """A role in the list of roles."""

    label: str
    help: str
    people: int
    url: str


@dataclass(frozen=True, slots=True)
class Ability:
    """What a role may do with one kind of record."""

    label: str
    icon: str
    words: str
    limited: bool
    """Only with some of the records."""


@dataclass(frozen=True, slots=True)
class RolePage:
    """Everything `people/role.html` draws."""

    label: str
    help: str
    includes: tuple[str, ...]
    abilities: tuple[Ability, ...]
    people_url: str
    everything: bool
    administers: str = ""
    """What it administers beside records, in words."""


@dataclass(frozen=True, slots=True)
class GroupPage:
    """Everything `people/group.html` draws; `id` is None for a new one."""

    id: int | None
    title: str
    action: str
    values: Mapping[str, str]
    roles: tuple[RoleCard, ...]
    members: int = 0
    errors: Mapping[str, str] = field(default_factory=dict)


def people_page(
    visit: Visit, found: AccountPage, query: str, status: str, role: str, offset: int
) -> PeoplePage:
    """Return the list of people."""
    t = visit.t
    kept = {"q": query, "status": status, "role": role}
    words = {"active": t("Active", "account"), "inactive": t("Deactivated", "account")}
    first = offset + 1 if found.accounts else 0

    def page(start: int) -> str:
        given = {**kept, "from": str(start) if start else ""}
        return "/users/?" + urlencode({name: text for name, text in given.items() if text})

    return PeoplePage(
        lines=tuple(_line(visit, one, found.seen.get(one.id)) for one in found.accounts),
        query=query,
        statuses=tuple(Choice(name, words[name], name == status) for name in STATUSES),
        roles=tuple(
            Choice(one.name, visit.text(one.label), one.name == role)
            for one in visit.app.roles.values()
        ),
        summary=f"{first}–{offset + len(found.accounts)}",
        previous=page(max(0, offset - PAGE)) if offset else "",
        next=page(offset + PAGE) if found.more else "",
        filtered=any(kept.values()),
    )


def _line(visit: Visit, one: Account, seen: datetime | None) -> PersonLine:
    t = visit.t
    name = full_name(one.first_name, one.last_name, one.username)
    if not one.active:
        status, tone = t("Deactivated", "account"), "neutral"
    elif one.service:
        status, tone = t("Program", "account"), "info"
    elif one.invited:
        status, tone = t("Invited", "account"), "info"
    else:
        status, tone = t("Active", "account"), "success"
    known = [visit.app.roles[role] for role in one.roles if role in visit.app.roles]
    last = max((moment for moment in (seen, one.last_login) if moment), default=None)
    return PersonLine(
        name=name,
        username=one.username,
        email=one.email,
        initials=initials(name),
        roles=tuple(visit.text(role.label) for role in known),
        status=status,
        tone=tone,
        seen=when(visit, last),
        url=f"/users/{one.id}",
    )


def when(visit: Visit, moment: datetime | None) -> When:
    """Return a moment in the reader's language and zone."""
    if moment is None:
        return When()
    viewer = visit.viewer
    return When(moment.isoformat(), local_text(moment, viewer.locale, viewer.time_zone))


def role_cards(
    visit: Visit, held: Collection[str], by_group: Collection[str] = ()
) -> tuple[RoleCard, ...]:
    """Return every role of the definitions as a card."""
    return tuple(
        RoleCard(
            name=role.name,
            label=visit.text(role.label),
            help=visit.text(role.help) if role.help else "",
            may=_in_one_line(visit, role),
            chosen=role.name in held,
            url=f"/roles/{role.name}",
            by_group=role.name in by_group,
        )
        for role in visit.app.roles.values()
    )


def group_cards(
    visit: Visit, groups: Sequence[GroupLine], chosen: Collection[int]
) -> tuple[GroupCard, ...]:
    """Return every group as a card."""
    return tuple(
        GroupCard(one.id, one.label or one.name, role_names(visit, one.roles), one.id in chosen)
        for one in groups
    )


def role_names(visit: Visit, roles: Collection[str]) -> str:
    """Return what roles are called, as a list in a sentence."""
    known = [visit.text(visit.app.roles[name].label) for name in roles if name in visit.app.roles]
    return ("、" if visit.chinese() else ", ").join(known)


def session_lines(
    visit: Visit, found: Sequence[Session], current: str = ""
) -> tuple[SessionLine, ...]:
    """Return where somebody is signed in; the session of this request comes first."""
    ordered = sorted(found, key=lambda one: one.id != current)
    return tuple(
        SessionLine(
            id=one.id,
            device=device(one.agent, visit.t),
            icon="device-mobile" if is_phone(one.agent) else "device-desktop",
            address=one.address,
            started=when(visit, one.started),
            seen=when(visit, one.seen),
            current=bool(current) and one.id == current,
        )
        for one in ordered
    )


def role_page(visit: Visit, role: Role) -> RolePage:
    """Return one role: what it may do, kind by kind."""
    matrix, holds = visit.runtime.matrix, frozenset({role.name})
    abilities = []
    for entity in visit.app.entities.values():
        if entity.child_of:
            continue
        actions = matrix.actions(holds, entity.name)
        words = _words(visit, actions)
        if not words:
            continue
        grants = [matrix.grant(holds, entity.name, action) for action in actions]
        limited = any(grant is not None and grant.rows is not None for grant in grants)
        abilities.append(Ability(plural(visit, entity), entity.icon or "point", words, limited))
    return RolePage(
        label=visit.text(role.label),
        help=visit.text(role.help) if role.help else "",
        includes=tuple(
            visit.text(visit.app.roles[name].label)
            for name in role.includes
            if name in visit.app.roles
        ),
        abilities=tuple(abilities),
        people_url=f"/users/?role={role.name}",
        everything=does_everything(matrix, holds),
        administers=_administers(visit, role),
    )


def _words(visit: Visit, actions: Collection[str]) -> str:
    """Return what actions mean to somebody who never heard of them."""
    t = visit.t
    known = (
        ({"list", "read"}, t("see", "may")),
        ({"create"}, t("create", "may")),
        ({"update"}, t("change", "may")),
        ({"delete"}, t("archive or delete", "may")),
        ({"import"}, t("import", "may")),
        ({"export"}, t("export", "may")),
    )
    found = [word for names, word in known if names & set(actions)]
    return ("、" if visit.chinese() else ", ").join(found)


def _administers(visit: Visit, role: Role) -> str:
    """Return in words what a role administers beside records; empty when nothing."""
    t = visit.t
    return {
        SYSTEM: t("Administers connectors, messages and faults of the definitions."),
        PEOPLE: t("Administers accounts, groups, roles and access reviews."),
        LOG: t("Reads the whole log and is told of its alarms."),
    }.get(role.administers, "")


def _in_one_line(visit: Visit, role: Role) -> str:
    """Return the kinds of records a role may change, and whether it sees others."""
    t, matrix, holds = visit.t, visit.runtime.matrix, frozenset({role.name})
    if does_everything(matrix, holds):
        return t("May do everything, and administers people.")
    duty = _administers(visit, role)
    if duty:
        return duty
    changes, sees = [], []
    for entity in visit.app.entities.values():
        if entity.child_of or not entity.menu:
            continue
        actions = matrix.actions(holds, entity.name)
        if actions & {"create", "update", "delete"}:
            changes.append(plural(visit, entity))
        elif actions & {"list", "read"}:
            sees.append(plural(visit, entity))
    comma = "、" if visit.chinese() else ", "
    parts = []
    if changes:
        parts.append(t("Changes: {names}", names=comma.join(changes)))
    if sees:
        parts.append(t("Sees: {names}", names=comma.join(sees)))
    return ("；" if visit.chinese() else ". ").join(parts)
