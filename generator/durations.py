"""A length of time as a definition writes it: PT30M, P2D, or 30m, 2h, 7d."""

from __future__ import annotations

from generator.field_types.duration import WRITTEN, Duration
from generator.model.entity import Field
from generator.model.text import NOWHERE, Label

LONGEST = 400 * 86_400
"""Seconds: a longer time is a slip, and months are no length at all."""

SECONDS = (604_800, 86_400, 3_600, 60, 1)

_ANY = Field("", "duration", "", Label({}), NOWHERE, {})


def seconds_of(text: str) -> int | None:
    """Return the seconds, or None for what is no length between a second and 400 days."""
    if ":" in text:
        # 1:30 may be minutes or hours: nobody should have to guess
        return None
    written = Duration().from_text(text, _ANY)
    found = WRITTEN.fullmatch(str(written))
    if found is None:
        return None
    parts = zip(found.groups(), SECONDS, strict=True)
    total = sum(int(number) * unit for number, unit in parts if number)
    return total if 0 < total <= LONGEST else None
