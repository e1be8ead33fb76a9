"""Alerts as pages show them: which there are and how they stand; one, with its chart and its trace.

In: the definitions and rows of alerts and looks. Out: frozen pages, with every sentence in the
reader's language. Why a look did or did not tell anybody is said for each look.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from babel.numbers import format_decimal

from generator.expressions.words import words
from generator.field_types import Cell
from generator.field_types._locales import babel_locale
from generator.model.alert import AVERAGE, BEFORE, COUNT, EACH, SHARE, SUM, WEEKS, Alert
from rules.alerts import FINE, FIRES
from runtime.alerts import asking, desk
from runtime.alerts.desk import AlertState
from runtime.rights_words import ModelLabels
from runtime.web.screens.line_chart import LineChart, line_chart
from runtime.web.screens.numbers import number
from runtime.web.screens.progress_page import Moment, moment
from runtime.web.screens.run_lines import schedule_words
from runtime.web.screens.visit import Visit, plural, record_url

ADDRESS = "/alerts/"
TONES = {"info": "info", "warning": "warning", "critical": "critical"}
SHOWN = 40
"""Looks that the trace tells."""


@dataclass(frozen=True, slots=True)
class AlertLine:
    """An alert in the list."""

    url: str
    label: str
    rule: str
    state: Cell
    value: str
    last: Moment | None


@dataclass(frozen=True, slots=True)
class AlertsPage:
    """Everything `alerts.html` draws."""

    alerts: tuple[AlertLine, ...]


@dataclass(frozen=True, slots=True)
class StandingLine:
    """Something that is not as it should be, or was."""

    id: str
    title: str
    url: str
    value: str
    since: Moment
    until: Moment | None
    taken: str
    note: str


@dataclass(frozen=True, slots=True)
class LookLine:
    """One look, and why it told somebody or not."""

    at: Moment
    value: str
    verdict: Cell
    why: str


@dataclass(frozen=True, slots=True)
class AlertPage:
    """Everything `alert.html` draws."""

    name: str
    label: str
    help: str
    severity: Cell
    facts: tuple[tuple[str, str], ...]
    standing: tuple[StandingLine, ...]
    ended: tuple[StandingLine, ...]
    chart: LineChart | None
    begins: str
    ends: str
    summary: str
    looks: tuple[LookLine, ...]
    action: str
    about: str = ""
    """The record that was asked about, as it was written."""
    why: tuple[str, ...] = ()
    """Why it did or did not tell of that record, a sentence a step."""


def why_words(visit: Visit, alert: Alert, found: asking.Answer) -> tuple[str, ...]:
    """Return why an alert did or did not tell of a record, in sentences."""
    t = visit.t
    known = {
        (asking.REACH, True): t("The role of the alert sees the record."),
        (asking.REACH, False): t("The role of the alert does not see the record."),
        (asking.DURING, True): t("It is of the stretch that is looked at."),
        (asking.DURING, False): t("It is not of the stretch that is looked at."),
        (asking.AMONG, True): t("It is among those that are compared."),
        (asking.AMONG, False): t("It is not among those that are compared."),
        (asking.WHERE, True): t("It fits the condition."),
        (asking.WHERE, False): t("It does not fit the condition."),
    }
    told = [known[one] for one in found.asked]
    row = found.standing
    if row is not None and row.ended_at is None:
        told.append(t("It stands since {when}.", when=moment(visit, row.opened_at).text))
        if row.told_at is not None:
            told.append(t("People were told {when}.", when=moment(visit, row.told_at).text))
        elif found.is_quiet:
            told.append(t("In quiet hours nobody is told; it is told when they end."))
        if row.taken_at is not None:
            told.append(t("{name} took it on.", name=row.taken_name))
    elif row is not None:
        told.append(t("It ended {when}.", when=moment(visit, row.ended_at).text))
        after = found.told_again_after
        if after is not None and after > visit.runtime.clock():
            told.append(t("Until {when} it is not told anew.", when=moment(visit, after).text))
    elif found.counts and alert.measure == EACH:
        told.append(t("It is told at the next look."))
    elif found.counts:
        told.append(t("It is part of the number that is compared."))
    if found.looked_at is not None:
        told.append(t("The last look was {when}.", when=moment(visit, found.looked_at).text))
    return tuple(told)


def alerts_page(visit: Visit) -> AlertsPage:
    """Return the page of the alerts that somebody sees, those that stand first."""
    found = sorted(desk.states(visit.runtime, visit.actor), key=lambda one: not one.open)
    return AlertsPage(tuple(_line(visit, one) for one in found))


def alert_page(visit: Visit, alert: Alert, titles: Mapping[Any, str]) -> AlertPage:
    """Return the page of one alert."""
    runtime = visit.runtime
    looks = desk.looks(runtime, alert.name)
    points = [(one.at, _decimal(one.value), one.verdict == FIRES) for one in looks]
    chart = line_chart(points, alert.limit)
    return AlertPage(
        name=alert.name,
        label=visit.text(alert.label),
        help=visit.text(alert.help) if alert.help is not None else "",
        severity=severity(visit, alert.severity),
        facts=tuple(_facts(visit, alert)),
        standing=tuple(
            _standing(visit, alert, one, titles) for one in desk.standing(runtime, alert.name)
        ),
        ended=tuple(
            _standing(visit, alert, one, titles) for one in desk.ended(runtime, alert.name)
        ),
        chart=chart,
        begins=moment(visit, chart.begins).text if chart is not None else "",
        ends=moment(visit, chart.ends).text if chart is not None else "",
        summary=_summary(visit, alert, looks[-1] if looks else None),
        looks=tuple(_look(visit, one) for one in reversed(looks[-SHOWN:])),
        action=f"{ADDRESS}{alert.name}",
    )


def severity(visit: Visit, name: str) -> Cell:
    """Return how bad something is, as a badge."""
    t = visit.t
    said = {
        "info": t("To know", "alert"),
        "warning": t("Warning", "alert"),
        "critical": t("Critical", "alert"),
    }
    return Cell(said.get(name, name), "badge", TONES.get(name, "neutral"))


def rule_words(visit: Visit, alert: Alert) -> str:
    """Return what an alert watches, as a sentence."""
    t, what = visit.t, plural(visit, visit.app.entities[alert.entity])
    entity = visit.app.entities[alert.entity]
    field = visit.text(entity.fields[alert.field].label) if alert.field else ""
    said = {
        EACH: t("Each of: {name}", name=what),
        COUNT: t("Number of: {name}", name=what),
        SUM: t("Sum of {field}: {name}", field=field, name=what),
        AVERAGE: t("Average of {field}: {name}", field=field, name=what),
        SHARE: t("Share in percent: {name}", name=what),
    }[alert.measure]
    if alert.where is not None:
        labels = ModelLabels(visit.runtime)
        said += " · " + words(alert.where, visit.actor.locale, labels)
    return said


def limit_words(visit: Visit, alert: Alert) -> str:
    """Return when the number of an alert is too much or too little."""
    if alert.measure == EACH:
        return visit.t("every single one")
    t = visit.t
    above, below = (
        _multiple(visit, alert, one) if one is not None else ""
        for one in (alert.above, alert.below)
    )
    if above and below:
        return t("above {n} or below {m}", n=above, m=below)
    return t("above {n}", n=above) if above else t("below {n}", n=below)


def _multiple(visit: Visit, alert: Alert, limit: Decimal) -> str:
    n = decimal(visit, limit)
    if alert.against == BEFORE:
        return visit.t("{n} times the stretch before", n=n)
    if alert.against == WEEKS:
        return visit.t("{n} times what is usual at that time of the week", n=n)
    return n


def decimal(visit: Visit, value: Decimal) -> str:
    """Return a number as the reader writes it."""
    return str(format_decimal(value, locale=babel_locale(visit.actor.locale), format="#,##0.####"))


def _line(visit: Visit, state: AlertState) -> AlertLine:
    alert, t = state.alert, visit.t
    shown = Cell(t("As it should be", "alert"), "badge", "success")
    if state.last is None:
        shown = Cell(t("Not looked at yet", "alert"), "badge", "neutral")
    if state.open:
        open_ones = f"{severity(visit, alert.severity).text} · {number(visit, state.open)}"
        shown = Cell(open_ones, "badge", TONES[alert.severity])
    value = _decimal(state.last.value) if state.last is not None else None
    return AlertLine(
        f"{ADDRESS}{alert.name}",
        visit.text(alert.label),
        rule_words(visit, alert),
        shown,
        decimal(visit, value) if value is not None and alert.measure != EACH else "",
        moment(visit, state.last.at) if state.last is not None else None,
    )


def _facts(visit: Visit, alert: Alert) -> list[tuple[str, str]]:
    t = visit.t
    told = [
        (t("Watches", "alert"), rule_words(visit, alert)),
        (t("Tells", "alert"), limit_words(visit, alert)),
    ]
    if alert.during is not None:
        field = visit.app.entities[alert.entity].fields[alert.during.field]
        days = decimal(visit, Decimal(alert.during.seconds) / 86_400)
        stretch = t("{field} in the last {n} days", field=visit.text(field.label), n=days)
        told.append((t("Only", "alert"), stretch))
    told.append((t("Looks", "alert"), schedule_words(visit, alert.schedule)))
    told.append((t("Acts as", "job"), _roles(visit, (alert.role,))))
    told.append((t("Who is told", "alert"), _roles(visit, alert.tell)))
    if alert.quiet is not None:
        hours = f"{alert.quiet.begins:%H:%M}–{alert.quiet.ends:%H:%M} · {alert.quiet.zone}"
        told.append((t("Quiet hours", "alert"), hours))
    if alert.escalation is not None:
        hours = decimal(visit, Decimal(alert.escalation.after) / 3600)
        who = _roles(visit, alert.escalation.roles)
        told.append((t("If nobody takes it on"), t("{name}, after {n} h", name=who, n=hours)))
    return told


def _roles(visit: Visit, names: tuple[str, ...]) -> str:
    known = visit.app.roles
    labels = [visit.text(known[one].label) for one in names if one in known]
    return ("、" if visit.chinese() else ", ").join(labels)


def _standing(visit: Visit, alert: Alert, row: Any, titles: Mapping[Any, str]) -> StandingLine:
    title = titles.get((alert.entity, row.subject), "")
    value = _decimal(row.value)
    taken = ""
    if row.taken_at is not None:
        when = moment(visit, row.taken_at).text
        taken = visit.t("{name} took it on, {when}", name=row.taken_name, when=when)
    outside = visit.t("A record out of your reach") if row.subject else visit.text(alert.label)
    return StandingLine(
        row.id,
        title or outside,
        record_url(alert.entity, row.subject) if title else "",
        decimal(visit, value) if value is not None else "",
        moment(visit, row.opened_at),
        moment(visit, row.ended_at) if row.ended_at is not None else None,
        taken,
        row.note or "",
    )


def _look(visit: Visit, row: Any) -> LookLine:
    t = visit.t
    verdict = {
        FIRES: Cell(t("Passed its limit", "alert"), "badge", "warning"),
        FINE: Cell(t("Within its limit", "alert"), "badge", "success"),
    }.get(row.verdict, Cell(t("No number", "alert"), "badge", "neutral"))
    value = _decimal(row.value)
    shown = decimal(visit, value) if value is not None else "–"
    return LookLine(moment(visit, row.at), shown, verdict, " · ".join(_why(visit, row)))


def _why(visit: Visit, row: Any) -> list[str]:
    """Return what came of a look, and why nobody was told where nobody was."""
    t, why = visit.t, row.why or {}
    said = []
    for key, one in (
        ("opened", t("{n} new", "alert", n=why.get("opened", 0))),
        ("again", t("{n} came back within the pause: nobody is told", n=why.get("again", 0))),
        ("ended", t("{n} ended", n=why.get("ended", 0))),
        ("held_back", t("{n} held back until the quiet hours end", n=why.get("held_back", 0))),
        ("escalated", t("{n} passed on: nobody took it on", n=why.get("escalated", 0))),
        ("people", t("{n} notices", n=why.get("people", 0))),
    ):
        if why.get(key):
            said.append(one)
    if why.get("told") and not why.get("people"):
        said.append(t("Nobody of these roles may see it, so nobody was told"))
    if not said and row.verdict == FIRES:
        said.append(t("It stands already and was told"))
    return said


def _summary(visit: Visit, alert: Alert, last: Any) -> str:
    """Say in a sentence what the chart shows."""
    value = _decimal(last.value) if last is not None else None
    if value is None:
        return ""
    return visit.t(
        "Now {n}; it tells {limit}.", n=decimal(visit, value), limit=limit_words(visit, alert)
    )


def _decimal(text: str | None) -> Decimal | None:
    return Decimal(text) if text is not None else None
