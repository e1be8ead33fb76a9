"""Saved exports as pages show them: all that somebody may have made, and the form of one.

In: what is kept, or what was typed. Out: frozen pages. When an export is sent is asked as people
say it (every Monday at eight) and kept as a rule of five fields, so a rule that was written over
REST and means more is shown as it is and left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

import sqlalchemy as sa

from generator.model.entity import Entity
from generator.model.text import Label
from runtime.errors import FieldError, Invalid
from runtime.exporting import saved
from runtime.exporting.checking import Draft
from runtime.exporting.saved import Saved
from runtime.exporting.wish import Schedule, Wish
from runtime.jobs.tables import RUN, SCHEDULE
from runtime.operations.export import JOB
from runtime.runtime import Runtime
from runtime.store import accounts
from runtime.store.engine import read
from runtime.web.screens import export_page as files
from runtime.web.screens.cron_words import cron_words
from runtime.web.screens.export_columns import Group, groups
from runtime.web.screens.list_url import read_url
from runtime.web.screens.progress_page import Moment, moment
from runtime.web.screens.run_lines import RunLine, run_line
from runtime.web.screens.visit import Visit, plural, record_url

ADDRESS = "/exports/"
SHOWN = 20
"""Latest files on the page."""
RHYTHMS = {"daily": "* * *", "workdays": "* * mon-fri", "weekly": "* * mon", "monthly": "1 * *"}
OTHER = "other"
"""A rule that the form cannot say."""
HOUR = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
RULE = re.compile(r"(\d{1,2}) (\d{1,2}) (.+)")


@dataclass(frozen=True, slots=True)
class ExportLine:
    """A saved export in the list."""

    url: str
    name: str
    about: str
    when: str
    next: Moment | None
    owner: str
    mine: bool


@dataclass(frozen=True, slots=True)
class ExportsPage:
    """Everything `exports.html` draws."""

    exports: tuple[ExportLine, ...]
    runs: tuple[RunLine, ...]


@dataclass(frozen=True, slots=True)
class Typed:
    """The form of a saved export, as it stands or as it was sent."""

    name: str
    columns: tuple[str, ...]
    form: str
    share: str
    """`me`, `all` or the name of a role."""
    rhythm: str
    """Of `RHYTHMS`, `other`, or empty for never."""
    hour: str
    roles: tuple[str, ...]
    people: str


@dataclass(frozen=True, slots=True)
class Option:
    """Something that can be chosen."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class SavedExportPage:
    """Everything `saved_export.html` draws."""

    name: str
    action: str
    mine: bool
    about: str
    list_url: str
    groups: tuple[Group, ...]
    formats: tuple[Option, ...]
    shares: tuple[Option, ...]
    rhythms: tuple[Option, ...]
    hour: str
    zone: str
    roles: tuple[Option, ...]
    people: str
    when: str
    next: Moment | None
    errors: tuple[str, ...]


def exports_page(visit: Visit, names: Callable[[set[int]], Mapping[int, str]]) -> ExportsPage:
    """Return the page of all of them, with the person's latest files: three statements."""
    found = saved.seen_by(visit.runtime, visit.actor)
    planned = _next(visit, found)
    asked = (
        sa.select(RUN)
        .where(RUN.c.created_by == str(visit.actor.id), RUN.c.job == JOB)
        .order_by(RUN.c.id.desc())
        .limit(SHOWN)
    )
    with read(visit.runtime.engine) as connection:
        runs = list(connection.execute(asked))
    known = names({one.owner for one in found} | {visit.actor.id})
    lines = tuple(
        ExportLine(
            f"{ADDRESS}{one.id}",
            one.name,
            plural(visit, visit.app.entities[one.wish.entity]),
            _when(visit, one),
            planned.get(one.id),
            known.get(one.owner, ""),
            one.owner == visit.actor.id,
        )
        for one in found
    )
    return ExportsPage(lines, tuple(run_line(visit, one, known) for one in runs))


def export_page(
    visit: Visit, found: Saved, given: Typed, refusal: Invalid | None = None
) -> SavedExportPage:
    """Return the page of one."""
    t, entity = visit.t, visit.app.entities[found.wish.entity]
    mine = found.owner == visit.actor.id
    shares = [Option("me", t("Only me", "export"), given.share == "me")]
    if visit.may("share", entity.name) or found.shared:
        everybody = t("Everybody who may export these")
        shares.append(Option("all", everybody, given.share == "all"))
        shares += _roles(visit, (given.share,))
    rhythms = [
        ("", t("Never", "schedule")),
        ("daily", t("Every day", "schedule")),
        ("workdays", t("Monday to Friday", "schedule")),
        ("weekly", t("Every Monday", "schedule")),
        ("monthly", t("On the first of the month", "schedule")),
    ]
    if given.rhythm == OTHER:
        rhythms.append((OTHER, _when(visit, found)))
    return SavedExportPage(
        name=given.name,
        action=f"{ADDRESS}{found.id}",
        mine=mine,
        about=plural(visit, entity),
        list_url=_list_url(found),
        groups=groups(visit.asking("export", entity.name), entity, given.columns),
        formats=tuple(Option(k, label, k == given.form) for k, label in files.formats(visit)),
        shares=tuple(shares),
        rhythms=tuple(Option(key, label, key == given.rhythm) for key, label in rhythms),
        hour=given.hour,
        zone=found.schedule.zone if found.schedule else visit.actor.time_zone,
        roles=_roles(visit, given.roles) if visit.may("share", entity.name) else (),
        people=given.people,
        when=_when(visit, found),
        next=_next(visit, (found,)).get(found.id),
        errors=tuple(visit.text(one.message) for one in refusal.errors) if refusal else (),
    )


