"""A letter to somebody outside: what a message says to them, in plain text and in HTML.

Comes in: the row of a telling. Goes out: an e-mail, or why there is none. The record is read in the
name of the role that the message names, through the same door as everything; an address that this
role sees only masked is no address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Any

from generator.model.message import Message, Outside
from rules.masks import is_veiled
from runtime.errors import RequestError
from runtime.messages import Actor, Incoming
from runtime.pipeline import handle
from runtime.runtime import Runtime
from runtime.tellings import NO_ADDRESS, OUT_OF_REACH
from runtime.web.letters import address_of, one_line, templates
from runtime.web.message_text import worded
from runtime.web.screens.visit import Visit


def letter(runtime: Runtime, row: Any) -> EmailMessage | str:
    """Return the letter of a telling; why there is none as a word of `tellings`."""
    message = runtime.app.messages.get(str(dict(row.told or {}).get("name")))
    if message is None or message.to is None or message.entity != row.entity:
        return OUT_OF_REACH
    app = runtime.app
    actor = Actor(
        0, message.name, frozenset({message.to.role}), kind="job", time_zone=app.time_zone
    )
    found = _read(runtime, actor, message, message.to, str(row.record_id))
    if found is None:
        return OUT_OF_REACH
    if not found[message.to.address]:
        return NO_ADDRESS
    asked = found.get(message.to.language, "")
    locale = asked if asked in app.locales else app.locales[0]
    name = found.get(message.to.name, "") or found[message.to.address]
    visit = Visit(runtime, replace(actor, locale=locale))
    said = worded(visit, {message.name: (str(row.record_id),)}, name)
    one = said.get((message.name, str(row.record_id)))
    if one is None:
        return OUT_OF_REACH
    mail = runtime.mail
    made = EmailMessage(policy=SMTP)
    made["From"] = address_of(mail.sender)
    made["To"] = Address(one_line(name), addr_spec=found[message.to.address])
    made["Subject"] = one_line(one.subject)
    made["Date"] = format_datetime(runtime.clock())
    made["Message-ID"] = f"<{row.id}@{parseaddr(mail.sender)[1].rpartition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"
    given = {
        "lang": "zh-CN" if visit.chinese() else locale,
        "subject": one.subject,
        "text": one.mail,
        "shop": app.label.text(locale),
    }
    made.set_content(templates().get_template("message.txt").render(given))
    made.add_alternative(templates().get_template("message.html").render(given), subtype="html")
    made["Content-Language"] = locale
    return made


def _read(
    runtime: Runtime, actor: Actor, message: Message, to: Outside, record_id: str
) -> Mapping[str, str] | None:
    """Return what stands at the paths of who it goes to; None where the role may not read it."""
    paths = [path for path in (to.address, to.name, to.language) if path]
    query = {"fields": (",".join(dict.fromkeys(paths)),)}
    asked = Incoming("read", message.entity, actor, record_id, query=query, source="job")
    answer = handle(asked, runtime)
    if isinstance(answer, RequestError):
        return None
    places = {path.text: number for number, path in enumerate(answer.plan.shown)}
    values = {path: answer.row[places[path]] for path in paths}
    return {
        path: "" if value is None or is_veiled(value) else str(value)
        for path, value in values.items()
    }
