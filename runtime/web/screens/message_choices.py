"""What a person chooses of single messages: in the bell and by e-mail, unlike other steps.

Comes in: the messages that workflows tell roles of theirs, what they switched, a form that was
sent. Goes out: a line for each to choose from, and what is kept. What nobody switches off says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from generator.model.message import INBOX, MAIL, Message
from rules.role_names import closure
from runtime.mailing import wishes
from runtime.mailing.wishes import DAILY, NEVER, NOW, Wishes
from runtime.notifications import WORKFLOW, event_of
from runtime.store.engine import write
from runtime.store.notices import HEAR, MUTE, Switches
from runtime.web.screens.form_model import ControlOption
from runtime.web.screens.messages_page import ADDRESS, may_see
from runtime.web.screens.visit import Visit

ON, OFF = "on", "off"


@dataclass(frozen=True, slots=True)
class MessageChoice:
    """One message and how it is told."""

    event: str
    """Its name in the form."""
    label: str
    about: str
    url: str
    bell: tuple[ControlOption, ...]
    """Empty where it is told in any case."""
    mail: tuple[ControlOption, ...]
    """Empty where it comes in any case, and where no e-mails are sent."""


def message_choices(visit: Visit, switched: Switches, wanted: Wishes) -> tuple[MessageChoice, ...]:
    """Return a line for each message that tells a role of this person."""
    t = visit.t
    bell = {"": t("Like other steps"), ON: t("Tell me"), OFF: t("Do not tell me")}
    mail = {
        "": t("Like other steps"),
        NEVER: t("No e-mail"),
        NOW: t("At once", "e-mail"),
        DAILY: t("In the daily summary"),
    }
    found = []
    for event, message in events(visit).items():
        rung = rings(switched, event)
        sends = visit.runtime.mail.is_open and MAIL not in message.always
        found.append(
            MessageChoice(
                event,
                visit.text(message.label),
                visit.text(visit.app.entities[message.entity].label),
                f"{ADDRESS}{message.name}",
                () if INBOX in message.always else _options(bell, rung),
                _options(mail, wanted.kinds.get(event, "")) if sends else (),
            )
        )
    return tuple(sorted(found, key=lambda one: (one.about, one.label)))


def rings(switched: Switches, event: str) -> str:
    """Return how a message was switched in the bell: `on`, `off`, or empty."""
    return ON if event in switched.on else OFF if event in switched.off else ""


def events(visit: Visit) -> Mapping[str, Message]:
    """Return the messages that tell a role of this person, by what they are called in settings."""
    known = visit.app.roles
    held = frozenset().union(*(closure(role, known) for role in visit.actor.roles))
    mine = {
        (entity, name)
        for entity, workflows in visit.app.workflows.items()
        for workflow in workflows.values()
        for name, roles in workflow.notices
        if held.intersection(roles)
    }
    return {
        event_of(WORKFLOW, {"name": one.name}): one
        for one in visit.app.messages.values()
        if (one.entity, one.name) in mine and may_see(visit, one)
    }


def store_switches(visit: Visit, sent: Mapping[str, str]) -> None:
    """Keep what was chosen for the bell; what the form did not show stays as it was."""
    kept: dict[str, str] = {}
    for event in events(visit):
        chosen = sent.get(f"bell-{event}")
        if chosen is not None:
            kept |= kept_of_bell(event, chosen)
    if kept:
        with write(visit.runtime.engine) as connection:
            wishes.keep(connection, visit.runtime, visit.actor.id, kept)


def kept_of_bell(event: str, chosen: str) -> dict[str, str]:
    """Return what is kept where somebody chose `on`, `off` or, empty, like other steps."""
    return {
        f"{HEAR}{event}": "1" if chosen == ON else "",
        f"{MUTE}{event}": "1" if chosen == OFF else "",
    }


def sent_ways(visit: Visit, sent: Mapping[str, str]) -> dict[str, str]:
    """Return how each message was chosen to come by e-mail; only those that the form showed."""
    ways = {event: sent.get(f"mail-{event}") for event in events(visit)}
    return {
        event: way if way in (NOW, DAILY, NEVER) else ""
        for event, way in ways.items()
        if way is not None
    }


def _options(texts: Mapping[str, str], chosen: str) -> tuple[ControlOption, ...]:
    return tuple(ControlOption(value, text, value == chosen) for value, text in texts.items())
