"""The frame of the page in hand: the menu of what the caller may list, and who they are.

In: the request in hand. Out: a `Shell` for the templates. What a menu shows is decided by the same
matrix as everything else, so there is no link that leads to a refusal.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any, cast
from urllib.parse import quote

from flask import get_flashed_messages, request
from flask_wtf.csrf import generate_csrf

from generator.field_types._locales import zone
from generator.field_types._times import clock_text
from generator.model.app import App
from generator.model.entity import Entity
from rules.administering import ALL, LOG, PEOPLE, SYSTEM, duties
from runtime import waiting
from runtime.alerts import desk as alerts_desk
from runtime.jobs import desk as jobs_desk
from runtime.messages import Actor
from runtime.runtime import Runtime
from runtime.web.context import present, web
from runtime.web.names import full_name, initials
from runtime.web.shell import (
    EmergencyBanner,
    Flash,
    FlashAction,
    Language,
    Links,
    NavGroup,
    NavItem,
    Person,
    Shell,
    Theme,
    Tone,
)
from runtime.web.texts import translator
from runtime.web.urls import list_url

LANGUAGES = {"en": "English", "zh": "中文"}
TONES: dict[str, Tone] = {"danger": "critical", "warning": "warning", "success": "success"}
THEMES: dict[str, Theme] = {"light": "light", "dark": "dark"}


def make_shell(asset: Callable[[str], str]) -> Shell:
    """Return the frame of the page in hand."""
    here, runtime = present(), web().runtime
    here.nonce = here.nonce or secrets.token_urlsafe(16)
    cookies = request.cookies
    return Shell(
        app_name=runtime.app.label.text(here.locale),
        locale=here.locale,
        asset=asset,
        t=translator(here.locale),
        nonce=here.nonce,
        csrf_token=generate_csrf(),
        theme=THEMES.get(cookies.get("theme", ""), "system"),
        compact=cookies.get("density") == "compact",
        shortcuts=cookies.get("keys") != "off",
        nav=navigation(runtime, here.actor, here.locale, request.path) if here.actor else (),
        user=person(here.actor) if here.actor else None,
        languages=other_languages(runtime.app, here.locale),
        flashes=tuple(
            _flash(TONES.get(tone, "info"), told)
            for tone, told in cast(
                list[tuple[str, Any]], get_flashed_messages(with_categories=True)
            )  # Flask's stub knows only the form without categories
        ),
        links=Links(
            profile="/preferences",
            settings="/preferences",
            notifications="/me/notifications" if here.actor else None,
        ),
        viewing_as=_viewing_as(here.actor),
        emergency=_emergency(runtime, here.actor, here.locale),
        visited=_visited() if here.actor else "",
    )


def _viewing_as(actor: Actor | None) -> str:
    if actor is None or not actor.real_id:
        return ""
    return full_name(actor.first_name, actor.last_name, actor.name)


def _emergency(runtime: Runtime, actor: Actor | None, locale: str) -> EmergencyBanner | None:
    """Return what stands above every page while somebody holds a role for an emergency."""
    taken = actor.emergency if actor is not None else None
    if actor is None or taken is None:
        return None
    role = runtime.app.roles[taken.role].label.text(locale)
    until = clock_text(taken.until.astimezone(zone(actor.time_zone)).time(), locale)
    return EmergencyBanner(role, until, taken.until.isoformat(), f"/emergencies/{taken.id}")


def _flash(tone: Tone, told: Any) -> Flash:
    """Return a message; one of ours may bring a button, as {text, action: {label, url, fields}}."""
    if not isinstance(told, dict):
        return Flash(tone, str(told))
    action = told.get("action") or None
    made = FlashAction(action["label"], action["url"], action["fields"]) if action else None
    return Flash(tone, str(told["text"]), made)


def _visited() -> str:
    """Return the address that remembers the record in hand among those looked at last."""
    values = request.view_args or {}
    if request.endpoint != "screens.detail":
        return ""
    return f"/me/recent/{values['entity']}/{quote(values['record_id'])}"


def other_languages(app: App, locale: str) -> tuple[Language, ...]:
    """Return the languages a page can be switched to."""
    return tuple(
        Language(LANGUAGES.get(other, other), other, f"/lang/{other}")
        for other in app.locales
        if other != locale
    )


def navigation(runtime: Runtime, actor: Actor, locale: str, path: str) -> tuple[NavGroup, ...]:
    """Return the modules with the entities that the actor may list."""
    t = translator(locale)
    groups = []
    keys = runtime.remembered.get(("go keys",), lambda: go_keys(runtime.app))
    for module in runtime.app.modules.values():
        items = tuple(
            NavItem(
                entity.plural.text(locale),
                list_url(entity.name),
                entity.icon or "point",
                current=_is_here(path, list_url(entity.name)),
                key=keys.get(entity.name, ""),
            )
            for entity in runtime.app.entities.values()
            if entity.module == module.name and _is_shown(runtime, actor, entity)
        )
        if _prices_here(runtime, actor, module.name):
            place = "/pricing/"
            items += (NavItem(t("Try prices"), place, "calculator", _is_here(path, place)),)
        if items:
            groups.append(NavGroup(module.label.text(locale), items))
    work = _work(runtime, actor, locale, path)
    if work:
        groups.append(NavGroup("", work))
    own = ((t("Access tokens"), "/tokens", "key"), (t("API documentation"), "/swagger/v1", "code"))
    groups.append(
        NavGroup(
            t("Programs"),
            tuple(NavItem(label, url, icon, _is_here(path, url)) for label, url, icon in own),
        )
    )
    pages = _administration(runtime, actor, locale, path)
    if pages:
        groups.append(NavGroup(t("Administration"), pages))
    return tuple(groups)


def _administration(runtime: Runtime, actor: Actor, locale: str, path: str) -> tuple[NavItem, ...]:
    """Return the pages of what somebody administers."""
    t = translator(locale)
    pages = (
        (PEOPLE, t("Users", "nav"), "/users/", "users"),
        (PEOPLE, t("Groups", "nav"), "/groups/", "users-group"),
        (PEOPLE, t("Roles", "nav"), "/roles/", "shield-lock"),
        (PEOPLE, t("Permissions", "nav"), "/permissions/", "table"),
        (PEOPLE, t("Access reviews"), "/reviews/", "clipboard-check"),
        (SYSTEM, t("Connectors", "nav"), "/connectors/", "plug"),
        (ALL, t("Webhooks", "nav"), "/webhooks/", "webhook"),
        (SYSTEM, t("Messages", "nav"), "/messages/", "message"),
        (LOG, t("Log", "nav"), "/audit/", "history"),
    )
    held = duties(runtime.matrix, actor.lasting)
    return tuple(
        NavItem(label, url, icon, _is_here(path, url))
        for duty, label, url, icon in pages
        if duty in held
    )


def _work(runtime: Runtime, actor: Actor, locale: str, path: str) -> tuple[NavItem, ...]:
    """Return what waits for people and how work goes: tasks, approvals, incidents, workflows."""
    t = translator(locale)
    pages = (
        (waiting.TASKS, t("Tasks"), "/tasks/", "checkbox"),
        (waiting.APPROVALS, t("Approvals"), "/approvals/", "checks"),
        (waiting.ROLE_REQUESTS, t("My access"), "/access/", "id-badge-2"),
        (waiting.EMERGENCIES, t("Emergency access"), "/emergencies/", "alarm"),
        (waiting.INCIDENTS, t("Incidents"), "/incidents/", "lifebuoy"),
    )
    counts = waiting.counts(runtime, actor)
    found = [
        NavItem(label, url, icon, _is_here(path, url), count=counts[kind] or None)
        for kind, label, url, icon in pages
        if kind in counts
    ]
    if alerts_desk.seen_by(runtime, actor):
        here = _is_here(path, "/alerts/")
        found.append(NavItem(t("Alerts"), "/alerts/", "flag", here))
    if jobs_desk.is_operator(runtime, actor):
        here = _is_here(path, "/jobs/")
        found.append(NavItem(t("Jobs"), "/jobs/", "progress", here))
    names = {*runtime.app.workflows, *runtime.app.derivations}
    if any(runtime.matrix.grant(actor.roles, name, "list") is not None for name in names):
        here = _is_here(path, "/workflows/")
        found.append(NavItem(t("Workflows"), "/workflows/", "route", here))
    return tuple(found)


TAKEN = {"h": "home", "n": "notifications", "p": "preferences"}
"""Letters after `g` that mean the same in every shop."""


def go_keys(app: App) -> Mapping[str, str]:
    """Return the letter that opens each list after `g`: the first of its name that is free.

    It comes from the entity's name and not from a label, so that it is the same in every language
    and for every role; an entity without a free letter has none.
    """
    found: dict[str, str] = {}
    for entity in app.entities.values():
        if not entity.menu:
            continue
        free = (
            one for one in entity.name if one.isalpha() and one not in {*TAKEN, *found.values()}
        )
        letter = next(free, "")
        if letter:
            found[entity.name] = letter
    return found


def person(actor: Actor) -> Person:
    """Return who is signed in, as the top bar shows them."""
    name = full_name(actor.first_name, actor.last_name, actor.name)
    return Person(name, initials(name), actor.id)


def _is_shown(runtime: Runtime, actor: Actor, entity: Entity) -> bool:
    return entity.menu and runtime.matrix.grant(actor.roles, entity.name, "list") is not None


def _prices_here(runtime: Runtime, actor: Actor, module: str) -> bool:
    """Return whether the tester of prices stands in a group of the menu."""
    pricing = runtime.app.pricing
    if pricing is None or runtime.app.entities[pricing.entity].module != module:
        return False
    return runtime.matrix.grant(actor.roles, pricing.entity, "evaluate") is not None


def _is_here(path: str, url: str) -> bool:
    return path == url or path.startswith(url.rstrip("/") + "/")
