"""Alerts as the whole shows them: measures with what they need, limits, fields that fit, rights.

Comes in: the resolved model. Goes out: D931 to D934.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.checks.jobs import held_by, may
from generator.kinds import Catalog
from generator.model.alert import AVERAGE, EACH, SHARE, SUM, WEEKS, Alert
from generator.model.app import App
from generator.places import Places
from generator.problems import Problem
from generator.saying import say

USER, DATETIME = "user", "datetime"
OWN = {
    EACH: ("tell_field",),
    SUM: ("field",),
    AVERAGE: ("field",),
    SHARE: ("among",),
}
"""Keys that only some measures use."""


def check(app: App, catalogs: Mapping[str, Catalog[Any]], places: Places) -> Iterator[Problem]:
    """Yield what is wrong with alerts."""
    for alert in app.alerts.values():
        yield from _needs(alert)
        yield from _limit(alert)
        yield from _fields(alert, app, catalogs)
        if alert.role and not _sees(app, alert):
            message = say(
                "'{role}' may not 'list' {entity}, so this alert sees nothing.",
                role=alert.role,
                entity=alert.entity,
            )
            hint = "Give the right to the role, or name another role."
            yield Problem("D934", alert.spans.get("role", alert.span), message, hint)


def _sees(app: App, alert: Alert) -> bool:
    """Return whether the role lists such records; the rights of a part are those of its whole."""
    held, entity = held_by(app, alert.role), alert.entity
    while entity in app.entities:
        if may(app, held, entity, "list"):
            return True
        entity = app.entities[entity].child_of
    return False


def _needs(alert: Alert) -> Iterator[Problem]:
    for key in ("field", "among", "tell_field"):
        if key in alert.spans and key not in OWN.get(alert.measure, ()):
            message = say(
                "'{key}' means nothing with 'measure: {measure}'.", key=key, measure=alert.measure
            )
            yield Problem("D931", alert.spans[key], message, say("Remove '{key}'.", key=key))
    wanted = [
        ("where", alert.measure in (EACH, SHARE) and "where" not in alert.spans),
        ("field", alert.measure in (SUM, AVERAGE) and "field" not in alert.spans),
        ("during", alert.is_multiple and "during" not in alert.spans),
    ]
    for key, is_missing in wanted:
        if is_missing:
            message = say(
                "'{name}' does not say '{key}', which it needs.", name=alert.name, key=key
            )
            yield Problem("D931", alert.span, message, say("Write '{key}:'.", key=key))
    if "weeks" in alert.spans and alert.against != WEEKS:
        message = say("'{key}' means nothing without 'against: weeks'.", key="weeks")
        yield Problem("D931", alert.spans["weeks"], message, say("Remove '{key}'.", key="weeks"))
    if alert.measure == EACH and alert.is_multiple:
        message = say(
            "'{key}' means nothing with 'measure: {measure}'.", key="against", measure=EACH
        )
        yield Problem(
            "D931", alert.spans["against"], message, say("Remove '{key}'.", key="against")
        )


def _limit(alert: Alert) -> Iterator[Problem]:
    given = [key for key in ("above", "below") if key in alert.spans]
    if alert.measure == EACH and given:
        message = say(
            "'{key}' means nothing with 'measure: {measure}'.", key=given[0], measure=EACH
        )
        hint = say("Write it in 'where', or choose another measure.")
        yield Problem("D932", alert.spans[given[0]], message, hint)
    elif alert.measure != EACH and len(given) not in ((1, 2) if alert.against == WEEKS else (1,)):
        at = alert.spans[given[1]] if given else alert.span
        message = say("'{name}' compares its number with no limit, or with two.", name=alert.name)
        yield Problem("D932", at, message, "Write 'above:' or 'below:', one of them.")


def _fields(alert: Alert, app: App, catalogs: Mapping[str, Catalog[Any]]) -> Iterator[Problem]:
    fields, types = app.entities[alert.entity].fields, catalogs["field_types"]
    moment = alert.during.field if alert.during is not None else ""
    for key, name, kind in (
        ("field", alert.field, "a field of numbers"),
        ("tell_field", alert.tell_field, "a field of people"),
        ("during", moment, "a field of moments"),
    ):
        if name not in fields:
            continue
        written = fields[name].type
        fits = {
            "a field of numbers": types[written].numeric,
            "a field of people": written == USER,
            "a field of moments": written == DATETIME,
        }
        if not fits[kind]:
            message = say("'{name}' is not {kind}.", name=name, kind=say(kind))
            hint = say("Name {kind} of {entity}.", entity=alert.entity, kind=say(kind))
            yield Problem("D933", alert.spans[key], message, hint)