def typed_of(
    visit: Visit, found: Saved, named: Callable[[tuple[int, ...]], Mapping[int, str]]
) -> Typed:
    """Return the form as it stands."""
    plan = found.schedule
    rhythm, hour = _rhythm(plan.cron) if plan else ("", "08:00")
    people = plan.people if plan else ()
    known = named(people)
    share = (found.role or "all") if found.shared else "me"
    return Typed(
        found.name,
        found.wish.columns,
        found.wish.form,
        share,
        rhythm,
        hour,
        plan.roles if plan else (),
        ", ".join(known[one] for one in people if one in known),
    )


def typed(texts: Mapping[str, Sequence[str]]) -> Typed:
    """Return the form as it was sent."""

    def one(name: str) -> str:
        return (texts.get(name) or ("",))[0].strip()

    return Typed(
        one("name"),
        tuple(texts.get("columns", ())),
        one("format"),
        one("share") or "me",
        one("rhythm"),
        one("hour"),
        tuple(texts.get("roles", ())),
        one("people"),
    )


def draft_of(visit: Visit, found: Saved, given: Typed) -> Draft:
    """Return what the form asks to be kept.

    Raises:
        Invalid: there is no such person, or no such time.

    """
    old = found.wish
    # the order that was chosen once stays; what is ticked anew comes behind
    columns = [one for one in old.columns if one in given.columns]
    columns += [one for one in given.columns if one not in columns]
    wish = Wish(
        old.entity, tuple(columns), given.form, old.listed, old.query, old.plain, given.name
    )
    shared = given.share != "me"
    role = given.share if given.share not in ("me", "all") else ""
    return Draft(wish, shared, role, _schedule(visit, found, given))


def usernames(runtime: Runtime, ids: Sequence[int]) -> Mapping[int, str]:
    """Return what people sign in with."""
    with read(runtime.engine) as connection:
        return {one.id: one.username for one in accounts.by_ids(connection, ids)}


def new_name(visit: Visit, entity: Entity) -> str:
    """Return a name for an export that nobody named."""
    taken = {one.name for one in saved.seen_by(visit.runtime, visit.actor)}
    plain = plural(visit, entity)
    names = (plain, *(f"{plain} {number}" for number in range(2, saved.MOST + 2)))
    return next((one for one in names if one not in taken), plain)


def _schedule(visit: Visit, found: Saved, given: Typed) -> Schedule | None:
    if not given.rhythm:
        return None
    zone = found.schedule.zone if found.schedule else visit.actor.time_zone
    people = _people(visit, given.people)
    if given.rhythm == OTHER and found.schedule is not None:
        return Schedule(found.schedule.cron, zone, given.roles, people)
    time = HOUR.fullmatch(given.hour)
    if time is None or given.rhythm not in RHYTHMS:
        raise _wrong("hour", "Write a time such as 08:00.", "请填写时间，例如 08:00。")
    rule = f"{int(time[2])} {int(time[1])} {RHYTHMS[given.rhythm]}"
    return Schedule(rule, zone, given.roles, people)


def _people(visit: Visit, text: str) -> tuple[int, ...]:
    wanted = [one for one in re.split(r"[\s,;，；、]+", text[:2000]) if one]
    with read(visit.runtime.engine) as connection:
        found = accounts.by_usernames(connection, wanted) if wanted else ()
    known = {one.username.casefold(): one.id for one in found}
    missing = next((one for one in wanted if one.casefold() not in known), None)
    if missing is not None:
        raise _wrong(
            "people", f"Nobody signs in as '{missing}'.", f"没有登录名为“{missing}”的用户。"
        )
    return tuple(dict.fromkeys(known[one.casefold()] for one in wanted))


def _wrong(field: str, en: str, zh: str) -> Invalid:
    message = Label({"en": en, "zh": zh})
    return Invalid(message, (FieldError(field, "invalid", message),))


def _rhythm(cron: str) -> tuple[str, str]:
    written = RULE.fullmatch(cron)
    if written is not None:
        for name, days in RHYTHMS.items():
            if written[3] == days:
                return name, f"{int(written[2]):02}:{int(written[1]):02}"
    return OTHER, ""


def _when(visit: Visit, one: Saved) -> str:
    if one.schedule is None:
        return ""
    words = cron_words(visit, saved.rule_of(one.schedule)) or one.schedule.cron
    return f"{words} · {one.schedule.zone}"


def _next(visit: Visit, found: Sequence[Saved]) -> dict[str, Moment]:
    """Return when each is sent next: one statement, and none where none is sent."""
    names = {saved.slot_name(one.id): one.id for one in found if one.schedule is not None}
    if not names:
        return {}
    asked = sa.select(SCHEDULE).where(SCHEDULE.c.name.in_(names))
    with read(visit.runtime.engine) as connection:
        return {names[row.name]: moment(visit, row.next_at) for row in connection.execute(asked)}


def _roles(visit: Visit, chosen: Sequence[str]) -> tuple[Option, ...]:
    return tuple(
        Option(role.name, visit.text(role.label), role.name in chosen)
        for role in visit.app.roles.values()
    )


def _list_url(found: Saved) -> str:
    url = read_url(record_url(found.wish.entity), found.wish.pairs)
    return f"{url.path}?{urlencode(url.pairs)}" if url.pairs else url.path
