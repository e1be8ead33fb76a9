"""The mail server: where it is, and one message handed to it.

Comes in: `smtps://` (encrypted from the first byte) or `smtp://` (StartTLS, demanded of every
server but one on this machine). Goes out: nothing, or `NotSent` without an address and without the
server's own words, because the page of runs shows it to operators.
"""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

SECONDS = 30
"""So long the server may take for each of its answers."""
HERE = ("localhost", "127.0.0.1", "::1")
PORTS = {"smtp": 587, "smtps": 465}


class NotSent(Exception):
    """The server did not take a message; it is tried again later."""


@dataclass(frozen=True, slots=True)
class Mail:
    """How this back office writes to people; empty where it does not."""

    url: str = ""
    """`smtp[s]://[USER:PASSWORD@]HOST[:PORT]`."""
    sender: str = ""
    """`Name <address>`."""
    address: str = ""
    """Where people find the back office, without a slash at its end."""

    @property
    def is_open(self) -> bool:
        """Whether there is a server at all."""
        return bool(self.url)


NO_MAIL = Mail()


def send(mail: Mail, message: EmailMessage) -> None:
    """Hand a message to the server.

    Raises:
        NotSent: it was not reached, or did not take it.

    """
    why = _sent(mail, message)
    if why:
        # raised out here, so that nothing of the conversation stands in its trace
        raise NotSent(why)


def _sent(mail: Mail, message: EmailMessage) -> str:
    """Return why a message was not taken; empty when it was."""
    try:
        with _connected(mail.url) as server:
            server.send_message(message)
    except smtplib.SMTPRecipientsRefused as refusal:
        codes = sorted({code for code, _ in refusal.recipients.values()})
        return f"the mail server refused the address of the person: {codes[0] if codes else ''}"
    except smtplib.SMTPResponseException as refusal:
        return f"the mail server answered {refusal.smtp_code}"
    except (OSError, smtplib.SMTPException) as fault:
        return f"the mail server was not reached: {type(fault).__name__}"
    return ""


def _connected(url: str) -> smtplib.SMTP:
    where = urlsplit(url)
    host, port = where.hostname or "", where.port or PORTS[where.scheme]
    trusted = ssl.create_default_context()
    server: smtplib.SMTP
    if where.scheme == "smtps":
        server = smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=trusted)
    else:
        server = smtplib.SMTP(host, port, timeout=SECONDS)
        if host not in HERE:
            server.starttls(context=trusted)
    if where.username:
        server.login(unquote(where.username), unquote(where.password or ""))
    return server
