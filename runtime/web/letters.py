"""Notices as an e-mail: what the bell would show its reader today, in their language and zone.

Comes in: a person as they are now, and their notices. Goes out: a message in plain text and in
HTML, or None when all of it is about records out of their reach, of which nothing is told. Nothing
here needs a request: a worker writes letters too.
"""

from __future__ import annotations

from collections.abc import Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import cache

from jinja2 import Environment, FileSystemLoader

from runtime.messages import Actor
from runtime.runtime import Runtime
from runtime.settings import HOME
from runtime.store.notices import Told
from runtime.web.names import full_name, short_name
from runtime.web.screens.notices_page import LOCKED, Day, NoticeLine, notices_page
from runtime.web.screens.visit import Visit
from runtime.web.users import user_names

CHOOSING = "/preferences#notifications"
"""Where people choose what they are told, and how."""


def letter(
    runtime: Runtime, reader: Actor, told: Sequence[Told], key: str, *, is_summary: bool
) -> EmailMessage | None:
    """Return the e-mail about some notices.

    Args:
        runtime: the back office.
        reader: who it goes to.
        told: their notices, the latest first.
        key: the same for the same letter, however often it is made.
        is_summary: it tells of a day, not of one thing.

    """
    visit = Visit(runtime, reader)
    names = user_names(runtime.engine, {one.actor_id for one in told if one.actor_id})
    page = notices_page(visit, told, len(told), names, len(told) + 1)
    days = [Day(day.label, tuple(one for one in day.lines if _is_told(one))) for day in page.days]
    days = [day for day in days if day.lines]
    if not days:
        return None
    lines = [line for day in days for line in day.lines]
    shop = runtime.app.label.text(reader.locale)
    subject = (
        visit.t("{n} notification", many="{n} notifications", n=len(lines))
        if is_summary
        else lines[0].subject or " · ".join(filter(None, (lines[0].words, _about(lines[0]))))
    )
    mail = runtime.mail
    message = EmailMessage(policy=SMTP)
    message["From"] = address_of(mail.sender)
    name = full_name(reader.first_name, reader.last_name, reader.name)
    message["To"] = Address(one_line(name), addr_spec=reader.email)
    message["Subject"] = one_line(f"[{shop}] {subject}")
    message["Date"] = format_datetime(runtime.clock())
    message["Message-ID"] = f"<{key}@{parseaddr(mail.sender)[1].rpartition('@')[2]}>"
    message["List-Unsubscribe"] = f"<{mail.address}{CHOOSING}>"
    message["Auto-Submitted"] = "auto-generated"
    given = {
        "t": visit.t,
        "lang": "zh-CN" if visit.chinese() else reader.locale,
        "shop": shop,
        "name": short_name(reader.first_name, reader.last_name, reader.name),
        "days": days,
        "is_summary": is_summary,
        "address": mail.address,
        "choosing": f"{mail.address}{CHOOSING}",
        "about": _about,
    }
    message.set_content(templates().get_template("notices.txt").render(given))
    message.add_alternative(templates().get_template("notices.html").render(given), subtype="html")
    message["Content-Language"] = reader.locale
    return message


def one_line(text: str) -> str:
    """Return a text as one line: in a header a second one would be a header of its own."""
    return " ".join(text.split())


def _is_told(line: NoticeLine) -> bool:
    return line.icon != LOCKED


def _about(line: NoticeLine) -> str:
    return f"{line.kind} {line.title}".strip()


def address_of(text: str) -> Address:
    """Return `Name <address>` as a header has it."""
    name, written = parseaddr(text)
    return Address(name, addr_spec=written)


@cache
def templates() -> Environment:
    """Return the templates of letters."""
    return Environment(
        loader=FileSystemLoader(HOME / "templates" / "letters"),
        autoescape=lambda name: name is not None and name.endswith(".html"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
