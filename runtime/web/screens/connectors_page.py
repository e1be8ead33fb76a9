"""Connectors on screen: how each is used, what is entered for it and how it fares.

What was entered is never shown again, not even its length: only since when it is there.
"""

from __future__ import annotations

from dataclasses import dataclass

from generator.model.connector import Connector
from runtime.outside.settings import (
    BASE_URL,
    LIVE,
    MODES,
    OFF,
    SANDBOX,
    SIMULATOR,
    Standing,
    entered,
    standing,
)
from runtime.outside.trying import NO_QUESTION, NOT_READY, Tried, question_of
from runtime.web.screens.progress_page import Moment, moment
from runtime.web.screens.visit import Visit

ADDRESS = "/connectors/"


@dataclass(frozen=True, slots=True)
class SettingLine:
    """One thing to be entered."""

    name: str
    label: str
    is_address: bool
    since: Moment | None
    """Since when it is entered; None where it is not."""
    error: str = ""


@dataclass(frozen=True, slots=True)
class ConnectorCard:
    """One connector."""

    name: str
    label: str
    help: str
    mode: str
    modes: tuple[tuple[str, str], ...]
    """Value and words of each way to use it."""
    settings: tuple[tuple[str, str, tuple[SettingLine, ...]], ...]
    """By mode that needs some: its name, its words, its settings."""
    state: str
    is_well: bool
    last: Moment | None
    can_be_tried: bool


def connector_cards(
    visit: Visit, wrong: tuple[str, str, str] = ("", "", "")
) -> tuple[ConnectorCard, ...]:
    """Return a card for each; `wrong` is the connector, mode and setting that could not be kept."""
    return tuple(_card(visit, one, wrong) for one in visit.app.connectors.values())


def tried_words(visit: Visit, connector: Connector, tried: Tried) -> str:
    """Return what a test call came to."""
    t, name = visit.t, visit.text(connector.label)
    if tried.answers:
        return t("{name} answers and takes our credentials.", name=name)
    if tried.code == NOT_READY:
        return t("{name} cannot be asked yet: something is not entered.", name=name)
    if tried.code == NO_QUESTION:
        return t("{name} has no operation that only asks.", name=name)
    return t("{name} does not answer as it should: {code}", name=name, code=tried.code)


def _card(visit: Visit, one: Connector, wrong: tuple[str, str, str]) -> ConnectorCard:
    found = standing(visit.runtime, one)
    words = _mode_words(visit)
    return ConnectorCard(
        name=one.name,
        label=visit.text(one.label),
        help=visit.text(one.help) if one.help else "",
        mode=found.mode,
        modes=tuple(
            (mode, words[mode])
            for mode in MODES
            if mode != SIMULATOR or visit.runtime.outside.simulator_url
        ),
        settings=tuple(
            (mode, words[mode], _lines(visit, one, mode, wrong)) for mode in (SANDBOX, LIVE)
        ),
        state=_state(visit, one, found),
        is_well=found.mode != OFF and not found.missing and not found.failures,
        last=moment(visit, found.last_at) if found.last_at else None,
        can_be_tried=question_of(one) is not None and found.mode != OFF and not found.missing,
    )


def _lines(
    visit: Visit, one: Connector, mode: str, wrong: tuple[str, str, str]
) -> tuple[SettingLine, ...]:
    known = entered(visit.runtime, one, mode)
    error = visit.t(
        "This cannot be kept: an address is public and begins with https:// in production."
    )
    return tuple(
        SettingLine(
            name,
            visit.text(setting.label),
            name == BASE_URL,
            moment(visit, known[name]) if name in known else None,
            error if wrong == (one.name, mode, name) else "",
        )
        for name, setting in one.settings.items()
    )


def _state(visit: Visit, one: Connector, found: Standing) -> str:
    t = visit.t
    if found.missing:
        names = [visit.text(one.settings[name].label) for name in found.missing]
        return t("Not entered: {names}", names=("、" if visit.chinese() else ", ").join(names))
    if found.open_until is not None and found.open_until > visit.runtime.clock():
        until = moment(visit, found.open_until).text
        return t("Not asked until {when}: it did not answer.", when=until)
    if found.failures:
        return t("{n} failure in a row", many="{n} failures in a row", n=found.failures)
    return t("Ready", "connector") if found.mode != OFF else t("Not used", "connector")


def _mode_words(visit: Visit) -> dict[str, str]:
    t = visit.t
    return {
        OFF: t("Off", "connector"),
        SIMULATOR: t("Our simulator", "connector"),
        SANDBOX: t("The provider's sandbox", "connector"),
        LIVE: t("Live", "connector"),
    }
