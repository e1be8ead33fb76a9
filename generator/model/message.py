"""Messages: what people are told of a record, as texts with places for what they may read of it.

A place is `{name}`: a variable, which is a path from the record, or one of those that every message
has. What stands there is written when somebody reads it, by `runtime/web/message_text.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from generator.model.text import Label, Span

RECORD, RECIPIENT, SHOP, LINK = "record", "recipient", "shop", "link"
ALWAYS = (RECORD, RECIPIENT, SHOP, LINK)
"""Places that every message has: the record's title, the reader's name, ours, and the address."""
INBOX, MAIL = CHANNELS = ("inbox", "mail")
"""How people are told."""
PLACE = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class Outside:
    """Who has no account and is sent the e-mail; paths from the record."""

    address: str
    name: str
    language: str
    role: str
    """In whose name it is read."""


@dataclass(frozen=True)
class Message:
    """What is told under one name."""

    name: str
    label: Label
    entity: str
    variables: Mapping[str, str]
    """Name → path from the record."""
    inbox: Label
    subject: Label
    mail: Label
    """What an e-mail says; what the inbox says where nothing else is written."""
    to: Outside | None
    span: Span
    spans: Mapping[str, Span] = field(default_factory=dict)
    """By key; of a variable by `variables.NAME`."""
    always: frozenset[str] = frozenset()
    """Channels that nobody switches off for it."""

    def texts(self) -> Iterator[tuple[str, Label]]:
        """Yield each text and the key it stands under; what is taken over from another, once."""
        yield "inbox", self.inbox
        if self.mail is not self.inbox:
            yield "text", self.mail
        if self.subject is not self.label:
            yield "subject", self.subject


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return a text with what stands in its places; what a value says is never read again."""
    return PLACE.sub(lambda found: values.get(found[1].strip(), ""), text)


def places(label: Label) -> Iterator[str]:
    """Yield the names in braces of a text, in every language."""
    for text in label.texts.values():
        for found in PLACE.finditer(text):
            yield found[1].strip()
