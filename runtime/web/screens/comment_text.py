"""A comment as segments: plain text, addresses that become links, names of people who were told.

Nothing here is HTML: a template writes each segment escaped, so no comment can be more than text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from runtime.operations._comments import MENTION

ADDRESS = re.compile(r"https?://[^\s<>\"'，。；！？、（）《》“”]+", re.IGNORECASE)
AFTER = ".,;:!?)]}'\""
"""Signs at the end of an address that belong to the sentence."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a comment."""

    text: str
    kind: str = "text"
    """text, link or person."""


def segments(text: str, mentions: Mapping[str, int]) -> tuple[Segment, ...]:
    """Return a comment in pieces; together their texts are the comment."""
    known = {name.casefold() for name in mentions}
    found: list[Segment] = []
    end = 0
    for match in re.finditer(f"{ADDRESS.pattern}|{MENTION.pattern}", text, re.IGNORECASE):
        piece, kind = match[0], "link"
        if piece.startswith("@"):
            piece, kind = piece.rstrip(".-+"), "person"
            if piece[1:].casefold() not in known:
                continue
        else:
            piece = piece.rstrip(AFTER)
        if match.start() > end:
            found.append(Segment(text[end : match.start()]))
        found.append(Segment(piece, kind))
        end = match.start() + len(piece)
    if end < len(text):
        found.append(Segment(text[end:]))
    return tuple(found)
