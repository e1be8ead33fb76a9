"""What people were told of a record, as an entry of its timeline: what, whom, by which channel.

In: a telling. Out: words and badges. What was said is not told again here, because it was filled
with what each reader might read; who looks may see the message as it would reach themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

from generator.field_types import Cell
from generator.field_types._times import local_text
from generator.model.entity import Entity
from runtime.tellings import (
    DELIVERED,
    FAILED,
    INBOX,
    LEFT,
    MAIL,
    NO_ADDRESS,
    NO_MAIL,
    OUT_OF_REACH,
    READ,
    UNWANTED,
    WAITING,
    Telling,
    Told,
)
from runtime.web.screens import messages_page
from runtime.web.screens.visit import Visit

TONES = {WAITING: "attention", DELIVERED: "success", LEFT: "neutral", FAILED: "critical"}
PROGRESS = {WAITING: "half", DELIVERED: "full", LEFT: "none", FAILED: "no"}


@dataclass(frozen=True, slots=True)
class Reached:
    """One person and how it stands."""

    name: str
    state: Cell


@dataclass(frozen=True, slots=True)
class ToldOf:
    """A telling in the timeline."""

    id: str
    words: str
    url: str
    """Where it is shown as it would reach who looks; empty where no message words it."""
    iso: str
    when: str
    channels: tuple[tuple[str, tuple[Reached, ...]], ...]
    """The name of each channel and whom it reached."""


def told_of(visit: Visit, entity: Entity, record_id: str, one: Telling) -> ToldOf:
    """Return a telling as it is read."""
    t = visit.t
    name = str(one.about.get("name", ""))
    message = visit.app.messages.get(name)
    if message is not None and message.entity != entity.name:
        message = None
    channels = ((INBOX, t("Inbox")), (MAIL, t("E-mail", "channel")))
    return ToldOf(
        id=one.id,
        words=visit.text(message.label) if message else _state(visit, entity, one),
        url=f"{messages_page.ADDRESS}{name}?record={record_id}" if message else "",
        iso=one.at.isoformat(),
        when=local_text(one.at, visit.viewer.locale, visit.viewer.time_zone),
        channels=tuple(
            (label, tuple(_reached(visit, each) for each in one.told if each.channel == channel))
            for channel, label in channels
            if any(each.channel == channel for each in one.told)
        ),
    )


def _reached(visit: Visit, told: Told) -> Reached:
    name = told.name or visit.t("Recipient outside")
    if told.user_id:
        name = visit.people.get(told.user_id, f"#{told.user_id}")
    tone = "success" if told.read else "neutral" if told.channel == INBOX else TONES[told.state]
    progress = ("full" if told.read else "none") if told.channel == INBOX else PROGRESS[told.state]
    return Reached(name, Cell(_standing(visit, told), "badge", tone, progress))


def _standing(visit: Visit, told: Told) -> str:
    t = visit.t
    if told.channel == INBOX:
        return t("read", "telling") if told.read else t("not read yet", "telling")
    if told.state == LEFT:
        return {
            READ: t("not sent: read before", "telling"),
            UNWANTED: t("not sent: not wanted any more", "telling"),
            OUT_OF_REACH: t("not sent: may not read it any more", "telling"),
            NO_ADDRESS: t("not sent: no address", "telling"),
            NO_MAIL: t("not sent: e-mail is not set up", "telling"),
        }.get(told.why, t("not sent", "telling"))
    return {
        WAITING: t("waits", "telling"),
        DELIVERED: t("delivered", "telling"),
        FAILED: t("failed, is tried again", "telling"),
    }[told.state]


def _state(visit: Visit, entity: Entity, one: Telling) -> str:
    """Return what a telling without a message was about: the state that was reached."""
    workflow = visit.app.workflows.get(entity.name, {}).get(str(one.about.get("workflow")))
    state = workflow.states.get(str(one.about.get("state"))) if workflow is not None else None
    if workflow is None or state is None:
        return visit.t("News")
    return f"{visit.text(workflow.label)}: {visit.text(state.label)}"
