"""Reviews as data: the list of them, the lines of one by person, and the report as rows of a file.

Comes in: a visit and what the store holds. Goes out: frozen pages, and rows for a spreadsheet. What
a line found is said in words; its cells stay those of the day of the snapshot.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from runtime.store.reviews import KEEP, REVOKE, SUSPEND, Review, ReviewLine
from runtime.web.people import reviewing
from runtime.web.people.access_page import held_label, last_day
from runtime.web.people.findings import Findings
from runtime.web.people.pages import When, when
from runtime.web.people.rights_page import action_text
from runtime.web.screens.visit import Visit, plural
from runtime.web.spreadsheets import Value

PAGE = 50
MOST_NAMES = 8
"""Kinds of records named in a line; the report names all that it gives."""


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """One review in the list."""

    url: str
    began: When
    by: str
    closed: When
    lines: int
    open: int
    revoked: int


@dataclass(frozen=True, slots=True)
class LineCard:
    """One role of one person."""

    id: str
    person: str
    person_url: str
    role: str
    via: str
    found: tuple[str, ...]
    cells: tuple[tuple[str, str], ...]
    decision: str
    decision_label: str
    decided: str
    said: str
    mine: bool
    may: bool
    may_restore: bool = False


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """Everything `people/review.html` draws."""

    review: ReviewRow
    cards: tuple[LineCard, ...]
    id: str
    show: str
    previous: str
    next: str
    is_open: bool
    deadline: When
    """Until when answers are waited for; empty where for ever."""


def review_row(visit: Visit, one: Review) -> ReviewRow:
    """Return a review as a line of the list."""
    return ReviewRow(
        url=f"/reviews/{one.id}",
        began=when(visit, one.created_at),
        by=one.created_name,
        closed=when(visit, one.closed_at),
        lines=one.lines,
        open=one.open,
        revoked=one.revoked,
    )


def finding_texts(visit: Visit, found: Findings) -> tuple[str, ...]:
    """Return in words what looks wrong on this day."""
    t, roles, entities = visit.t, visit.app.roles, visit.app.entities
    between = "、" if visit.chinese() else ", "
    unheld = between.join(visit.text(roles[name].label) for name in found.unheld)
    kinds = between.join(plural(visit, entities[name]) for name in found.unapproved)
    texts = (
        unheld and t("Nobody holds: {names}", names=unheld),
        kinds and t("Nobody may approve what waits for another person: {names}", names=kinds),
        found.everything
        and t(
            "May do everything, although three roles administer: {names}",
            names=between.join(found.everything),
        ),
    )
    return tuple(text for text in texts if text)


def review_page(
    visit: Visit, one: Review, lines: Sequence[ReviewLine], show: str, start: int
) -> ReviewPage:
    """Return the lines that wait, or all of them, a page at a time."""
    wanted = lines if show == "all" else reviewing.open_lines(lines)
    start = start if start < len(wanted) else 0

    def page(place: int) -> str:
        return f"/reviews/{one.id}?show={show}&from={place}"

    return ReviewPage(
        review=review_row(visit, one),
        cards=tuple(_card(visit, each) for each in wanted[start : start + PAGE]),
        id=one.id,
        show=show,
        previous=page(max(0, start - PAGE)) if start else "",
        next=page(start + PAGE) if start + PAGE < len(wanted) else "",
        is_open=one.closed_at is None,
        deadline=when(visit, reviewing.deadline(visit.runtime, one)),
    )


def _card(visit: Visit, one: ReviewLine) -> LineCard:
    return LineCard(
        id=one.id,
        person=one.user_name,
        person_url=f"/users/{one.user_id}",
        role=_what(visit, one),
        via=_via(visit, one),
        found=_found(visit, one),
        cells=tuple(_cells(visit, one)),
        decision=one.decision or "",
        decision_label=decision_text(visit, one.decision),
        decided=one.decided_name or "",
        said=one.said or "",
        mine=one.user_id == visit.actor.id,
        may=reviewing.may_decide(visit.actor, one),
        may_restore=one.decision == SUSPEND and one.user_id != visit.actor.id,
    )


def _what(visit: Visit, one: ReviewLine) -> str:
    """Return what a line is about: a role, or a token."""
    token = one.facts.get("token")
    if token is None:
        return held_label(visit, one.role)
    return visit.t("Token {name}", name=f"{token['name']} ({token['prefix']}…)")


def decision_text(visit: Visit, decision: str | None) -> str:
    """Return what a decision is called."""
    t = visit.t
    known = {KEEP: t("Kept", "review"), REVOKE: t("Revoked", "review")}
    known[SUSPEND] = t("Suspended", "review")
    return known.get(decision or "", t("Not decided", "review"))


def _via(visit: Visit, one: ReviewLine) -> str:
    t = visit.t
    kind, _, name = one.via.partition(":")
    if kind == "token":
        created = datetime.fromisoformat(one.facts["token"]["created"])
        return t("made {when}", when=when(visit, created).text)
    if kind == "group":
        return t("through the group {name}", name=name)
    until = one.facts.get("until")
    if kind == "request" and until:
        return t("until {when}", when=last_day(visit, datetime.fromisoformat(until)).text)
    return t("held directly")


def _found(visit: Visit, one: ReviewLine) -> tuple[str, ...]:
    """Return what looks odd about a line, in words."""
    t, facts = visit.t, one.facts
    found = []
    for name in facts.get("conflicts", ()):
        rule = visit.app.conflicts.get(name)
        why = visit.text(rule.message) if rule is not None and rule.message else name
        found.append(t("Does not go together: {why}", why=why))
    if facts.get("dormant"):
        found.append(
            t("Not seen for 60 days") if facts.get("seen") else t("Never signed in", "review")
        )
    unused = [name for name in facts.get("unused", ()) if name in visit.app.entities]
    if unused:
        comma = "、" if visit.chinese() else ", "
        names = comma.join(plural(visit, visit.app.entities[name]) for name in unused[:MOST_NAMES])
        if len(unused) > MOST_NAMES:
            names += f"{comma}+{len(unused) - MOST_NAMES}"
        found.append(t("Changed nothing in 90 days: {names}", names=names))
    if facts.get("sensitive"):
        found.append(t("Sees sensitive data in clear"))
    if facts.get("token"):
        used = facts["token"]["used"]
        last = when(visit, datetime.fromisoformat(used)).text if used else ""
        found.append(t("Older than 90 days"))
        found.append(t("Last used {when}", when=last) if last else t("Never used", "token"))
    if facts.get("emergencies"):
        found.append(t("Emergencies in 90 days: {n}", n=facts["emergencies"]))
    if facts.get("program"):
        found.append(t("A program", "review"))
    return tuple(found)


def _cells(visit: Visit, one: ReviewLine) -> Iterator[tuple[str, str]]:
    comma = "、" if visit.chinese() else ", "
    for cell in one.facts.get("cells", ()):
        entity = visit.app.entities.get(cell["entity"])
        label = plural(visit, entity) if entity is not None else cell["entity"]
        words = comma.join(action_text(visit, action) for action in cell["actions"])
        if cell["some"]:
            words += f" ({visit.t('only some records')})"
        yield label, words


def report_heading(visit: Visit) -> list[str]:
    """Return the heading of the report."""
    t = visit.t
    return [
        t("User name"), t("Role"), t("How it is held"), t("Records"), t("What it gives"),
        t("Only some records"), t("Fields in clear"), t("Fields masked"), t("Fields to write"),
        t("What was found"), t("Last seen", "review"), t("Decision"), t("Decided by"),
        t("Decided at"), t("Remark"),
    ]  # fmt: skip


def report(visit: Visit, lines: Sequence[ReviewLine]) -> Iterator[list[Value]]:
    """Yield the report: a row a person, role and kind of record."""
    yes = visit.t("yes", "report")
    comma = "、" if visit.chinese() else ", "
    for one in lines:
        seen = one.facts.get("seen")
        at = when(visit, datetime.fromisoformat(seen)).text if seen else ""
        mine = [one.user_name, _what(visit, one), _via(visit, one)]
        after: list[Value] = [
            ("；" if visit.chinese() else "; ").join(_found(visit, one)),
            at,
            decision_text(visit, one.decision),
            one.decided_name or "",
            when(visit, one.decided_at).text,
            one.said or "",
        ]
        for cell in one.facts.get("cells", ()) or [None]:
            if cell is None:
                yield [*mine, "", "", "", 0, 0, 0, *after]
                continue
            entity = visit.app.entities.get(cell["entity"])
            label = plural(visit, entity) if entity is not None else cell["entity"]
            words = comma.join(action_text(visit, action) for action in cell["actions"])
            numbers: list[Value] = [cell["clear"], cell["masked"], cell["write"]]
            yield [*mine, label, words, yes if cell["some"] else "", *numbers, *after]
