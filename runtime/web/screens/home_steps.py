"""The first steps of a shop that is still empty.

Its administrator sees them, and each ticks itself off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runtime.web.people.accounts import count_people
from runtime.web.screens import settings_page
from runtime.web.screens.home_views import Counted, listed, plan_of
from runtime.web.screens.visit import Visit, new_url, plural
from runtime.web.users import is_administrator

FIRST_KINDS = 3
"""Kinds of records that an empty shop is asked to begin with."""
STARTED = "started"
"""The key among the person's settings."""


@dataclass(frozen=True, slots=True)
class Step:
    """One of the first steps of an empty shop."""

    label: str
    text: str
    url: str
    icon: str
    done: bool


def first_kinds(visit: Visit) -> list[Counted]:
    """Return the kinds of records that most others point at: a shop begins with these.

    Only an administrator is asked; in a shop that has them nothing is counted for it for long,
    because `started` is noted as soon as all of them hold something.
    """
    if not is_administrator(visit.runtime, visit.actor.lasting):
        return []
    pointing: dict[str, int] = {}
    for entity in visit.app.entities.values():
        for field in entity.fields.values():
            if field.target and field.target != entity.name and not entity.child_of:
                pointing[field.target] = pointing.get(field.target, 0) + 1
    candidates = [one for one in listed(visit) if visit.may("create", one.name)]
    order = {entity.name: place for place, entity in enumerate(candidates)}
    best = sorted(candidates, key=lambda one: (-pointing.get(one.name, 0), order[one.name]))
    plans = [(entity, plan_of(visit, entity, {})) for entity in best[:FIRST_KINDS]]
    return [Counted(entity, None, plan) for entity, plan in plans if plan is not None]


def steps(
    visit: Visit,
    first: Sequence[Counted],
    counts: Mapping[int, int],
    kept: Mapping[str, Any],
) -> tuple[Step, ...]:
    """Return the first steps of a shop that is still empty; none once it has begun."""
    if not first or any(id(one) not in counts for one in first):
        return ()
    if all(counts[id(one)] for one in first):
        settings_page.store(visit, {STARTED: True})
        return ()
    t = visit.t
    kinds = [
        Step(
            t("Add the first: {name}", name=plural(visit, one.entity)),
            visit.text(one.entity.help) if one.entity.help else "",
            new_url(one.entity.name),
            one.entity.icon or "point",
            bool(counts[id(one)]),
        )
        for one in first
    ]
    others = (
        Step(
            t("Invite the people you work with"),
            t("Each gets a role and chooses a password."),
            "/users/new",
            "user-plus",
            count_people(visit.runtime.engine) > 1,
        ),
        Step(
            t("Make it yours"),
            t("Language, time zone, theme, and the page you begin with."),
            "/preferences",
            "adjustments",
            "time_zone" in kept,
        ),
    )
    return (*kinds, *others)
