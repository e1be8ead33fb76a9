"""What the caller chose of single messages, over REST as on the page of preferences.

In: a message, and perhaps how it shall be told: `bell` is `on` or `off`, `mail` is `now`, `daily`
or `never`, and null is like other steps. Out: how it is told, with null for a message that tells no
role of the caller. What is declared to be told in any case cannot be chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from generator.model.message import INBOX, MAIL, Message
from generator.model.text import Label
from runtime.errors import Forbidden
from runtime.mailing import wishes
from runtime.mailing.wishes import DAILY, NEVER, NOW
from runtime.store import notices
from runtime.store.engine import write
from runtime.web.rest_plain import wrong
from runtime.web.screens.message_choices import OFF, ON, events, kept_of_bell, rings
from runtime.web.screens.settings_page import first_summary
from runtime.web.screens.visit import Visit

WAYS: Mapping[str, tuple[str, ...]] = {"bell": (ON, OFF), "mail": (NOW, DAILY, NEVER)}
CHANNELS = {"bell": INBOX, "mail": MAIL}
CHOOSING = "*:*"
"""The scope of a token that chooses for its person."""

Chosen = Callable[[Message], dict[str, Any]]


def choices_of(visit: Visit) -> Chosen:
    """Return what says of a message how the caller has it told: two statements for all of them."""
    runtime, person = visit.runtime, visit.actor.id
    switched = notices.switches(runtime.engine, runtime.system, person)
    wanted = wishes.load(runtime, person)
    mine = {message.name: event for event, message in events(visit).items()}

    def chosen(message: Message) -> dict[str, Any]:
        event = mine.get(message.name)
        if event is None:
            return {"chosen": None}
        return {
            "chosen": {
                "bell": rings(switched, event) or None,
                "mail": wanted.kinds.get(event) or None,
            }
        }

    return chosen


def choose(visit: Visit, message: Message, wanted: Mapping[str, Any]) -> None:
    """Keep how the caller wants a message told; what is not named stays as it was.

    Raises:
        Forbidden: a token asks that does not speak for its person.
        Invalid: it is not told them, is told in any case, or there is no such way.

    """
    scopes = visit.actor.scopes
    if scopes is not None and CHOOSING not in scopes:
        en = f"This token's scopes do not include '{CHOOSING}'."
        raise Forbidden(Label({"en": en, "zh": f"此令牌的权限范围不含“{CHOOSING}”。"}))
    event = next((one for one, each in events(visit).items() if each is message), None)
    if event is None:
        raise wrong("name", "This message tells no role of yours.", "此消息不通知您的角色。")
    before = wishes.load(visit.runtime, visit.actor.id)
    kept: dict[str, str] = {}
    for channel, way in wanted.items():
        if way is not None and way not in WAYS[channel]:
            known = ", ".join(WAYS[channel])
            raise wrong(channel, f"Write one of: {known}, null.", f"可用的值：{known}、null。")
        if CHANNELS[channel] in message.always:
            raise wrong(channel, "This is told in any case.", "此项始终通知，不可更改。")
        if channel == "mail" and not visit.runtime.mail.is_open:
            raise wrong(channel, "No e-mails are sent here.", "此处未启用邮件。")
        if channel == "bell":
            kept |= kept_of_bell(event, way or "")
        else:
            kept[f"{wishes.MAIL}{event}"] = way or ""
            kept |= first_summary(visit, before, before.hour, (way,))
    if not kept:
        return
    with write(visit.runtime.engine) as connection:
        wishes.keep(connection, visit.runtime, visit.actor.id, kept)
