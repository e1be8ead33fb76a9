"""The form of a webhook: what it may be told of is chosen first, then everything else.

In: a subscription or nothing, what was typed, what is wrong with it. Out: a frozen page, and the
values that `desk.make` and `desk.change` check.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import MultiDict

from runtime.errors import Invalid
from runtime.hooks.checking import entities_for, events_for
from runtime.hooks.subscriptions import ALERTS, Subscription
from runtime.store import accounts
from runtime.store.engine import read
from runtime.web.screens.hooks_page import ADDRESS, entity_words, event_words, hook_url
from runtime.web.screens.visit import Visit

MOST_PEOPLE = 500


@dataclass(frozen=True, slots=True)
class HookForm:
    """Everything `hook_form.html` draws."""

    title: str
    action: str
    back: str
    entity: str
    about: str
    kinds: tuple[tuple[str, str], ...]
    """Name and words of everything that can be told of; empty once it is chosen."""
    events: tuple[tuple[str, str, bool], ...] = ()
    people: tuple[tuple[int, str], ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    is_alerts: bool = False
    version: int = 0


def choosing(visit: Visit) -> HookForm:
    """Return the page that asks what a new subscription shall be told of."""
    kinds = [(one.name, visit.text(one.plural)) for one in entities_for(visit.runtime, visit.actor)]
    kinds.sort(key=lambda pair: pair[1])
    told = ((ALERTS, visit.t("Alerts")), *kinds) if visit.app.alerts else tuple(kinds)
    return HookForm(visit.t("New webhook"), f"{ADDRESS}new", ADDRESS, "", "", told)


def hook_form(
    visit: Visit,
    entity: str,
    one: Subscription | None,
    values: Mapping[str, Any] | None = None,
    refused: Invalid | None = None,
) -> HookForm:
    """Return the form of a subscription to a kind of records."""
    given = values if values is not None else _stored(visit, one)
    known = events_for(visit.runtime, entity)
    chosen = set(given.get("events", ()))
    words = event_words(visit, entity, known)
    errors = {each.field: visit.text(each.message) for each in refused.errors} if refused else {}
    return HookForm(
        title=one.name if one is not None else visit.t("New webhook"),
        action=hook_url(one.id, "edit") if one is not None else f"{ADDRESS}new",
        back=hook_url(one.id) if one is not None else ADDRESS,
        entity=entity,
        about=entity_words(visit, entity),
        kinds=(),
        events=tuple((name, text, name in chosen) for name, text in zip(known, words, strict=True)),
        people=_people(visit, int(given["owner_id"])),
        values={**given, "fields": "\n".join(given.get("fields", ()))},
        errors=errors,
        is_alerts=entity == ALERTS,
        version=one.version if one is not None else 0,
    )


def read_form(form: MultiDict[str, str]) -> dict[str, Any]:
    """Return what was typed, in the form that is checked."""
    owner, fields = form.get("owner_id", ""), form.get("fields", "")
    parts = (part.strip() for part in fields.replace(",", "\n").splitlines())
    return {
        **{name: form.get(name, "").strip() for name in ("name", "url", "filter")},
        "events": tuple(form.getlist("events")),
        "fields": tuple(part for part in parts if part),
        "owner_id": int(owner) if owner.isascii() and owner.isdigit() and len(owner) < 10 else 0,
        "skips_own": form.get("skips_own") == "1",
    }


def _stored(visit: Visit, one: Subscription | None) -> dict[str, Any]:
    if one is None:
        return {"owner_id": visit.actor.id, "name": "", "url": "", "filter": "", "skips_own": False}
    names = ("name", "url", "filter", "events", "fields", "owner_id", "skips_own")
    return {name: getattr(one, name) for name in names}


def _people(visit: Visit, owner: int) -> tuple[tuple[int, str], ...]:
    with read(visit.runtime.engine) as connection:
        found = accounts.matching(connection, "", MOST_PEOPLE)
        if all(one.id != owner for one in found):
            found = (*accounts.by_ids(connection, {owner}), *found)
    return tuple((one.id, f"{one.name} ({one.username})") for one in found)
